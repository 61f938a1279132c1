"""The binds of an XForm: what is said about each node of the primary instance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from forms import tree, xmltree


@dataclass(frozen=True)
class Bind:
    """What the form says of one node. Expressions are the form's own text, '' where absent."""

    type: str = ""
    required: str = ""
    relevant: str = ""
    constraint: str = ""
    calculate: str = ""
    readonly: str = ""
    saveto: str = ""
    preload: str = ""
    constraint_message: str = ""
    required_message: str = ""
    declared: str = ""


NOTHING = Bind()
_PARTS = ("required", "relevant", "constraint", "calculate", "readonly", "saveto")
_IN_JAVAROSA = {"preload": "preloadParams", "constraint_message": "constraintMsg", "required_message": "requiredMsg"}


@dataclass(frozen=True)
class Binds:
    """Binds by the path of their node or attribute, the paths of those with an id, and `loose`, the paths of those that
    name their node by a relative address: some apps do not find it."""

    by_path: Mapping[str, Bind] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    loose: frozenset[str] = frozenset()

    def of(self, path: str) -> Bind:
        """The bind of a node; an empty one if it has none."""
        return self.by_path.get(path, NOTHING)

    def at_attributes(self) -> Iterator[str]:
        """The expressions of binds whose nodes are attributes."""
        for path, bind in self.by_path.items():
            if "/@" in path:
                yield from (bind.relevant, bind.required, bind.constraint, bind.calculate, bind.readonly)


def read(model: Element, root: str) -> Binds:
    """Read the binds of a model. `root` is the path of the instance's root, where relative nodesets start."""
    by_path: dict[str, Bind] = {}
    ids: dict[str, str] = {}
    loose: set[str] = set()
    for element in xmltree.children(model, "bind"):
        nodeset = element.get("nodeset", element.get("ref", ""))
        path = tree.resolve(nodeset, root) or tree.attribute(nodeset, root)
        if not path:
            continue
        if element.get("id"):
            ids[element.get("id", "")] = path
        said = {part: xmltree.attribute(element, part).strip() for part in _PARTS}
        said |= {part: xmltree.attribute(element, name).strip() for part, name in _IN_JAVAROSA.items()}
        declared = element.get("type", "").strip()
        if path not in by_path and not nodeset.strip().startswith("/"):
            loose.add(path)
        by_path.setdefault(path, Bind(type=declared.rpartition(":")[2], declared=declared, **said))
    return Binds(by_path, ids, frozenset(loose))

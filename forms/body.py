"""The body of an XForm: which nodes somebody is asked for, how, and what the groups are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

from forms import tree, xmltree
from forms.choices import Lists, together
from forms.labels import Itext
from schemas.fields import Choice, Itemset

CHOOSING = frozenset(("select", "select1", "rank"))
_ASKING = CHOOSING | {"input", "upload", "range", "trigger", "secret"}
_BESIDE = frozenset(("label", "hint", "help", "alert", "value", "item", "itemset", "setvalue"))


@dataclass(frozen=True)
class Control:
    """How a node is asked for."""

    kind: str
    labels: Mapping[str, str]
    appearance: str = ""
    media_type: str = ""
    choices: tuple[Choice, ...] | None = None
    options: tuple[Choice, ...] = ()
    itemset: Itemset | None = None

    def joined(self, other: Control) -> Control:
        """One node asked for twice: the first speaks, the choices are those of both."""
        choices = None
        if self.choices is not None and other.choices is not None:
            choices = together(self.choices, other.choices)
        return replace(self, choices=choices, options=together(self.options, other.options), itemset=None)


@dataclass
class Body:
    """Controls by path, repeats with the expressions for their numbers, and labels and appearances of both kinds of
    groups by path."""

    controls: dict[str, Control] = field(default_factory=dict)
    repeats: dict[str, str] = field(default_factory=dict)
    groups: dict[str, Mapping[str, str]] = field(default_factory=dict)
    appearances: dict[str, str] = field(default_factory=dict)


class _Reader:
    def __init__(self, root: str, ids: Mapping[str, str], itext: Itext, lists: Lists) -> None:
        self.body = Body()
        self._ids = ids
        self._itext = itext
        self._lists = lists

    def read(self, parent: Element, context: str, heading: Mapping[str, str]) -> None:
        for element in parent:
            kind = xmltree.local(element.tag)
            if kind in _ASKING:
                self._control(element, kind, context)
            elif kind in ("group", "repeat"):
                self._container(element, kind, context, heading)
            elif kind not in _BESIDE:
                self.read(element, context, heading)

    def _container(self, element: Element, kind: str, context: str, heading: Mapping[str, str]) -> None:
        path = self._path(element, context)
        labels = self._itext.label(element)
        if kind == "repeat":
            self.body.repeats[path] = xmltree.attribute(element, "count").strip()
            labels = labels or heading
        if path:
            if labels or path not in self.body.groups:
                self.body.groups[path] = labels
            self.body.appearances.setdefault(path, element.get("appearance", ""))
        below = labels if kind == "group" and path in ("", *self._repeats_in(element, context)) else {}
        self.read(element, path or context, below)

    def _repeats_in(self, group: Element, context: str) -> list[str]:
        return [self._path(repeat, context) for repeat in xmltree.children(group, "repeat")]

    def _control(self, element: Element, kind: str, context: str) -> None:
        path = self._path(element, context)
        if not path:
            return
        offer = self._lists.offer(element) if kind in CHOOSING else None
        control = Control(
            kind,
            self._itext.label(element),
            element.get("appearance", ""),
            element.get("mediatype", ""),
            offer.choices if offer and offer.decided else None,
            offer.choices if offer else (),
            offer.itemset if offer else None,
        )
        known = self.body.controls.get(path)
        self.body.controls[path] = known.joined(control) if known else control

    def _path(self, element: Element, context: str) -> str:
        bind = element.get("bind")
        if bind is not None:
            return self._ids.get(bind, "")
        ref = element.get("ref", element.get("nodeset", ""))
        return tree.resolve(ref, context) if ref else ""


def read(body: Element | None, root: str, ids: Mapping[str, str], itext: Itext, lists: Lists) -> Body:
    """Read the body. `root` is the path of the instance's root, `ids` the paths of binds that have an id."""
    reader = _Reader(root, ids, itext, lists)
    if body is not None:
        reader.read(body, root, {})
    return reader.body

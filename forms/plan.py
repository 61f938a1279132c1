"""The answer schema of a form and its logic, laid out for walking a submission: what is expected below each node."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from forms.logic.program import Logic, Program, compile_form
from forms.tree import is_binary, parent
from forms.xform import Form
from schemas import answers
from schemas.fields import REPEAT, Field

_KINDS = {
    "int": "whole",
    "integer": "whole",
    "long": "whole",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
}
_KINDS |= {"dateTime": "dateTime", "time": "time", "geopoint": "place", "geotrace": "place", "geoshape": "place"}


@dataclass(slots=True, eq=False)
class Leaf:
    """A node that holds an answer.

    `kind` is what it is worth in expressions: `text`, `whole`, `number`, `boolean`, `date`, `dateTime`, `time` or
    `place`. `conditional`: something decides about its relevance. `plain`: it is worth its text. `repeat` is
    always False. `attributes` are those of it that the logic is about, by their names with `@`. `untyped`: the
    app did not know its type, and what does not fit is kept as it is.
    """

    source: Field
    read: Callable[[str], Any]
    label: str
    textual: bool
    file: bool
    kind: str
    logic: Logic | None = None
    conditional: bool = False
    repeat: bool = False
    plain: bool = False
    attributes: Mapping[str, Leaf] | None = None
    untyped: bool = False


@dataclass(slots=True, eq=False)
class Branch:
    """A group or a repeat, or the root.

    `insisted` are the members that are required, or have such below them outside of repeats; `counted` are the repeats
    whose number the form says.
    """

    path: str
    label: str = ""
    repeat: bool = False
    members: dict[str, Leaf | Branch] = field(default_factory=dict)
    logic: Logic | None = None
    conditional: bool = False
    insisted: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    kind: str = "branch"
    plain: bool = False
    attributes: Mapping[str, Leaf] | None = None


@dataclass(slots=True, eq=False)
class Plan:
    """A form laid out."""

    root: Branch
    program: Program


def build(form: Form, ignored: Collection[str] = ()) -> Plan:
    """Lay out the fields of a form, with labels in its default language where there are any. `ignored` are the paths
    of nodes whose binds do not count."""
    program = compile_form(form, ignored)
    layout = _Layout(form, program, ignored)
    root = layout.branch(answers.build(form.fields), Branch("/" + form.root))
    for source in form.attributes:
        layout.attribute(source, root)
    return Plan(root, program)


def find(branch: Branch, path: str) -> Branch:
    """The branch at a path of the form, the given one if there is none."""
    for name in path.removeprefix(branch.path).strip("/").split("/"):
        member = branch.members.get(name)
        if not isinstance(member, Branch):
            return branch
        branch = member
    return branch


def label(field: Field, language: str) -> str:
    """The question in this language, else in any the form has."""
    return field.labels.get(language) or next(iter(field.labels.values()), "")


class _Layout:
    def __init__(self, form: Form, program: Program, ignored: Collection[str]) -> None:
        self._language = form.default_language
        self._sent = form.submission_ref
        self._logic = program.nodes
        self._ignored = ignored

    def branch(self, schema: answers.AnswerSchema, branch: Branch) -> Branch:
        """Fill in what is below a branch."""
        insisted, counted = [], []
        for name, part in schema.fields.items():
            source: Field = part.metadata["field"]
            inner = answers.below(part)
            if inner is not None:
                member = self.branch(inner, self._group(source, branch))
                branch.members[name] = member
                if member.repeat and member.logic and member.logic.count:
                    counted.append(name)
                elif not member.repeat and member.insisted and name != "meta" and self._is_sent(source):
                    insisted.append(name)
            elif isinstance(part, answers.Answer):
                leaf = self._leaf(part, source, branch)
                branch.members[name] = leaf
                if leaf.logic and leaf.logic.required and self._is_sent(source):
                    insisted.append(name)
        branch.insisted, branch.counted = tuple(insisted), tuple(counted)
        return branch

    def attribute(self, source: Field, root: Branch) -> None:
        """Put an attribute where it belongs. It is a text unless it is calculated, whatever its bind says."""
        owner: Branch | Leaf = root
        for name in parent(source.path).split("/")[2:]:
            member = owner.members.get(name) if isinstance(owner, Branch) else None
            if member is None:
                return
            owner = member
        logic, kind = self._logic.get(source.path), _KINDS.get(source.type, "text") if source.calculate else "text"
        leaf = Leaf(source, str, "", textual=True, file=False, kind=kind, logic=logic)
        leaf.conditional = owner.conditional or _decides(logic)
        leaf.plain = not source.calculate
        owner.attributes = {**(owner.attributes or {}), source.name: leaf}

    def _is_sent(self, source: Field) -> bool:
        return not self._sent or f"{source.path}/".startswith(f"{self._sent}/")

    def _group(self, source: Field, above: Branch) -> Branch:
        logic = self._logic.get(source.path)
        return Branch(
            source.path,
            label(source, self._language),
            source.type == REPEAT,
            logic=logic,
            conditional=above.conditional or _decides(logic),
        )

    def _leaf(self, part: answers.Answer, source: Field, above: Branch) -> Leaf:
        logic = self._logic.get(source.path)
        return Leaf(
            source=source,
            read=part.deserialize,
            label=label(source, self._language),
            textual=part.textual,
            file=part.textual and (source.control == "upload" or is_binary(source)),
            kind=_KINDS.get(source.type, "text"),
            logic=logic,
            conditional=above.conditional or _decides(logic),
            untyped=source.path in self._ignored,
            plain=_KINDS.get(source.type, "text") in ("text", "place") and not (logic and logic.calculate),
        )


def _decides(logic: Logic | None) -> bool:
    return logic is not None and logic.decides

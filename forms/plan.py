"""The answer schema of a form and its logic, laid out for walking a submission: what is expected below each node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from forms.logic.functions.registry import CLOCK, LANGUAGE, ZONE
from forms.logic.program import Logic, Program, compile_form
from forms.tree import is_binary
from forms.xform import Form
from schemas import answers
from schemas.fields import REPEAT, Field

_CHOOSING = ("select", "select1", "rank")
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
    always False.
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


@dataclass(slots=True, eq=False)
class Plan:
    """A form laid out. `unsteady`: something depends on the phone, as `worlds` tells them apart."""

    root: Branch
    program: Program
    unsteady: bool


def build(form: Form) -> Plan:
    """Lay out the fields of a form, with labels in its default language where there are any."""
    program = compile_form(form)
    layout = _Layout(form, program)
    root = layout.branch(answers.build(form.fields), Branch("/" + form.root))
    return Plan(root, program, program.needs_any(CLOCK, LANGUAGE, ZONE))


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


def can_be_required(field: Field) -> bool:
    """Whether an answer can be insisted on at all: somebody is asked, and can answer."""
    return bool(field.control) and not _loses_its_default(field)


def _loses_its_default(field: Field) -> bool:
    """JavaRosa counts a select as answered whose default is no choice, or none after filtering, and sends it empty.

    What is filtered is looked at with the other answers.
    """
    if field.control not in _CHOOSING or field.itemset is not None:
        return False
    known = {choice.name for choice in field.choices or ()}
    return not known.issuperset(field.default.split())


class _Layout:
    def __init__(self, form: Form, program: Program) -> None:
        self._language = form.default_language
        self._sent = form.submission_ref
        self._logic = program.nodes

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

    def _is_sent(self, source: Field) -> bool:
        return not self._sent or f"{source.path}/".startswith(f"{self._sent}/")

    def _group(self, source: Field, parent: Branch) -> Branch:
        logic = self._logic.get(source.path)
        return Branch(
            source.path,
            label(source, self._language),
            source.type == REPEAT,
            logic=logic,
            conditional=parent.conditional or _decides(logic),
        )

    def _leaf(self, part: answers.Answer, source: Field, parent: Branch) -> Leaf:
        logic = self._logic.get(source.path)
        if logic is not None and logic.required is not None and not can_be_required(source):
            logic.required = None
        return Leaf(
            source=source,
            read=part.deserialize,
            label=label(source, self._language),
            textual=part.textual,
            file=part.textual and (source.control == "upload" or is_binary(source)),
            kind=_KINDS.get(source.type, "text"),
            logic=logic,
            conditional=parent.conditional or _decides(logic),
            plain=_KINDS.get(source.type, "text") in ("text", "place") and not (logic and logic.calculate),
        )


def _decides(logic: Logic | None) -> bool:
    return logic is not None and logic.decides

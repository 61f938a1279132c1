"""The answer schema of a form, laid out for walking a submission: what is expected below each node, by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from forms.tree import is_binary
from forms.xform import Form
from schemas import answers
from schemas.fields import REPEAT, Field

_CHOOSING = ("select", "select1", "rank")
_ALWAYS = re.compile(r"true\s*\(\s*\)")


@dataclass(slots=True, eq=False)
class Leaf:
    """A node that holds an answer."""

    read: Callable[[str], Any]
    label: str
    required: bool
    textual: bool
    file: bool


@dataclass(slots=True, eq=False)
class Branch:
    """A group or a repeat, or the root.

    `needed` are the required answers to be missed, by the child that they are or lie below: name → (path below this
    node, label). What a `relevant` decides, or lies in a repeat that was not sent, is not among them.
    """

    path: str
    label: str = ""
    repeat: bool = False
    members: dict[str, Leaf | Branch] = field(default_factory=dict)
    needed: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def build(form: Form) -> Branch:
    """Lay out the fields of a form, with labels in its default language where there are any."""
    schema = answers.build(form.fields)
    return _Layout(form).branch(schema, Branch("/" + form.root))


def find(branch: Branch, path: str) -> Branch:
    """The branch at a path of the form, the given one if there is none."""
    for name in path.strip("/").split("/")[1:]:
        member = branch.members.get(name)
        if not isinstance(member, Branch):
            return branch
        branch = member
    return branch


def label(field: Field, language: str) -> str:
    """The question in this language, else in any the form has."""
    return field.labels.get(language) or next(iter(field.labels.values()), "")


def is_required(field: Field) -> bool:
    """Whether an answer can be insisted on: required whatever else is answered, and somebody can answer it."""
    if not field.control or field.readonly not in ("", "false()") or _ALWAYS.fullmatch(field.required) is None:
        return False
    return not _loses_its_default(field)


def _loses_its_default(field: Field) -> bool:
    """JavaRosa counts a select as answered whose default is no choice, or none after filtering, and sends it empty."""
    known = {choice.name for choice in field.choices or ()}
    return field.control in _CHOOSING and not known.issuperset(field.default.split())


class _Layout:
    def __init__(self, form: Form) -> None:
        self._language = form.default_language
        self._sent = form.submission_ref

    def branch(self, schema: answers.AnswerSchema, branch: Branch, *, certain: bool = True) -> Branch:
        """Fill in what is below a branch; `certain` if nothing above has a condition."""
        for name, part in schema.fields.items():
            source: Field = part.metadata["field"]
            sure = certain and not source.relevant
            inner = answers.below(part)
            if inner is not None:
                text = label(source, self._language)
                group = Branch(source.path, text, source.type == REPEAT)
                branch.members[name] = self.branch(inner, group, certain=sure)
                if not group.repeat:
                    below = [(f"{name}/{rest}", text) for many in group.needed.values() for rest, text in many]
                    self._need(branch, source, below)
            elif isinstance(part, answers.Answer):
                leaf = self._leaf(part, source)
                branch.members[name] = leaf
                if leaf.required and sure:
                    self._need(branch, source, [(name, leaf.label)])
        return branch

    def _need(self, branch: Branch, source: Field, missed: list[tuple[str, str]]) -> None:
        sent = not self._sent or f"{source.path}/".startswith(f"{self._sent}/")
        if missed and sent and source.name != "meta":
            branch.needed[source.name] = missed

    def _leaf(self, part: answers.Answer, source: Field) -> Leaf:
        return Leaf(
            read=part.deserialize,
            label=label(source, self._language),
            required=is_required(source),
            textual=part.textual,
            file=part.textual and (source.control == "upload" or is_binary(source)),
        )

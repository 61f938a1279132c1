"""A submission as its form asks for it: questions and choices in words, groups as sections, repeats as cards."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from forms import tree
from forms.free_text import Rule
from forms.labels import shown as words
from forms.labels import spoken
from forms.xform import Form
from schemas.fields import GROUP, REPEAT, Choice, Field
from server.actions.findings import Found
from server.findings import sentence
from server.models import SubmissionFile
from server.web import values

MANY = 3
_POSITION = re.compile(r"\[\d+]")


@dataclass(slots=True)
class Issue:
    """A finding in words. `place`: the groups around it; `anchor`: where on the page, '' if nowhere."""

    finding: Found
    label: str
    message: str
    anchor: str
    place: str = ""

    @property
    def value(self) -> str | None:
        """What was sent."""
        return self.finding.value


@dataclass(slots=True)
class Answer:
    """One question with its answer. `kind` chooses how it is shown; `texts` are the words of it."""

    name: str
    label: str
    anchor: str
    kind: str = "text"
    texts: list[str] = field(default_factory=list)
    file: SubmissionFile | None = None
    issues: list[Issue] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of it in one line."""
        return ", ".join(self.texts)


@dataclass(slots=True)
class Section:
    """A group, one card of a repeat (`number`), or the form itself. `quiet` are values nobody was asked for."""

    label: str
    anchor: str = ""
    number: int = 0
    parts: list[Answer | Section] = field(default_factory=list)
    quiet: list[Answer] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def answers(self) -> Iterator[Answer]:
        """All answers in it, in order."""
        for part in self.parts:
            if isinstance(part, Section):
                yield from part.answers()
            else:
                yield part
        yield from self.quiet

    def anchors(self) -> Iterator[str]:
        """The places in it that can be gone to."""
        for part in self.parts:
            yield part.anchor
            if isinstance(part, Section):
                yield from part.anchors()

    def worked_out(self) -> Iterator[Answer]:
        """Those of them that nobody was asked for."""
        for part in self.parts:
            if isinstance(part, Section):
                yield from part.worked_out()
        yield from self.quiet


def anchor_of(path: str) -> str:
    """A name within the page for a path."""
    return "q-" + re.sub(r"[^\w.-]", "-", path.strip("/"))


def gathered(issues: Sequence[Issue]) -> list[list[Issue]]:
    """Problems as they are told: answers of one group that the form would not have asked stand together if they are
    many, every other problem by itself."""
    runs: list[list[Issue]] = []
    for (code, _), run in groupby(issues, key=lambda issue: (issue.finding.code, issue.place)):
        several = list(run)
        together = code == "relevant.answered" and len(several) >= MANY
        runs += [several] if together else [[issue] for issue in several]
    return runs


class Reader:
    """Reads the answers of one version by the form it was checked against. `rule`: which are left, if not all.

    `issues` stand at their questions, too; `dismissed` do not.
    """

    def __init__(
        self,
        form: Form,
        language: str,
        findings: Sequence[Found] = (),
        files: Sequence[SubmissionFile] = (),
        rule: Rule | None = None,
    ) -> None:
        self.form = form
        self._rule = rule
        self.language = spoken(form.languages, language) or form.default_language
        self._fields = {field.path: field for field in form.fields}
        self._below: dict[str, list[Field]] = {}
        for known in form.fields:
            self._below.setdefault(tree.parent(known.path), []).append(known)
        self._files = {file.name: file for file in files}
        self._issues: dict[str, list[Issue]] = {}
        self.dismissed = [self._issue(row) for row in findings if row.dismissed_at is not None]
        self.issues = [self._issue(row) for row in findings if row.dismissed_at is None]
        for issue in self.issues:
            self._issues.setdefault(issue.finding.path, []).append(issue)

    def _issue(self, row: Found) -> Issue:
        message = sentence(row)
        plain = _POSITION.sub("", row.path)
        known = self._fields.get(plain)
        label = (words(known.labels, self.language) if known else "") or row.label or row.path.rpartition("/")[2]
        anchor = anchor_of(row.path) if known and plain != f"/{self.form.root}" else ""
        return Issue(row, label, message, anchor, self._place(row.path))

    def _place(self, path: str) -> str:
        """`Visits 2 › Medicines`: the labelled groups around a path."""
        found, steps = [], path.strip("/").split("/")
        for end in range(2, len(steps)):
            known = self._fields.get("/" + _POSITION.sub("", "/".join(steps[:end])))
            number = _POSITION.search(steps[end - 1])
            label = words(known.labels, self.language) if known else ""
            if label or number:
                found.append(f"{label or known and known.name or ''} {number.group()[1:-1] if number else ''}".strip())
        return " › ".join(found)

    def read(self, answers: Mapping[str, Any]) -> Section:
        """The whole form."""
        path = self.form.submission_ref or f"/{self.form.root}"
        left = answers if self._rule is None else self._rule.left(answers)
        section = self._section(Section("", anchor_of(path)), path, path, left)
        there = {*section.anchors()}
        for issue in (*self.issues, *self.dismissed):
            issue.anchor = issue.anchor if issue.anchor in there else ""
        return section

    def _section(self, section: Section, path: str, where: str, answers: Mapping[str, Any]) -> Section:
        section.issues = self._issues.get(where, [])
        for known in self._below.get(path, ()):
            here = f"{where}/{known.name}"
            if known.name == "meta" and known.type == GROUP:
                continue
            if known.type == REPEAT:
                section.parts += self._cards(known, here, answers.get(known.name) or [])
            elif known.type == GROUP:
                self._group(section, known, here, answers.get(known.name))
            else:
                self._answer(section, known, here, answers)
        return section

    def _group(self, section: Section, known: Field, where: str, answers: Any) -> None:
        below = answers if isinstance(answers, dict) else {}
        label = words(known.labels, self.language)
        inner = self._section(Section(label, anchor_of(where)), known.path, where, below)
        if not label:
            section.parts += inner.parts
            section.issues = [*section.issues, *inner.issues]
        elif inner.parts or inner.issues:
            section.parts.append(inner)
        section.quiet += inner.quiet
        inner.quiet = []

    def _cards(self, known: Field, where: str, rows: list[Any]) -> Iterator[Section]:
        label = words(known.labels, self.language) or self._label_above(known)
        issues = self._issues.get(where, [])
        if issues:  # of all of them together, there may be none
            yield Section(label, anchor_of(where), issues=issues)
        for number, row in enumerate(rows, 1):
            here = f"{where}[{number}]"
            yield self._section(Section(label, anchor_of(here), number), known.path, here, row)

    def _label_above(self, known: Field) -> str:
        """pyxform puts a repeat's label on the group around it or nowhere: then its name has to do."""
        return known.name.replace("_", " ")

    def _answer(self, section: Section, known: Field, where: str, answers: Mapping[str, Any]) -> None:
        issues = self._issues.get(where, [])
        if self._rule is not None and self._rule.hides(known.name):
            if known.control and known.readonly not in ("true()", "true"):
                label = words(known.labels, self.language) or known.name
                section.parts.append(Answer(known.name, label, anchor_of(where), "hidden", issues=issues))
            return
        if (known.name not in answers and not issues) or _is_note(known, answers):
            return
        answer = Answer(known.name, words(known.labels, self.language) or known.name, anchor_of(where), issues=issues)
        value = answers.get(known.name)
        sent = next((issue.value for issue in issues if issue.value), None)
        if value is None and sent:
            answer.kind, answer.texts = "raw", [sent]
        else:
            answer.kind, answer.texts = self._show(known, value)
        if answer.kind == "file":
            answer.file = self._files.get(str(value))
        asked = bool(known.control) or bool(issues)
        if asked:
            section.parts.append(answer)
        elif value is not None:
            section.quiet.append(answer)

    def _show(self, known: Field, value: Any) -> tuple[str, list[str]]:
        if value is None:
            return "empty", []
        if known.control in ("select", "rank") or known.type in ("select", "rank"):
            return "choices", [self._choice(known.options, name) for name in str(value).split()]
        if known.control == "select1":
            return "choice", [self._choice(known.options, values.raw(value))]
        if known.type == "binary" or known.control == "upload":
            return "file", [str(value)]
        return values.show(known.type, value)

    def _choice(self, options: tuple[Choice, ...], name: str) -> str:
        found = next((words(choice.labels, self.language) for choice in options if choice.name == name), "")
        return found or name


def _is_note(known: Field, answers: Mapping[str, Any]) -> bool:
    """Only read, or a button: nothing to show unless something was sent."""
    silent = known.control == "trigger" or known.readonly in ("true()", "true")
    return silent and answers.get(known.name) is None


def changes(before: Section, after: Section) -> list[tuple[str, str, str]]:
    """What an edit changed: question, former and present answer, in the order of the form.

    Values that the form worked out follow from the answers, and are named only when nothing else changed.
    """
    old = {answer.anchor: answer for answer in before.answers()}
    new = {answer.anchor: answer for answer in after.answers()}
    quiet = {answer.anchor for section in (before, after) for answer in section.worked_out()}
    found: list[tuple[str, str, str]] = []
    follows: list[tuple[str, str, str]] = []
    for anchor in dict.fromkeys([*new, *old]):
        first, second = old.get(anchor), new.get(anchor)
        texts = (first.text if first else "", second.text if second else "")
        known = second or first
        if known is not None and texts[0] != texts[1]:
            (follows if anchor in quiet else found).append((known.label, *texts))
    return found or follows

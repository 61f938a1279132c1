"""`find(form, instance)`: a submission held against its form → typed answers, findings and the files it names.

Nothing is refused here: what does not fit becomes a finding and the rest goes on. Knows the tree only; what
`relevant`, `constraint` and `calculate` mean is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary
from xml.etree.ElementTree import Element

from forms import plan
from forms.instance import Instance
from forms.plan import Branch, Leaf
from forms.xform import Form
from forms.xmltree import local
from schemas.answers import Breach
from schemas.findings import Finding
from schemas.lexical import MEDIA

MAX_FINDINGS = 1000
MAX_VALUE = 255
_META = frozenset(
    ("instanceID", "instanceName", "deprecatedID", "audit", "entity", "timeStart", "timeEnd", "userID", "username")
    + ("email", "deviceID", "subscriberID", "simSerial", "phoneNumber")
)
_plans: WeakKeyDictionary[Form, Branch] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a submission holds. `answers` are JSON: by name, groups nested, repeats as lists, empty as None, absent left
    out. `files` are the names of files in document order."""

    answers: dict[str, Any]
    findings: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()


def find(form: Form, instance: Instance) -> Checked:
    """Check a submission. The answers of an encrypted one cannot be seen: only its files are given."""
    if instance.encrypted:
        return Checked({}, (Finding("origin.encrypted"),), instance.encrypted_files)
    branch = plan_of(form)
    path = branch.path
    if form.submission_ref and local(instance.root.tag) == form.submission_ref.rpartition("/")[2]:
        branch = plan.find(branch, form.submission_ref)
        path = form.submission_ref
    walk = _Walk()
    answers = walk.branch(branch, instance.root, path)
    return Checked(answers, tuple(walk.findings), tuple(dict.fromkeys(walk.files)))


def plan_of(form: Form) -> Branch:
    """The form laid out for checking, made once and kept as long as the form is."""
    known = _plans.get(form)
    if known is None:
        known = _plans[form] = plan.build(form)
    return known


class _Walk:
    """One pass over one submission."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.files: list[str] = []
        self._unknown_before: set[str] = set()

    def branch(self, branch: Branch, element: Element, path: str) -> dict[str, Any]:
        """The answers below a group, a repeat instance or the root. `path` has its positions already."""
        answers: dict[str, Any] = {}
        members = branch.members
        stray = (element.text or "").strip()
        for child in element:
            tag = child.tag
            name = tag[tag.rfind("}") + 1 :]
            member = members.get(name)
            if child.tail and not stray:
                stray = child.tail.strip()
            if member is None:
                self._unknown(child, name, path)
            elif isinstance(member, Branch):
                self._container(member, child, name, path, answers)
            elif name not in answers:
                answers[name] = self._answer(member, child, name, path)
            else:
                self._add("structure.repeated", f"{path}/{name}", member.label)
        if stray:
            self._add("structure.text", path, "", stray)
        for name in branch.needed:
            if name not in answers:
                self._missing(branch, name, path)
        return answers

    def _container(self, member: Branch, child: Element, name: str, path: str, answers: dict[str, Any]) -> None:
        if child.attrib and _is_unused_template(child):
            return
        if member.repeat:
            rows = answers.setdefault(name, [])
            rows.append(self.branch(member, child, f"{path}/{name}[{len(rows) + 1}]"))
        elif name not in answers:
            answers[name] = self.branch(member, child, f"{path}/{name}")
        elif name != "meta":  # a form's own and OpenRosa's may stand side by side
            self._add("structure.repeated", f"{path}/{name}", member.label)

    def _answer(self, leaf: Leaf, element: Element, name: str, path: str) -> Any:
        if len(element):
            self._add("structure.children", f"{path}/{name}", leaf.label)
            return None
        text = element.text
        if not text:
            if leaf.required:
                self._add("required.empty", f"{path}/{name}", leaf.label)
            return None
        try:
            value = leaf.read(text)
        except Breach as breach:
            self._add(breach.code, f"{path}/{name}", leaf.label, text)
            return text if leaf.textual else None
        if value is None:
            if leaf.required and text.isspace():
                self._add("required.empty", f"{path}/{name}", leaf.label)
        elif leaf.file and not value.startswith(MEDIA):
            self.files.append(value)
        return value

    def _unknown(self, element: Element, name: str, path: str) -> None:
        if name == "meta" or path.endswith("/meta/entity") or (name in _META and path.endswith("/meta")):
            return
        where = f"{path}/{name}"
        if where not in self._unknown_before:
            self._unknown_before.add(where)
            self._add("structure.unknown", where, "", (element.text or "").strip() or None)

    def _missing(self, branch: Branch, name: str, path: str) -> None:
        for rest, label in branch.needed[name]:
            self._add("required.missing", f"{path}/{rest}", label)

    def _add(self, code: str, path: str, label: str, value: str | None = None) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(code, path, label, value[:MAX_VALUE] if value else value))


def _is_unused_template(element: Element) -> bool:
    """A repeat's blank pattern that was sent along; one with answers is an instance like any other."""
    return any(local(key) == "template" for key in element.attrib) and not "".join(element.itertext()).strip()

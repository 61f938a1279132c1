"""`find(form, instance)`: a submission held against its form → typed answers, findings and the files it names.

Nothing is refused here: what does not fit becomes a finding and the rest goes on. The tree and each answer by itself
are looked at here, what `relevant`, `constraint` and the like say of them in `forms.logic`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary
from xml.etree.ElementTree import Element

from forms import loose, plan
from forms.instance import Instance
from forms.logic import verdicts
from forms.logic.circumstances import UNKNOWN, Circumstances
from forms.logic.nodes import Node, Unsent
from forms.plan import Branch, Leaf, Plan
from forms.xform import Form
from forms.xmltree import local
from schemas.answers import Breach
from schemas.findings import MAX_VALUE, Finding
from schemas.lexical import MEDIA

MAX_FINDINGS = 1000
_META = frozenset(
    ("instanceID", "instanceName", "deprecatedID", "audit", "entity", "timeStart", "timeEnd", "userID", "username")
    + ("email", "deviceID", "subscriberID", "simSerial", "phoneNumber")
)
_plans: WeakKeyDictionary[Form, Plan] = WeakKeyDictionary()
_loose_plans: WeakKeyDictionary[Form, Plan] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a submission holds. `answers` are JSON: by name, groups nested, repeats as lists, empty as None, absent left
    out. `files` are the names of files in document order."""

    answers: dict[str, Any]
    findings: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()


def find(form: Form, instance: Instance, circumstances: Circumstances = UNKNOWN) -> Checked:
    """Check a submission. The answers of an encrypted one cannot be seen: only its files are given."""
    if instance.encrypted:
        return Checked({}, (Finding("origin.encrypted"),), instance.encrypted_files)
    laid_out = plan_of(form) if not form.loose or loose.is_known(form, instance.root) else _loose_plan_of(form)
    root = sent = Node(form.root, laid_out.root, None)
    path = laid_out.root.path
    if form.submission_ref and local(instance.root.tag) == form.submission_ref.rpartition("/")[2]:
        path = form.submission_ref
        root, sent = _part(laid_out.root, path)
    walk = _Walk(sent)
    answers = walk.branch(sent.part, instance.root, path, sent)
    edited = instance.deprecated_id is not None
    found = verdicts.find(form, laid_out.program, root, walk.nodes, circumstances, blanks=walk.blanks, edited=edited)
    walk.findings += islice(found, MAX_FINDINGS)
    root.forget()
    findings = tuple(finding for _, finding in sorted(walk.findings, key=lambda each: each[0])[:MAX_FINDINGS])
    return Checked(answers, findings, tuple(dict.fromkeys(walk.files)))


def plan_of(form: Form) -> Plan:
    """The form laid out for checking, made once and kept as long as the form is."""
    known = _plans.get(form)
    if known is None:
        known = _plans[form] = plan.build(form)
    return known


def _loose_plan_of(form: Form) -> Plan:
    """The same without what the form says by relative addresses."""
    known = _loose_plans.get(form)
    if known is None:
        known = _loose_plans[form] = plan.build(form, form.loose)
    return known


def _part(branch: Branch, path: str) -> tuple[Node, Node]:
    """The root and the node of the part that is sent; of what is around it nothing is known."""
    name, *inner = path.strip("/").split("/")
    root: Node = Unsent(name, branch, None)
    node = root
    for place, name in enumerate(inner, 1):
        branch = plan.find(branch, f"{branch.path}/{name}")
        node = node.put((Node if place == len(inner) else Unsent)(name, branch, node))
    return root, node


class _Walk:
    """One pass over one submission. `nodes` are those that the logic is to look at, with their places in the pass."""

    def __init__(self, root: Node) -> None:
        self.findings: list[tuple[int, Finding]] = []
        self.files: list[str] = []
        self.nodes: list[tuple[int, Node]] = [(0, root)]
        self.blanks = False
        self._place = 0
        self._unknown_before: set[str] = set()

    def branch(self, branch: Branch, element: Element, path: str, node: Node) -> dict[str, Any]:
        """The answers below a group, a repeat instance or the root. `path` has its positions already."""
        answers: dict[str, Any] = {}
        members = branch.members
        stray = (element.text or "").strip()
        if branch.attributes:
            self._attributes(branch.attributes, element, node)
        for child in element:
            tag = child.tag
            name = tag[tag.rfind("}") + 1 :]
            member = members.get(name)
            self._place += 1
            if child.tail and not stray:
                stray = child.tail.strip()
            if member is None:
                self._unknown(child, name, path)
            elif isinstance(member, Branch):
                self._container(member, child, name, path, answers, node)
            elif name not in answers:
                answers[name] = self._answer(member, child, name, path, node)
            else:
                self._add("structure.repeated", f"{path}/{name}", member.label)
        if stray:
            self._add("structure.text", path, "", stray)
        return answers

    def _container(
        self, member: Branch, child: Element, name: str, path: str, answers: dict[str, Any], node: Node
    ) -> None:
        if child.attrib and _is_unused_template(child):
            return
        if member.repeat:
            rows = answers.setdefault(name, [])
            rows.append(self.branch(member, child, f"{path}/{name}[{len(rows) + 1}]", self._below(node, name, member)))
        elif name not in answers:
            answers[name] = self.branch(member, child, f"{path}/{name}", self._below(node, name, member))
        elif name != "meta":  # a form's own and OpenRosa's may stand side by side
            self._add("structure.repeated", f"{path}/{name}", member.label)

    def _below(self, node: Node, name: str, member: Branch) -> Node:
        inner = node.add(name, member)
        if member.insisted or member.counted:
            self.nodes.append((self._place, inner))
        return inner

    def _answer(self, leaf: Leaf, element: Element, name: str, path: str, node: Node) -> Any:
        if len(element):
            self._add("structure.children", f"{path}/{name}", leaf.label)
            return None
        text = element.text or ""
        own = node.add(name, leaf, text)
        if text and text.strip() != text:
            self.blanks = True
        if leaf.logic is not None or leaf.conditional:
            self.nodes.append((self._place, own))
        if leaf.attributes:
            self._attributes(leaf.attributes, element, own)
        if not text:
            return None
        try:
            value = leaf.read(text)
        except Breach as breach:
            if leaf.untyped and breach.code.startswith("type."):
                return text
            self._add(breach.code, f"{path}/{name}", leaf.label, text)
            return text if leaf.textual else None
        if leaf.file and value and not value.startswith(MEDIA):
            self.files.append(value)
        return value

    def _attributes(self, known: Mapping[str, Leaf], element: Element, node: Node) -> None:
        """Those that the form knows. What it does not calculate is there to be asked for."""
        for key, text in element.attrib.items():
            name = f"@{local(key)}"
            leaf = known.get(name)
            if leaf is not None and name not in node.children:
                own = node.add(name, leaf, text)
                self.blanks = self.blanks or text != text.strip()
                if leaf.logic is not None and leaf.logic.calculate is not None:
                    self.nodes.append((self._place, own))

    def _unknown(self, element: Element, name: str, path: str) -> None:
        if name == "meta" or path.endswith("/meta/entity") or (name in _META and path.endswith("/meta")):
            return
        where = f"{path}/{name}"
        if where not in self._unknown_before:
            self._unknown_before.add(where)
            self._add("structure.unknown", where, "", (element.text or "").strip() or None)

    def _add(self, code: str, path: str, label: str, value: str | None = None) -> None:
        if len(self.findings) < MAX_FINDINGS:
            finding = Finding(code, path, label, value[:MAX_VALUE] if value else value)
            self.findings.append((self._place, finding))


def _is_unused_template(element: Element) -> bool:
    """A repeat's blank pattern that was sent along; one with answers is an instance like any other."""
    return any(local(key) == "template" for key in element.attrib) and not "".join(element.itertext()).strip()

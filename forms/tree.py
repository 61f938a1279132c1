"""Names and paths in a form's tree, and walking its fields. Works on `Field` only, never on XML."""

from __future__ import annotations

import re
from collections.abc import Iterable

from schemas.fields import REPEAT, Field

_PREDICATE = re.compile(r"\[[^\[\]]*\]")
_NAME = re.compile(r"(?:[^\W\d][\w.-]*:)?[^\W\d][\w.-]*")


def parent(path: str) -> str:
    """`/data/visits/age` → `/data/visits`."""
    return path.rpartition("/")[0]


def within_root(path: str) -> str:
    """The path without the root's name, as clients know it: `/data/visits/age` → `/visits/age`."""
    return "/" + path.lstrip("/").partition("/")[2]


def repeats(fields: Iterable[Field]) -> list[Field]:
    """Every repeat, outer before inner."""
    return [field for field in fields if field.type == REPEAT]


def is_binary(field: Field) -> bool:
    """Whether the answer is the name of a file."""
    return field.type == "binary" or field.path.endswith("/meta/audit")


def wire_type(field: Field) -> str:
    """The type as clients know it: as the form has it, with its prefix; `unknown` where it has none."""
    return field.type if field.is_container else field.declared or "unknown"


def resolve(ref: str, context: str) -> str:
    """A node reference as an absolute path without prefixes and predicates; '' if it is not plainly one node.

    `context` is what a relative reference starts from: the root's path, or that of the enclosing group or repeat.
    """
    ref = _without_predicates(ref).strip()
    ref = re.sub(r"^current\(\)\s*/", "./", ref)
    steps = [] if ref.startswith("/") else context.strip("/").split("/")
    for step in ref.strip("/").split("/"):
        name = step.strip()
        if name == "..":
            if not steps:
                return ""
            steps.pop()
        elif name and name != ".":
            if not _NAME.fullmatch(name):
                return ""
            steps.append(name.rpartition(":")[2])
    return "/" + "/".join(steps) if ref else ""


def attribute(ref: str, context: str) -> str:
    """A reference to an attribute as `resolve` gives those to nodes (`/data/meta/entity/@id`); '' if it is none."""
    above, at, name = _without_predicates(ref).strip().rpartition("@")
    place = resolve(above.strip().removesuffix("/") or ".", context) if at and _NAME.fullmatch(name) else ""
    return f"{place}/@{name.rpartition(':')[2]}" if place else ""


def _without_predicates(ref: str) -> str:
    before = ""
    while before != ref:
        before, ref = ref, _PREDICATE.sub("", ref)
    return ref

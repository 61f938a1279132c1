"""Which answers people write in words of their own, and answers without them (domain P7).

What is not known to be a number, a day, a place or a choice is taken for free text: scanned codes, names of files, what
the phone fills in by itself, and whatever a form works out from free text, also by way of a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from forms.values import GEO_TYPES
from schemas.fields import Field

_TYPED = GEO_TYPES | {"int", "integer", "long", "decimal", "date", "time", "dateTime", "boolean"}
_CHOOSING = ("select", "select1", "rank")
_WORD = re.compile(r"[^\W\d][\w.-]*")
# A step to nodes that the expression does not name, or to an attribute, which may hold anything.
_ANY_NODE = re.compile(r"/\s*[*@]|//|::")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
# What is chosen from a list that the form does not hold: a code or a number. From a repeat it may be what was typed.
_CODE = re.compile(r"(?=[^\d]*\d)[A-Za-z0-9_.:-]{1,64}")
_OF_PLACES = ("type", "coordinates", "properties")
_TRUE = ("true()", "true")
_ANY = "anything"

# The words of choices; None where a list outside the form says them; anything.
Choices = frozenset[str] | str | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """What must be known of a field that holds an answer. `saved`: the name in a list that it is saved as.

    `calculate`: of what is worked out and may be free text or not. `choices`: of what is left; `free`: it is not.
    """

    name: str
    saved: str = ""
    calculate: str = ""
    choices: Choices = _ANY
    free: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Which answers of a form are left: those `shown`, by name, with what may be chosen."""

    shown: Mapping[str, Choices]

    def hides(self, name: str) -> bool:
        """Whether answers of this name are left out."""
        return name not in self.shown

    def left(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """The answers without those that are hidden; groups and repeats stay."""
        found: dict[str, Any] = {}
        for name, value in answers.items():
            if isinstance(value, list):
                found[name] = [self.left(row) for row in value if isinstance(row, dict)]
            elif isinstance(value, dict) and not isinstance(value.get("coordinates"), list):
                found[name] = self.left(value)
            elif name in self.shown:
                found[name] = _kept(value, self.shown[name])
        return found


def _kept(value: Any, choices: Choices) -> Any:
    if isinstance(value, dict):
        return {name: part for name, part in value.items() if name in _OF_PLACES}
    if not isinstance(value, str) or choices == _ANY:
        return value
    known = (each for each in value.split() if (_CODE.fullmatch(each) if choices is None else each in choices))
    return " ".join(known) or None


def read(fields: Iterable[Field]) -> tuple[Leaf, ...]:
    """What must be known of the fields of a form."""
    return tuple(_leaf(field) for field in fields if not field.is_container)


def _leaf(field: Field) -> Leaf:
    in_words = field.path.endswith("/meta/instanceName")  # sent by the phone, whatever the form says
    if field.type in _TYPED or field.path.endswith("/meta/instanceID"):
        return Leaf(field.name, field.saveto)
    if field.control == "trigger":
        return Leaf(field.name, field.saveto, choices=frozenset({"OK"}))
    if field.control in _CHOOSING:
        names = frozenset(word for choice in field.options for word in choice.name.split())
        return Leaf(field.name, field.saveto, choices=names or None)
    if field.calculate and not in_words and (not field.control or field.readonly in _TRUE):
        return Leaf(field.name, field.saveto, calculate=field.calculate)
    return Leaf(field.name, field.saveto, free=True)


def names(forms: Iterable[Iterable[Leaf]]) -> frozenset[str]:
    """The names under which free text goes about in forms that write to, or read from, the same lists."""
    leaves = [leaf for form in forms for leaf in form]
    found = _named(leaf for leaf in leaves if leaf.free)
    while True:
        more = found | _named(leaf for leaf in leaves if leaf.calculate and _flows(leaf.calculate, found))
        if more == found:
            return found
        found = more


def _named(leaves: Iterable[Leaf]) -> frozenset[str]:
    return frozenset(name for leaf in leaves for name in (leaf.name, leaf.saved) if name)


def _flows(calculate: str, free: frozenset[str]) -> bool:
    """Whether what the expression comes to may hold free text. By name alone, so rather too often."""
    if not free:
        return False
    attribute = "@" in _QUOTED.sub("", calculate)
    return attribute or bool(_ANY_NODE.search(calculate)) or not free.isdisjoint(_WORD.findall(calculate))


def rule(versions: Iterable[Iterable[Leaf]], free: frozenset[str]) -> Rule:
    """For the answers of a form, given in any of its versions: what one of them takes for free text is hidden."""
    shown: dict[str, Choices] = {}
    hidden: set[str] = set()
    for leaf in (leaf for version in versions for leaf in version):
        if leaf.free or (leaf.calculate and _flows(leaf.calculate, free)):
            hidden.add(leaf.name)
        elif leaf.name in shown:
            shown[leaf.name] = _together(shown[leaf.name], leaf.choices)
        else:
            shown[leaf.name] = leaf.choices
    return Rule({name: choices for name, choices in shown.items() if name not in hidden})


def _together(one: Choices, other: Choices) -> Choices:
    """What may be chosen in either. A list that says it and anything else are as strict as they can be."""
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one | other
    return one if one == other else None

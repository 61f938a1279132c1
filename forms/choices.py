"""The choices of a select: which the form itself holds, and whether the server can decide them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from forms import xmltree
from forms.labels import Itext
from schemas.fields import Choice, Itemset

_ITEMS = re.compile(r"""^instance\(\s*(["'])(?P<id>.*?)\1\s*\)(?P<path>(?:/[\w.:-]+)+)$""")
_RANDOMIZE = re.compile(r"^randomize\((?P<items>.*)\)$", re.DOTALL)
_PREDICATE = re.compile(r"\[.*\]", re.DOTALL)
_SEARCH = re.compile(r"\bsearch\s*\(")


@dataclass(frozen=True)
class Offer:
    """What a select offers: `decided` is false where a filter, a repeat, a search or an outside list has the word."""

    choices: tuple[Choice, ...] = ()
    decided: bool = True
    itemset: Itemset | None = None


class Lists:
    """The choice lists of one form."""

    def __init__(self, model: Element, itext: Itext) -> None:
        self._itext = itext
        self._instances = {
            instance.get("id", ""): instance
            for instance in xmltree.children(model, "instance")
            if instance.get("src") is None and instance.get("id")
        }
        self._read: dict[tuple[str, str, str], tuple[Choice, ...]] = {}

    def offer(self, control: Element) -> Offer:
        """What a select, select1 or rank offers."""
        if _SEARCH.search(control.get("appearance", "")) or control.get("query") is not None:
            return Offer(decided=False)
        parts: list[Offer] = []
        for element in control.iter():
            kind = xmltree.local(element.tag)
            if kind == "item":
                name = xmltree.text(xmltree.child(element, "value"))
                parts.append(Offer((Choice(name, self._itext.label(element)),)))
            elif kind == "itemset":
                parts.append(self._itemset(element))
        if len(parts) == 1:  # most selects: the list is shared by all that use it, and only these are filtered
            return parts[0]
        return Offer(together(*(part.choices for part in parts)), all(part.decided for part in parts))

    def _itemset(self, itemset: Element) -> Offer:
        nodeset = itemset.get("nodeset", "").strip()
        value = xmltree.child(itemset, "value")
        ref = (value.get("ref", "") if value is not None else "").strip().removeprefix("./")
        asked = Itemset(nodeset, ref) if nodeset and ref else None
        randomized = _RANDOMIZE.match(nodeset)
        if randomized:
            nodeset = _first_argument(randomized.group("items"))
        plain = _PREDICATE.sub("", nodeset).strip()
        match = _ITEMS.match(plain)
        if match is None:
            return Offer(decided=False, itemset=asked)
        label = xmltree.child(itemset, "label")
        choices = self._choices(
            match.group("id"),
            match.group("path"),
            ref,
            label.get("ref", "") if label is not None else "",
        )
        decided = bool(choices) and plain == nodeset
        return Offer(choices, decided, None if decided else asked)

    def _choices(self, instance: str, path: str, value: str, label: str) -> tuple[Choice, ...]:
        if instance not in self._instances:
            return ()
        key = (instance + path, value, label)
        if key not in self._read:
            self._read[key] = self._items(self._instances[instance], path, value, label)
        return self._read[key]

    def _items(self, instance: Element, path: str, value: str, label: str) -> tuple[Choice, ...]:
        elements = [instance]
        for step in path.strip("/").split("/"):
            elements = [part for element in elements for part in xmltree.children(element, xmltree.local(step))]
        value = value.strip().removeprefix("./")
        if not re.fullmatch(r"[\w.:-]+", value):
            return ()
        found: dict[str, Choice] = {}
        for item in elements:
            name = xmltree.text(xmltree.child(item, xmltree.local(value)))
            found.setdefault(name, Choice(name, self._itext.item_label(label, item)))
        return tuple(found.values())


def together(*lists: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """Several lists as one, each name once."""
    return tuple({choice.name: choice for choices in reversed(lists) for choice in reversed(choices)}.values())[::-1]


def _first_argument(arguments: str) -> str:
    """The text before the first comma that is outside brackets and quotes."""
    depth, quote = 0, ""
    for position, sign in enumerate(arguments):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign == "," and depth == 0:
            return arguments[:position].strip()
    return arguments.strip()

"""Which entity lists a form writes to, as its `entity` nodes say, and whether they may be so (ODK's entities spec)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from forms import xmltree
from schemas.fields import REPEAT, Field
from schemas.problems import INVALID_ENTITY_FORM

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)", re.ASCII)
_FIRST, _AFTER_LAST = (2022, 1, 0), (2025, 2, 0)
_OFFLINE, _IN_REPEATS = (2024, 1, 0), (2025, 1, 0)
_ACTIONS = ("create", "update")
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Declared:
    """An `entity` node. `path` is that of the node around its `meta`, below the root: '' for the whole form."""

    path: str
    name: str | None
    actions: tuple[str, ...]


def find(root: Element) -> tuple[Declared, ...]:
    """Every one once, in document order. A repeat may stand there as a template and as its first instance."""
    found = {one.path: one for one in _below(root, "")}
    return tuple(found.values())


def _below(element: Element, path: str) -> Iterator[Declared]:
    for child in element:
        if xmltree.local(child.tag) != "meta":
            yield from _below(child, f"{path}/{xmltree.local(child.tag)}")
            continue
        for node in xmltree.children(child, "entity"):
            said = {xmltree.local(key): value for key, value in node.attrib.items()}
            name = said["dataset"].strip() if "dataset" in said else None
            yield Declared(path, name, tuple(action for action in _ACTIONS if action in said))


def check(found: Iterable[Declared], fields: Iterable[Field], version: str) -> None:
    """Raise INVALID_ENTITY_FORM unless the entities of a form can be made. `fields`: with paths below the root."""
    lists, nodes = list(found), list(fields)
    if not lists:
        return
    number = _number(version)
    for one in lists:
        _check_one(one)
    for node in nodes:
        if node.saveto and not _is_property(node.saveto):
            _refuse(f"“{node.saveto}” cannot be the name of a property.")
    repeats = [node.path for node in nodes if node.type == REPEAT]
    _check_places(lists, nodes, repeats)
    if number < _IN_REPEATS and (len(lists) > 1 or any(one.path in repeats for one in lists)):
        _refuse(f"Version {version} knows neither entities from repeats nor several lists; 2025.1.0 does.")


def warnings(found: Iterable[Declared], version: str) -> list[dict[str, Any]]:
    """What is worth saying of a new form: phones that are offline need a later version. The version is a valid one."""
    if not list(found) or _number(version) >= _OFFLINE:
        return []
    reason = f"Version {version} of the entities specification does not work offline: use 2024.1.0 or a later one."
    return [{"type": "oldEntityVersion", "details": {"version": version}, "reason": reason}]


def properties(found: Iterable[Declared], fields: Iterable[Field]) -> dict[str, list[str]]:
    """What a form saves to each of its lists, in document order. `fields`: with paths below the root."""
    names = {one.path: one.name for one in found if one.name is not None}
    saved: dict[str, list[str]] = {name: [] for name in names.values()}
    for node in fields:
        place = _closest(names, node.path) if node.saveto else None
        if place is not None and node.saveto not in saved[names[place]]:
            saved[names[place]].append(node.saveto)
    return saved


def _number(version: str) -> tuple[int, ...]:
    if not version:
        _refuse("The version of the entities specification is missing.")
    match = _VERSION.fullmatch(version)
    number = tuple(map(int, match.groups())) if match else ()
    if not _FIRST <= number < _AFTER_LAST:
        _refuse(f"The server does not know version {version} of the entities specification.")
    return number


def _check_one(one: Declared) -> None:
    if one.name is None:
        _refuse("An entity does not name its list.")
    elif not _is_list(one.name):
        _refuse(f"“{one.name}” cannot be the name of an entity list.")
    if not one.actions:
        _refuse("An entity must be created or updated: the form says neither.")


def _check_places(lists: list[Declared], nodes: list[Field], repeats: list[str]) -> None:
    """What is asked for several times cannot be saved to an entity that there is once."""
    places = [one.path for one in lists]
    for node in nodes:
        place, repeat = _closest(places, node.path), _closest(repeats, node.path)
        if node.saveto and place is not None and repeat is not None and len(repeat) > len(place):
            _refuse(f"{node.path} is asked in a repeat, and its entity is outside of it.")


def _closest(above: Iterable[str], path: str) -> str | None:
    return max((each for each in above if f"{path}/".startswith(f"{each}/")), key=len, default=None)


def _is_list(name: str) -> bool:
    return _is_name(name, ":_", f":_-{_DIGITS}")


def _is_property(name: str) -> bool:
    return name.lower() not in ("name", "label") and _is_name(name, "_", f"_-.{_DIGITS}")


def _is_name(name: str, first: str, others: str) -> bool:
    """A letter or one of `first`, then letters and `others`. What begins with two lines is kept for the server."""
    rest = all(sign.isalpha() or sign in others for sign in name)
    return bool(name) and not name.startswith("__") and (name[0].isalpha() or name[0] in first) and rest


def _refuse(reason: str) -> None:
    raise INVALID_ENTITY_FORM(reason=reason)

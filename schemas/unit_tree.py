"""The rules of a dated tree of units, and who reaches whom in it. Pure: records in, faults and pairs out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from schemas.unit_levels import FIRST, MAX_NAME, MAX_RANK, Levels
from schemas.units import CODE_SIGNS, MAX_CODE, MAX_TEXT, Fault, Key, Unit

_END = date.max
_BELOW_ALL = 99
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Tree:
    """All units of all times, by key. Nothing is refused: `faults` tells what is wrong."""

    def __init__(self, units: Iterable[Unit], levels: Levels = FIRST) -> None:
        self.levels = levels
        self.units: dict[Key, Unit] = {unit.key: unit for unit in units}
        self._starts: dict[str, list[date]] = {}
        for code, start in sorted(self.units):
            self._starts.setdefault(code, []).append(start)

    def rank(self, unit: Unit) -> int:
        """How deep it lies: 1 is the highest level."""
        level = self.levels.get(unit.level_code)
        return level.rank if level else _BELOW_ALL

    def find(self, code: str, day: date) -> Unit | None:
        """The unit that a code stands for on a day."""
        starts = self._starts.get(code, [])
        position = bisect_right(starts, day)
        unit = self.units[code, starts[position - 1]] if position else None
        return unit if unit is not None and unit.on(day) else None

    def parent(self, unit: Unit) -> Unit | None:
        """The unit above, if it is there on the day on which this one begins."""
        return self.find(unit.parent_code, unit.valid_from) if unit.parent_code else None

    def successors(self, unit: Unit) -> list[Unit]:
        """The units that it went into, as far as they are there."""
        if unit.valid_to is None or unit.valid_to == _END:
            return []
        day = unit.valid_to + timedelta(days=1)
        found = (self.find(code, day) for code in unit.successor_codes)
        return [each for each in found if each is not None]

    def children(self, unit: Unit, day: date) -> list[Unit]:
        """The units right below that are valid on that day."""
        below = (each for each in self.units.values() if each.parent_code == unit.code and each.on(day))
        return [each for each in below if self.parent(each) == unit]

    def faults(self) -> list[Fault]:
        """Everything that breaks a rule, unit by unit in the order of their codes."""
        found: list[Fault] = []
        for key in sorted(self.units):
            unit = self.units[key]
            found += (
                _of_itself(unit)
                + self._of_level(unit)
                + self._of_code(unit)
                + self._of_parent(unit)
                + self._of_successors(unit)
            )
        return found

    def _of_level(self, unit: Unit) -> list[Fault]:
        if unit.level_code in self.levels:
            return []
        args = {"value": unit.level_code, "levels": ", ".join(self.levels)}
        return [Fault("level", "level_code", unit.key, args=args)]

    def _of_code(self, unit: Unit) -> list[Fault]:
        starts = self._starts[unit.code]
        following = starts[bisect_right(starts, unit.valid_from) :][:1]
        if following and (unit.valid_to is None or unit.valid_to >= following[0]):
            args = {"code": unit.code, "start": following[0].isoformat()}
            return [Fault("overlap", "valid_to", unit.key, args=args)]
        return []

    def _of_parent(self, unit: Unit) -> list[Fault]:
        if unit.parent_code is None:
            return []
        above, args = self.parent(unit), {"code": unit.parent_code}
        if above is None:
            return [Fault("parent", "parent_code", unit.key, args=args)]
        if self.rank(above) >= self.rank(unit):
            return [Fault("parent_level", "parent_code", unit.key, args=args)]
        level = self.levels.get(unit.level_code)
        if level and level.above and above.level_code not in level.above:
            return [Fault("parent_kind", "parent_code", unit.key, args=args | {"levels": ", ".join(level.above)})]
        if above.valid_to is not None and (unit.valid_to is None or unit.valid_to > above.valid_to):
            return [Fault("parent_ends", "valid_to", unit.key, args=args | {"end": above.valid_to.isoformat()})]
        return []

    def _of_successors(self, unit: Unit) -> list[Fault]:
        if not unit.successor_codes:
            return []
        if unit.valid_to is None:
            return [Fault("successor_open", "successor_codes", unit.key)]
        there = {each.code for each in self.successors(unit)}
        missing = [code for code in unit.successor_codes if code not in there]
        return [Fault("successor", "successor_codes", unit.key, args={"code": code}) for code in missing]

    def reach(self) -> dict[Key, frozenset[Key]]:
        """By whom each unit is reached: itself, whoever reaches the unit above it, and whoever reaches all that it
        went into. What is merged or split hands on what lay below it.

        A unit above ends no earlier and is of a higher level, a successor ends later: so in this order what a unit
        depends on has been done before it, and there are no circles.
        """
        above: dict[Key, frozenset[Key]] = {}
        ordered = sorted(self.units.values(), key=lambda unit: (unit.valid_to or _END, -self.rank(unit)))
        for unit in reversed(ordered):
            found = {unit.key}
            parent = self.parent(unit)
            if parent is not None:
                found |= above[parent.key]
            after = self.successors(unit)
            if after and len(after) == len(unit.successor_codes):
                found |= frozenset.intersection(*(above[each.key] for each in after))
            above[unit.key] = frozenset(found)
        return above


def _of_itself(unit: Unit) -> list[Fault]:
    found = []
    if not is_code(unit.code):
        found.append(Fault("code", "code", unit.key, args={"value": unit.code}))
    for column in ("type_label", "name_vi", "name_en"):
        text = getattr(unit, column)
        if len(text) > MAX_TEXT:
            found.append(Fault("long", column, unit.key, args={"limit": str(MAX_TEXT)}))
        if text.startswith(_FORMULA):
            found.append(Fault("formula", column, unit.key))
    if not unit.name_vi:
        found.append(Fault("required", "name_vi", unit.key))
    if unit.valid_to is not None and unit.valid_to < unit.valid_from:
        found.append(Fault("order", "valid_to", unit.key))
    return found


def is_code(text: str) -> bool:
    """Whether a unit or a level can be known by it."""
    signs = text.replace("_", "").replace("-", "").replace(".", "")
    return signs.isalnum() and len(text) <= MAX_CODE and text[0] not in CODE_SIGNS


def level_faults(levels: Levels) -> list[Fault]:
    """What is wrong with levels by themselves."""
    found = []
    for level in levels.values():
        if not is_code(level.code):
            found.append(Fault("code", "code", args={"value": level.code[:MAX_CODE]}))
        if not 1 <= level.rank <= MAX_RANK:
            found.append(Fault("rank", "rank", args={"limit": str(MAX_RANK)}))
        if not level.name_vi:
            found.append(Fault("required", "name_vi"))
        if any(len(text) > MAX_NAME for text in (level.name_vi, level.name_en, *level.types)):
            found.append(Fault("long", "name_vi", args={"limit": str(MAX_NAME)}))
        for code in level.above:
            if code not in levels or levels[code].rank >= level.rank:
                found.append(Fault("above", "above", args={"value": code}))
    return found


def pairs(reach: Mapping[Key, frozenset[Key]], numbers: Mapping[Key, int]) -> set[tuple[int, int]]:
    """Who reaches whom, by the numbers of their rows."""
    return {(numbers[who], numbers[key]) for key, found in reach.items() for who in found}

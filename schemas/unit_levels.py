"""Levels of a tree of units (domain 5.1): how deep they lie, what they are called, and those it begins with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from marshmallow import fields, validate

from schemas.base import Shape

MAX_RANK = 98
MAX_CODE = 40
MAX_NAME = 100
MAX_TYPES = 20


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a tree: rank 1 is the highest. `types`: what units of it are called.

    `above`: codes of the levels right below which its units may lie; none: any that is higher.
    """

    code: str
    rank: int
    name_vi: str
    name_en: str
    types: tuple[str, ...] = ()
    above: tuple[str, ...] = ()


Levels = Mapping[str, Level]


def by_rank(levels: Collection[Level]) -> dict[str, Level]:
    """By code, the highest first."""
    return {level.code: level for level in sorted(levels, key=lambda level: (level.rank, level.code))}


_PROVINCE = Level("province", 1, "Cấp tỉnh", "Province", ("tỉnh", "thành phố"))
_DISTRICT = Level(
    "district", 2, "Cấp huyện", "District", ("quận", "huyện", "thị xã", "thành phố thuộc tỉnh", "thành phố")
)
_OLD_COMMUNE = Level("commune", 3, "Cấp xã", "Commune", ("xã", "phường", "thị trấn"))
_NEW_COMMUNE = Level("commune", 2, "Cấp xã", "Commune", ("xã", "phường", "đặc khu"))
# Sub-units of a commune; a point may hang on a unit of any level, which is above it all the same.
_TEAM = Level("team", 9, "Tổ, đội", "Team", ("tổ công tác", "đội công tác xã hội tình nguyện", "điểm tư vấn"))

PRESETS: dict[str, Levels] = {
    "vn_three_tier": by_rank((_PROVINCE, _DISTRICT, _OLD_COMMUNE, _TEAM)),
    "vn_two_tier": by_rank((_PROVINCE, _NEW_COMMUNE, _TEAM)),
}
# Until levels are chosen: one tree holds units of both times, so that a level is as deep as in the deeper preset.
FIRST: Levels = PRESETS["vn_three_tier"]


def chosen(preset: Levels, there: Levels, used: Collection[str]) -> dict[str, Level]:
    """The levels after a preset was chosen. What units are of stays, and nothing comes to lie higher meanwhile."""
    kept = [level for code, level in there.items() if code in used and code not in preset]
    if not kept:
        return dict(preset)
    deep = {code: max(level.rank, there[code].rank if code in there else 0) for code, level in preset.items()}
    return by_rank([*kept, *(replace(level, rank=deep[code]) for code, level in preset.items())])


class LevelShape(Shape):
    """A level, as it is shown."""

    code = fields.String()
    rank = fields.Integer()
    name_vi = fields.String()
    name_en = fields.String()
    types = fields.List(fields.String())
    above = fields.List(fields.String())


def _name(**options: object) -> fields.String:
    return fields.String(validate=validate.Length(max=MAX_NAME), **options)  # type: ignore[arg-type]


class LevelChanges(Shape):
    """What is sent to change a level. Its code stays."""

    rank = fields.Integer()
    name_vi = _name()
    name_en = _name()
    types = fields.List(_name(), validate=validate.Length(max=MAX_TYPES))
    above = fields.List(_name(), validate=validate.Length(max=MAX_TYPES))


class NewLevel(LevelChanges):
    """What is sent to add a level."""

    code = fields.String(required=True)
    rank = fields.Integer(required=True)
    name_vi = _name(required=True)
    name_en = _name(load_default="")
    types = fields.List(_name(), validate=validate.Length(max=MAX_TYPES), load_default=list)
    above = fields.List(_name(), validate=validate.Length(max=MAX_TYPES), load_default=list)

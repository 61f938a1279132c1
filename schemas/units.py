"""Units (domain 5.1): one record of the dated tree, what may be wrong, and their wire shapes."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marshmallow import fields, validate

from schemas.base import Shape

MAX_CODE = 40
MAX_TEXT = 200
# Letters of any alphabet, digits and these; so that a code can stand in an address, a cell and a list.
CODE_SIGNS = "-_."


Key = tuple[str, date]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it was, is or will be in a span of days; both ends belong to it, `valid_to` None is open."""

    code: str
    level_code: str
    valid_from: date
    parent_code: str | None = None
    type_label: str = ""
    name_vi: str = ""
    name_en: str = ""
    valid_to: date | None = None
    successor_codes: tuple[str, ...] = ()
    is_hotspot: bool = False

    @property
    def key(self) -> Key:
        """What no two units share."""
        return self.code, self.valid_from

    def on(self, day: date) -> bool:
        """Whether it is valid on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one unit. `reason` is a key of MESSAGES; `row` that of a file, its head being row 1.

    `code`: that of the row, where there is no key yet.
    """

    reason: str
    column: str | None = None
    key: Key | None = None
    row: int | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    code: str = ""


# English; the sentences are also the keys of the Vietnamese catalogue.
MESSAGES: dict[str, str] = {
    "required": "This must be filled in.",
    "long": "This is too long: at most {limit} characters.",
    "date": "“{value}” is no date. Write it as 2025-07-01 or 01/07/2025.",
    "yes_no": "“{value}” is neither yes nor no. Write yes, no or x.",
    "code": "“{value}” cannot be a code: letters, digits, hyphens, dots and underscores only.",
    "formula": "A text cannot begin with = + - or @, as a spreadsheet would take it for a formula.",
    "level": "There is no level “{value}”. There are: {levels}.",
    "repeated": "This unit stands in the file already, in row {other}.",
    "order": "It ends before it begins.",
    "overlap": "Another unit has the code {code} at the same time, from {start} on.",
    "parent": "There is no unit with the code {code} above it on the day on which it begins.",
    "parent_level": "The unit above must be of a higher level: {code} is not.",
    "parent_kind": "A unit of this level lies right below one of the level: {levels}. The unit {code} is none.",
    "parent_ends": "The unit {code} above it ends earlier, on {end}.",
    "successor": "There is no unit with the code {code} on the day after it has ended.",
    "successor_open": "A unit that has not ended can have no successors.",
    "ended": "The unit {code} is not valid on {day} and on the day before.",
    "few": "To merge takes two units at least, or one and another that takes it in; to split takes two to split into.",
    "level_there": "There is a level “{value}” already.",
    "level_used": "The level “{value}” cannot be deleted: there are units of it ({number}).",
    "rank": "How deep a level lies is a number from 1, the highest, to {limit}.",
    "above": "There is no level “{value}” above this one.",
    "below": "The unit {code} still lies below it. Close it first, or give it to another unit.",
}


class UnitShape(Shape):
    """A unit, as it is shown."""

    id = fields.Integer()
    code = fields.String()
    parent_id = fields.Integer()
    parent_code = fields.String()
    level_code = fields.String()
    type_label = fields.String()
    name_vi = fields.String()
    name_en = fields.String()
    valid_from = fields.Date()
    valid_to = fields.Date()
    successor_codes = fields.List(fields.String())
    is_hotspot = fields.Boolean()


def _text(**options: Any) -> fields.String:
    return fields.String(validate=validate.Length(max=MAX_TEXT), **options)


def _code(**options: Any) -> fields.String:
    return fields.String(validate=validate.Length(min=1, max=MAX_CODE), **options)


class NewUnit(Shape):
    """What is sent to make a unit."""

    code = _code(required=True)
    parent_code = _code(load_default=None, allow_none=True)
    level_code = fields.String(required=True)
    type_label = _text(load_default="")
    name_vi = _text(required=True)
    name_en = _text(load_default="")
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(load_default=None, allow_none=True)
    successor_codes = fields.List(_code(), load_default=list)
    is_hotspot = fields.Boolean(load_default=False)


class UnitChanges(Shape):
    """What is sent to change a unit, or to close it (`validTo`). Its code stays."""

    parent_code = _code(allow_none=True)
    level_code = fields.String()
    type_label = _text()
    name_vi = _text()
    name_en = _text()
    valid_from = fields.Date()
    valid_to = fields.Date(allow_none=True)
    successor_codes = fields.List(_code())
    is_hotspot = fields.Boolean()


class Successor(Shape):
    """A unit that others go into: one there is on that day, by its code alone, or a new one."""

    code = _code(required=True)
    parent_code = _code(load_default=None, allow_none=True)
    level_code = fields.String(load_default=None, allow_none=True)
    type_label = _text(load_default="")
    name_vi = _text(load_default="")
    name_en = _text(load_default="")
    is_hotspot = fields.Boolean(load_default=False)


class Merge(Shape):
    """What is sent to merge units: from `on`, its first day, `into` stands for all of them."""

    unit_ids = fields.List(fields.Integer(), required=True, validate=validate.Length(min=1, max=1000))
    on = fields.Date(required=True)
    into = fields.Nested(Successor, required=True)


class Split(Shape):
    """What is sent to split a unit."""

    on = fields.Date(required=True)
    into = fields.List(fields.Nested(Successor), required=True, validate=validate.Length(min=2, max=1000))


def fold(text: str) -> str:
    """Text as it is searched: without accents and case, đ as d."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(sign for sign in bare if not unicodedata.combining(sign))


def clean(text: str) -> str:
    """Text as it is stored: composed (NFC), without spaces around it."""
    return unicodedata.normalize("NFC", text).strip()

"""Functions on places (`GeoUtils`): lines and areas on a round earth, as JavaRosa computes them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from forms.logic.functions.registry import ANY, function
from forms.logic.run import Here
from forms.logic.values import NAN, Undecidable, Value, to_number, to_text

_RADIUS = 6_378_100.0
_ROUND = 2 * _RADIUS * math.pi


@dataclass(frozen=True, slots=True)
class _Place:
    latitude: float
    longitude: float


def _place(text: str) -> _Place:
    latitude, longitude = [*map(to_number, text.split()[:2]), NAN, NAN][:2]
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise Undecidable("the value is no place")
    return _Place(latitude, longitude)


def _line(text: str) -> list[_Place]:
    return [_place(part) for part in text.split(";") if part.strip()]


def _places(here: Here, value: Value) -> list[_Place]:
    """The places of one line or area, or of several nodes."""
    if not isinstance(value, list):
        return _line(to_text(value))
    texts = [to_text(each) for each in here.plains(value)]
    return _line(texts[0]) if len(texts) == 1 else [_place(text) for text in texts]


@function("area", nodes=True)
@function("enclosed-area", nodes=True)
def area(here: Here, value: Value) -> float:
    """Square metres."""
    places = _places(here, value)
    if here.run.world.standard:
        return _to_cents(abs(_on_sphere(places)))
    if len(places) < 3:
        return 0.0
    start = places[0]
    offsets = [
        (
            (place.longitude - start.longitude) * _ROUND * math.cos(math.radians(place.latitude)) / 360.0,
            (place.latitude - start.latitude) * _ROUND / 360.0,
        )
        for place in places[1:]
    ]
    pairs = zip(offsets, offsets[1:], strict=False)
    return abs(sum((y1 * x2 - x1 * y2) / 2 for (x1, y1), (x2, y2) in pairs))


@function("distance", 1, ANY, nodes=True)
def distance(here: Here, *values: Value) -> float:
    """Metres along a line, or through several places."""
    several = [_place(to_text(here.plain(value))) for value in values] if len(values) > 1 else []
    places = several or _places(here, values[0])
    metres = sum((_between(*pair) for pair in zip(places, places[1:], strict=False)), 0.0)
    return _to_cents(metres) if here.run.world.standard else metres


def _on_sphere(places: list[_Place]) -> float:
    """The area of a closed line on a sphere, as ODK Web Forms has it."""
    total = 0.0
    for one, other in zip(places, [*places[1:], *places[:1]], strict=True):
        width = math.radians(other.longitude - one.longitude)
        total += width * (2 + math.sin(math.radians(other.latitude)) + math.sin(math.radians(one.latitude)))
    return total * _RADIUS * _RADIUS / 2


def _to_cents(number: float) -> float:
    return math.floor(number * 100 + 0.5) / 100


def _between(one: _Place, other: _Place) -> float:
    first, second = math.radians(one.latitude), math.radians(other.latitude)
    turn = math.radians(one.longitude - other.longitude)
    cosine = math.sin(first) * math.sin(second) + math.cos(first) * math.cos(second) * math.cos(turn)
    if abs(cosine) > 1:  # Java says NaN; which side rounding falls on differs between machines
        raise Undecidable("the two places are the same, or as good as")
    return math.acos(cosine) * _RADIUS


@function("geofence", 2, nodes=True)
def geofence(here: Here, point: Value, fence: Value) -> bool:
    """Whether a place lies in an area."""
    at = _place(to_text(here.plain(point)))
    places = _places(here, fence)
    inside = False
    for before, after in zip(places, places[1:], strict=False):
        if (after.latitude > at.latitude) != (before.latitude > at.latitude):
            slope = (before.longitude - after.longitude) / (before.latitude - after.latitude)
            if at.longitude < slope * (at.latitude - after.latitude) + after.longitude:
                inside = not inside
    return inside

"""Typed answers in other dress: places as well-known text. Stored answers are JSON and are never parsed here again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

GEO_TYPES = frozenset(("geopoint", "geotrace", "geoshape"))


def wkt(place: Mapping[str, Any]) -> str:
    """A GeoJSON Point, LineString or Polygon as well-known text."""
    coordinates = place["coordinates"]
    if place["type"] == "Point":
        return f"POINT ({_position(coordinates)})"
    if place["type"] == "LineString":
        return f"LINESTRING ({_positions(coordinates)})"
    return f"POLYGON ({','.join(f'({_positions(ring)})' for ring in coordinates)})"


def number(value: float) -> str:
    """A number as short as it can be written: `10`, not `10.0`."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _position(position: Sequence[float]) -> str:
    return " ".join(map(number, position))


def _positions(positions: Sequence[Sequence[float]]) -> str:
    return ",".join(map(_position, positions))

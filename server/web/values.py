"""Typed answers in words, as they are written in Vietnam: 23/11/2026, 08:30, coordinates with a comma."""

from __future__ import annotations

from typing import Any

from server.i18n import gettext, language


def raw(value: Any) -> str:
    """A value as the form writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def show(kind: str, value: Any) -> tuple[str, list[str]]:
    """How a typed answer is shown, and its words."""
    if isinstance(value, dict):
        return "geo", place(value)
    if isinstance(value, bool):
        return "text", [gettext("Yes") if value else gettext("No")]
    if isinstance(value, int | float):
        return "number", [number(value)]
    text = str(value)
    if kind == "date":
        return "date", [date(text)]
    if kind == "dateTime":
        return "date", [moment(text)]
    if kind == "time":
        return "date", [text[:5]]
    return "text", [text]


def number(value: float) -> str:
    """`2630,5` in Vietnamese. Without separators of thousands: it may be a code."""
    text = raw(value)
    return text.replace(".", ",") if language() == "vi" and "e" not in text else text


def date(text: str) -> str:
    """`2026-11-23` → `23/11/2026`."""
    year, month, day = text[:4], text[5:7], text[8:10]
    return f"{day}/{month}/{year}" if text[4:5] == "-" and len(text) >= 10 else text


def moment(text: str) -> str:
    """The moment as the phone's own clock showed it."""
    return f"{date(text)} {text[11:16]}" if len(text) > 10 else date(text)


def place(shape: dict[str, Any]) -> list[str]:
    """Latitude, longitude: one line for a place, a line each for the corners of a line or area."""
    coordinates = shape.get("coordinates") or []
    if shape.get("type") == "Polygon":
        coordinates = coordinates[0] if coordinates else []
    points = [coordinates] if shape.get("type") == "Point" else coordinates
    lines = [f"{point[1]:.6f}, {point[0]:.6f}" for point in points]
    accuracy = (shape.get("properties") or {}).get("accuracy")
    if shape.get("type") == "Point" and accuracy:
        lines[0] += f" (± {number(round(accuracy, 1))} m)"
    return lines

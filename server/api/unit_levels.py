"""The levels of the tree of units by REST: listed, added, changed, deleted, or those of a preset."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify

from schemas.problems import Problem
from schemas.unit_levels import PRESETS, Level, LevelChanges, LevelShape, NewLevel
from server import identity
from server.actions import unit_levels, units
from server.api import wire
from server.api.units import refuse

api = wire.blueprint("unit_levels")
api.register_error_handler(Problem, refuse)
LEVELS = "/unit-levels"
LEVEL = f"{LEVELS}/<code>"
PRESET = f"{LEVELS}/presets"


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in body.items()}


@api.get(LEVELS)
def list_all() -> Response:
    """The levels there are, the highest first."""
    return wire.reply(LevelShape, unit_levels.list_all(identity.actor()))


@api.post(LEVELS)
def add() -> Response:
    """A new level."""
    units.require_change(identity.actor())
    return wire.reply(LevelShape, unit_levels.add(identity.actor(), Level(**_given(wire.body(NewLevel)))))


@api.patch(LEVEL)
def change(code: str) -> Response:
    """Other names, or another place among the levels."""
    units.require_change(identity.actor())
    return wire.reply(LevelShape, unit_levels.change(identity.actor(), code, _given(wire.body(LevelChanges))))


@api.delete(LEVEL)
def remove(code: str) -> Response:
    """Delete a level that no unit is of."""
    unit_levels.remove(identity.actor(), code)
    return jsonify(wire.SUCCESS)


@api.get(PRESET)
def presets() -> Response:
    """The presets with their levels."""
    unit_levels.list_all(identity.actor())
    return jsonify({name: LevelShape(many=True).dump(levels.values()) for name, levels in PRESETS.items()})


@api.post(f"{PRESET}/<name>")
def choose(name: str) -> Response:
    """Take the levels of a preset; others stay while there are units of them."""
    return wire.reply(LevelShape, unit_levels.choose(identity.actor(), name))

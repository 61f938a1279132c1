"""What clients remember of a user's habits."""

from __future__ import annotations

from flask import Flask, Response, jsonify

from schemas import problems
from server import identity
from server.actions import preferences
from server.api import wire

api = wire.blueprint("preferences")
SITE = "/user-preferences/site/<name>"
PROJECT = "/user-preferences/project/<project_id>/<name>"
VALUE = "propertyValue"


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


@api.put(SITE)
@api.put(PROJECT)
def put(name: str, project_id: str | None = None) -> Response:
    """Remember a value: anything that JSON can say."""
    given = wire.fields()
    if VALUE not in given:
        raise problems.PROPERTY_NOT_FOUND(property=VALUE)
    if len(given) > 1:
        raise problems.UNEXPECTED_PROPERTIES(expected=[VALUE], actual=list(given))
    number = None if project_id is None else wire.integer(project_id)
    preferences.put(identity.actor(), name, given[VALUE], number)
    return jsonify(wire.SUCCESS)


@api.delete(SITE)
@api.delete(PROJECT)
def drop(name: str, project_id: str | None = None) -> Response:
    """Forget it."""
    preferences.drop(identity.actor(), name, None if project_id is None else wire.integer(project_id))
    return jsonify(wire.SUCCESS)

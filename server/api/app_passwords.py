"""One's passwords for machines."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify

from schemas import problems
from schemas.accounts import AppPasswordShape, NewAppPasswordShape
from server import identity
from server.actions import app_passwords
from server.api import wire
from server.models import AppPassword

api = wire.blueprint("app_passwords")
OWN = "/users/current/app-passwords"


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def _shown(found: AppPassword) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "created_at": found.created_at,
        "last_used_at": found.last_used_at,
    }


@api.get(OWN)
def list_all() -> Response:
    """Their names, never they themselves."""
    return wire.reply(AppPasswordShape, [_shown(found) for found in app_passwords.list_all(identity.actor())])


@api.post(OWN)
def create() -> Response:
    """A new one. This answer alone holds it."""
    name = wire.fields().get("name")
    if not isinstance(name, str):
        raise problems.MISSING_PARAMETER(field="name")
    made, secret = app_passwords.create(identity.actor(), name)
    return wire.reply(NewAppPasswordShape, {**_shown(made), "password": secret})


@api.delete(f"{OWN}/<int:number>")
def revoke(number: int) -> Response:
    """It works no more."""
    app_passwords.revoke(identity.actor(), number)
    return jsonify(wire.SUCCESS)

"""Passwords for machines: one's own, and those of others for who helps them."""

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
OTHER = "/users/<int:actor_id>/app-passwords"


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
    """A new one, for who says the account's password. This answer alone holds it."""
    given = wire.fields()
    for field in ("name", "password"):
        if not isinstance(given.get(field), str):
            raise problems.MISSING_PARAMETER(field=field)
    made, secret = app_passwords.create(identity.actor(), given["name"], given["password"])
    return wire.reply(NewAppPasswordShape, {**_shown(made), "password": secret})


@api.delete(f"{OWN}/<int:number>")
def revoke(number: int) -> Response:
    """It works no more."""
    app_passwords.revoke(identity.actor(), number)
    return jsonify(wire.SUCCESS)


@api.get(OTHER)
def list_of(actor_id: int) -> Response:
    """Those of a user."""
    return wire.reply(AppPasswordShape, [_shown(found) for found in app_passwords.list_of(identity.actor(), actor_id)])


@api.delete(f"{OTHER}/<int:number>")
def revoke_of(actor_id: int, number: int) -> Response:
    """One of a user's works no more."""
    app_passwords.revoke_of(identity.actor(), actor_id, number)
    return jsonify(wire.SUCCESS)

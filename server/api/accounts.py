"""Users and their passwords."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request

from schemas import problems
from schemas.accounts import CurrentUserShape, UserShape
from schemas.roles import told
from server import identity, permissions
from server.actions import accounts, passwords, preferences, second_factor, user_search
from server.actions.accounts import Changes
from server.api import wire
from server.models import User
from server.permissions import ANONYMOUS

api = wire.blueprint("accounts")
USER = "/users/<actor_id>"


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def user_dict(user: User) -> dict[str, Any]:
    """A user with what its actor says."""
    actor = user.actor
    return {
        "id": actor.id,
        "type": actor.type,
        "display_name": actor.display_name,
        "email": user.email,
        "created_at": actor.created_at,
        "updated_at": actor.updated_at,
        "deleted_at": actor.deleted_at,
        "last_login_at": user.last_login_at,
    }


def _text(given: dict[str, Any], field: str) -> str | None:
    """A text that may be absent. Raises INVALID_DATA_TYPE."""
    value = given.get(field)
    if value is not None and not isinstance(value, str):
        raise problems.INVALID_DATA_TYPE(field=field, value=value, expected="string")
    return value


@api.get("/users/current")
@identity.before_change
def current() -> Response:
    """Who is asking."""
    actor = identity.actor()
    user = accounts.oneself(actor)
    shown = user_dict(user)
    if wire.extended():
        shown |= {"verbs": told(actor.verbs_on()), "preferences": preferences.of(user)}
        return wire.reply(CurrentUserShape, shown)
    return wire.reply(UserShape, shown)


@api.get("/users")
def list_users() -> Response:
    """Users; with `q` those that match."""
    search, limit, offset = request.args.get("q", ""), wire.number("limit"), wire.number("offset")
    actor = identity.actor()
    found = user_search.list_users(actor, search, limit=limit, offset=offset or 0)
    shown = [user_dict(user) for user in found]
    if not permissions.can(actor, "user.list"):
        shown = [user | {"last_login_at": None} for user in shown]
    return wire.reply(UserShape, shown)


@api.post("/users")
def create_user() -> Response:
    """A new user, with a password or without one: then the mail says how to choose it."""
    given = wire.fields()
    actor, email, name = identity.actor(), _text(given, "email"), _text(given, "displayName")
    user = accounts.invite(actor, email or "", given.get("password"), name or "")
    return wire.reply(UserShape, user_dict(user))


@api.get(USER)
def get_user(actor_id: str) -> Response:
    """One user."""
    user = accounts.get_user(identity.actor(), wire.integer(actor_id))
    return wire.reply(UserShape, user_dict(user))


@api.patch(USER)
def update_user(actor_id: str) -> Response:
    """Another address or name. One's own address needs the `code` of a second factor, where there is one."""
    given, texts = wire.fields(), {}
    for field, name in (("email", "email"), ("displayName", "display_name")):
        if field in given:
            texts[name] = _text(given, field)
            if texts[name] is None:
                raise problems.MISSING_PARAMETER(field=field)
    actor, number, code = identity.actor(), wire.integer(actor_id), _text(given, "code")
    proved = code is not None and "email" in texts and number == actor.id
    if proved and code is not None:
        second_factor.prove(actor, code)
    user = accounts.update_user(actor, number, Changes(**texts), proved=proved)
    return wire.reply(UserShape, user_dict(user))


@api.delete(USER)
def delete_user(actor_id: str) -> Response:
    """End an account."""
    accounts.delete_user(identity.actor(), wire.integer(actor_id))
    return jsonify(wire.SUCCESS)


@api.put(f"{USER}/password")
@identity.before_change
def change_password(actor_id: str) -> Response:
    """A new password."""
    given = wire.fields()
    passwords.change_password(identity.actor(), wire.integer(actor_id), given.get("old"), given.get("new"))
    return jsonify(wire.SUCCESS)


@api.post("/users/reset/initiate")
@identity.open_to_all
def initiate_reset() -> Response:
    """Mail the way to a new password; with `invalidate` the old one ends at once."""
    invalidate = wire.flag("invalidate")
    actor = wire.guard(identity.known()) if invalidate else ANONYMOUS
    email = wire.fields().get("email")
    if not email:
        raise problems.MISSING_PARAMETER(field="email")
    if not isinstance(email, str):
        raise problems.INVALID_DATA_TYPE(field="email", expected="string")
    passwords.initiate(actor, email, invalidate=invalidate, source=request.remote_addr)
    return jsonify(wire.SUCCESS)


@api.post("/users/reset/verify")
@identity.open_to_all
def verify_reset() -> Response:
    """Choose a password; the token that was mailed is the bearer."""
    sent = request.authorization
    token = sent.token if sent is not None and sent.type == "bearer" else None
    if not token or passwords.user_of(token) is None:
        if token and passwords.is_orphaned(token):
            raise problems.NOT_FOUND()
        identity.known()
        raise problems.INSUFFICIENT_RIGHTS()
    passwords.choose(token, wire.fields().get("new"), request.remote_addr)
    return jsonify(wire.SUCCESS)

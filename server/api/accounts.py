"""Sessions and users."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request

from schemas import problems
from schemas.accounts import Credentials, CurrentUserShape, NewPassword, NewUser, SessionShape, UserShape
from server import identity, parts
from server.actions import accounts
from server.api import wire
from server.models import User

api = wire.blueprint("accounts")


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


@api.post("/sessions")
def sign_in() -> Response:
    """Sign in with e-mail and password."""
    given = wire.body(Credentials)
    token, session = accounts.sign_in(given["email"], given["password"])
    shown = {"token": token, "csrf": session.csrf, "created_at": session.created_at, "expires_at": session.expires_at}
    response = wire.reply(SessionShape, shown)
    response.set_cookie(
        identity.COOKIE,
        token,
        expires=session.expires_at,
        httponly=True,
        samesite="Strict",
        secure=parts.settings().secure_cookies,
    )
    return response


@api.delete("/sessions/current")
def sign_out() -> Response:
    """End the session of this request."""
    accounts.sign_out(identity.actor())
    return jsonify(wire.SUCCESS)


@api.delete("/sessions/<token>")
def end_session(token: str) -> Response:
    """End a session by its token."""
    accounts.sign_out(identity.actor(), token)
    return jsonify(wire.SUCCESS)


@api.get("/users/current")
def current() -> Response:
    """Who is asking."""
    actor = identity.actor()
    if actor.type != "user" or actor.id is None:
        raise problems.AUTHENTICATION_FAILED() if actor.id is None else problems.NOT_FOUND()
    user = accounts.get_user(actor, actor.id)
    shown = user_dict(user)
    if wire.extended():
        shown |= {"verbs": sorted(actor.verbs_on()), "preferences": user.preferences or {"site": {}, "projects": {}}}
        return wire.reply(CurrentUserShape, shown)
    return wire.reply(UserShape, shown)


@api.get("/users")
def list_users() -> Response:
    """Users; with `q` those that match."""
    found = accounts.list_users(identity.actor(), request.args.get("q", ""))
    return wire.reply(UserShape, [user_dict(user) for user in found])


@api.post("/users")
def create_user() -> Response:
    """A new user."""
    given = wire.body(NewUser)
    user, _ = accounts.create_user(identity.actor(), given["email"], given["password"], given["display_name"] or "")
    return wire.reply(UserShape, user_dict(user))


@api.get("/users/<int:actor_id>")
def get_user(actor_id: int) -> Response:
    """One user."""
    return wire.reply(UserShape, user_dict(accounts.get_user(identity.actor(), actor_id)))


@api.put("/users/<int:actor_id>/password")
def change_password(actor_id: int) -> Response:
    """A new password."""
    given = wire.body(NewPassword)
    accounts.change_password(identity.actor(), actor_id, given["old"], given["new"])
    return jsonify(wire.SUCCESS)

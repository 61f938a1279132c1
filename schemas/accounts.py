"""Users and their sessions on the wire."""

from __future__ import annotations

from marshmallow import fields

from schemas.access import ActorShape
from schemas.base import Shape, Timestamp


class UserShape(ActorShape):
    """A user."""

    email = fields.String()
    last_login_at = Timestamp()


class CurrentUserShape(UserShape):
    """The user who asks; extended."""

    verbs = fields.List(fields.String())
    preferences = fields.Dict()


class TermShape(Shape):
    """From when to when a session lasts."""

    created_at = Timestamp()
    expires_at = Timestamp()


class SessionShape(TermShape):
    """A new session."""

    token = fields.String()
    csrf = fields.String()


class AppPasswordShape(Shape):
    """A password for a machine."""

    id = fields.Integer()
    name = fields.String()
    created_at = Timestamp()
    last_used_at = Timestamp()


class NewAppPasswordShape(AppPasswordShape):
    """The same when it was made: the password is shown this once."""

    password = fields.String()

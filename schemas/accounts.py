"""Users, sessions, app users, roles and assignments on the wire."""

from __future__ import annotations

from marshmallow import EXCLUDE, fields

from schemas.base import Shape, Timestamp


class ActorShape(Shape):
    """An actor as it is named by others."""

    id = fields.Integer()
    type = fields.String()
    display_name = fields.String()
    created_at = Timestamp()
    updated_at = Timestamp()
    deleted_at = Timestamp()


class UserShape(ActorShape):
    """A user."""

    email = fields.String()
    last_login_at = Timestamp()


class CurrentUserShape(UserShape):
    """The user who asks; extended."""

    verbs = fields.List(fields.String())
    preferences = fields.Dict()


class SessionShape(Shape):
    """A new session."""

    token = fields.String()
    csrf = fields.String()
    created_at = Timestamp()
    expires_at = Timestamp()


class AppUserShape(ActorShape):
    """An app user. `token` is null once it was revoked."""

    project_id = fields.Integer()
    token = fields.String()
    last_used = Timestamp()
    created_by = fields.Nested(ActorShape)


class RoleShape(Shape):
    """A role and its verbs."""

    id = fields.Integer()
    name = fields.String()
    system = fields.String()
    verbs = fields.List(fields.String())
    created_at = Timestamp()
    updated_at = Timestamp()


class Credentials(Shape):
    """What is sent to sign in."""

    email = fields.String(required=True)
    password = fields.String(required=True)


class NewUser(Shape):
    """What is sent to create a user."""

    email = fields.String(required=True)
    password = fields.String(load_default=None, allow_none=True)
    display_name = fields.String(load_default="", allow_none=True)


class NewPassword(Shape):
    """What is sent to change a password."""

    old = fields.String(required=True)
    new = fields.String(required=True)


class NewAppUser(Shape):
    """What is sent to create an app user. Clients send more than is theirs to say."""

    class Meta:
        unknown = EXCLUDE

    display_name = fields.String(required=True)

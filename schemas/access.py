"""Roles, assignments, actors, app users, public links and their properties on the wire."""

from __future__ import annotations

import unicodedata

from marshmallow import EXCLUDE, fields

from schemas import problems
from schemas.base import Shape, Timestamp, Truth

RESERVED = ("name", "label", "displayname")


class ActorShape(Shape):
    """An actor as it is named by others."""

    id = fields.Integer()
    type = fields.String()
    display_name = fields.String()
    created_at = Timestamp()
    updated_at = Timestamp()
    deleted_at = Timestamp()


class AppUserShape(ActorShape):
    """An app user. `token` is null once it was revoked; `properties` where none is set."""

    project_id = fields.Integer()
    token = fields.String()
    last_used = Timestamp()
    created_by = fields.Nested(ActorShape)
    properties = fields.Dict()


class PublicLinkShape(ActorShape):
    """A public link. `token` is null once it was revoked; `properties` where none is set."""

    once = fields.Boolean()
    token = fields.String()
    created_by = fields.Nested(ActorShape)
    properties = fields.Dict()


class RoleShape(Shape):
    """A role and its verbs."""

    id = fields.Integer()
    name = fields.String()
    system = fields.String()
    verbs = fields.List(fields.String())
    created_at = Timestamp()
    updated_at = Timestamp()


class AssignmentShape(Shape):
    """Who holds which role; on which form, where several are told of."""

    actor_id = fields.Integer()
    role_id = fields.Integer()
    xml_form_id = fields.String()
    actor = fields.Nested(ActorShape)


class NewAppUser(Shape):
    """What is sent to create an app user. Clients send more than is theirs to say."""

    class Meta:
        unknown = EXCLUDE

    display_name = fields.String(required=True, allow_none=True)
    properties = fields.Raw(load_default=None, allow_none=True)


class NewPublicLink(NewAppUser):
    """What is sent to create a public link."""

    once = Truth(load_default=None, allow_none=True)


class PropertyChanges(Shape):
    """What is sent to change an app user or a public link: nothing but properties can be changed."""

    class Meta:
        unknown = EXCLUDE

    properties = fields.Raw(load_default=None, allow_none=True)


class NewActorProperty(Shape):
    """What is sent to register a property."""

    class Meta:
        unknown = EXCLUDE

    name = fields.Raw(load_default=None, allow_none=True)


def is_property_name(name: object) -> bool:
    """Whether a property may be called so: a letter or `_`, then letters, digits, `.`, `_` and `-`; not `__…`."""
    if not isinstance(name, str) or not name or name.startswith("__") or name.lower() in RESERVED:
        return False
    plain = [char == "_" or unicodedata.category(char).startswith("L") for char in name]
    return plain[0] and all(fits or char in "0123456789.-" for fits, char in zip(plain, name, strict=True))


def read_properties(given: object, known: set[str]) -> dict[str, str | None]:
    """Values to set, and null to unset. Raises UNEXPECTED_VALUE for unknown names and what is no text."""
    if not isinstance(given, dict):
        raise problems.UNEXPECTED_VALUE(field="properties", value=given, reason="an object was expected")
    read: dict[str, str | None] = {}
    for name, value in given.items():
        if name not in known:
            raise problems.UNEXPECTED_VALUE(field="properties", value=name, reason="there is no such property")
        if value is not None and not isinstance(value, str):
            raise problems.UNEXPECTED_VALUE(field=name, value=value, reason="text or null was expected")
        read[name] = (value or "").strip() or None
    return read

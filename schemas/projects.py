"""Projects on the wire."""

from __future__ import annotations

from marshmallow import EXCLUDE, fields, validate

from schemas.base import Shape, Timestamp


class ProjectShape(Shape):
    """A project."""

    id = fields.Integer()
    name = fields.String()
    description = fields.String()
    archived = fields.Boolean()
    key_id = fields.Integer()
    created_at = Timestamp()
    updated_at = Timestamp()
    deleted_at = Timestamp()


class ExtendedProjectShape(ProjectShape):
    """A project with counts and what the asker may do."""

    forms = fields.Integer()
    app_users = fields.Integer()
    datasets = fields.Integer()
    last_submission = Timestamp()
    last_entity = Timestamp()
    verbs = fields.List(fields.String())


class NewProject(Shape):
    """What is sent to create a project."""

    class Meta:
        unknown = EXCLUDE

    name = fields.String(required=True, validate=validate.Length(min=1))
    description = fields.String(load_default=None, allow_none=True)


class ProjectChanges(Shape):
    """What is sent to change a project."""

    class Meta:
        unknown = EXCLUDE

    name = fields.String(validate=validate.Length(min=1))
    description = fields.String(allow_none=True)
    archived = fields.Boolean(allow_none=True)

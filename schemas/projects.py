"""Projects on the wire."""

from __future__ import annotations

from marshmallow import EXCLUDE, fields

from schemas.base import Shape, Timestamp, Truth


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


class ListedProjectShape(ProjectShape):
    """A project in a list, which always tells what the asker may do there."""

    verbs = fields.List(fields.String())
    form_list = fields.List(fields.Dict())
    forms = fields.Integer()
    last_submission = Timestamp()
    dataset_list = fields.List(fields.Nested("ListedDatasetShape"))
    datasets = fields.Integer()
    last_entity = Timestamp()


class DatasetShape(Shape):
    """An entity list. By its `id` one asks for what was deleted."""

    id = fields.Integer()
    name = fields.String()
    project_id = fields.Integer()
    approval_required = fields.Boolean()
    owner_only = fields.Boolean()
    created_at = Timestamp()
    deleted_at = Timestamp()


class ListedDatasetShape(DatasetShape):
    """An entity list with counts, as it also stands below its project."""

    entities = fields.Integer()
    last_entity = Timestamp()
    conflicts = fields.Integer()


class ExtendedProjectShape(ListedProjectShape):
    """A project with counts."""

    app_users = fields.Integer()


class NewProject(Shape):
    """What is sent to create a project."""

    class Meta:
        unknown = EXCLUDE

    name = fields.String(required=True, allow_none=True)
    description = fields.String(allow_none=True)
    archived = Truth(allow_none=True)


class ProjectChanges(Shape):
    """What is sent to change a project."""

    class Meta:
        unknown = EXCLUDE

    name = fields.String(allow_none=True)
    description = fields.String(allow_none=True)
    archived = Truth(allow_none=True)


class KeyShape(Shape):
    """A key of encrypted forms; never its private half."""

    id = fields.Integer()
    public = fields.String(attribute="public_key")
    managed = fields.Boolean()
    hint = fields.String()
    created_at = Timestamp()


class NewKey(Shape):
    """What is sent to have a project encrypted."""

    class Meta:
        unknown = EXCLUDE

    passphrase = fields.String(load_default=None, allow_none=True)
    hint = fields.String(load_default=None, allow_none=True)


class WholeProject(ProjectChanges):
    """What is sent to put a project as a whole."""

    forms = fields.Raw(allow_none=True)

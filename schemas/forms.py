"""Forms, versions and form files on the wire."""

from __future__ import annotations

from marshmallow import EXCLUDE, fields

from schemas.access import ActorShape
from schemas.base import Shape, Timestamp, Truth


class FormShape(Shape):
    """A form with the version that is shown: published, draft or an old one."""

    project_id = fields.Integer()
    xml_form_id = fields.String()
    state = fields.String()
    name = fields.String()
    version = fields.String()
    hash = fields.String()
    sha = fields.String()
    sha256 = fields.String()
    draft_token = fields.String()
    enketo_id = fields.String()
    enketo_once_id = fields.String()
    key_id = fields.Integer()
    webforms_enabled = fields.Boolean()
    created_at = Timestamp()
    updated_at = Timestamp()
    published_at = Timestamp()
    validated = fields.Boolean()
    # Of deleted ones alone: by this number they are restored.
    deleted_at = Timestamp()
    id = fields.Integer()


class ExtendedFormShape(FormShape):
    """A form with counts."""

    submissions = fields.Integer()
    review_states = fields.Dict()
    last_submission = Timestamp()
    created_by = fields.Nested(ActorShape)
    excel_content_type = fields.String()
    public_links = fields.Integer()
    entity_related = fields.Boolean()
    publish_notes = fields.String()
    published_by = fields.Nested(ActorShape)


class UncheckedShape(Shape):
    """An expression of a form that is not checked, and why."""

    path = fields.String()
    kind = fields.String()
    expression = fields.String()
    reason = fields.String()


class LogicShape(Shape):
    """How many expressions a form version has, how many of them are checked on arrival, and those that are not."""

    expressions = fields.Integer()
    checked = fields.Integer()
    not_checked = fields.List(fields.Nested(UncheckedShape))


class FormFileShape(Shape):
    """A file that a form version expects."""

    name = fields.String()
    type = fields.String()
    hash = fields.String()
    exists = fields.Boolean()
    blob_exists = fields.Boolean()
    dataset_exists = fields.Boolean()
    size = fields.Integer()
    updated_at = Timestamp()


class FormChanges(Shape):
    """What is sent to change a form."""

    class Meta:
        unknown = EXCLUDE

    state = fields.String(allow_none=True)
    webforms_enabled = Truth(allow_none=True)


class FormFileChanges(Shape):
    """What is sent to link a form file to the entity list with its name."""

    class Meta:
        unknown = EXCLUDE

    dataset = Truth(load_default=False, allow_none=True)


class ChangeShape(Shape):
    """One change of one field; `old` and `new` by what `kind` says: languages, choices, kinds of expressions."""

    kind = fields.String()
    path = fields.String()
    name = fields.String()
    type = fields.String()
    label = fields.Dict()
    old = fields.Dict()
    new = fields.Dict()


class ChangesShape(Shape):
    """What changed from one version of a form to another; `from` is null for the first."""

    from_ = fields.String(data_key="from", allow_none=True)
    to = fields.String()
    languages_added = fields.List(fields.String())
    languages_removed = fields.List(fields.String())
    changes = fields.List(fields.Nested(ChangeShape))

"""Submissions, their versions, files, comments and findings on the wire."""

from __future__ import annotations

from marshmallow import EXCLUDE, fields

from schemas.access import ActorShape
from schemas.base import Shape, Timestamp


class VersionShape(Shape):
    """One version of a submission."""

    instance_id = fields.String()
    instance_name = fields.String()
    submitter_id = fields.Integer()
    device_id = fields.String()
    user_agent = fields.String()
    created_at = Timestamp()
    current = fields.Boolean()
    submitter = fields.Nested(ActorShape)
    form_version = fields.String()


class SubmissionShape(Shape):
    """A submission."""

    instance_id = fields.String()
    submitter_id = fields.Integer()
    device_id = fields.String()
    user_agent = fields.String()
    review_state = fields.String()
    created_at = Timestamp()
    updated_at = Timestamp()
    deleted_at = Timestamp()
    current_version = fields.Nested(VersionShape)
    submitter = fields.Nested(ActorShape)
    form_version = fields.String()


class SubmissionFileShape(Shape):
    """A file that a submission names or came with."""

    name = fields.String()
    exists = fields.Boolean()


class CommentShape(Shape):
    """A comment."""

    body = fields.String()
    actor_id = fields.Integer()
    created_at = Timestamp()
    actor = fields.Nested(ActorShape)


class FindingShape(Shape):
    """A finding."""

    code = fields.String()
    kind = fields.String(data_key="class")
    path = fields.String()
    label = fields.String()
    value = fields.String()
    message = fields.String()


class ExtendedFindingShape(FindingShape):
    """A finding with its number; and who dismissed it, when and why. Null where nobody did."""

    id = fields.Integer()
    dismissed_at = Timestamp()
    dismissed_by = fields.Nested(ActorShape)
    dismissal = fields.String()


class NewDismissal(Shape):
    """What is sent to dismiss a finding."""

    class Meta:
        unknown = EXCLUDE

    reason = fields.String(required=True)


class NewComment(Shape):
    """What is sent to comment."""

    class Meta:
        unknown = EXCLUDE

    body = fields.String(required=True)


class ChosenSubmissions(Shape):
    """What is sent to do the same with some submissions: their instance IDs."""

    class Meta:
        unknown = EXCLUDE

    ids = fields.List(fields.String(), required=True)


class BulkReview(ChosenSubmissions):
    """What is sent to review some submissions. Null is the state of what was only received."""

    review_state = fields.String(required=True, allow_none=True)
    comment = fields.String(load_default="")


class ReviewChange(Shape):
    """What is sent to review."""

    class Meta:
        unknown = EXCLUDE

    review_state = fields.String(allow_none=True)

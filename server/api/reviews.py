"""What is done with a submission by REST: reviewed, commented, taken away and brought back, edited on its page.

Not below `/draft`: test submissions are nobody's data.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, url_for

from schemas.submissions import CommentShape, NewComment, ReviewChange, SubmissionShape
from server import identity
from server.actions import access, edits, reviews, trash
from server.api import wire
from server.api.forms import FORM
from server.api.submissions import find_form, find_row, submission_dict

api = wire.blueprint("reviews")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix=f"/v1{FORM}/submissions")


@api.patch("/<instance_id>")
def review(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Set the review state, if one is given."""
    form = find_form(project_id, xml_form_id, "submission.update")
    changes = wire.body(ReviewChange)
    if "review_state" in changes:
        row = reviews.review(identity.actor(), form, instance_id, changes["review_state"])
    else:
        row = reviews.touch(identity.actor(), form, instance_id)
    return wire.reply(SubmissionShape, submission_dict(row))


@api.delete("/<instance_id>")
def delete(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Take a submission away."""
    reviews.delete(identity.actor(), find_form(project_id, xml_form_id, "submission.delete"), instance_id)
    return jsonify(wire.SUCCESS)


@api.post("/<instance_id>/restore")
def restore(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Bring back what was taken away."""
    trash.restore_submission(identity.actor(), find_form(project_id, xml_form_id, "submission.restore"), instance_id)
    return jsonify(wire.SUCCESS)


@api.get("/<instance_id>/comments")
def comments(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Comments, newest first."""
    submission, _ = find_row(project_id, xml_form_id, instance_id)
    shown = [_comment_dict(comment) for comment in reviews.comments(identity.actor(), submission)]
    return wire.reply(CommentShape, shown)


@api.post("/<instance_id>/comments")
def add_comment(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """A new comment."""
    form = find_form(project_id, xml_form_id, "submission.update")
    given = wire.body(NewComment)["body"]
    return wire.reply(CommentShape, _comment_dict(reviews.add_comment(identity.actor(), form, instance_id, given)))


def _comment_dict(comment: Any) -> dict[str, Any]:
    shown = {"body": comment.body, "actor_id": comment.actor_id, "created_at": comment.created_at}
    return shown | ({"actor": access.actor_row(comment.actor_id)} if wire.extended() else {})


@api.get("/<instance_id>/edit")
def edit_page(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """On to the page where it is edited: where ODK Central's own page is, if the form says so, else beside it."""
    form = find_form(project_id, xml_form_id, edits.EDIT)
    submission, _ = edits.editable(identity.actor(), form, instance_id)
    root = submission.instance_id
    page = "edit.one" if form.web_forms else "edit.beside"
    address = url_for(page, project_id=project_id, xml_form_id=xml_form_id, instance_id=root)
    return Response(status=302, headers={"Location": wire.base_url() + address})

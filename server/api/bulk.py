"""Many submissions at once by REST: reviewed, taken away, brought back. All of them or none."""

from __future__ import annotations

from flask import Flask, Response, jsonify

from schemas.submissions import BulkReview, ChosenSubmissions
from server import identity
from server.actions import bulk
from server.api import wire
from server.api.forms import FORM
from server.api.submissions import find_form

api = wire.blueprint("bulk")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix=f"/v1{FORM}/submissions")


@api.post("/bulk-review")
def review(project_id: int, xml_form_id: str) -> Response:
    """Set the review state of some submissions, with the same comment on each if one is given."""
    form = find_form(project_id, xml_form_id, "submission.update")
    sent = wire.body(BulkReview)
    bulk.review(identity.actor(), form, sent["ids"], sent["review_state"], sent["comment"])
    return jsonify(wire.SUCCESS)


@api.post("/bulk-delete")
def delete(project_id: int, xml_form_id: str) -> Response:
    """Take some submissions away."""
    form = find_form(project_id, xml_form_id, "submission.delete")
    bulk.delete(identity.actor(), form, wire.body(ChosenSubmissions)["ids"])
    return jsonify(wire.SUCCESS)


@api.post("/bulk-restore")
def restore(project_id: int, xml_form_id: str) -> Response:
    """Bring some submissions back that were taken away."""
    form = find_form(project_id, xml_form_id, "submission.restore")
    bulk.restore(identity.actor(), form, wire.body(ChosenSubmissions)["ids"])
    return jsonify(wire.SUCCESS)

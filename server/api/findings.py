"""What the server found wrong with a submission, by REST; dismissed by a supervisor, and brought back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, jsonify, request

from schemas.submissions import ExtendedFindingShape, FindingShape, NewDismissal
from server import identity
from server.actions import findings, forms
from server.actions.findings import Found
from server.api import wire
from server.api.forms import FORM
from server.api.submissions import find_row, is_draft
from server.findings import sentence
from server.i18n import LANGUAGES, use

api = wire.blueprint("findings")
FINDINGS = "/<instance_id>/findings"
DISMISSAL = f"{FINDINGS}/<int:number>/dismissal"


def register(app: Flask) -> None:
    """Attach the routes, and again for the test submissions of drafts."""
    app.register_blueprint(api, url_prefix=f"/v1{FORM}/submissions")
    app.register_blueprint(api, url_prefix=f"/v1{FORM}/draft/submissions", name="draft_findings")


@api.get(FINDINGS)
def list_all(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Of the current version. Extended: those that were dismissed, too, with their numbers.

    `Accept-Language: vi` gives Vietnamese sentences.
    """
    submission, version = find_row(project_id, xml_form_id, instance_id)
    found = findings.of_version(identity.actor(), submission, version.id)
    if wire.extended():
        return wire.reply(ExtendedFindingShape, _dicts(found))
    return wire.reply(FindingShape, _dicts(one for one in found if one.dismissed_at is None))


@api.post(DISMISSAL)
def dismiss(project_id: int, xml_form_id: str, instance_id: str, number: int) -> Response:
    """Dismiss one, with a reason; or give another reason. The finding is answered as the extended list has it."""
    form = forms.get(identity.actor(), project_id, xml_form_id, findings.DISMISS)
    reason = wire.body(NewDismissal)["reason"]
    found = findings.dismiss(identity.actor(), form, instance_id, number, reason, draft=is_draft())
    return wire.reply(ExtendedFindingShape, _dicts([found])[0])


@api.delete(DISMISSAL)
def bring_back(project_id: int, xml_form_id: str, instance_id: str, number: int) -> Response:
    """Take that back."""
    form = forms.get(identity.actor(), project_id, xml_form_id, findings.DISMISS)
    findings.bring_back(identity.actor(), form, instance_id, number, draft=is_draft())
    return jsonify(wire.SUCCESS)


def _dicts(found: Iterable[Found]) -> list[dict[str, Any]]:
    use(request.accept_languages.best_match(LANGUAGES, "en") or "en")
    names = ("code", "kind", "path", "label", "value", "dismissed_at", "dismissed_by", "dismissal")
    return [
        {name: getattr(one, name) for name in names} | {"id": one.number, "message": sentence(one)} for one in found
    ]

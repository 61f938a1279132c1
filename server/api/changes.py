"""What changed from one version of a form to another: of a published one, of the draft."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request

from forms.changes import Change, type_of
from schemas.forms import ChangesShape
from server import identity
from server.actions import form_changes, forms
from server.api import wire
from server.api.forms import FORM
from server.models import Form, FormVersion

api = wire.blueprint("changes")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


@api.get(f"{FORM}/versions/<version>/changes")
def of_version(project_id: int, xml_form_id: str, version: str) -> Response:
    """From the version published before it, or from the one named `from`."""
    form = forms.get(identity.actor(), project_id, xml_form_id)
    return _reply(form, forms.version_named(form, version))


@api.get(f"{FORM}/draft/changes")
def of_draft(project_id: int, xml_form_id: str) -> Response:
    """From the published version, or from the one named `from`."""
    form = forms.get(identity.actor(), project_id, xml_form_id, "form.update")
    return _reply(form, forms.draft_of(form))


def _reply(form: Form, version: FormVersion) -> Response:
    before = form_changes.base(form, version, request.args.get("from"))
    found = form_changes.since(before, version)
    told = {
        "from_": before.version if before is not None else None,
        "to": version.version,
        "languages_added": list(found.languages_added),
        "languages_removed": list(found.languages_removed),
        "changes": [_change_dict(change) for change in found.fields],
    }
    return wire.reply(ChangesShape, told)


def _change_dict(change: Change) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": change.kind, "path": change.path, "name": change.field.name}
    told |= {"type": type_of(change.field), "label": dict(change.field.labels)}
    return told if change.old is None else told | {"old": dict(change.old), "new": dict(change.new or {})}

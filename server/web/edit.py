"""A submission in the form that made it, to be edited in the browser and sent as a further version."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, request

from server import uploads
from server.actions import chains, edits, forms
from server.actions.submissions import Sender
from server.models import Form, SubmissionVersion
from server.web import in_browser, pages, show
from server.web.assets import BESIDE
from server.web.forms import find
from server.web.in_browser import Addresses
from server.web.review import SUBMISSION

page = pages.blueprint("edit")
EDIT = f"{SUBMISSION}/edit"
LONGEST = 255


@page.get(EDIT)
@page.get(f"{BESIDE}{EDIT}", endpoint="beside")
def one(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """The present version, to be edited."""
    form = find(project_id, xml_form_id, edits.EDIT)
    submission, version = edits.begin(pages.actor(), form, instance_id)
    named = [file for file in chains.of_version(version.id) if file.expected]
    files = {file.name: file.blob_sha256 is not None for file in named}
    return in_browser.show_to_fill(
        "edit.html",
        form=form,
        submission=submission,
        version=version,
        addresses=_addresses(form, version),
        sent=in_browser.rest(form, "submissions", submission.instance_id, "versions", version.instance_id),
        back=show.to("review.one", form, instance_id=submission.instance_id),
        files=files,
        missing=[name for name, arrived in files.items() if not arrived],
        script="edit.js",
    )


def _addresses(form: Form, version: SubmissionVersion) -> Addresses:
    made_with = forms.version_by_id(version.form_version_id).version or "___"
    of_form = in_browser.rest(form, "versions", made_with)
    return Addresses(f"{of_form}.xml", f"{of_form}/attachments/", quote(request.path, safe="/:"))


@page.post(EDIT)
@page.post(f"{BESIDE}{EDIT}", endpoint="store_beside")
def store(project_id: int, xml_form_id: str, instance_id: str) -> Response:
    """Keep what the page sends, as a phone would send it. With `late` also where another edit came before."""
    form = find(project_id, xml_form_id, edits.EDIT)
    upload, sender = uploads.submission(request), Sender(user_agent=request.user_agent.string[:LONGEST] or None)
    edits.store(pages.actor(), form, instance_id, upload, sender, although_late="late" in request.args)
    response = Response(status=201)
    pages.set_cookie(response, pages.NOTICE, "edited", max_age=60)
    return response

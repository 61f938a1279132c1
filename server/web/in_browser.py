"""Pages that show a form with ODK Web Forms, which needs more than other pages may: their policy and their parts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Response, request

from server.models import Form, FormVersion
from server.web import assets, pages

# ODK Web Forms puts styles into the page, calculates with WebAssembly and works in blob workers.
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; "
    "connect-src 'self' blob: data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
# Where a browser may ask for the place; pictures are taken by the system itself.
ALLOWED = "camera=(), microphone=(), geolocation=(self)"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the page gets the form and its files, and sends what was filled in."""

    form: str
    files: str
    send: str


def rest(form: Form, *steps: str, key: str | None = None) -> str:
    """An address about the form below the door that clients use. A `key` stands there, where no log shows it."""
    of_key = "" if key is None else f"/key/{quote(key, safe='$!')}"
    below = "/".join(("forms", *(quote(step, safe="") for step in (form.xml_form_id, *steps))))
    return f"/v1{of_key}/projects/{form.project_id}/{below}"


def addresses(form: Form, version: FormVersion, key: str | None = None) -> Addresses:
    """Of the published version, or of the draft."""
    of_form = rest(form, key=key)
    if version.published_at is None:
        return Addresses(f"{of_form}/draft.xml", f"{of_form}/draft/attachments/", f"{of_form}/draft/submission")
    send = f"{of_form.rpartition('/forms/')[0]}/submission"
    return Addresses(f"{of_form}.xml", f"{of_form}/attachments/", send)


def show_to_fill(template: str, **context: Any) -> Response:
    """As `show`, where what is filled in is sent: it may ask for the place, and does not tell where one comes from."""
    response = show(template, **context)
    response.headers["Permissions-Policy"] = ALLOWED
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def show(template: str, **context: Any) -> Response:
    """A page with a form; it says so where the parts for it are not installed."""
    under = assets.BESIDE if request.path.startswith(f"{assets.BESIDE}/") else ""
    ready = assets.exists("web-forms/index.js") and assets.exists("vue.js")
    nonce = secrets.token_urlsafe(16)
    response = pages.show(template, nonce=nonce, ready=ready, under=under, **context)
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    return response

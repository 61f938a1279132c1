"""Forms that are filled in a browser: by who has a public link, by who is signed in; drafts to try them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Response, request

from schemas import problems
from server import identity
from server.actions import web_forms
from server.models import Form, FormVersion
from server.permissions import ANONYMOUS, Actor
from server.web import in_browser, pages

page = pages.blueprint("fill", public=True)
KEY = identity.IN_QUERY
# Where a browser may ask for the place; pictures are taken by the system itself.
ALLOWED = "camera=(), microphone=(), geolocation=(self)"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the page gets the form and its files, and sends what was filled in."""

    form: str
    files: str
    send: str


def _asker() -> Actor:
    """Who has the key of a link, else who is signed in. Raises INSUFFICIENT_RIGHTS for a key that is worthless."""
    key = request.args.get(KEY)
    return identity.of_key(key) if key is not None else pages.actor()


def _addresses(form: Form, version: FormVersion) -> Addresses:
    """Below the door that phones and clients use: the key stands there, where no log shows it."""
    key = request.args.get(KEY)
    base = f"/v1{'' if key is None else '/key/' + quote(key, safe='$!')}/projects/{form.project_id}"
    of_form = f"{base}/forms/{quote(form.xml_form_id, safe='')}"
    if version.published_at is None:
        return Addresses(f"{of_form}/draft.xml", f"{of_form}/draft/attachments/", f"{of_form}/draft/submission")
    return Addresses(f"{of_form}.xml", f"{of_form}/attachments/", f"{base}/submission")


@page.get("/f/<web_id>")
def one(web_id: str) -> Response:
    """The form, to be filled and sent. Raises NOT_ACCEPTING for one that is closed."""
    who = _asker()
    if who is ANONYMOUS:
        return pages.to_sign_in()
    form, version = web_forms.find(who, web_id)
    if "submission.create" not in who.filling(form.project_id, form.id, form.xml_form_id):
        raise problems.INSUFFICIENT_RIGHTS()
    if form.state == "closed":
        raise problems.NOT_ACCEPTING()
    return _page(form, version, once=web_id if web_id == form.web_once_id else "")


@page.get("/f/<web_id>/preview")
def preview(web_id: str) -> Response:
    """The form, to be looked at. Nothing is stored."""
    who = _asker()
    if who is ANONYMOUS:
        return pages.to_sign_in()
    form, version = web_forms.find(who, web_id)
    return _page(form, version, only_look=True)


def _page(form: Form, version: FormVersion, *, once: str = "", only_look: bool = False) -> Response:
    response = in_browser.show(
        "fill.html",
        form=form,
        version=version,
        addresses=_addresses(form, version),
        once=once,
        script="preview.js" if only_look else "fill.js",
        only_look=only_look,
        trying=version.published_at is None,
        encrypted=bool(version.key_id),
    )
    response.headers["Permissions-Policy"] = ALLOWED
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


# Addresses that were handed out in the manner of Enketo.


@page.get("/-/<web_id>")
def of_enketo(web_id: str) -> Response:
    """To the form."""
    return _to("fill.one", web_id)


@page.get("/-/single/<web_id>")
def once_of_enketo(web_id: str) -> Response:
    """To the form that each person fills once."""
    return _to("fill.one", web_id)


@page.get("/-/preview/<web_id>")
def preview_of_enketo(web_id: str) -> Response:
    """To the preview."""
    return _to("fill.preview", web_id)


def _to(endpoint: str, web_id: str) -> Response:
    kept: dict[str, Any] = {KEY: request.args[KEY]} if KEY in request.args else {}
    return pages.go(endpoint, web_id=web_id, **kept)

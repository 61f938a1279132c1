"""Forms that are filled in a browser: by who has a public link, by who is signed in; drafts to try them."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from schemas import problems
from server import identity, permissions
from server.actions import web_forms
from server.models import Form, FormVersion
from server.permissions import ANONYMOUS, Actor
from server.web import in_browser, pages

page = pages.blueprint("fill", public=True)
KEY = identity.IN_QUERY


def _asker() -> Actor:
    """Who has the key of a link, else who is signed in. Raises INSUFFICIENT_RIGHTS for a key that is worthless."""
    key = request.args.get(KEY)
    return identity.of_key(key) if key is not None else pages.actor()


@page.get("/f/<web_id>")
def one(web_id: str) -> Response:
    """The form, to be filled and sent. Raises NOT_ACCEPTING for one that is closed."""
    who = _asker()
    if who is ANONYMOUS:
        return pages.to_sign_in()
    form, version = web_forms.find(who, web_id)
    if version.published_at is not None:  # who found a draft may publish it, and so try it
        permissions.require_filling(who, form.project_id, form.id, form.xml_form_id)
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
    return in_browser.show_to_fill(
        "fill.html",
        form=form,
        version=version,
        addresses=in_browser.addresses(form, version, request.args.get(KEY)),
        once=once,
        script="preview.js" if only_look else "fill.js",
        only_look=only_look,
        trying=version.published_at is None,
        encrypted=bool(version.key_id),
    )


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

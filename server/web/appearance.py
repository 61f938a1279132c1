"""The name, words and pictures of the server: shown on every page, and set by administrators on one of their own."""

from __future__ import annotations

from contextlib import ExitStack
from typing import cast

from flask import Flask, Response, g, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import FileStorage

from server import mime, permissions
from server.actions import config
from server.actions.config import PLAIN, Look
from server.i18n import gettext
from server.uploads import Spool
from server.web import pages, show

page = pages.blueprint("appearance")
PAGE = "/appearance"
MOST = 2_000_000
SERVER_ERROR = 500
PICTURES = (*mime.IMAGES, "image/svg+xml")
WORDS = "login-appearance"


def register(app: Flask) -> None:
    """Give templates what is set."""
    app.jinja_env.globals.update(look=look, set_picture=picture)


def look() -> Look:
    """What is set, asked once for a page. A page about what went wrong does without, where nobody answers."""
    if "look" not in g:
        try:
            g.look = config.look() if g.get("problem", 0) < SERVER_ERROR else PLAIN
        except SQLAlchemyError:
            if "problem" not in g:
                raise
            g.look = PLAIN
    return cast(Look, g.look)


def picture(key: str, number: int) -> str:
    """The address of a picture: of this one, so that browsers keep it."""
    return url_for("api_config.show_public", key=key, ts=number)


@page.get(PAGE)
def one() -> Response:
    """What is set, to be changed."""
    permissions.require(pages.actor(), "config.set")
    return _show(look().title, look().description)


def _show(title: str, description: str, status: int = 200, problem: str = "") -> Response:
    accepted = ",".join(PICTURES)
    return pages.show(
        "appearance.html", status, title=title, description=description, problem=problem, accepted=accepted
    )


@page.post(PAGE)
def save() -> Response:
    """Set what was changed, all but pictures that are none."""
    permissions.require(pages.actor(), "config.set")
    with ExitStack() as opened:
        for upload in request.files.values():
            opened.enter_context(upload.stream)
        return _save()


def _save() -> Response:
    who = pages.actor()
    words = {name: request.form.get(name, "").strip() for name in ("title", "description")}
    uploads = {key: upload for key in config.FILES if (upload := request.files.get(key)) and upload.filename}
    wrong = next(filter(None, map(_wrong, uploads.values())), "")
    if wrong:
        return _show(**words, status=400, problem=wrong)
    before = look()
    if words != {"title": before.title, "description": before.description}:
        if any(words.values()):
            config.put(who, WORDS, words)
        else:
            config.unset(who, WORDS)
    for key in config.FILES:
        if key in uploads:
            upload = uploads[key]
            config.put_file(who, key, cast(Spool, upload.stream).part(key, "", upload.content_type or ""))
        elif key in request.form.getlist("remove") and before.picture(key) is not None:
            config.unset(who, key)
    return pages.go("appearance.one", done="saved")


def _wrong(upload: FileStorage) -> str:
    """What is wrong with a picture, '' if nothing is."""
    kind = (upload.content_type or "").partition(";")[0].strip().lower()
    if kind not in PICTURES:
        return gettext("Choose a picture: PNG, JPEG, WebP, GIF or SVG.")
    if cast(Spool, upload.stream).size > MOST:
        return gettext("The picture is too large: at most %(size)s.", size=show.size(MOST))
    return ""

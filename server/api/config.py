"""What administrators set for the whole server: how the sign-in looks, its pictures, whether usage is told."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, g, jsonify, request

from schemas import problems
from schemas.base import timestamp
from server import identity, mime, uploads
from server.actions import config, usage
from server.actions.config import Set
from server.api import wire
from server.models import Config

api = wire.blueprint("config")
KEY = "/config/<key>"
ASKED_AGAIN, FOR_EVER = "no-cache", "max-age=31536000"
_PICTURE = re.compile(r"image/[A-Za-z0-9.+-]{1,60}")


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def _told(one: Config) -> dict[str, Any]:
    """As clients know it: a file is only said to be there."""
    content = {"value": one.value} if one.blob_sha256 is None else {"blobExists": True}
    return {"key": one.key, "setAt": timestamp(one.set_at), **content}


def _answer(found: Set) -> Response:
    """The value with what is known of it; or the file itself."""
    one, blob = found.config, found.blob
    if blob is None:
        return jsonify(_told(one))
    response = wire.download(blob.sha256, blob.size, "", one.content_type, md5=blob.md5)
    kind = (one.content_type or "").partition(";")[0].strip()
    if response.status_code == 200:
        # It is only ever saved, or shown as a picture in a page of ours: as such nothing in it runs.
        response.content_type = kind if _PICTURE.fullmatch(kind) else mime.content_type("", one.content_type)
        response.headers["Content-Disposition"] = "attachment"
    return response


@api.post(KEY)
def put(key: str) -> Response:
    """Set a value, or a file: the body as it is."""
    actor = identity.actor()
    if not config.check(actor, key):
        return jsonify(_told(config.put(actor, key, wire.fields())))
    if not request.headers.get("Content-Type", "").strip():
        raise problems.INVALID_HEADER(field="Content-Type")
    return jsonify(_told(config.put_file(actor, key, uploads.body(request))))


@api.get(KEY)
def show(key: str) -> Response:
    """What is set."""
    return _answer(config.get(identity.actor(), key))


@api.delete(KEY)
def unset(key: str) -> Response:
    """As if it had never been set."""
    config.unset(identity.actor(), key)
    return jsonify(wire.SUCCESS)


@api.get("/analytics/preview")
def usage_of_it() -> Response:
    """How much the server is used: what would be told, if anybody were told."""
    return jsonify(usage.preview(identity.actor()))


@api.get("/config/public")
@identity.open_to_all
def all_public() -> Response:
    """All that is set and shown to everybody, by name."""
    return jsonify({one.key: _told(one) for one in config.all_public()})


@api.get("/config/public/<key>")
@identity.open_to_all
def show_public(key: str) -> Response:
    """One of them. `?ts=…`: this address is of this content, and another is asked for when that changes."""
    response = _answer(config.get_public(key))
    g.shared = True
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("ts") else ASKED_AGAIN
    return response

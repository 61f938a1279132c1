"""What API views share: the body through a schema, the answer through a schema, files, and the options of a query."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from flask import Blueprint, Flask, Response, g, jsonify, request
from marshmallow import Schema
from werkzeug.http import generate_etag

from schemas import problems
from server import identity, mime, parts, uploads
from server.actions import files

CHUNK = 256 * 1024
WORTH_PACKING = 1000
# A number of rows; the sum of two still fits into a database.
MAX_DIGITS = 18
SUCCESS = {"success": True}
REVALIDATE = "private, no-cache"
# Whoever signs in shows who it is, whatever session the browser still holds.
SIGN_IN = "api_accounts.sign_in"
# Answers hold what somebody sent, and lie on the origin of the pages: as a document none of them may do anything.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


def register(app: Flask) -> None:
    """Headers for every answer that is neither a page nor made for one, refusals included."""

    @app.after_request
    def disarm(response: Response) -> Response:
        of_a_page = g.get("door", "page") in ("page", "asset")
        if not of_a_page or f"{request.path}/".startswith("/v1/"):
            there = {name.lower() for name, _ in response.headers}
            for name, value in HEADERS.items():
                if name.lower() not in there:
                    response.headers.add(name, value)
        return response


def blueprint(name: str, door: str = "rest") -> Blueprint:
    """A blueprint whose errors speak the door's language, and whose changes by cookie carry the CSRF token."""
    # Pages have the plain names: templates ask for addresses by them.
    made = Blueprint(f"api_{name}", f"server.api.{name}")

    @made.before_request
    def enter() -> None:
        g.door = door
        guarded = request.method not in identity.SAFE_METHODS and request.endpoint != SIGN_IN
        actor = identity.actor() if guarded else None
        if actor is not None and actor.via == "cookie":
            sent = request.headers.get("X-CSRF-Token") or request.form.get("__csrf", "")
            if sent != actor.csrf:
                raise problems.AUTHENTICATION_FAILED()

    return made


def body(schema: type[Schema]) -> dict[str, Any]:
    """The JSON body through a schema. Raises UNPARSEABLE, or what the schema finds."""
    found = sent()
    if found is None:
        raise problems.UNPARSEABLE(format="json", rawLength=request.content_length or 0)
    return dict(schema().load(found))


def sent() -> dict[str, Any] | None:
    """The JSON object that is the body, if it is one. Raises UNEXPECTED_VALUE for text that cannot be stored."""
    uploads.small(request.get_data())
    found = request.get_json(silent=True, force=True)
    if not isinstance(found, dict):
        return None
    text = json.dumps(found, ensure_ascii=False)
    text.encode()  # half a character is an error here, and not at the database
    if "\\u0000" in text:
        raise problems.UNEXPECTED_VALUE(field="text", value="(given)", reason="it holds a null character")
    return found


def reply(schema: type[Schema], value: Any, status: int = 200) -> Response:
    """A value, or a list of values, through a schema."""
    response = jsonify(schema(many=isinstance(value, list)).dump(value))
    response.status_code = status
    response.headers["Cache-Control"] = REVALIDATE
    return response


def extended() -> bool:
    """Whether the client asked for extended metadata."""
    return request.headers.get("X-Extended-Metadata", "").lower() == "true"


def flag(name: str) -> bool:
    """Whether a query argument says true."""
    return request.args.get(name, "").lower() == "true"


def number(name: str) -> int | None:
    """A query argument as a number from 0 up. Raises UNEXPECTED_VALUE."""
    text = request.args.get(name)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > MAX_DIGITS:
        raise problems.UNEXPECTED_VALUE(field=name, value=text[:80], reason="a whole number was expected")
    return int(text)


def base_url() -> str:
    """The address by which the client reached the server, without a slash at the end."""
    return parts.settings().public_url or f"{request.scheme}://{request.host}"


def document(content: str | bytes, content_type: str, save_as: str = "") -> Response:
    """A document that clients keep and ask about again: an ETag, 304 when nothing changed, packed where it is long.

    `save_as`: browsers do not show it, but save it under this name.
    """
    data = content.encode() if isinstance(content, str) else content
    packed = len(data) > WORTH_PACKING and request.accept_encodings["gzip"] > 0
    # Two encodings are two representations (RFC 9110, section 8.8.3).
    etag = generate_etag(data) + ("-gzip" if packed else "")
    headers = {"Cache-Control": REVALIDATE, "Vary": "Accept-Encoding", "ETag": f'"{etag}"'}
    if request.if_none_match.contains_weak(etag):
        return Response(status=304, headers=headers)
    if save_as:
        headers["Content-Disposition"] = mime.disposition(save_as)
    if packed:
        data = gzip.compress(data, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(data, headers=headers, content_type=content_type)


def download(sha256: str, size: int, name: str, claimed: str | None) -> Response:
    """A stored file, streamed; 304 when the client has it. The type it was sent with is told only if it is harmless."""
    if sha256 in request.if_none_match:
        response = Response(status=304)
    else:
        response = Response(_stream(files.read(sha256)), content_type=mime.content_type(name, claimed))
        response.content_length = size
        response.headers["Content-Disposition"] = mime.disposition(name)
    response.set_etag(sha256)
    response.headers["Cache-Control"] = REVALIDATE
    return response


def _stream(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk

"""What API views share: the body through a schema, the answer through a schema, files, and the options of a query."""

from __future__ import annotations

import gzip
import hmac
import json
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO
from urllib.parse import unquote

from flask import Blueprint, Request, Response, g, jsonify, request
from marshmallow import Schema
from werkzeug.http import generate_etag

from schemas import problems
from server import identity, mime, parts
from server.actions import files
from server.direct import Direct
from server.here import this_request
from server.permissions import Actor
from sync import openrosa

CHUNK = 256 * 1024
WORTH_PACKING = 1000
# A number of rows; the sum of two still fits into a database.
MAX_DIGITS = 18
MAX_INTEGER = 2**31 - 1
# As JavaScript's `parseInt` reads them.
_DIGITS = re.compile(r"\s*\+?([0-9]+)", re.ASCII)
# Of a body of JSON, so many bytes are read; compressed ones are unpacked.
MAX_JSON = 250 * 1024
PACKED = {"gzip": zlib.MAX_WBITS | 32, "deflate": zlib.MAX_WBITS | 32}
SUCCESS = {"success": True}
# What a browser may show by itself, as ODK Central has it.
INLINE = ("image/jpeg", "image/png", "image/gif")
REVALIDATE = "private, no-cache"
# What a page of ODK Central sends with its cookie, in a form or beside the rest of an object.
CSRF = "__csrf"


def blueprint(name: str, door: str = "rest", expect: Callable[[Request], None] | None = None) -> Blueprint:
    """A blueprint whose errors speak the door's language, and whose changes by cookie carry the CSRF token.

    `expect`: says before it is known who asks what the database will be asked for (`server.db.soon`).
    """
    # Pages have the plain names: templates ask for addresses by them.
    made = Blueprint(f"api_{name}", f"server.api.{name}")

    @made.before_request
    def enter() -> None:
        g.door, asked = door, this_request()
        if door == "openrosa":
            _check_openrosa(asked)
        if expect is not None:
            expect(asked)
        if identity.is_open(asked.endpoint):  # whoever signs in shows who it is, whatever session the browser holds
            _check_page()
            return
        if door == "rest":
            identity.known()
            _check_page()
            _check_numbers()
        if asked.method not in identity.SAFE_METHODS:
            guard(identity.actor())

    return made


def guard(actor: Actor) -> Actor:
    """The actor, unless it is a browser's cookie and the change may come from a page of somebody else."""
    if actor.via != "cookie" or request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return actor
    if request.method != "POST" and _is_own_page():
        return actor
    mark = request.headers.get("X-CSRF-Token") or request.form.get(CSRF)
    if mark is None and request.is_json:
        found = sent()
        mark = found.get(CSRF) if isinstance(found, dict) else None
    if not isinstance(mark, str) or not hmac.compare_digest(unquote(mark).encode(), actor.csrf.encode()):
        raise problems.AUTHENTICATION_FAILED()
    return actor


def _is_own_page() -> bool:
    """Whether it is a page of this address that sends, or no browser: one would say from which page it sends.

    Not for POST, which a form of any page may send. ODK Central's page sends its mark with POST alone.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return site == "same-origin" if site is not None else origin in (None, base_url())


def body(schema: type[Schema]) -> dict[str, Any]:
    """The JSON body through a schema. Raises UNPARSEABLE, or what the schema finds."""
    return dict(schema().load(fields()))


def fields() -> dict[str, Any]:
    """The keys of the JSON object that is the body; none where there is no body, or a list. Raises UNPARSEABLE."""
    if request.mimetype and not request.is_json:
        return {}  # another kind of body says nothing
    found = sent()
    if not isinstance(found, dict):
        return {}
    found.pop(CSRF, None)
    text = json.dumps(found, ensure_ascii=False)
    text.encode()  # half a character is an error here, and not at the database
    if "\\u0000" in text:
        raise problems.UNEXPECTED_VALUE(field="text", value="(given)", reason="it holds a null character")
    return found


def sent() -> dict[str, Any] | list[Any]:
    """The JSON body, read once; an empty object where there is none. Raises UNPARSEABLE, BODY_TOO_LARGE, …"""
    if "sent" not in g:
        data = _data()
        try:
            g.sent = json.loads(data, parse_constant=_refuse) if data.strip() else {}
        except ValueError:
            g.sent = None
        if not isinstance(g.sent, (dict, list)):
            raise problems.UNPARSEABLE(format="json", rawLength=len(data.decode(errors="replace")))
    found: dict[str, Any] | list[Any] = g.sent
    return found


def _refuse(_constant: str) -> None:
    raise ValueError("no JSON")


def _data() -> bytes:
    """The whole of the body, unpacked. Raises BODY_TOO_LARGE, ENCODING_UNSUPPORTED."""
    data = g.body = request.get_data()  # whoever takes the body for a file finds it there
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding in PACKED and data:
        try:
            unpacked = zlib.decompressobj(PACKED[encoding]).decompress(data, MAX_JSON + 1)
        except zlib.error:
            unpacked = b""
        if not unpacked:
            raise problems.UNPARSEABLE(format="json", rawLength=len(data))
        data = unpacked
    elif encoding != "identity" and data:
        raise problems.ENCODING_UNSUPPORTED()
    if len(data) > MAX_JSON:
        raise problems.BODY_TOO_LARGE()
    return data


def integer(text: str) -> int:
    """A number in an address. Raises INVALID_DATA_TYPE, or OUT_OF_RANGE, as ODK Central does."""
    if not re.fullmatch(r"-?[0-9]{1,40}", text):
        raise problems.INVALID_DATA_TYPE(value=text[:80], expected="type integer")
    if abs(int(text)) > MAX_INTEGER:
        raise problems.OUT_OF_RANGE(value=text, type="integer")
    return int(text)


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
    """A query argument as a number from 0 up; what follows the digits does not count. Raises INVALID_DATA_TYPE."""
    text = request.args.get(name)
    if text is None:
        return None
    found = _DIGITS.match(text)
    if found is None or len(found[1]) > MAX_DIGITS:
        raise problems.INVALID_DATA_TYPE(field=name, expected="integer")
    return int(found[1])


def _check_page() -> None:
    """Which rows are asked for is read with every request, as ODK Central does. Raises INVALID_DATA_TYPE."""
    number("offset")
    number("limit")


def _check_openrosa(request: Request) -> None:
    """Another version of OpenRosa is another language. A browser or a script sends none. Raises INVALID_HEADER."""
    version = request.headers.get(openrosa.VERSION_HEADER)
    if version != openrosa.VERSION and (version is not None or parts.settings().strict):
        raise problems.INVALID_HEADER(field=openrosa.VERSION_HEADER, value=version)


def _check_numbers() -> None:
    """Numbers that ODK Central's columns do not hold are refused, and not just unknown. Raises OUT_OF_RANGE."""
    for value in (request.view_args or {}).values():
        if isinstance(value, int) and value > MAX_INTEGER:
            raise problems.OUT_OF_RANGE(value=str(value), type="integer")


def base_url() -> str:
    """The address by which the client reached the server, without a slash at the end."""
    public = parts.settings().public_url
    if public:
        return public
    asked = this_request()
    return f"{asked.scheme}://{asked.host}"


def document(content: str | bytes, content_type: str, save_as: str = "") -> Response:
    """A document that clients keep and ask about again: an ETag, 304 when nothing changed, packed where it is long.

    `save_as`: browsers do not show it, but save it under this name.
    """
    data = content.encode() if isinstance(content, str) else content
    asked = this_request()
    packed = len(data) > WORTH_PACKING and asked.accept_encodings["gzip"] > 0
    # Two encodings are two representations (RFC 9110, section 8.8.3).
    etag = generate_etag(data) + ("-gzip" if packed else "")
    headers = {"Cache-Control": REVALIDATE, "Vary": "Accept-Encoding", "ETag": f'"{etag}"'}
    if asked.if_none_match.contains_weak(etag):
        return Direct(status=304, headers=headers)
    if save_as:
        headers["Content-Disposition"] = mime.disposition(save_as)
    if packed:
        data = gzip.compress(data, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Direct(data, headers=headers, content_type=content_type)


def download(
    sha256: str, size: int, name: str, claimed: str | None, *, md5: str = "", inline: bool = False
) -> Response:
    """A stored file, streamed; 304 when the client has it. The type it was sent with is told only if it is harmless.

    `md5`: clients know the file by it, else by its SHA-256. `inline`: a browser shows a picture, and does not save it.
    """
    etag = md5 or sha256
    if request.if_none_match.contains_weak(etag):
        response = Response(status=304)
    else:
        kind = mime.content_type(name, claimed)
        file = files.read(sha256)
        response = Response(_stream(file), content_type=kind)
        response.call_on_close(file.close)  # also where nobody takes the first piece: HEAD, or who has left
        response.content_length = size
        response.headers["Content-Disposition"] = mime.disposition(name, inline=inline and claimed in INLINE)
    response.set_etag(etag)
    response.headers["Cache-Control"] = REVALIDATE
    return response


def _stream(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk

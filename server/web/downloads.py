"""Files sent to browsers: what is safe to show is shown, everything else is downloaded. Nothing sent can run."""

from __future__ import annotations

import mimetypes
from pathlib import PurePath
from urllib.parse import quote

from flask import Response, request
from werkzeug.wsgi import wrap_file

from server.actions import files
from server.models import Blob

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/avif")
AUDIO = (
    "audio/mpeg",
    "audio/mp4",
    "audio/aac",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "audio/amr",
    "audio/3gpp",
    "audio/flac",
)
VIDEO = ("video/mp4", "video/webm", "video/3gpp", "video/quicktime", "video/ogg")
SHOWN = frozenset((*IMAGES, *AUDIO, *VIDEO))
_OTHER_NAMES = {
    ".m4a": "audio/mp4",
    ".amr": "audio/amr",
    ".3gp": "video/3gpp",
    ".3gpp": "video/3gpp",
    ".wav": "audio/wav",
}
SANDBOX = "sandbox; default-src 'none'; style-src 'none'; frame-ancestors 'none'"


def content_type(name: str) -> str:
    """By the ending of the name; what a phone says of a file is not trusted."""
    suffix = PurePath(name).suffix.lower()
    guess = _OTHER_NAMES.get(suffix) or mimetypes.guess_type(f"x{suffix}")[0] or ""
    return guess if guess in SHOWN else "application/octet-stream"


def kind(name: str) -> str:
    """`image`, `audio` or `video` where a browser shows it, else `file`."""
    found = content_type(name).partition("/")[0]
    return found if found in ("image", "audio", "video") else "file"


def send(name: str, blob: Blob) -> Response:
    """A stored file under its name, in the part that was asked for."""
    stream = files.read(blob.sha256)
    response = Response(wrap_file(request.environ, stream), direct_passthrough=True)
    response.call_on_close(stream.close)
    response.content_type = content_type(name)
    response.content_length = blob.size
    response.set_etag(blob.sha256)
    response.headers["Cache-Control"] = "private, max-age=0, must-revalidate"
    response.make_conditional(request, accept_ranges=True, complete_length=blob.size)
    return _safe(response, name, inline=response.content_type in SHOWN and "download" not in request.args)


def text(name: str, body: bytes, *, inline: bool = False) -> Response:
    """A document made of text, as a download or (raw XML to look at) as plain text."""
    response = Response(body, content_type="text/plain; charset=utf-8" if inline else "application/xml")
    response.headers["Cache-Control"] = "no-store"
    return _safe(response, name, inline=inline)


def data(name: str, body: bytes) -> Response:
    """A small file made or read whole, as a download."""
    response = Response(body, content_type="application/octet-stream")
    response.headers["Cache-Control"] = "no-store"
    return _safe(response, name, inline=False)


def _safe(response: Response, name: str, *, inline: bool) -> Response:
    # Plain ASCII for old clients, the real name beside it (RFC 6266): gunicorn refuses any other letter in a header.
    plain = "".join(sign if " " <= sign <= "~" and sign not in '"\\%' else "_" for sign in name)
    shown = "inline" if inline else "attachment"
    response.headers["Content-Disposition"] = f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response

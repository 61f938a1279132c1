"""Files sent to browsers: what is safe to show is shown, everything else is downloaded. Nothing sent can run."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wsgi import wrap_file

from server import mime
from server.actions import files
from server.models import Blob

SANDBOX = "sandbox; default-src 'none'; style-src 'none'; frame-ancestors 'none'"


def kind(name: str) -> str:
    """`image`, `audio` or `video` where a browser shows it, else `file`."""
    found = mime.content_type(name)
    return found.partition("/")[0] if found in mime.SHOWN else "file"


def send(name: str, blob: Blob) -> Response:
    """A stored file under its name, in the part that was asked for."""
    stream = files.read(blob.sha256)
    response = Response(wrap_file(request.environ, stream), direct_passthrough=True)
    response.call_on_close(stream.close)
    # By the ending of the name: what a phone says of a file is not trusted with a place in a page.
    response.content_type = mime.content_type(name)
    response.content_length = blob.size
    response.set_etag(blob.sha256)
    response.headers["Cache-Control"] = "private, max-age=0, must-revalidate"
    response.make_conditional(request, accept_ranges=True, complete_length=blob.size)
    return _safe(response, name, inline=response.content_type in mime.SHOWN and "download" not in request.args)


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
    response.headers["Content-Disposition"] = mime.disposition(name, inline=inline)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response

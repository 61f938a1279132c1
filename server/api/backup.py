"""A backup, downloaded: `manage restore` reads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from flask import Flask, Response, request

from server import identity
from server.actions import backups
from server.api import wire

api = wire.blueprint("backup")
# Under this name the server may offer a way to ask whether the client has hung up.
GONE = "donghanh.gone"


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


@api.post("/backup")
def download() -> Response:
    """The database, encrypted with the `passphrase` of the body; without files and without the SECRET_KEY."""
    passphrase = wire.fields().get("passphrase")
    gone = request.environ.get(GONE, lambda: False)
    file = backups.make(identity.actor(), passphrase if isinstance(passphrase, str) else "", gone)
    response = Response(_read(file), content_type="application/octet-stream")
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    response.headers["Content-Disposition"] = f'attachment; filename="central-backup-{moment}.enc.bin"'
    return response


def _read(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(wire.CHUNK):
            yield chunk

"""Files that pages are made of: our own, and exact files of the browser packages. Cached for long, by their hash."""

from __future__ import annotations

import functools
import hashlib
import json
import mimetypes
from pathlib import Path

from flask import Blueprint, Flask, Response, g, send_file, url_for

from schemas import problems

STATIC = Path(__file__).parent / "static"
PACKAGES = Path(__file__).parents[2] / "node_modules"
YEAR = 31_536_000
# Name in addresses → file of a package. A folder gives all the files directly in it.
FROM_PACKAGES = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "vue.js": "vue/dist/vue.runtime.esm-browser.prod.js",
    "web-forms": "@getodk/web-forms/dist",
}
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wasm": "application/wasm"}

# What ODK Central's web client leaves to the program that shows forms. Pages with a form, and their parts, are found
# below it as well, so that one address can have both.
BESIDE = "/-"

LONGEST = 200

page = Blueprint("assets", __name__)


def register(app: Flask) -> None:
    """Attach the route and the function that templates call."""
    app.register_blueprint(page)
    app.jinja_env.globals.update(asset=url, has_asset=exists)


def _path(name: str) -> Path | None:
    if len(name) > LONGEST:  # no file has such a name, and the system would say so less kindly
        return None
    first, _, rest = name.partition("/")
    found = PACKAGES / FROM_PACKAGES[first] if first in FROM_PACKAGES else STATIC / first
    if rest:
        plain = first in FROM_PACKAGES and "/" not in rest and rest not in (".", "..")
        found = found / rest if plain else STATIC / "none"
    return found if found.is_file() else None


def exists(name: str) -> bool:
    """Whether the file is there: browser packages may not have been installed."""
    return _path(name) is not None


@functools.cache
def _hash(path: Path, _changed: float) -> str:
    """Of the content; for a package of its version, so that files which name each other stay together."""
    if path.is_relative_to(PACKAGES):
        folder = next(parent for parent in path.parents if (parent / "package.json").is_file())
        text = str(json.loads((folder / "package.json").read_text("utf-8"))["version"])
        return hashlib.sha256(text.encode()).hexdigest()[:12]
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def url(name: str) -> str:
    """The address of a file, which changes with its content."""
    path = _path(name)
    return url_for("assets.file", digest=_hash(path, path.stat().st_mtime) if path else "0", name=name)


@page.get("/assets/<digest>/<path:name>")
@page.get(f"{BESIDE}/assets/<digest>/<path:name>", endpoint="beside")
def file(digest: str, name: str) -> Response:
    """One file."""
    g.door = "asset"
    path = _path(name)
    if path is None:
        g.door = "page"
        raise problems.NOT_FOUND()
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    response = send_file(path, mimetype=kind, max_age=YEAR if digest == _hash(path, path.stat().st_mtime) else 0)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@page.get("/favicon.ico")
def favicon() -> Response:
    """For browsers that ask without looking."""
    return file("0", "icon.svg")

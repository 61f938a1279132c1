"""Addresses: their numbers, and steps that hold a slash, as form and instance IDs may; clients send it as `%2F`.

WSGI hands over the path already decoded, where such a slash cannot be told from one between two steps.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, unquote

from werkzeug.routing import BaseConverter, IntegerConverter, Map

# A control character and a digit stand for a slash within a step, and for this character, until the step is found.
_MARK = "\x1f"
_MARKS = {f"{_MARK}2": "/", f"{_MARK}1": _MARK}
_TO_MARK = re.compile(f"%2f|%1f|{_MARK}", re.IGNORECASE)
# What databases hold in a column for numbers.
MAX_NUMBER = 2**63 - 1
# Where the environment of a request holds the key that stood in its address.
KEY = "donghanh.key"
_KEYED = re.compile(r"/v1/key/([^/]+)/(.*)", re.DOTALL)
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@functools.lru_cache(maxsize=64)
def _is_host(name: str) -> bool:
    """Whether a machine can have this name, with a port or without."""
    try:
        name.rpartition(":")[0 if ":" in name else 2].encode("idna")
    except UnicodeError:
        return False
    return True


class KeepSlashes:
    """Takes the path anew from the request line where that has an encoded slash, or what stands for one here.

    A request to a host that cannot be is refused: neither an address nor a page could be made for it.
    """

    def __init__(self, app: Wsgi) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve the request."""
        if not _is_host(str(environ.get("HTTP_HOST", ""))):
            start_response("400 Bad Request", [("Content-Type", "text/plain"), ("Connection", "close")])
            return [b"No machine has the name that the request is sent to.\n"]
        path = str(environ.get("RAW_URI", "")).partition("?")[0]
        if path.startswith("/") and _TO_MARK.search(path):
            marked = _TO_MARK.sub(lambda found: f"{_MARK}{2 if found[0].lower() == '%2f' else 1}", path)
            environ["PATH_INFO"] = unquote(marked).encode().decode("latin-1")
        return self.app(environ, start_response)


class KeyInPath:
    """Takes the key of a phone or a public link out of `/v1/key/<key>/…`: whatever stands below `/v1/` has such twins.

    So no view knows of it, and no key reaches a log.
    """

    def __init__(self, app: Wsgi) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve the request below `/v1/`."""
        found = _KEYED.match(str(environ.get("PATH_INFO", "")))
        if found is not None:
            environ[KEY] = found[1].encode("latin-1").decode(errors="replace")
            environ["PATH_INFO"] = f"/v1/{found[2]}"
        return self.app(environ, start_response)


class Step(BaseConverter):
    """One step of an address, as the text it stands for."""

    def to_python(self, value: str) -> str:
        """The slashes again, and all else."""
        for mark, character in _MARKS.items():
            value = value.replace(mark, character)
        return value

    def to_url(self, value: object) -> str:
        """Everything escaped that is not harmless in a step."""
        return quote(str(value), safe="!$'()*,:;=@")


class Number(IntegerConverter):
    """A number in an address. One that no row can have leads nowhere."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=MAX_NUMBER)

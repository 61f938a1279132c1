"""The REST API's OpenAPI document, as `scripts.openapi` wrote it: for programs (`api`) and for people (`web`)."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("openapi.json")


def text() -> bytes:
    """The document as it is kept."""
    return _FILE.read_bytes()


@functools.cache
def groups() -> dict[str, list[dict[str, Any]]]:
    """The operations by what they are about: each with its `method`, `path`, and what the document says of it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in json.loads(text())["paths"].items():
        for method, operation in methods.items():
            shown = operation | {"method": method.upper(), "path": path}
            found.setdefault(operation["tags"][0], []).append(shown)
    return found

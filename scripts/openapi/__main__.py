"""Writes `server/openapi.json`. Run it when a route, a view or a shape changed; the suite tells when."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from scripts.openapi import document
from server.app import create_app
from server.config import Settings

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "server" / "openapi.json"
VERSION = "1"


def describe() -> dict[str, Any]:
    """The document of the code as it is."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        settings = Settings(place, f"sqlite:///{place}/none.sqlite", place.as_uri(), "described, never served")
        return document.make(create_app(settings), VERSION)


def text(found: dict[str, Any]) -> str:
    """As it is kept: a line for each operation and each shape, so that a change can be read and the file is short."""
    parts = {key: _line(value) for key, value in found.items() if key not in ("paths", "components")}
    parts["paths"] = _block({path: _block(_lines(each), 2) for path, each in found["paths"].items()}, 1)
    parts["components"] = _block({kind: _block(_lines(each), 2) for kind, each in found["components"].items()}, 1)
    return _block(parts, 0) + "\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _lines(values: dict[str, Any]) -> dict[str, str]:
    return {key: _line(value) for key, value in values.items()}


def _block(parts: dict[str, str], depth: int) -> str:
    inner = ",\n".join(f"{' ' * (depth + 1)}{_line(key)}: {text}" for key, text in parts.items())
    return f"{{\n{inner}\n{' ' * depth}}}"


def main() -> None:
    """Write the file."""
    KEPT.write_text(text(describe()), "utf-8")


if __name__ == "__main__":
    main()

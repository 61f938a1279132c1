"""Real parts that some tests need: missing, they fail the run in CI and are a loud skip elsewhere.

`tests/conftest.py` imports both names: `from tests.parts import pytest_terminal_summary, require_part  # noqa: F401`.
A test asks for one with `require_part("chromium")`, which gives the path of the program.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest
from _pytest.terminal import TerminalReporter

ROOT = Path(__file__).resolve().parent.parent
MARK = "REAL PART MISSING"
# What it is called here, the programs that will do, and the Debian package that brings one.
PARTS = {
    "chromium": (("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"), "chromium"),
    "java": (("java",), "default-jre-headless"),
}


def in_ci() -> bool:
    """Whether this run decides over a change."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def require_part(name: str) -> str:
    """The path of a real program; without it the test fails in CI and is skipped elsewhere."""
    programs, package = PARTS[name]
    return next(filter(None, map(shutil.which, programs)), None) or missing(name, f"sudo apt install {package}")


def require_browser_packages() -> Path:
    """The folder of the browser packages, which `./scripts/test` installs."""
    folder = ROOT / "node_modules"
    if not (folder / ".installed.json").exists():
        missing("browser packages", "start the tests with ./scripts/test")
    return folder


def missing(name: str, remedy: str) -> NoReturn:
    """Fail or skip, as require_part says. For parts of other kinds, such as a database."""
    text = f"{MARK}: {name} ({remedy})"
    if in_ci():
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say once more, at the end, what was not tried."""
    counts: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if MARK in reason:
            text = reason.split(f"{MARK}: ", 1)[1]
            counts[text] = counts.get(text, 0) + 1
    if counts:
        terminalreporter.section(MARK, sep="!", yellow=True, bold=True)
        for text, count in counts.items():
            terminalreporter.line(f"{count} tests did not run without {text}", yellow=True)

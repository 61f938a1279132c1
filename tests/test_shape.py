"""The shape of the code: sizes, the words of each place, the order of imports, lock files without addresses."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("schemas", "forms", "sync", "server", "scripts")
MAX_FILE = 300
MAX_FUNCTION = 40
# What may be longer, and why: "forms/x.py" for a file, "forms/x.py:name" for a function.
LONGER: dict[str, str] = {}

EXPECTED = {
    *FOLDERS, "tests", "docs",
    "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
    "Procfile", "package.json", "package-lock.json", "pyproject.toml", "setup.cfg",
    "requirements.in", "requirements.txt", "requirements-dev.in", "requirements-dev.txt",
    "requirements-node.in", "requirements-node.txt",
    ".ci", ".editorconfig", ".git", ".gitignore", ".npmrc",
}  # fmt: skip
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt", "package-lock.json")

# The databases and stores are known in few places, so that no rule depends on one.
VARIANTS = re.compile(r"sqlite|postgres|\bs3\b", re.IGNORECASE)
VARIANT_PLACES = (
    "server/storage/",
    "server/migrations/",
    "server/dialect.py",
    "server/json_values.py",
    "server/batches.py",
    "server/db.py",
    "server/config.py",
)
# Written apart, so that this file does not find itself.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.})])/(work|tmp|root|home)" + r"/\w"),
    "a registry's address": re.compile("|".join(("pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.(org|com)"))),
    "work left over": re.compile(r"\b(TO" + "DO|FIX" + "ME|X" + "XX)\\b"),
}
BINARY = {".png", ".jpg", ".jpeg", ".ico", ".xlsx", ".xls", ".mo", ".zip", ".woff", ".woff2", ".gz"}


def ignored() -> set[str]:
    """Top-level names that set-up and tools make."""
    lines = (ROOT / ".gitignore").read_text("utf-8").split()
    return {line.strip("/") for line in lines if not line.startswith("#")}


def own_files() -> Iterator[Path]:
    """Every text file that is ours."""
    skipped = ignored() | {".git", "LICENSE", *LOCKS}
    for entry in sorted(ROOT.iterdir()):
        if entry.name in skipped or entry.suffix == ".egg-info":
            continue
        for path in [entry] if entry.is_file() else sorted(entry.rglob("*")):
            if path.is_file() and path.suffix not in BINARY and "__pycache__" not in path.parts:
                yield path


def modules() -> list[str]:
    """The Python files that the ceilings hold for."""
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    names = sorted(path.relative_to(ROOT).as_posix() for path in found)
    return [name for name in names if not name.startswith("server/migrations/")]


@pytest.mark.parametrize("name", modules())
def test_sizes(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    sizes = {name: len(text.splitlines())}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            sizes[f"{name}:{node.name}"] = (node.end_lineno or node.lineno) - node.lineno + 1
    ceilings = {key: MAX_FILE if key == name else MAX_FUNCTION for key in sizes}
    assert {key: size for key, size in sizes.items() if size > ceilings[key] and key not in LONGER} == {}


def test_no_exception_is_stale() -> None:
    for key in LONGER:
        name, _, function = key.partition(":")
        assert (ROOT / name).exists() and f"def {function}" in (ROOT / name).read_text("utf-8"), key


@pytest.mark.parametrize("name", [name for name in modules() if not name.startswith(("scripts/", *VARIANT_PLACES))])
def test_variants_stay_behind_their_doors(name: str) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    assert [f"{number}: {line}" for number, line in enumerate(lines, 1) if VARIANTS.search(line)] == []


def test_forbidden_words() -> None:
    found = []
    for path in own_files():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            found += [
                f"{path.relative_to(ROOT)}:{number} {what}" for what, word in FORBIDDEN.items() if word.search(line)
            ]
    assert found == []


def test_test_folders_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_every_top_level_entry_is_expected() -> None:
    there = {entry.name for entry in ROOT.iterdir() if entry.suffix not in (".egg-info", ".swp")}
    assert there - EXPECTED - ignored() == set()


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_carry_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text and '"resolved"' not in text
    assert [line for line in text.splitlines() if re.match(r"\s*--(?!hash=)", line)] == []
    assert "sha256:" in text or "sha512-" in text


def test_imports_keep_their_order() -> None:
    tool = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

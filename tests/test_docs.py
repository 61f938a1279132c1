"""What the documents promise is there, and what is there stands in the documents."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from scripts.manage import manage

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
SETTINGS = sorted(
    set(re.findall(r'env(?:\.get)?[(,]\s*"([A-Z_]+)"', (ROOT / "server" / "config.py").read_text("utf-8")))
)


def commands(group: click.Group) -> list[str]:
    """The names of all commands, in words."""
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += [f"{name} {inner}" for inner in commands(command)]
        else:
            found.append(name)
    return found


def test_there_are_settings_to_look_for() -> None:
    assert {"HOST", "PORT", "DATA_DIR", "PUBLIC_URL", "WEB_CONCURRENCY", "ADMIN_EMAIL"} <= {*SETTINGS}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", commands(manage))
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"`{name}" in README


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:schemas|forms|sync|server|tests)/[\w/]+\.(?:py|po))`", ARCHITECTURE)))
)
def test_every_file_that_the_architecture_names_exists(path: str) -> None:
    planned = {"server/api/exports.py"}  # the place a later slice fills, named so that it is found there
    assert (ROOT / path).exists() or path in planned


def test_the_picture_of_the_readme_exists() -> None:
    (picture,) = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert (ROOT / picture).read_bytes().startswith(b"\x89PNG")

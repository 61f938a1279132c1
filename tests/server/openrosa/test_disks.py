"""Disks without room: nothing that a phone sends is begun, and what was begun leaves nothing behind."""

from __future__ import annotations

import errno
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.space import NAME as SPACE
from server.space import Space, trouble
from tests import expect
from tests.cast import Cast
from tests.conftest import Send
from tests.phone import Published
from tests.server.openrosa.conftest import PHOTO, kept

pytestmark = pytest.mark.usefixtures("forgetful")
FULL = "Ổ đĩa"


@contextmanager
def least_room(app: Flask, least: int) -> Iterator[None]:
    """So many bytes are to stay free."""
    was = app.extensions[SPACE]
    app.extensions[SPACE] = Space(was.incoming, [was.incoming.parent], least)
    try:
        yield
    finally:
        app.extensions[SPACE] = was


def test_a_disk_that_is_nearly_full_takes_nothing(
    app: Flask, client: FlaskClient, cast: Cast, form: Published, photo: Callable[[str], None]
) -> None:
    before = kept(app)
    with least_room(app, 10**18):
        photo(FULL)
        upload = client.post(f"{form.url}/submissions", data=form.submission(), headers=cast.bob.bearer)
        expect.refused(upload, problems.DISK_FULL)
        health = client.get("/health")
        assert (health.status_code, health.get_json()["disk"]) == (503, False)
        # Who tidies up must still be able to; and phones do not listen to what the HEAD says.
        assert client.post("/v1/projects", json={"name": "Dự án"}, headers=cast.alice.bearer).status_code == 200
        assert client.head(cast.device.url("submission")).status_code == 204
    assert kept(app) == before


def test_what_is_announced_counts(app: Flask) -> None:
    with least_room(app, 0), app.app_context():
        space = app.extensions[SPACE]
        assert space.enough(1_000_000) and not space.enough(10**18)


def test_a_disk_that_runs_full_while_a_body_comes(app: Flask, photo: Callable[[str], None]) -> None:
    """The system refuses to write more than so much into a file, as where there is no room."""
    before, old = kept(app), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, old[1]))
    try:
        photo(FULL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert kept(app) == before


def test_bodies_are_kept_on_the_disk_that_is_watched(
    app: Flask, form: Published, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    incoming = app.extensions[SPACE].incoming
    for left in incoming.parent.glob("incoming"):
        left.rmdir()
    expect.told(send(form.submission(), [PHOTO]), 201)
    assert incoming.is_dir() and list(incoming.iterdir()) == []


def test_full_disks_are_told_from_broken_ones() -> None:
    kinds = [trouble(OSError(number, "")).kind for number in (errno.ENOSPC, errno.EDQUOT, errno.EIO)]
    assert kinds == [problems.DISK_FULL, problems.DISK_FULL, problems.BUSY]

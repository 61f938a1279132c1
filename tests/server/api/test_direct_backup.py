"""A backup that an administrator downloads: encrypted, whole, and for nobody who sees no answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from scripts.backup import BackupError, contents, direct, sealed
from server.actions import unit_roles
from server.app import App
from server.db import writing
from server.parts import BACKUP
from server.permissions import CONSOLE
from tests import expect
from tests.cast import Cast

PASSPHRASE = {"passphrase": "bốn từ dễ nhớ"}


@pytest.fixture
def attached(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The app as the web server starts it."""
    assert isinstance(app, App)
    monkeypatch.setitem(app.extensions, BACKUP, None)
    direct.attach(app)
    return app


def test_it_can_be_read_back(attached: Flask, client: FlaskClient, cast: Cast, tmp_path: Path) -> None:
    answer = client.post("/v1/backup", json=PASSPHRASE, headers=cast.alice.bearer)
    assert answer.status_code == 200 and answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="central-backup-20')
    assert answer.headers["Cache-Control"] == "no-store"
    path = tmp_path / "backup.tar"
    path.write_bytes(answer.data)
    with pytest.raises(BackupError):
        sealed.identities(path, "another one")
    with sealed.reading(path, sealed.identities(path, PASSPHRASE["passphrase"])) as stream:
        told = contents.through(stream)
    assert told.tables["projects"]["rows"] == 2 and told.secret_key == ""
    assert [each.name for each in (attached_folder(attached) / "incoming").glob("backup-*")] == []


def attached_folder(app: Flask) -> Path:
    """Where the server keeps what is on its way."""
    return Path(app.extensions["donghanh"].settings.data_dir)


def test_refusals(attached: Flask, client: FlaskClient, cast: Cast) -> None:
    for who in (cast.bob.bearer, cast.charlie.bearer):
        expect.refused(client.post("/v1/backup", json=PASSPHRASE, headers=who), problems.INSUFFICIENT_RIGHTS)
    told = expect.refused(client.post("/v1/backup", json={}, headers=cast.alice.bearer), problems.MISSING_PARAMETER)
    assert told == {"field": "passphrase"}


def test_who_runs_the_machine_but_sees_no_answers_downloads_none(
    attached: Flask, client: FlaskClient, cast: Cast
) -> None:
    with attached.app_context(), writing():
        unit_roles.grant(CONSOLE, "sysadmin", cast.charlie.id, None)
    answer = client.post("/v1/backup", json=PASSPHRASE, headers=cast.charlie.bearer)
    expect.refused(answer, problems.INSUFFICIENT_RIGHTS)


def test_a_server_that_was_not_told_how(client: FlaskClient, cast: Cast) -> None:
    answer = client.post("/v1/backup", json=PASSPHRASE, headers=cast.alice.bearer)
    assert expect.refused(answer, problems.NOT_IMPLEMENTED) == {"feature": "backup"}

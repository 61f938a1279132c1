"""A backup that an administrator downloads: encrypted, whole, and for nobody who sees no answers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from scripts.backup import BackupError, contents, direct, sealed
from server.actions import leases, unit_roles
from server.api.backup import GONE
from server.app import App
from server.db import writing
from server.parts import BACKUP, NAME
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


@pytest.mark.parametrize(
    ("passphrase", "kind"),
    [
        ("x", problems.PASSWORD_TOO_SHORT),
        ("chín chữ ", problems.PASSWORD_TOO_SHORT),
        ("my-password", problems.PASSWORD_TOO_WEAK),
        ("aaaaaaaaaaaaaaaa", problems.PASSWORD_TOO_WEAK),
    ],
)
def test_a_passphrase_that_is_soon_guessed(
    attached: Flask, client: FlaskClient, cast: Cast, passphrase: str, kind: problems.Kind
) -> None:
    answer = client.post("/v1/backup", json={"passphrase": passphrase}, headers=cast.alice.bearer)
    expect.refused(answer, kind)
    assert backups_noted(client, cast) == 0


def backups_noted(client: FlaskClient, cast: Cast) -> int:
    """How many the audit tells of."""
    return len(client.get("/v1/audits?action=backup.run", headers=cast.alice.bearer).get_json())


def test_one_at_a_time(attached: Flask, client: FlaskClient, cast: Cast) -> None:
    with attached.app_context(), leases.held(leases.UPKEEP):
        answer = client.post("/v1/backup", json=PASSPHRASE, headers=cast.alice.bearer)
        expect.refused(answer, problems.UPKEEP_RUNS)
        assert answer.headers["Retry-After"] == "60" and backups_noted(client, cast) == 0
    slow = client.post("/v1/backup", json=PASSPHRASE, headers=cast.alice.bearer, buffered=False)
    assert next(slow.response)
    with attached.app_context(), leases.held(leases.UPKEEP):  # whoever reads slowly keeps nobody from the next
        assert backups_noted(client, cast) == 1
    slow.close()


def test_nobody_makes_one_for_who_has_left(attached: Flask, client: FlaskClient, cast: Cast) -> None:
    asked = []

    def gone() -> bool:
        asked.append(True)
        return len(asked) > 2

    answer = client.post("/v1/backup", json=PASSPHRASE, headers=cast.alice.bearer, environ_overrides={GONE: gone})
    expect.refused(answer, problems.BUSY)
    assert len(asked) == 3 and list((attached_folder(attached) / "incoming").glob("backup-*")) == []
    with attached.app_context(), leases.held(leases.UPKEEP):
        pass


def test_a_full_disk_is_kept_for_phones(attached: Flask, client: FlaskClient, cast: Cast) -> None:
    parts = attached.extensions[NAME]
    full = dataclasses.replace(parts, settings=dataclasses.replace(parts.settings, min_free_disk=1 << 60))
    attached.extensions[NAME] = full
    try:
        assert isinstance(attached, App)
        direct.attach(attached)
        answer = client.post("/v1/backup", json=PASSPHRASE, headers=cast.alice.bearer)
    finally:
        attached.extensions[NAME] = parts
    expect.refused(answer, problems.DISK_FULL)


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

"""What a submission costs the database: no more for what is stored already, and no more waits than needed."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from server import prepared
from server.actions import chains
from server.db import db, writing
from server.models import FormVersion, Submission, SubmissionVersion
from tests import expect, phone
from tests.cast import Cast
from tests.conftest import VISIT, Publish, Send
from tests.phone import new_id

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

STORED = 25
_READ = text(
    "SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_xact_user_tables"
    " WHERE relname IN ('submissions', 'submission_versions')"
)
_FORMS = select(Submission.form_id).order_by(Submission.id)
_VERSIONS = (
    select(FormVersion.version)
    .join(SubmissionVersion, SubmissionVersion.form_version_id == FormVersion.id)
    .order_by(SubmissionVersion.id)
)


class Slow(io.RawIOBase):
    """A body before whose first byte something else happens, as if it took a minute."""

    def __init__(self, body: bytes, meanwhile: Callable[[], object]) -> None:
        self._body, self._meanwhile = io.BytesIO(body), meanwhile

    def readable(self) -> bool:
        return True

    def readinto(self, space: WriteableBuffer) -> int:
        """The next bytes."""
        if self._body.tell() == 0:
            with ThreadPoolExecutor(1) as another:
                another.submit(self._meanwhile).result()
        return self._body.readinto(space)


@pytest.mark.usefixtures("province")
def test_a_new_installation_finds_an_instance_without_reading_all_others(
    app: Flask, publish: Publish, send: Send
) -> None:
    """Nobody has counted the rows of its tables yet, and statements are planned once for a connection."""
    form = publish(VISIT)
    for _ in range(STORED):
        expect.told(send(form.submission()), 201)
    known = new_id()
    expect.told(send(form.submission(instance_id=known)), 201)
    with app.app_context():
        for own, edited, found in ((new_id(), None, 0), (known, None, 1), (new_id(), known, 1)):
            with writing():
                before = db.session.scalar(_READ)
                assert len(chains.known(form.id, False, own, edited)) == found
                assert db.session.scalar(_READ) - before <= 2 * found


def test_each_of_two_forms_is_found_in_turn(publish: Publish, send: Send, app: Flask) -> None:
    """The one that was sent last is asked for before it is known which one comes."""
    visit, group = publish(VISIT), publish(VISIT.replace("| visit ", "| group "))
    assert (visit.xml_form_id, group.xml_form_id) == ("visit", "group")
    for form in (visit, group, group, visit):
        expect.told(send(form.submission("<who>An</who>")), 201)
    with app.app_context():
        assert list(db.session.scalars(_FORMS)) == [visit.id, group.id, group.id, visit.id]


def test_what_was_sent_last_may_be_replaced_or_closed_since(
    client: FlaskClient, cast: Cast, publish: Publish, send: Send, app: Flask
) -> None:
    form = publish(VISIT)
    expect.told(send(form.submission()), 201)
    newer = publish(VISIT.replace("| 1  ", "| 2  "))
    for each in (newer, form):
        expect.told(send(each.submission()), 201)
    with app.app_context():
        assert list(db.session.scalars(_VERSIONS)) == ["1", "2", "1"]
    assert client.patch(form.url, json={"state": "closed"}, headers=cast.bob.bearer).status_code == 200
    expect.told(send(newer.submission()), 409)


@pytest.mark.parametrize(("change", "status"), [({"state": "closed"}, 409), (None, 404)])
@pytest.mark.usefixtures("province")
def test_what_changes_while_a_slow_phone_sends_counts(
    client: FlaskClient,
    cast: Cast,
    publish: Publish,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str] | None,
    status: int,
) -> None:
    """What was asked for before the body came may be no longer so when its last byte is here."""
    form = publish(VISIT)
    expect.told(send(form.submission()), 201)

    def meanwhile() -> None:
        method = "PATCH" if change else "DELETE"
        done = client.application.test_client().open(form.url, method=method, json=change, headers=cast.bob.bearer)
        assert done.status_code == 200
        monkeypatch.setattr(prepared, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + 60))

    body = phone.body(form.submission())
    told = client.post(
        cast.device.url("submission"),
        headers=phone.OPENROSA,
        environ_overrides={
            "wsgi.input": io.BufferedReader(Slow(body, meanwhile)),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": phone.CONTENT_TYPE,
        },
    )
    expect.told(told, status)


def test_a_stranger_is_refused_though_a_form_was_asked_for(publish: Publish, send: Send) -> None:
    form = publish(VISIT)
    expect.told(send(form.submission()), 201)
    wrong = "/v1/key/" + "a" * 64 + "/projects/1/submission"
    expect.told(send(form.submission(), to=wrong), 403)
    expect.told(send(form.submission(), to="/v1/projects/1/submission"), 401)

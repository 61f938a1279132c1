"""What a submission costs the database: no more for what is stored already, and no more waits than needed."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from server.actions import chains
from server.db import db, writing
from server.models import FormVersion, Submission, SubmissionVersion
from tests import expect
from tests.cast import Cast
from tests.conftest import VISIT, Publish, Send
from tests.phone import new_id

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


def test_a_stranger_is_refused_though_a_form_was_asked_for(publish: Publish, send: Send) -> None:
    form = publish(VISIT)
    expect.told(send(form.submission()), 201)
    wrong = "/v1/key/" + "a" * 64 + "/projects/1/submission"
    expect.told(send(form.submission(), to=wrong), 403)
    expect.told(send(form.submission(), to="/v1/projects/1/submission"), 401)

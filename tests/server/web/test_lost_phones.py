"""A lost phone: its code is worthless at once, what it sent is looked through, and she gets a new card."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from server.actions import access, properties, unit_files, unit_roles, units
from server.db import db, writing
from server.models import AppUser, Assignment, Audit
from server.permissions import CONSOLE
from tests import expect
from tests.cast import Cast
from tests.conftest import VISIT, Publish, Send
from tests.phone import Published, new_id
from tests.server.web.conftest import Visit
from tests.server.web.test_units import TABLE as UNITS

VOLUNTEERS = "/projects/1/volunteers"


@pytest.fixture
def sent(publish: Publish, send: Send) -> tuple[Published, list[str]]:
    """Three visits that the phone sent."""
    form = publish(VISIT)
    found = []
    for name in ("An", "Bình", "Chi"):
        found.append(new_id())
        expect.told(send(form.submission(f"<who>{name}</who>", instance_id=found[-1])), 201)
    return form, found


def lost(cast: Cast) -> str:
    return f"{VOLUNTEERS}/{cast.device.id}/lost"


def actions(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Audit.action).order_by(Audit.id)))


def test_the_code_is_worthless_and_what_waits_is_shown(
    app: Flask, visit: Visit, cast: Cast, send: Send, sent: tuple[Published, list[str]]
) -> None:
    form, found = sent
    bob = visit(cast.bob)
    bob.post(f"/projects/1/forms/{form.xml_form_id}/submissions/{found[0]}/review", {"decision": "approved"})
    page = bob.get(f"{VOLUNTEERS}/{cast.device.id}").text
    assert f'href="{lost(cast)}"' in page
    asked = bob.get(lost(cast)).text
    assert "Has Máy của Lan lost the phone?" in asked and send(form.submission()).status_code == 201
    assert bob.post(lost(cast)).location == lost(cast)
    assert send(form.submission()).status_code == 403
    page = bob.get(lost(cast)).text
    assert "3 submissions of this phone wait for a review" in page
    assert "The code no longer works on any phone." in page
    assert all(f"/submissions/{each}" in page for each in found[1:]) and found[0] not in page
    assert f"volunteer={cast.device.id}&amp;state=waiting" in page
    assert actions(app)[-3:] == ["field_key.session.end", "field_key.lost", "submission.list.read"]
    assert "3 phiếu của máy này đang chờ duyệt" in visit(cast.bob, "vi").get(lost(cast)).text


def test_a_phone_that_sent_nothing(visit: Visit, cast: Cast) -> None:
    bob = visit(cast.bob)
    bob.post(lost(cast))
    assert "Nothing of this phone waits for a review" in bob.get(lost(cast)).text


def test_a_new_card_for_the_same_person(
    app: Flask, visit: Visit, cast: Cast, sent: tuple[Published, list[str]]
) -> None:
    with app.app_context(), writing():
        unit_files.load(CONSOLE, UNITS.encode())
        (commune,) = [each.id for each in units.list_all(CONSOLE) if each.unit.code == "C1"]
        unit_roles.grant(CONSOLE, "volunteer", cast.device.id, commune)
        properties.create(CONSOLE, 1, "worker_code")
        access.update_app_user(CONSOLE, 1, cast.device.id, {"worker_code": "TV-01"})
    bob = visit(cast.bob)
    bob.post(lost(cast))
    made = bob.post(f"{lost(cast)}/replace").location
    assert made != f"{VOLUNTEERS}/{cast.device.id}"
    page = bob.get(made).text
    assert "Máy của Lan" in page and "TV-01" in page and "Commune One" in page and 'class="qr"' in page
    assert bob.post(f"{lost(cast)}/replace").location == made  # twice is as once
    assert f'href="{made}"' in bob.get(lost(cast)).text
    with app.app_context():
        new = db.session.scalar(select(AppUser).where(AppUser.replaces == cast.device.id))
        assert new is not None and made.endswith(f"/{new.actor_id}") and new.key_hash
        held = db.session.scalars(select(Assignment).where(Assignment.actor_id == new.actor_id))
        assert {(one.role, one.form_id, one.unit_id) for one in held} == {
            ("app-user", sent[0].id, None),
            ("volunteer", None, commune),
        }
        assert {held.actor_id for held, _ in unit_roles.assignments(CONSOLE, commune)} == {new.actor_id}
        assert db.session.get_one(AppUser, cast.device.id).key_hash is None
    assert "field_key.replace" in actions(app)


def test_a_new_card_revokes_the_old_one_first(app: Flask, visit: Visit, cast: Cast) -> None:
    assert visit(cast.bob).post(f"{lost(cast)}/replace").status_code == 303
    with app.app_context():
        assert db.session.get_one(AppUser, cast.device.id).key_hash is None
    assert "field_key.lost" in actions(app)


def test_a_card_that_was_deleted_can_be_made_again(app: Flask, visit: Visit, cast: Cast) -> None:
    bob = visit(cast.bob)
    first = bob.post(f"{lost(cast)}/replace").location
    with app.app_context():
        access.revoke_app_user(CONSOLE, 1, int(first.rpartition("/")[2]), delete=True)
    assert bob.post(f"{lost(cast)}/replace").location not in (first, None)


def test_who_may_not(visit: Visit, cast: Cast, send: Send, sent: tuple[Published, list[str]]) -> None:
    for person in (cast.vy, cast.charlie, cast.dung):
        other = visit(person)
        assert other.get(lost(cast)).status_code == other.post(lost(cast)).status_code == 403
        assert other.post(f"{lost(cast)}/replace").status_code == 403
    assert visit(cast.dung).get(f"/projects/2/volunteers/{cast.device.id}/lost").status_code == 404
    assert send(sent[0].submission()).status_code == 201

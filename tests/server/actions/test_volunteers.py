"""Volunteers and lost phones, asked of both kinds of database; the pages are tried in tests/server/web."""

from __future__ import annotations

import pytest
from flask import Flask

from schemas.problems import Problem
from server.actions import access, lost_phones, unit_files, unit_roles, units, volunteers
from server.db import writing
from server.permissions import CONSOLE, Actor, Grant
from tests import expect
from tests.cast import Cast
from tests.conftest import VISIT, Publish, Send

TREE = """code,parent_code,level_code,name_vi,valid_from
P,,province,Tỉnh,2010-01-01
A,P,commune,Xã A,2010-01-01
B,P,commune,Xã B,2010-01-01
"""
MANAGER = Actor(id=2, type="user", grants=(Grant("manager", project_id=1),))


def peopled() -> tuple[dict[str, int], dict[str, int]]:
    """Units and volunteers by name."""
    with writing():
        unit_files.load(CONSOLE, TREE.encode())
        places = {each.unit.code: each.id for each in units.list_all(CONSOLE)}
        people = {name: access.create_app_user(CONSOLE, 1, name).actor_id for name in ("Đào", "Mận", "Không")}
        for name, code in (("Đào", "A"), ("Mận", "B")):
            unit_roles.grant(CONSOLE, "volunteer", people[name], places[code])
    return places, people


def test_listed_by_unit_and_name(app: Flask, cast: Cast) -> None:
    with app.app_context():
        places, people = peopled()
        everybody = [people["Không"], people["Mận"], people["Đào"], cast.device.id]
        assert volunteers.listed(MANAGER, 1) == everybody
        assert volunteers.listed(MANAGER, 1, unit_id=places["P"]) == [people["Mận"], people["Đào"]]
        assert volunteers.listed(MANAGER, 1, unit_id=places["A"]) == [people["Đào"]]
        assert volunteers.listed(MANAGER, 1, search="dao") == [people["Đào"]]
        access.revoke_app_user(CONSOLE, 1, people["Mận"])
        assert volunteers.listed(MANAGER, 1, working=False) == [people["Mận"]]
        assert [one.actor_id for one in volunteers.rows(MANAGER, 1, everybody)] == everybody
        found = volunteers.units_of(MANAGER, everybody)
        assert {number: [unit.code for unit in own] for number, own in found.items()} == {
            people["Đào"]: ["A"],
            people["Mận"]: ["B"],
        }
        assert [unit.code for unit in volunteers.unit_choices(MANAGER, 1)] == ["A", "B", "P"]
        assert volunteers.unit_choices(MANAGER, 2) == []
        with pytest.raises(Problem):
            volunteers.listed(MANAGER, 2)


def test_a_manager_adds_volunteers_with_their_units(app: Flask, cast: Cast) -> None:
    with app.app_context():
        places, _ = peopled()
        bob = Actor(id=cast.bob.id, type="user", grants=(Grant("manager", project_id=1),))
        (made,) = volunteers.add(bob, 1, b"name,unit\nLan,A\n")
        assert [unit.id for unit in volunteers.units_of(bob, [made.actor_id])[made.actor_id]] == [places["A"]]
        stranger = Actor(id=cast.dung.id, type="user", grants=(Grant("manager", project_id=2),))
        with pytest.raises(Problem):
            volunteers.add(stranger, 1, b"name,unit\nLan,A\n")


def test_what_a_lost_phone_sent_and_its_new_card(app: Flask, cast: Cast, publish: Publish, send: Send) -> None:
    form = publish(VISIT)
    with app.app_context():
        places, _ = peopled()
        unit_roles.grant(CONSOLE, "volunteer", cast.device.id, places["A"])
    for _ in range(3):
        expect.told(send(form.submission()), 201)
    with app.app_context():
        assert volunteers.forms_of(MANAGER, 1, [cast.device.id]) == {cast.device.id: [form.id]}
        found = lost_phones.sent(MANAGER, 1, cast.device.id, limit=2)
        assert (found.total, len(found.newest)) == (3, 2)
        lead = Actor(id=3, type="user", grants=(Grant("team_lead", unit_id=places["A"], units=1),))
        for may_not in (lost_phones.sent, lost_phones.report, lost_phones.replace):
            with pytest.raises(Problem):  # phones are their manager's to look after
                may_not(lead, 1, cast.device.id)
        made = lost_phones.replace(CONSOLE, 1, cast.device.id)
        assert lost_phones.replace(CONSOLE, 1, cast.device.id).actor_id == made.actor_id
        assert [unit.code for unit in volunteers.units_of(CONSOLE, [made.actor_id])[made.actor_id]] == ["A"]

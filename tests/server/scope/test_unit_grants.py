"""Roles on units by themselves: what they say of a phone, and of what is sent."""

from __future__ import annotations

import re

import pytest

from schemas.units import MESSAGES
from server import i18n
from server.permissions import Actor, Grant


def test_what_she_sends_is_of_the_smallest_unit_on_which_she_may_send() -> None:
    province, commune = Grant("province_manager", unit_id=1, units=9), Grant("volunteer", unit_id=2, units=1)
    elsewhere, reader = Grant("volunteer", 7, unit_id=3, units=1), Grant("board", unit_id=4)
    actor = Actor(id=1, type="user", grants=(province, commune, elsewhere, reader))
    assert actor.sends_for(1, "home_visit") == 2
    assert Actor(id=1, grants=(elsewhere, reader)).sends_for(1, "home_visit") is None


def test_what_she_sends_is_of_a_unit_where_she_fills_that_form() -> None:
    province, commune = Grant("province_manager", unit_id=1, units=9), Grant("volunteer", unit_id=2, units=1)
    both = Actor(id=1, type="user", grants=(province, commune))
    assert both.sends_for(1, "supervision_visit") == 1
    assert both.sends_for(1, "home_visit") == both.sends_for(1, "our_own_form") == 2
    manager = Actor(id=1, type="user", grants=(Grant("manager", 1), commune))
    assert manager.sends_for(1, "programme_exit") == 2
    phone = Actor(id=1, type="field_key", grants=(Grant("peer_leader", 1, unit_id=2, units=1), Grant("app-user", 1, 5)))
    assert phone.sends_for(1, "home_visit") == 2


def test_a_unit_says_nothing_of_what_a_phone_may() -> None:
    role = Grant("volunteer", 1, unit_id=2, units=1)
    assert Actor(id=1, type="field_key", grants=(role,)).verbs_on(1) == frozenset()
    assert "submission.create" in Actor(id=1, type="user", grants=(role,)).verbs_on(1)


@pytest.mark.parametrize("text", MESSAGES.values())
def test_what_is_wrong_with_units_is_said_in_vietnamese(text: str) -> None:
    translated = i18n.translate(text, "vi")
    places = re.compile(r"\{\w+\}")
    assert translated != text and sorted(places.findall(translated)) == sorted(places.findall(text))

"""What each role may do where."""

from __future__ import annotations

import pytest

from schemas.problems import Problem
from schemas.roles import PERSONAL, ROLES, UNIT_ROLES
from server import permissions
from server.permissions import ANONYMOUS, Actor, Grant

EVERYWHERE, PROJECT, FORM = Grant("manager"), Grant("manager", 1), Grant("app-user", 1, 11)


@pytest.mark.parametrize(
    ("grant", "place", "may"),
    [
        (EVERYWHERE, {}, True),
        (EVERYWHERE, {"project_id": 1}, True),
        (EVERYWHERE, {"project_id": 1, "form_id": 11}, True),
        (PROJECT, {}, False),
        (PROJECT, {"project_id": 1}, True),
        (PROJECT, {"project_id": 2}, False),
        (PROJECT, {"project_id": 1, "form_id": 11}, True),
        (PROJECT, {"project_id": 2, "form_id": 11}, False),
        (FORM, {}, False),
        (FORM, {"project_id": 1}, False),
        (FORM, {"project_id": 1, "form_id": 11}, True),
        (FORM, {"project_id": 1, "form_id": 12}, False),
    ],
)
def test_where_a_role_holds(grant: Grant, place: dict[str, int], may: bool) -> None:
    actor = Actor(id=1, grants=(grant,))
    assert permissions.can(actor, "submission.create", **place) is may
    if may:
        permissions.require(actor, "submission.create", **place)
    else:
        with pytest.raises(Problem):
            permissions.require(actor, "submission.create", **place)


def test_a_role_on_a_unit_is_none_on_the_whole_server() -> None:
    lead = Actor(id=1, grants=(Grant("team_lead", unit_id=3, units=1), Grant("sysadmin")))
    assert permissions.can(lead, "submission.update", project_id=1)
    assert lead.verbs_on() == UNIT_ROLES["sysadmin"].verbs


@pytest.mark.parametrize(
    ("grant", "over"),
    [
        (Grant("admin"), "anywhere, P1, P2, F, A, A in P1, B"),
        (Grant("manager", 1), "P1, F, A in P1"),
        (Grant("manager", 1, 11), "F"),
        (Grant("team_lead", unit_id=3), "A, A in P1"),
        (Grant("team_lead", 1, unit_id=3), "A in P1"),
        (Grant("volunteer", unit_id=3), ""),
        (Grant("health_worker", unit_id=3), ""),
    ],
)
def test_what_of_a_role_is_held_over_a_place(grant: Grant, over: str) -> None:
    """Unit 3 is A, which lies in 2; unit 4 is B."""
    places: dict[str, tuple[int | None, int | None, frozenset[int]]] = {
        "anywhere": (None, None, frozenset()),
        "P1": (1, None, frozenset()),
        "P2": (2, None, frozenset()),
        "F": (1, 11, frozenset()),
        "A": (None, None, frozenset({2, 3})),
        "A in P1": (1, None, frozenset({2, 3})),
        "B": (None, None, frozenset({2, 4})),
    }
    lead = UNIT_ROLES["team_lead"]
    held = [name for name, place in places.items() if "project.read" in Actor(grants=(grant,)).verbs_over(lead, *place)]
    assert ", ".join(held) == over


def test_a_machine_gives_no_rights() -> None:
    machine = Actor(id=1, grants=(Grant("admin"),), machine=True)
    assert machine.verbs_on() == machine.verbs_on(1, 11) == ROLES["admin"].verbs - PERSONAL
    with pytest.raises(Problem):
        permissions.require_person(machine)


def test_one_of_several_verbs_is_enough() -> None:
    permissions.require(Actor(id=1, grants=(FORM,)), "submission.update", "submission.create", project_id=1, form_id=11)


def test_nobody_may_anything() -> None:
    assert ANONYMOUS.verbs_on() == ANONYMOUS.verbs_on(1) == ANONYMOUS.verbs_on(1, 11) == frozenset()


def test_what_a_phone_may() -> None:
    """The least of all: what it needs to get forms and to send, nothing to read what was sent."""
    for role in ("app-user", "pub-link", "formfill"):
        assert not [verb for verb in ROLES[role].verbs if verb.startswith(("submission.", "entity.", "dataset."))] or {
            verb for verb in ROLES[role].verbs if verb.startswith("submission.")
        } == {"submission.create"}
    assert ROLES["app-user"].id == 2


def test_who_looks_changes_nothing() -> None:
    assert {verb.rpartition(".")[2] for verb in ROLES["viewer"].verbs} == {"list", "read"}


def test_each_role_is_within_the_next() -> None:
    assert ROLES["viewer"].verbs < ROLES["manager"].verbs < ROLES["admin"].verbs
    assert len({role.id for role in ROLES.values()}) == len(ROLES)

"""Who may change an account must hold all of its roles, each of them in its very place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.actions import access, accounts, unit_roles
from server.permissions import CONSOLE
from tests import expect
from tests.cast import PASSWORD, Cast

Place = tuple[str, str, int | None]
Hold = Callable[..., None]


@pytest.fixture
def hold(app: Flask, units: dict[str, int]) -> Hold:
    """`hold(actor_id, role, unit, project)`: give a role on a unit or, without one, on a project or everywhere."""

    def give(actor_id: int, role: str, unit: str = "", project: int | None = None) -> None:
        with app.app_context():
            if unit or role in ("sysadmin", "form_admin"):
                unit_roles.grant(CONSOLE, role, actor_id, units[unit] if unit else None, project_id=project)
            else:
                access.grant(CONSOLE, actor_id, role, project_id=project)

    return give


@pytest.mark.parametrize(
    ("own", "others", "status"),
    [
        ([("team_lead", "VP-YL-YL", None)], [("team_lead", "VP-YL-YL", None)], 200),
        ([("team_lead", "VP-YL-YL", None)], [("team_lead", "VP-TD-HL", None)], 403),
        ([("team_lead", "VP-YL", None)], [("team_lead", "VP-YL-YL", None)], 200),
        ([("team_lead", "VP-YL-YL", None)], [("team_lead", "VP-YL", None)], 403),
        ([("team_lead", "VP-YL", 1)], [("team_lead", "VP-YL", None)], 403),
        ([("team_lead", "VP-YL", 1)], [("team_lead", "VP-YL", 2)], 403),
        ([("team_lead", "VP-YL", None)], [("volunteer", "VP-YL-YL", 1)], 200),
        ([("volunteer", "VP-YL", None)], [("volunteer", "VP-YL", None)], 403),
        ([("health_worker", "VP-YL", None)], [("team_lead", "VP-YL", None)], 403),
        ([("manager", "", 1)], [("team_lead", "VP-YL", 1), ("viewer", "", 1)], 200),
        ([("manager", "", 1)], [("team_lead", "VP-YL", None)], 403),
        ([("manager", "", 1)], [("viewer", "", 2)], 403),
        ([("team_lead", "VP", None)], [("viewer", "", 1)], 403),
        ([("team_lead", "VP-YL", None)], [], 200),
    ],
)
def test_a_system_administrator_with_another_role(
    own: list[Place], others: list[Place], status: int, app: Flask, client: FlaskClient, cast: Cast, hold: Hold
) -> None:
    with app.app_context():
        lan, _ = accounts.create_user(CONSOLE, "lan@example.org", PASSWORD, "Lan")
    hold(cast.charlie.id, "sysadmin")
    for each in own:
        hold(cast.charlie.id, *each)
    for each in others:
        hold(lan.actor_id, *each)
    account, moved = f"/v1/users/{lan.actor_id}", {"email": "lan@example.net"}
    assert client.patch(account, json=moved, headers=cast.charlie.bearer).status_code == status
    new = {"old": PASSWORD, "new": "mot mat khau khac"}
    assert client.put(f"{account}/password", json=new, headers=cast.charlie.bearer).status_code == status
    invalidate = client.post("/v1/users/reset/initiate?invalidate=true", json=moved, headers=cast.charlie.bearer)
    expect.refused(invalidate, problems.INSUFFICIENT_RIGHTS)
    assert client.patch(account, json=moved, headers=cast.alice.bearer).status_code == 200

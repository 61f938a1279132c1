"""Which of the programme's forms each role fills (domain 5.2): what an account sends, and what its phone is offered."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from schemas.roles import PROGRAMME_FORMS, UNIT_ROLES
from server.actions import access, unit_files, unit_roles, units
from server.db import writing
from server.permissions import CONSOLE
from tests import expect
from tests.cast import Cast, Headers
from tests.conftest import Publish, Send
from tests.country import TREE
from tests.phone import Published

CASEWORK = "register_client home_visit counselling_session shg_session referral"
OVERSIGHT = "supervision_visit point_assessment area_statistics"
FILLED = {
    "volunteer": CASEWORK,
    "counsellor": "register_client counselling_session shg_session referral",
    "peer_leader": "shg_session",
    "team_lead": f"{CASEWORK} programme_exit area_statistics",
    "health_worker": "referral",
    "area_supervisor": OVERSIGHT,
    "province_manager": OVERSIGHT,
}
FORM = """
| survey   |      |         |       |
|          | type | name    | label |
|          | text | who     | Ai?   |
| settings |      |         |       |
|          | form_title | form_id | version |
|          | Phiếu      | {0}     | 1       |
"""
TRIED = ("programme_exit", "shg_session", "supervision_visit", "our_own")


@pytest.fixture
def offered(publish: Publish) -> dict[str, Published]:
    return {name: publish(FORM.format(name)) for name in TRIED}


@pytest.fixture
def commune(app: Flask, offered: dict[str, Published]) -> int:
    with app.app_context(), writing():
        unit_files.load(CONSOLE, TREE.encode())
        return next(placed.id for placed in units.list_all(CONSOLE) if placed.unit.code == "A")


def hold(app: Flask, cast: Cast, role: str, commune: int) -> Headers:
    """Charlie, who held nothing, has this role."""
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, role, cast.charlie.id, commune)
    return cast.charlie.bearer


def listed(client: FlaskClient, headers: Headers) -> set[str]:
    answer = client.get("/v1/projects/1/formList", headers=headers)
    assert answer.status_code == 200
    return {name for name in TRIED if f"<formID>{name}</formID>" in answer.text}


def post(client: FlaskClient, form: Published, headers: Headers, below: str = "") -> int:
    address = f"{form.url}{below}/submissions"
    return client.post(address, data=form.submission(), content_type="application/xml", headers=headers).status_code


def test_the_roles_are_as_the_domain_has_them() -> None:
    told = {name: role.fills for name, role in UNIT_ROLES.items() if "submission.create" in role.verbs}
    assert told == {name: frozenset(forms.split()) for name, forms in FILLED.items()}
    assert set().union(*told.values()) == PROGRAMME_FORMS


@pytest.mark.parametrize("role", FILLED)
def test_by_each_door_she_fills_what_her_role_says(
    app: Flask, client: FlaskClient, cast: Cast, send: Send, offered: dict[str, Published], commune: int, role: str
) -> None:
    """And what the installation added itself: of that the programme says nothing."""
    headers = hold(app, cast, role, commune)
    may = {name for name in TRIED if name == "our_own" or name in FILLED[role].split()}
    assert listed(client, headers) == may
    for name, form in offered.items():
        assert post(client, form, headers) == (200 if name in may else 403), name
        sent = send(form.submission(), to="/v1/projects/1/submission", headers=headers)
        # By name she is asked for another account, as at each refusal there.
        assert sent.status_code == (201 if name in may else 401), name


def test_what_is_refused_is_not_stored(
    app: Flask, client: FlaskClient, cast: Cast, offered: dict[str, Published], commune: int
) -> None:
    headers, form = hold(app, cast, "volunteer", commune), offered["programme_exit"]
    answer = client.post(
        f"{form.url}/submissions", data=form.submission(), content_type="application/xml", headers=headers
    )
    expect.refused(answer, problems.INSUFFICIENT_RIGHTS)
    assert client.get(f"{form.url}/submissions", headers=cast.bob.bearer).json == []


def test_reading_is_not_changed(
    app: Flask, client: FlaskClient, cast: Cast, offered: dict[str, Published], commune: int
) -> None:
    headers = hold(app, cast, "peer_leader", commune)
    assert {form["xmlFormId"] for form in client.get("/v1/projects/1/forms", headers=headers).json} == set(TRIED)
    assert client.get(f"{offered['programme_exit'].url}.xml", headers=headers).status_code == 200


def test_another_role_gives_what_it_gives(
    app: Flask, client: FlaskClient, cast: Cast, offered: dict[str, Published], commune: int
) -> None:
    headers = hold(app, cast, "volunteer", commune)
    assert post(client, offered["programme_exit"], headers) == 403
    with app.app_context(), writing():
        access.grant(CONSOLE, cast.charlie.id, "formfill", project_id=1, form_id=offered["programme_exit"].id)
    assert post(client, offered["programme_exit"], headers) == 200
    assert listed(client, headers) == {"programme_exit", "shg_session", "our_own"}
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "team_lead", cast.charlie.id, commune)
        access.revoke(CONSOLE, cast.charlie.id, "formfill", project_id=1, form_id=offered["programme_exit"].id)
    assert post(client, offered["programme_exit"], headers) == 200


def test_what_others_sent_is_not_filled_anew_by_who_does_not_fill_it(
    app: Flask, client: FlaskClient, cast: Cast, send: Send, offered: dict[str, Published], commune: int
) -> None:
    """A supervisor reviews and returns it; a further version comes from who fills the form."""
    form = offered["shg_session"]
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "volunteer", cast.device.id, commune)
    expect.told(send(form.submission(instance_id="uuid:1")), 201)
    edit = form.submission(instance_id="uuid:2", deprecated_id="uuid:1")
    headers = hold(app, cast, "area_supervisor", commune)
    place = {"data": edit, "content_type": "application/xml"}
    expect.refused(client.put(f"{form.url}/submissions/uuid:1", headers=headers, **place), problems.INSUFFICIENT_RIGHTS)
    reviewed = client.patch(f"{form.url}/submissions/uuid:1", json={"reviewState": "hasIssues"}, headers=headers)
    assert reviewed.status_code == 200
    assert client.put(f"{form.url}/submissions/uuid:1", headers=cast.bob.bearer, **place).status_code == 200


def test_a_phone_fills_what_is_assigned_to_it(
    app: Flask, client: FlaskClient, cast: Cast, send: Send, offered: dict[str, Published], commune: int
) -> None:
    with app.app_context(), writing():
        unit_roles.grant(CONSOLE, "peer_leader", cast.device.id, commune)
    for form in offered.values():
        expect.told(send(form.submission()), 201)
    found = client.get(cast.device.url("formList")).text
    assert all(f"<formID>{name}</formID>" in found for name in TRIED)


def test_trying_a_draft_is_filling_too(
    app: Flask, client: FlaskClient, cast: Cast, publish: Publish, offered: dict[str, Published], commune: int
) -> None:
    drafts = [publish(FORM.format(name), draft=True) for name in ("programme_exit", "shg_session")]
    headers = hold(app, cast, "volunteer", commune)
    assert [post(client, draft, headers, "/draft") for draft in drafts] == [403, 200]


def test_the_api_tells_what_a_role_fills(client: FlaskClient, cast: Cast) -> None:
    told = client.get("/v1/unit-roles", headers=cast.charlie.bearer).json
    assert {role["system"]: " ".join(role["fills"]) for role in told if role["fills"]} == {
        name: " ".join(sorted(forms.split())) for name, forms in FILLED.items()
    }

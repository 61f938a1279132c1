"""/v1/roles: names, numbers and verbs as clients of ODK Central know them."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast

IDS = {
    "admin": 1,
    "app-user": 2,
    "pwreset": 3,
    "manager": 5,
    "viewer": 6,
    "formview": 7,
    "formfill": 8,
    "pub-link": 9,
}


def get(client: FlaskClient, cast: Cast, name: str = "") -> Any:
    """What somebody without any role is told."""
    answer = client.get(f"/v1/roles{name}", headers=cast.charlie.bearer)
    assert answer.status_code == 200
    return answer.get_json()


def test_it_works(client: FlaskClient, cast: Cast) -> None:
    listed = get(client, cast)
    assert {role["system"]: role["id"] for role in listed} == IDS
    assert listed[0].keys() == {"id", "name", "system", "verbs", "createdAt", "updatedAt"}
    for role in listed:
        assert get(client, cast, f"/{role['id']}") == get(client, cast, f"/{role['system']}") == role


def test_verbs(client: FlaskClient, cast: Cast) -> None:
    verbs = {role["system"]: role["verbs"] for role in get(client, cast)}
    assert {name: len(held) for name, held in verbs.items()} == {
        "admin": 56,
        "app-user": 2,
        "pwreset": 1,
        "manager": 41,
        "viewer": 10,
        "formview": 1,
        "formfill": 4,
        "pub-link": 2,
    }
    assert verbs["app-user"] == verbs["pub-link"] == ["open_form.read", "submission.create"]
    assert verbs["formfill"] == ["open_form.list", "open_form.read", "project.read", "submission.create"]
    assert set(verbs["viewer"]) < set(verbs["manager"]) < set(verbs["admin"])
    assert {"audit.read", "user.list", "project.create"} <= set(verbs["admin"]) - set(verbs["manager"])


def test_an_unknown_role(client: FlaskClient, cast: Cast) -> None:
    for name in ("none", "99", "4", "area_supervisor"):
        expect.refused(client.get(f"/v1/roles/{name}", headers=cast.alice.bearer), problems.NOT_FOUND)


def test_who_shows_nothing_is_asked_to(client: FlaskClient) -> None:
    expect.refused(client.get("/v1/roles"), problems.AUTHENTICATION_FAILED)

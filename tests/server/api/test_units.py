"""Units by REST: one by one, merged and split, by file; and the programme's roles on them."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from schemas import problems
from server.db import db
from server.models import Unit, UnitReach
from tests import expect
from tests.cast import Cast, Headers
from tests.server.api.conftest import FILE, HEAD, Load, Numbers, audited, numbers


def reach(app: Flask) -> set[tuple[str, str]]:
    """Who reaches whom, by code."""
    with app.app_context():
        codes = {row.id: row.code for row in db.session.execute(select(Unit.id, Unit.code))}
        found = db.session.execute(select(UnitReach.unit_id, UnitReach.within_id))
        return {(codes[row.unit_id], codes[row.within_id]) for row in found}


def test_a_unit_is_made_and_shown(client: FlaskClient, app: Flask, alice: Headers) -> None:
    new = {"code": "PT", "levelCode": "province", "typeLabel": "tỉnh", "nameVi": "Phú Thọ", "validFrom": "2025-07-01"}
    made = client.post("/v1/units", json=new, headers=alice).json
    assert {name: made[name] for name in new} == new
    assert made["validTo"] is None and made["parentCode"] is None and made["isHotspot"] is False
    assert client.get(f"/v1/units/{made['id']}", headers=alice).json == made
    below = {"code": "PT-1", "levelCode": "commune", "nameVi": "Xã Một", "validFrom": "2025-07-01", "parentCode": "PT"}
    child = client.post("/v1/units", json=below, headers=alice).json
    assert child["parentId"] == made["id"]
    assert reach(app) == {("PT", "PT"), ("PT", "PT-1"), ("PT-1", "PT-1")}
    assert [action for action, _ in audited(app)] == ["unit.create", "unit.create"]


def test_only_administrators_change_units(client: FlaskClient, cast: Cast, units: Numbers, load: Load) -> None:
    one = f"/v1/units/{units['VP']}"
    for who in (cast.bob.bearer, cast.charlie.bearer, {}):
        for method, path in (
            ("post", "/v1/units"),
            ("patch", one),
            ("post", "/v1/units/merge"),
            ("post", f"{one}/split"),
            ("post", "/v1/units/import"),
        ):
            expect.refused(client.open(path, method=method.upper(), json={}, headers=who), problems.INSUFFICIENT_RIGHTS)


def test_who_reaches_nothing_finds_nothing(client: FlaskClient, cast: Cast, units: Numbers) -> None:
    assert client.get("/v1/units", headers=cast.charlie.bearer).json == []
    assert len(client.get("/v1/units", headers=cast.bob.bearer).json) == 5
    there = client.get(f"/v1/units/{units['VP']}", headers=cast.charlie.bearer)
    absent = client.get("/v1/units/999999", headers=cast.charlie.bearer)
    expect.refused(there, problems.NOT_FOUND)
    assert there.json == absent.json
    expect.refused(client.get("/v1/units"), problems.INSUFFICIENT_RIGHTS)


def test_lists_are_narrowed(client: FlaskClient, alice: Headers, units: Numbers) -> None:
    assert set(numbers(client, alice, "?q=yen+lac")) == {"VP-YL", "VP-YL-YL"}
    assert set(numbers(client, alice, "?q=thi+tran")) == {"VP-YL-YL"}
    assert set(numbers(client, alice, "?parent=VP")) == {"VP-TD", "VP-YL"}
    assert numbers(client, alice, "?on=2009-12-31") == {}
    assert list(numbers(client, alice, "?limit=2&offset=1")) == ["VP-TD", "VP-TD-HL"]
    expect.refused(client.get("/v1/units?on=today", headers=alice), problems.UNEXPECTED_VALUE)


def test_a_unit_is_changed_and_closed(client: FlaskClient, app: Flask, alice: Headers, units: Numbers) -> None:
    one = f"/v1/units/{units['VP-TD-HL']}"
    assert client.patch(one, json={"nameVi": "Hoàng Lâu mới"}, headers=alice).json["nameVi"] == "Hoàng Lâu mới"
    assert client.patch(one, json={"validTo": "2025-06-30"}, headers=alice).json["validTo"] == "2025-06-30"
    assert audited(app)[-1] == ("unit.update", {"code": "VP-TD-HL", "changed": ["valid_to"]})
    moved = client.patch(one, json={"parentCode": "VP-YL"}, headers=alice).json
    assert moved["parentId"] == units["VP-YL"]
    assert ("VP-YL", "VP-TD-HL") in reach(app) and ("VP-TD", "VP-TD-HL") not in reach(app)
    expect.refused(client.patch("/v1/units/999999", json={}, headers=alice), problems.NOT_FOUND)


def test_a_change_that_breaks_the_tree_is_refused(client: FlaskClient, alice: Headers, units: Numbers) -> None:
    refused = client.patch(f"/v1/units/{units['VP-TD']}", json={"validTo": "2025-06-30"}, headers=alice)
    (error,) = expect.refused(refused, problems.UNITS_NOT_VALID)["errors"]
    assert (error["code"], error["reason"], error["column"]) == ("VP-TD-HL", "parent_ends", "valid_to")
    again = {"code": "VP", "levelCode": "province", "nameVi": "Lần nữa", "validFrom": "2012-01-01"}
    expect.refused(client.post("/v1/units", json=again, headers=alice), problems.UNITS_NOT_VALID)


def test_provinces_are_merged(client: FlaskClient, app: Flask, alice: Headers, units: Numbers, load: Load) -> None:
    """As on 1 July 2025: the districts ended before, what was below them goes on below the new province."""
    load(f"{HEAD}\nPT,,province,tỉnh,Phú Thọ,,2010-01-01,,,\n")
    pt = numbers(client, alice)["PT"]
    given = {"unitIds": [units["VP"], pt], "on": "2025-07-01"}
    into = {"code": "PT", "levelCode": "province", "typeLabel": "tỉnh", "nameVi": "Phú Thọ"}
    made = client.post("/v1/units/merge", json=given | {"into": into}, headers=alice).json
    assert (made["code"], made["validFrom"]) == ("PT", "2025-07-01") and made["id"] != pt
    assert client.get(f"/v1/units/{units['VP']}", headers=alice).json["successorCodes"] == ["PT"]
    after = numbers(client, alice, "?on=2025-07-01")
    assert set(after) == {"PT", "VP-TD", "VP-TD-HL", "VP-YL", "VP-YL-YL"}
    assert after["VP-TD-HL"] != units["VP-TD-HL"]
    with app.app_context():
        found = set(db.session.scalars(select(UnitReach.within_id).where(UnitReach.unit_id == made["id"])))
    assert {units["VP"], units["VP-TD-HL"], after["VP-TD-HL"]} < found
    assert audited(app)[-1][0] == "unit.merge"


def test_one_takes_in_another(client: FlaskClient, app: Flask, alice: Headers, units: Numbers, load: Load) -> None:
    load(f"{HEAD}\nVP-TD-X,VP-TD,commune,xã,Xã khác,,2010-01-01,,,\n")
    taken = numbers(client, alice)["VP-TD-X"]
    given = {"unitIds": [taken], "on": "2020-01-01", "into": {"code": "VP-TD-HL"}}
    assert client.post("/v1/units/merge", json=given, headers=alice).json["id"] == units["VP-TD-HL"]
    assert ("VP-TD-HL", "VP-TD-X") in reach(app)
    given = {"unitIds": [units["VP-TD-HL"]], "on": "2021-01-01", "into": {"code": "NEU", "levelCode": "commune"}}
    expect.refused(client.post("/v1/units/merge", json=given, headers=alice), problems.UNITS_NOT_VALID)
    expect.refused(
        client.post("/v1/units/merge", json=given | {"unitIds": [999999]}, headers=alice), problems.NOT_FOUND
    )


def test_a_unit_is_split(client: FlaskClient, app: Flask, alice: Headers, units: Numbers) -> None:
    part = {"levelCode": "commune", "nameVi": "Phần", "parentCode": "VP-TD"}
    into = [part | {"code": "HL-1"}, part | {"code": "HL-2"}]
    address = f"/v1/units/{units['VP-TD-HL']}/split"
    made = client.post(address, json={"on": "2020-01-01", "into": into}, headers=alice).json
    assert [unit["code"] for unit in made] == ["HL-1", "HL-2"]
    found = reach(app)
    assert {("VP-TD", "VP-TD-HL"), ("VP-TD", "HL-1")} < found
    assert not {("HL-1", "VP-TD-HL"), ("HL-2", "VP-TD-HL"), ("VP-TD-HL", "HL-1")} & found
    refused = client.post(f"/v1/units/{units['VP']}/split", json={"on": "2020-01-01", "into": into}, headers=alice)
    reasons = [error["reason"] for error in expect.refused(refused, problems.UNITS_NOT_VALID)["errors"]]
    assert reasons == ["below", "below"]


def test_a_file_is_tried_then_taken(client: FlaskClient, app: Flask, alice: Headers, load: Load) -> None:
    tried = load("\ufeff" + FILE, "?dryRun=true")
    assert tried.json == {
        "added": ["VP", "VP-TD", "VP-TD-HL", "VP-YL", "VP-YL-YL"], "changed": [], "unchanged": 0, "dryRun": True
    }  # fmt: skip
    assert client.get("/v1/units", headers=alice).json == [] and audited(app) == []
    assert len(load(FILE).json["added"]) == 5
    assert audited(app) == [("unit.import", {"added": 5, "changed": 0})]
    exported = client.get("/v1/units.csv", headers=alice)
    assert exported.content_type.startswith("text/csv") and exported.data.startswith("\ufeff".encode())
    same = load(exported.text)
    assert same.json == {"added": [], "changed": [], "unchanged": 5, "dryRun": False}
    changed = load(FILE.replace("xã,Hoàng Lâu", "phường,Hoàng Lâu"))
    assert changed.json["changed"] == ["VP-TD-HL"] and changed.json["unchanged"] == 4


def test_of_a_file_with_errors_nothing_is_taken(client: FlaskClient, alice: Headers, load: Load) -> None:
    wrong = FILE + "A,NONE,commune,xã,A,,2010-01-01,,,\nB,VP,commune,xã,=B,,2010-01-01,,,\n"
    problem = expect.refused(load(wrong), problems.UNITS_NOT_VALID)
    errors = problem["errors"]
    assert [(error["row"], error["column"], error["reason"]) for error in errors] == [
        (7, "parent_code", "parent"),
        (8, "name_vi", "formula"),
    ]
    assert problem["count"] == 2
    assert client.get("/v1/units", headers=alice).json == []
    vietnamese = load(wrong, headers=alice | {"Accept-Language": "vi"}).json["details"]["errors"]
    assert vietnamese[0]["message"] != errors[0]["message"] and "NONE" in vietnamese[0]["message"]
    expect.refused(load("", headers=alice), problems.TABLE_UNREADABLE)
    expect.refused(load("code,name_vi,valid_from\nA,A,2010-01-01\n"), problems.COLUMN_MISSING)


def test_ten_thousand_units(app: Flask, client: FlaskClient, alice: Headers, load: Load) -> None:
    lines = [HEAD, "P,,province,tỉnh,Tỉnh,,2010-01-01,,,"]
    for district in range(40):
        lines.append(f"D{district},P,district,huyện,Huyện {district},,2010-01-01,,,")
        lines += [f"C{district}-{each},D{district},commune,xã,Xã {each},,2010-01-01,,," for each in range(250)]
    assert len(load("\n".join(lines)).json["added"]) == 10_041
    with app.app_context():
        assert len(db.session.execute(select(UnitReach.unit_id)).all()) == 1 + 40 * 2 + 10_000 * 3
    assert load("\n".join(lines)).json["unchanged"] == 10_041


# Roles.


def test_the_roles_of_the_programme(client: FlaskClient, cast: Cast) -> None:
    found = client.get("/v1/unit-roles", headers=cast.charlie.bearer).json
    assert {role["system"] for role in found} >= {"volunteer", "team_lead", "province_manager", "privacy_officer"}
    lead = next(role for role in found if role["system"] == "team_lead")
    assert (lead["name"], lead["nameVi"]) == ("Team lead", "Tổ trưởng Tổ công tác")
    assert "submission.update" in lead["verbs"] and not lead["whole"]
    assert client.get("/v1/unit-roles/team_lead", headers=cast.charlie.bearer).json == lead
    expect.refused(client.get("/v1/unit-roles/admin", headers=cast.charlie.bearer), problems.NOT_FOUND)
    expect.refused(client.get("/v1/unit-roles"), problems.INSUFFICIENT_RIGHTS)


def test_a_role_is_given_on_a_unit_and_taken_back(
    client: FlaskClient, app: Flask, cast: Cast, alice: Headers, units: Numbers
) -> None:
    place = f"/v1/units/{units['VP-TD']}/assignments"
    one = f"{place}/team_lead/{cast.charlie.id}"
    assert client.post(one, headers=alice).json == {"success": True}
    expect.refused(client.post(one, headers=alice), problems.UNIQUENESS)
    (held,) = client.get(place, headers=alice).json
    assert held == {
        "actorId": cast.charlie.id, "role": "team_lead", "unitId": units["VP-TD"], "projectId": None
    }  # fmt: skip
    assert client.get(f"{place}/board", headers=alice).json == []
    assert set(numbers(client, cast.charlie.bearer)) == {"VP-TD", "VP-TD-HL"}
    expect.refused(client.get(f"/v1/units/{units['VP']}", headers=cast.charlie.bearer), problems.NOT_FOUND)
    assert client.delete(one, headers=alice).json == {"success": True}
    assert numbers(client, cast.charlie.bearer) == {}
    expect.refused(client.delete(one, headers=alice), problems.NOT_FOUND)
    assert audited(app)[-2:] == [
        ("unit.assignment.create", {"role": "team_lead"}),
        ("unit.assignment.delete", {"role": "team_lead"}),
    ]


def test_who_gives_roles(client: FlaskClient, cast: Cast, alice: Headers, units: Numbers) -> None:
    """A manager within her project; nobody more than she holds herself."""
    place = f"/v1/units/{units['VP-TD']}/assignments"
    one = f"{place}/volunteer/{cast.charlie.id}"
    expect.refused(client.post(one, headers=cast.bob.bearer), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.get(place, headers=cast.bob.bearer), problems.INSUFFICIENT_RIGHTS)
    assert client.post(f"{one}?projectId=1", headers=cast.bob.bearer).status_code == 200
    expect.refused(client.post(f"{one}?projectId=2", headers=cast.bob.bearer), problems.INSUFFICIENT_RIGHTS)
    expect.refused(client.post(f"{one}?projectId=1", headers=cast.vy.bearer), problems.INSUFFICIENT_RIGHTS)
    assert [held["projectId"] for held in client.get(f"{place}?projectId=1", headers=cast.bob.bearer).json] == [1]
    names = {project["id"] for project in client.get("/v1/projects", headers=cast.charlie.bearer).json}
    assert names == {1}
    expect.refused(
        client.post(f"/v1/units/999999/assignments/volunteer/{cast.charlie.id}", headers=alice), problems.NOT_FOUND
    )
    expect.refused(client.post(f"{place}/volunteer/999999", headers=alice), problems.NOT_FOUND)
    expect.refused(client.post(f"{place}/admin/{cast.charlie.id}", headers=alice), problems.NOT_FOUND)


def test_roles_of_the_whole_installation(client: FlaskClient, cast: Cast, alice: Headers, units: Numbers) -> None:
    one = f"/v1/unit-roles/privacy_officer/{cast.charlie.id}"
    assert client.post(one, headers=alice).json == {"success": True}
    expect.refused(
        client.post(f"/v1/units/{units['VP']}/assignments/sysadmin/{cast.charlie.id}", headers=alice),
        problems.NOT_FOUND,
    )
    expect.refused(client.post(f"/v1/unit-roles/volunteer/{cast.charlie.id}", headers=alice), problems.NOT_FOUND)
    expect.refused(client.post(f"/v1/unit-roles/sysadmin/{cast.device.id}", headers=alice), problems.NOT_FOUND)
    (held,) = client.get("/v1/unit-roles/privacy_officer/assignments", headers=alice).json
    assert held["actorId"] == cast.charlie.id and held["unitId"] is None
    assert len(numbers(client, cast.charlie.bearer)) == 5
    assert client.delete(one, headers=alice).json == {"success": True}


def test_the_role_of_an_app_user_holds_in_her_project(
    client: FlaskClient, cast: Cast, alice: Headers, units: Numbers
) -> None:
    place = f"/v1/units/{units['VP-TD']}/assignments"
    assert client.post(f"{place}/volunteer/{cast.device.id}", headers=alice).status_code == 200
    assert [held["projectId"] for held in client.get(place, headers=alice).json] == [1]
    expect.refused(client.post(f"{place}/volunteer/{cast.device.id}?projectId=1", headers=alice), problems.UNIQUENESS)
    expect.refused(client.post(f"{place}/volunteer/{cast.device.id}?projectId=2", headers=alice), problems.NOT_FOUND)

"""Roles go where their units go: at a merge, at the end of a unit, and later where the day had not come yet."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook

from server.actions import maintain, unit_moves
from server.db import now
from tests.cast import Cast, Headers
from tests.conftest import Publish, Send
from tests.phone import Published
from tests.server.api.conftest import HEAD, Load, Numbers, audited, numbers

ROLES = "/v1/units/{}/assignments"


def holders(client: FlaskClient, who: Headers, unit_id: int) -> set[tuple[int, str]]:
    found = client.get(ROLES.format(unit_id), headers=who).json
    return {(held["actorId"], held["role"]) for held in found}


def give(client: FlaskClient, who: Headers, unit_id: int, role: str, actor_id: int) -> None:
    assert client.post(f"{ROLES.format(unit_id)}/{role}/{actor_id}", headers=who).status_code == 200


@pytest.fixture
def two(client: FlaskClient, alice: Headers, units: Numbers, load: Load) -> Numbers:
    """Two communes beside each other, and who works there."""
    load(f"{HEAD}\nVP-TD-X,VP-TD,commune,xã,Xã khác,,2010-01-01,,,\n")
    return numbers(client, alice)


MERGE = {"into": {"code": "MOI", "levelCode": "commune", "nameVi": "Xã Mới", "parentCode": "VP-TD"}}


def test_who_works_for_merged_communes_works_for_the_new_one(
    client: FlaskClient, app: Flask, cast: Cast, alice: Headers, two: Numbers
) -> None:
    old, other = two["VP-TD-HL"], two["VP-TD-X"]
    for unit_id in (old, other):  # who held it on both holds it once
        give(client, alice, unit_id, "team_lead", cast.charlie.id)
    give(client, alice, other, "board", cast.minh.id)
    given = MERGE | {"unitIds": [old, other], "on": "2025-07-01"}
    made = client.post("/v1/units/merge", json=given, headers=alice).json["id"]
    assert holders(client, alice, made) == {(cast.charlie.id, "team_lead"), (cast.minh.id, "board")}
    assert holders(client, alice, old) == holders(client, alice, other) == set()
    assert {"MOI", "VP-TD-HL", "VP-TD-X"} <= set(numbers(client, cast.charlie.bearer, ""))
    told = [entry for entry in audited(app) if "movedTo" in entry[1] or "movedFrom" in entry[1]]
    assert told == [
        ("unit.assignment.delete", {"role": "team_lead", "movedTo": made}),
        ("unit.assignment.create", {"role": "team_lead", "movedFrom": old}),
        ("unit.assignment.delete", {"role": "team_lead", "movedTo": made}),
        ("unit.assignment.delete", {"role": "board", "movedTo": made}),
        ("unit.assignment.create", {"role": "board", "movedFrom": other}),
    ]


def test_what_lay_below_keeps_its_people(client: FlaskClient, cast: Cast, alice: Headers, two: Numbers) -> None:
    give(client, alice, two["VP-TD-HL"], "team_lead", cast.charlie.id)
    into = {"code": "H", "levelCode": "district", "nameVi": "Huyện Mới", "parentCode": "VP"}
    given = {"unitIds": [two["VP-TD"], two["VP-YL"]], "on": "2025-07-01", "into": into}
    assert client.post("/v1/units/merge", json=given, headers=alice).status_code == 200
    after = numbers(client, alice, "?on=2025-07-01")["VP-TD-HL"]
    assert after != two["VP-TD-HL"]
    assert holders(client, alice, after) == {(cast.charlie.id, "team_lead")}


def test_a_phone_sends_for_the_new_unit(
    client: FlaskClient, cast: Cast, alice: Headers, two: Numbers, publish: Publish, send: Send
) -> None:
    form: Published = publish("| survey | | | |\n| | type | name | label |\n| | text | who | Ai? |")
    give(client, alice, two["VP-TD-HL"], "volunteer", cast.device.id)
    given = MERGE | {"unitIds": [two["VP-TD-HL"], two["VP-TD-X"]], "on": "2025-07-01"}
    made = client.post("/v1/units/merge", json=given, headers=alice).json["id"]
    give(client, alice, made, "team_lead", cast.charlie.id)
    assert send(form.submission()).status_code == 201
    assert len(client.get(f"{form.url}/submissions", headers=cast.charlie.bearer).json) == 1


def test_a_merge_that_is_yet_to_come_moves_them_on_its_day(
    client: FlaskClient, app: Flask, cast: Cast, alice: Headers, two: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, on = two["VP-TD-HL"], now().date() + timedelta(days=30)
    give(client, alice, old, "team_lead", cast.charlie.id)
    given = MERGE | {"unitIds": [old, two["VP-TD-X"]], "on": on.isoformat()}
    made = client.post("/v1/units/merge", json=given, headers=alice).json["id"]
    assert holders(client, alice, old) == {(cast.charlie.id, "team_lead")}
    with app.app_context():
        assert maintain.move_roles() == "roles on units that went into others: 0 moved"
        monkeypatch.setattr(unit_moves, "now", lambda: now() + timedelta(days=30))
        assert maintain.move_roles() == "roles on units that went into others: 1 moved"
        assert maintain.move_roles() == "roles on units that went into others: 0 moved"
    assert holders(client, alice, made) == {(cast.charlie.id, "team_lead")}


def test_whose_unit_is_split_stays_until_somebody_says_where(
    client: FlaskClient, cast: Cast, alice: Headers, two: Numbers
) -> None:
    old = two["VP-TD-HL"]
    give(client, alice, old, "team_lead", cast.charlie.id)
    part = {"levelCode": "commune", "nameVi": "Phần", "parentCode": "VP-TD"}
    into = [part | {"code": "HL-1"}, part | {"code": "HL-2"}]
    made = client.post(f"/v1/units/{old}/split", json={"on": "2020-01-01", "into": into}, headers=alice).json
    assert holders(client, alice, old) == {(cast.charlie.id, "team_lead")}
    assert [holders(client, alice, each["id"]) for each in made] == [set(), set()]


def test_a_table_moves_them_too(client: FlaskClient, cast: Cast, alice: Headers, two: Numbers, load: Load) -> None:
    give(client, alice, two["VP-TD-HL"], "team_lead", cast.charlie.id)
    ended = "VP-TD-HL,VP-TD,commune,xã,Hoàng Lâu,,2010-01-01,2025-06-30,VP-TD-X,true\n"
    assert load(f"{HEAD}\n{ended}").json["changed"] == ["VP-TD-HL"]
    assert holders(client, alice, two["VP-TD-X"]) == {(cast.charlie.id, "team_lead")}


def test_a_workbook_is_as_good_as_a_csv_file(client: FlaskClient, alice: Headers) -> None:
    book, file = Workbook(), BytesIO()
    sheet = book.worksheets[0]
    for row in (("Mã", "Cấp", "Tên", "Từ ngày", "Trọng điểm"), ("VP", "province", "Vĩnh Phúc", "01/07/2025", True)):
        sheet.append(row)
    book.save(file)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    sent = {"data": file.getvalue(), "content_type": kind, "headers": alice}
    assert client.post("/v1/units/import", **sent).json["added"] == ["VP"]
    (made,) = client.get("/v1/units", headers=alice).json
    assert (made["nameVi"], made["validFrom"], made["isHotspot"]) == ("Vĩnh Phúc", "2025-07-01", True)

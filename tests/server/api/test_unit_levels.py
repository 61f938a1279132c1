"""Levels of units by REST: as a preset has them, or as the office names them; never pulled from under its units."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.server.api.conftest import HEAD, Load, Numbers, audited

LEVELS = "/v1/unit-levels"
PRESETS = f"{LEVELS}/presets"
HAMLET = {
    "code": "hamlet",
    "rank": 5,
    "nameVi": "Thôn",
    "nameEn": "Hamlet",
    "types": ["thôn", "ấp"],
    "above": ["commune"],
}


def codes(client: FlaskClient, cast: Cast) -> dict[str, int]:
    return {level["code"]: level["rank"] for level in client.get(LEVELS, headers=cast.charlie.bearer).json}


def reasons(client: FlaskClient, method: str, path: str, cast: Cast, body: object = None) -> set[str]:
    answer = client.open(path, method=method, json=body, headers=cast.alice.bearer)
    return {error["reason"] for error in expect.refused(answer, problems.UNITS_NOT_VALID)["errors"]}


def test_levels_before_anybody_chose(client: FlaskClient, cast: Cast) -> None:
    found = client.get(LEVELS, headers=cast.charlie.bearer).json
    assert [level["code"] for level in found] == ["province", "district", "commune", "team"]
    assert found[0] == {
        "code": "province", "rank": 1, "nameVi": "Cấp tỉnh", "nameEn": "Province", "types": ["tỉnh", "thành phố"],
        "above": [],
    }  # fmt: skip
    expect.refused(client.get(LEVELS), problems.INSUFFICIENT_RIGHTS)


def test_a_level_is_added_renamed_and_deleted(client: FlaskClient, app: Flask, cast: Cast) -> None:
    assert client.post(LEVELS, json=HAMLET, headers=cast.alice.bearer).json == HAMLET
    renamed = client.patch(f"{LEVELS}/hamlet", json={"nameVi": "  Thôn, ấp "}, headers=cast.alice.bearer).json
    assert renamed == HAMLET | {"nameVi": "Thôn, ấp"}
    assert list(codes(client, cast)) == ["province", "district", "commune", "hamlet", "team"]
    assert client.delete(f"{LEVELS}/hamlet", headers=cast.alice.bearer).json == {"success": True}
    assert "hamlet" not in codes(client, cast)
    assert audited(app) == [
        ("unit.level.create", {"code": "hamlet"}),
        ("unit.level.update", {"code": "hamlet", "changed": ["name_vi"]}),
        ("unit.level.delete", {"code": "hamlet"}),
    ]


def test_tables_are_checked_against_the_levels(client: FlaskClient, cast: Cast, units: Numbers, load: Load) -> None:
    table = f"{HEAD}\nVP-TD-HL-1,{{}},hamlet,thôn,Một,,2010-01-01,,,\n"
    problem = expect.refused(load(table.format("VP-TD-HL")), problems.UNITS_NOT_VALID)
    assert [error["reason"] for error in problem["errors"]] == ["level"]
    client.post(LEVELS, json=HAMLET, headers=cast.alice.bearer)
    problem = expect.refused(load(table.format("VP-TD")), problems.UNITS_NOT_VALID)
    assert [(error["row"], error["reason"]) for error in problem["errors"]] == [(2, "parent_kind")]
    assert load(table.format("VP-TD-HL")).json["added"] == ["VP-TD-HL-1"]
    assert reasons(client, "DELETE", f"{LEVELS}/hamlet", cast) == {"level_used"}
    assert "VP-TD-HL-1,VP-TD-HL,hamlet" in client.get("/v1/units.csv", headers=cast.alice.bearer).text


def test_what_breaks_the_tree_is_refused(client: FlaskClient, cast: Cast, units: Numbers) -> None:
    before = client.get(LEVELS, headers=cast.alice.bearer).json
    assert reasons(client, "DELETE", f"{LEVELS}/commune", cast) == {"level_used"}
    assert reasons(client, "PATCH", f"{LEVELS}/district", cast, {"rank": 3}) == {"parent_level"}
    assert reasons(client, "PATCH", f"{LEVELS}/commune", cast, {"above": ["province"]}) == {"parent_kind"}
    assert reasons(client, "PATCH", f"{LEVELS}/commune", cast, {"rank": 0}) == {"rank"}
    assert reasons(client, "POST", LEVELS, cast, HAMLET | {"code": "commune"}) == {"level_there"}
    assert reasons(client, "POST", LEVELS, cast, HAMLET | {"code": "a b"}) == {"code"}
    assert client.get(LEVELS, headers=cast.alice.bearer).json == before
    gone = client.delete(f"{LEVELS}/none", headers=cast.alice.bearer)
    expect.refused(gone, problems.NOT_FOUND)


def test_a_preset_is_chosen(client: FlaskClient, app: Flask, cast: Cast) -> None:
    two = client.get(PRESETS, headers=cast.charlie.bearer).json["vn_two_tier"]
    assert [(level["code"], level["rank"]) for level in two] == [("province", 1), ("commune", 2), ("team", 9)]
    assert client.post(f"{PRESETS}/vn_two_tier", headers=cast.alice.bearer).json == two
    assert client.get(LEVELS, headers=cast.charlie.bearer).json == two
    assert audited(app) == [("unit.level.choose", {"preset": "vn_two_tier"})]
    expect.refused(client.post(f"{PRESETS}/other", headers=cast.alice.bearer), problems.NOT_FOUND)


def test_a_preset_leaves_what_units_are_of(client: FlaskClient, cast: Cast, units: Numbers) -> None:
    assert client.post(f"{PRESETS}/vn_two_tier", headers=cast.alice.bearer).status_code == 200
    assert codes(client, cast) == {"province": 1, "district": 2, "commune": 3, "team": 9}


def test_only_administrators_change_levels(client: FlaskClient, cast: Cast) -> None:
    for who in (cast.bob.bearer, cast.charlie.bearer, {}):
        for method, path in (
            ("POST", LEVELS), ("PATCH", f"{LEVELS}/team"), ("DELETE", f"{LEVELS}/team"),
            ("POST", f"{PRESETS}/vn_two_tier"),
        ):  # fmt: skip
            answer = client.open(path, method=method, json=HAMLET, headers=who)
            expect.refused(answer, problems.INSUFFICIENT_RIGHTS)

"""Levels of units on their page."""

from __future__ import annotations

from tests.cast import Cast
from tests.server.web.conftest import Visit
from tests.server.web.test_units import upload

LEVELS = "/units/levels"
NEW = {"code": "hamlet", "name_vi": "Thôn", "name_en": "Hamlet", "rank": "5", "types": "thôn; ấp", "above": ["commune"]}


def test_a_level_is_added_renamed_and_deleted(visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.alice)
    assert LEVELS in visitor.get("/units").text
    assert visitor.post(LEVELS, NEW).location == LEVELS
    page = visitor.get(LEVELS).text
    assert "5 · Hamlet" in page and "thôn, ấp" in page and "The level is saved." in page
    assert visitor.post(f"{LEVELS}/hamlet", {**NEW, "name_en": "Village"}).location == LEVELS
    assert "5 · Village" in visitor.get(LEVELS).text
    assert "5 · Thôn" in visit(cast.alice, "vi").get(LEVELS).text
    assert ">Village</option>" in visitor.get("/units").text
    assert visitor.post(f"{LEVELS}/hamlet/delete").location == LEVELS
    assert "Village" not in visitor.get(LEVELS).text


def test_a_level_that_is_used_stays(visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.alice)
    upload(visitor)
    page = visitor.get(LEVELS).text
    assert "2 units" in page and "It cannot be deleted while there are units of it." in page
    refused = visitor.post(f"{LEVELS}/commune/delete")
    assert refused.status_code == 400 and "cannot be deleted" in refused.text
    refused = visitor.post(f"{LEVELS}/commune", {"name_vi": "Xã", "rank": "1"})
    assert refused.status_code == 400 and "Nothing was changed" in refused.text
    assert visitor.post(f"{LEVELS}/none", NEW).status_code == 404


def test_a_preset_is_chosen(visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.alice)
    assert "Two tiers" in visitor.get(LEVELS).text
    assert visitor.post("/units/levels-preset", {"preset": "vn_two_tier"}).location == LEVELS
    page = visitor.get(LEVELS).text
    assert "2 · Commune" in page and "District" not in page and "Two tiers" not in page
    assert "Three tiers" in page
    assert visitor.post("/units/levels-preset", {"preset": "x"}).status_code == 404


def test_who_may_not(visit: Visit, cast: Cast) -> None:
    other = visit(cast.bob)
    paths = (LEVELS, f"{LEVELS}/team", f"{LEVELS}/team/delete", "/units/levels-preset")
    assert [other.post(path, NEW).status_code for path in paths] == [403] * 4
    assert other.get(LEVELS).status_code == 403 and LEVELS not in other.get("/units").text

"""Units that become one or several, and who works where: asked first, and said afterwards."""

from __future__ import annotations

import pytest
from flask import Flask

from server.actions import unit_roles, units
from server.permissions import CONSOLE
from tests.cast import Cast
from tests.server.web.conftest import Visit, Visitor
from tests.server.web.test_units import number, upload

MERGE = {"others": "C2", "on": "01/07/2025", "code": "C9", "name_vi": "Xã Chín", "level_code": "commune"}
NAMES = {"code": ["C7", "C8", "", ""], "name_vi": ["Xã Bảy", "Xã Tám", "", ""], "name_en": ["", "", "", ""]}


@pytest.fixture
def office(visit: Visit, cast: Cast) -> Visitor:
    """An administrator in front of a tree."""
    visitor = visit(cast.alice)
    upload(visitor)
    return visitor


def test_merging_is_looked_at_and_then_done(office: Visitor, cast: Cast) -> None:
    first = number(office, "Commune One")
    office.post(f"{first}/people", {"person": cast.charlie.id, "role": "team_lead"})
    asked = office.get(f"{first}/merge").text
    assert "Several with spaces or commas" in asked and "<strong>C2</strong>" in asked and 'value="xã"' in asked
    given = MERGE | {"parent_code": "P1"}
    shown = office.post(f"{first}/merge", given)
    assert shown.status_code == 200 and "What would change on 01/07/2025" in shown.text
    assert all(each in shown.text for each in ("Commune One (C1)", "Commune Two (C2)", "Charlie: Team lead", "(C9)"))
    assert "until" not in office.get(first).text  # nothing yet
    moved = office.post(f"{first}/merge", given | {"sure": "1"})
    page = office.get(moved.location).text
    assert "Xã Chín" in page and "It came from:" in page and "Charlie" in page
    assert "Commune One (C1)" in page and "Commune Two (C2)" in page
    page = office.get(first).text
    assert "until 30/06/2025" in page and "It went into:" in page and f'href="{moved.location}"' in page
    assert "Give the role" not in page and "Add a unit below it" not in page and "Merge or split" not in page


def test_what_was_typed_for_merging_is_kept(office: Visitor) -> None:
    first = number(office, "Commune One")
    refused = office.post(f"{first}/merge", MERGE | {"others": "C7, C2", "parent_code": "P1"})
    assert refused.status_code == 400 and "The unit C7 is not valid on 01/07/2025" in refused.text
    assert all(f'value="{typed}"' in refused.text for typed in ("C7, C2", "01/07/2025", "C9", "Xã Chín", "P1"))
    refused = office.post(f"{first}/merge", MERGE | {"parent_code": "P7"})
    assert refused.status_code == 400 and "P7" in refused.text


def test_one_commune_becomes_two(office: Visitor) -> None:
    first = number(office, "Commune One")
    assert f'href="{first}/split"' in office.get(first).text and "New unit 4" in office.get(f"{first}/split").text
    refused = office.post(f"{first}/split", {**NAMES, "on": "01/07/2025", "code": ["C7", "", "", ""]})
    assert refused.status_code == 400 and "to split takes two" in refused.text and 'value="Xã Tám"' in refused.text
    assert office.post(f"{first}/split", {**NAMES, "on": "01/07/2025", "parent_code": "P1"}).location == first
    page = office.get(first).text
    assert "It was split into:" in page and "Xã Bảy (C7)" in page and "The unit is split." in page
    assert "It went into:" not in page and f"{first}/split" not in page
    made = office.get(number(office, "Xã Tám")).text
    assert "It came from:" in made and f'href="{first}"' in made


def test_what_stands_in_the_way_of_splitting_is_said(office: Visitor) -> None:
    province = number(office, "Province One")
    assert f'href="{province}/split"' in office.get(province).text
    page = office.get(f"{province}/split").text
    assert "Units still lie below it" in page and "Commune Two (C2)" in page and 'name="on"' not in page


def test_a_role_is_taken_away_after_a_question(app: Flask, office: Visitor, visit: Visit, cast: Cast) -> None:
    path = number(office, "Commune One")
    given = {"person": cast.charlie.id, "role": "team_lead"}
    assert office.post(f"{path}/people", given).location == path
    assert office.post(f"{path}/people", given).location == path  # twice is as once
    page = office.get(path).text
    assert "Charlie now has the role Team lead on Commune One." in page and "Leads a team" in page
    assert office.get(path).text.count("now has the role") == 0  # said once
    seen = visit(cast.charlie).get("/units").text
    assert "Commune One" in seen and "Province One" not in seen and "Commune Two" not in seen
    assert visit(cast.charlie).get(number(office, "Commune Two")).status_code == 404
    asked = office.get(f"{path}/people/remove", query_string=given).text
    assert all(each in asked for each in ("Charlie", "Team lead", "Commune One", "no longer sees"))
    assert "belongs to no unit" not in asked
    assert office.post(f"{path}/people/remove", given).location == path
    assert "Charlie no longer has the role Team lead on Commune One." in office.get(path).text
    assert office.get(f"{path}/people/remove", query_string=given).status_code == 404
    with app.app_context():
        (commune,) = [each for each in units.list_all(CONSOLE) if each.unit.code == "C1"]
        assert unit_roles.assignments(CONSOLE, commune.id) == []


def test_what_it_means_for_a_phone(office: Visitor, visit: Visit, cast: Cast) -> None:
    path = number(office, "Commune One")
    given = {"person": cast.device.id, "role": "volunteer", "project": "1"}
    office.post(f"{path}/people", given)
    assert "&amp;project=1" in office.get(path).text
    asked = office.get(f"{path}/people/remove", query_string=given).text
    assert (
        "Máy của Lan" in asked
        and "belongs to no unit" in asked
        and "the supervisor of this unit will not see it" in asked
    )
    assert visit(cast.charlie).get(f"{path}/people/remove", query_string=given).status_code == 403
    assert office.post(f"{path}/people/remove", given).location == path
    assert "Máy của Lan no longer has the role Volunteer on Commune One." in office.get(path).text


def test_a_notice_that_is_not_ours_is_not_said(office: Visitor) -> None:
    office.client.set_cookie("notice", "unit_taken.gAAAAABm")
    assert "no longer has the role" not in office.get("/units").text


def test_who_may_not(office: Visitor, visit: Visit, cast: Cast) -> None:
    path = number(office, "Commune One")
    for ending in ("merge", "split"):
        assert visit(cast.bob).get(f"{path}/{ending}").status_code == 403
        assert visit(cast.bob).post(f"{path}/{ending}", MERGE).status_code == 403

"""The time of the phone: its end, its start, the arrival, and where these say different things."""

from datetime import datetime, timedelta

import pytest

BORN = """
    | survey   |       |       |       |              |
    |          | type  | name  | label | constraint   |
    |          | start | start |       |              |
    |          | end   | end   |       |              |
    |          | date  | born  | Born  | . <= today() |
"""
TIMELESS = """
    | survey |         |        |        |                                     |              |
    |        | type    | name   | label  | constraint                          | relevant     |
    |        | date    | born   | Born   | . <= today()                        |              |
    |        | date    | visit  | Visit  | . <= today() and . >= today() - 7   |              |
    |        | date    | same   | Same   | . = today()                         |              |
    |        | text    | office | Office | format-date(now(), '%H') >= 8 and format-date(now(), '%H') < 17 | |
"""
ARRIVED = datetime.fromisoformat("2026-11-23T21:00:00+07:00")
BROKEN = ("constraint.broken", "/data/born")


def born(day, end="", start=""):
    return f"<start>{start}</start><end>{end}</end><born>{day}</born>"


@pytest.mark.parametrize(
    ("day", "is_found"), [("2026-11-22", False), ("2026-11-23", False), ("2026-11-24", True), ("2027-11-24", True)]
)
def test_today_is_the_day_of_the_end(published, found, day, is_found):
    inside = born(day, "2026-11-23T20:30:00.000+07:00", "2026-11-23T20:00:00.000+07:00")
    assert found(published(BORN), inside) == ([BROKEN] if is_found else [])


def test_without_an_end_it_is_the_start(published, found):
    start = "2026-11-23T20:30:00.000+07:00"
    assert found(published(BORN), born("2026-11-24", start=start)) == [BROKEN]
    assert found(published(BORN), born("2026-11-23", start=start)) == []


def test_near_midnight_the_offset_of_the_phone_decides(published, found):
    in_vietnam, in_london = "2026-11-23T23:50:00.000+07:00", "2026-11-23T16:50:00.000Z"
    assert found(published(BORN), born("2026-11-24", in_vietnam)) == [BROKEN]
    assert found(published(BORN), born("2026-11-24", "2026-11-24T00:10:00.000+07:00")) == []
    assert found(published(BORN), born("2026-11-24", in_london)) == [BROKEN]


def test_a_form_that_was_open_over_midnight_has_two_days(published, found):
    start, end = "2026-11-23T23:50:00.000+07:00", "2026-11-24T00:10:00.000+07:00"
    assert found(published(BORN), born("2026-11-24", end, start)) == []
    assert found(published(BORN), born("2026-11-25", end, start)) == [BROKEN]


@pytest.mark.parametrize("phone", ["2026-11-13", "2026-12-03"])
def test_a_clock_days_away_from_the_arrival_finds_only_what_is_wrong_by_both(published, found, phone):
    end = f"{phone}T20:30:00.000+07:00"
    assert found(published(BORN), born("2026-11-20", end)) == []
    assert found(published(BORN), born("2026-12-01", end)) == ([BROKEN] if phone < "2026-12" else [])
    assert found(published(BORN), born("2027-12-01", end)) == [BROKEN]


@pytest.mark.parametrize("end", ["1970-01-01T07:00:00.000+07:00", "2099-01-01T07:00:00.000+07:00"])
def test_a_clock_that_was_never_set_finds_nothing(published, found, end):
    assert found(published(BORN), born("2150-01-01", end)) == []


def test_a_submission_without_start_and_end_may_have_waited_on_the_phone(published, found):
    form = published(TIMELESS)
    assert found(form, "<visit>2026-11-20</visit><same>2026-11-20</same><office>x</office>") == []
    assert found(form, "<visit>2026-08-01</visit><same>2026-08-01</same>") == []


def test_what_no_day_allows_is_found_without_start_and_end(published, found):
    inside = "<born>2026-11-26</born><visit>2026-11-26</visit><same>2026-11-26</same>"
    assert found(published(TIMELESS), inside) == [
        ("constraint.broken", "/data/born"),
        ("constraint.broken", "/data/visit"),
        ("constraint.broken", "/data/same"),
    ]


def test_where_nothing_is_known_of_the_time_nothing_is_found(published, found):
    assert found(published(TIMELESS), "<born>2150-01-01</born>", at=None, zone=None) == []


def test_without_any_zone_a_day_more_or_less_is_no_finding(published, found):
    assert found(published(TIMELESS), "<born>2026-11-24</born>", zone=None) == []
    assert found(published(TIMELESS), "<born>2026-11-26</born>", zone=None) == [BROKEN]


@pytest.mark.parametrize("later", [0, 3, 300])
def test_a_submission_edited_later_is_judged_by_its_own_end(published, found, later):
    inside = born("2026-11-23", "2026-11-23T20:30:00.000+07:00")
    assert found(published(BORN), inside, at=ARRIVED + timedelta(days=later)) == []
    future = born("2028-01-01", "2026-11-23T20:30:00.000+07:00")
    assert found(published(BORN), future, at=ARRIVED + timedelta(days=later)) == [BROKEN]


@pytest.mark.parametrize("end", ["soon", "2026-11-23", "2026-11-23T10:30:.", "9" * 5000 + "-01-01T00:00:00", "T"])
def test_an_end_that_is_no_time_is_as_none(published, found, end):
    codes = found(published(BORN), born("2026-11-20", end))
    assert [code for code, _ in codes if code != "type.dateTime"] == []

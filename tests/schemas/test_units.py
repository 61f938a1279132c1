"""The dated tree: its rules, who reaches whom, its file."""

from __future__ import annotations

from datetime import date

import pytest

from schemas import unit_files, unit_tree
from schemas.unit_tree import Tree
from schemas.units import MESSAGES, PRESETS, Unit, fold

REFORM = date(2025, 7, 1)
HEAD = ",".join(unit_files.COLUMNS)


def unit(
    code: str, level: str, parent: str | None = None, *, since: str = "2010-01-01", until: str = "", to: str = ""
) -> Unit:
    return Unit(
        code=code,
        level_code=level,
        parent_code=parent,
        name_vi=f"Tên {code}",
        valid_from=date.fromisoformat(since),
        valid_to=date.fromisoformat(until) if until else None,
        successor_codes=tuple(to.split()),
    )


VP = [
    unit("VP", "province"),
    unit("VP-TD", "district", "VP"),
    unit("VP-TD-HL", "commune", "VP-TD"),
    unit("VP-YL", "district", "VP"),
    unit("VP-YL-YL", "commune", "VP-YL"),
    unit("VP-YL-YL-T1", "team", "VP-YL-YL"),
]


def who(units: list[Unit], code: str, since: str = "2010-01-01") -> set[str]:
    """The codes of the units that reach one."""
    return {key[0] for key in Tree(units).reach()[code, date.fromisoformat(since)]}


def reasons(*units: Unit) -> list[tuple[str, str]]:
    return [(fault.key[0] if fault.key else "", fault.reason) for fault in Tree(units).faults()]


def test_a_tree_of_three_tiers_and_a_team_is_valid() -> None:
    assert reasons(*VP) == []
    assert [level.code for level in PRESETS["vn_two_tier"]][:2] == ["province", "commune"]


def test_a_unit_is_reached_by_itself_and_all_above_it() -> None:
    assert who(VP, "VP-YL-YL-T1") == {"VP-YL-YL-T1", "VP-YL-YL", "VP-YL", "VP"}
    assert who(VP, "VP") == {"VP"}


def test_what_was_merged_is_reached_by_what_it_went_into_with_all_below_it() -> None:
    old = [
        unit("VP", "province", until="2025-06-30", to="PT"),
        unit("VP-TD", "district", "VP", until="2025-06-30"),
        unit("VP-TD-HL", "commune", "VP-TD", until="2025-06-30", to="HL2"),
    ]
    new = [
        unit("PT", "province"),
        unit("HL2", "commune", "PT", since="2025-07-01"),
        unit("KHAC", "commune", "PT", since="2025-07-01"),
    ]
    assert reasons(*old, *new) == []
    assert who([*old, *new], "VP-TD") == {"VP-TD", "VP", "PT"}
    assert who([*old, *new], "VP-TD-HL") == {"VP-TD-HL", "VP-TD", "VP", "PT", "HL2"}
    assert "VP" not in who([*old, *new], "HL2", "2025-07-01")


def test_what_was_split_is_reached_by_who_reaches_all_parts_and_by_what_was_above_it() -> None:
    units = [
        unit("P", "province"),
        unit("D1", "district", "P"),
        unit("D2", "district", "P"),
        unit("X", "commune", "D1", until="2025-06-30", to="A B"),
        unit("A", "commune", "D1", since="2025-07-01"),
        unit("B", "commune", "D2", since="2025-07-01"),
    ]
    assert reasons(*units) == []
    assert who(units, "X") == {"X", "D1", "P"}


def test_the_same_code_goes_on_under_another_unit() -> None:
    units = [
        unit("P", "province"),
        unit("D1", "district", "P", until="2025-06-30"),
        unit("X", "commune", "D1", until="2025-06-30", to="X"),
        unit("X", "commune", "P", since="2025-07-01"),
    ]
    assert reasons(*units) == []
    reach = Tree(units).reach()
    assert ("X", REFORM) in reach["X", date(2010, 1, 1)]
    numbers = {each.key: number for number, each in enumerate(units)}
    assert (3, 2) in unit_tree.pairs(reach, numbers) and (2, 3) not in unit_tree.pairs(reach, numbers)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (unit("X", "commune", "NONE"), "parent"),
        (unit("X", "district", "VP-TD"), "parent_level"),
        (unit("X", "commune", "X"), "parent_level"),
        (unit("X", "hamlet", "VP-TD"), "level"),
        (unit("X", "commune", "VP-TD", since="2009-12-31"), "parent"),
        (unit("X", "commune", "VP-TD", until="2009-12-31"), "order"),
        (unit("VP", "province", since="2011-01-01"), "overlap"),
        (unit("X", "commune", "VP-TD", to="VP-YL-YL"), "successor_open"),
        (unit("X", "commune", "VP-TD", until="2020-01-01", to="NONE"), "successor"),
        (unit("X Y", "commune", "VP-TD"), "code"),
    ],
)
def test_what_a_tree_does_not_allow(wrong: Unit, reason: str) -> None:
    assert reason in {said for _, said in reasons(*VP, wrong)}


def test_what_lies_below_ends_with_the_unit() -> None:
    closed = [unit("VP", "province", until="2025-06-30"), *VP[1:]]
    assert ("VP-TD", "parent_ends") in reasons(*closed)


def test_a_file_is_read_as_it_was_written() -> None:
    units = [*VP[:2], unit("X", "commune", "VP-TD", until="2025-06-30", to="A B")]
    text = unit_files.write(units)
    assert text.startswith("\ufeff" + HEAD)
    found, faults = unit_files.read(text)
    assert [each for _, each in found] == units and faults == []
    assert [row for row, _ in found] == [2, 3, 4]


def test_files_of_spreadsheets() -> None:
    """Semicolons, dates as people write them, fewer columns, empty rows, decomposed letters."""
    text = "Code;name_vi;level_code;valid_from;is_hotspot\r\n\r\nYL;Ye\u0302n La\u0323c;commune;01/07/2025;Có\r\n"
    ((row, found),), faults = unit_files.read(text)
    assert (row, found.name_vi, found.valid_from, found.is_hotspot) == (3, "Yên Lạc", REFORM, True)
    assert faults == []


def test_what_is_wrong_stands_with_its_row_and_column() -> None:
    text = f"{HEAD}\nA,,commune,,Tên,,2025-13-01,,,\nB,,commune,,,,2025-07-01,,,maybe\nC,,commune,,T,,2025-07-01,,,\n"
    text += "C,,commune,,T,,2025-07-01,,,\nD,,commune,,T,,2025-07-01,,,,more\n"
    found, faults = unit_files.read(text)
    assert [each.code for _, each in found] == ["C"]
    assert [(fault.row, fault.column, fault.reason) for fault in faults] == [
        (2, "valid_from", "date"),
        (3, "name_vi", "required"),
        (3, "is_hotspot", "yes_no"),
        (5, "code", "repeated"),
        (6, None, "cells"),
    ]
    assert {fault.reason for fault in faults} <= set(MESSAGES)


@pytest.mark.parametrize("text", ["", "code,name\n", f"{HEAD},extra\n", "code,code,level_code,name_vi,valid_from\n"])
def test_files_with_other_columns(text: str) -> None:
    assert [fault.reason for fault in unit_files.read(text)[1]] == ["columns"]


def test_searching_ignores_accents() -> None:
    assert fold("YÊN LẠC") == fold("Ye\u0302n La\u0323c") == "yen lac"
    assert fold("Đội") == "doi"

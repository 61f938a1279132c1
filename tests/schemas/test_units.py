"""The dated tree: its rules, who reaches whom, its file."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date

import pytest

from schemas import unit_files, unit_tree
from schemas.unit_levels import FIRST, PRESETS, Level, by_rank, chosen
from schemas.unit_tree import Tree
from schemas.units import MESSAGES, Fault, Unit, fold

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
    assert list(PRESETS["vn_two_tier"])[:2] == ["province", "commune"]


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


def read(text: str) -> tuple[list[tuple[int, Unit]], list[Fault]]:
    """The rows of a CSV file, each with all columns."""
    head, *lines = csv.reader(text.removeprefix("\ufeff").splitlines())
    rows = enumerate((dict.fromkeys(unit_files.COLUMNS, "") | dict(zip(head, line, strict=True)) for line in lines), 2)
    return unit_files.read(rows)


def test_a_file_is_read_as_it_was_written() -> None:
    units = [*VP[:2], unit("X", "commune", "VP-TD", until="2025-06-30", to="A B")]
    text = unit_files.write(units)
    assert text.startswith("\ufeff" + HEAD)
    found, faults = read(text)
    assert [each for _, each in found] == units and faults == []
    assert [row for row, _ in found] == [2, 3, 4]


def test_cells_as_people_write_them() -> None:
    ((_, found),), faults = read("code,name_vi,level_code,valid_from,is_hotspot\nYL,Yên Lạc,commune,01/07/2025,Có\n")
    assert (found.name_vi, found.valid_from, found.is_hotspot, faults) == ("Yên Lạc", REFORM, True, [])


def test_what_is_wrong_stands_with_its_row_and_column() -> None:
    text = f"{HEAD}\nA,,commune,,Tên,,2025-13-01,,,\nB,,commune,,,,2025-07-01,,,maybe\nC,,commune,,T,,2025-07-01,,,\n"
    text += "C,,commune,,T,,2025-07-01,,,\n"
    found, faults = read(text)
    assert [each.code for _, each in found] == ["C"]
    assert [(fault.row, fault.column, fault.reason) for fault in faults] == [
        (2, "valid_from", "date"),
        (3, "name_vi", "required"),
        (3, "is_hotspot", "yes_no"),
        (5, "code", "repeated"),
    ]
    assert {fault.reason for fault in faults} <= set(MESSAGES)


def test_searching_ignores_accents() -> None:
    assert fold("YÊN LẠC") == fold("Ye\u0302n La\u0323c") == "yen lac"
    assert fold("Đội") == "doi"


# Levels.


def test_a_level_may_lie_right_below_some_only() -> None:
    levels = {**FIRST, "team": replace(FIRST["team"], above=("commune",))}
    assert Tree(VP, levels).faults() == []
    (fault,) = Tree([*VP, unit("T2", "team", "VP-TD")], levels).faults()
    assert (fault.key, fault.reason) == (("T2", date(2010, 1, 1)), "parent_kind")


def test_units_of_a_level_that_is_gone() -> None:
    found = Tree(VP, PRESETS["vn_two_tier"]).faults()
    assert {fault.key[0] for fault in found if fault.key and fault.reason == "level"} == {"VP-TD", "VP-YL"}


def test_a_preset_leaves_what_is_used() -> None:
    two, three = PRESETS["vn_two_tier"], PRESETS["vn_three_tier"]
    assert chosen(two, three, used=[]) == two
    assert chosen(three, two, used=["province", "commune"]) == three
    kept = chosen(two, three, used=["district"])
    assert {code: level.rank for code, level in kept.items()} == {"province": 1, "district": 2, "commune": 3, "team": 9}
    assert "đặc khu" in kept["commune"].types


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        (Level("a b", 4, "Ấp", ""), "code"),
        (Level("hamlet", 0, "Ấp", ""), "rank"),
        (Level("hamlet", 99, "Ấp", ""), "rank"),
        (Level("hamlet", 4, "", ""), "required"),
        (Level("hamlet", 4, "Ấ" * 101, ""), "long"),
        (Level("hamlet", 4, "Ấp", "", above=("team",)), "above"),
        (Level("hamlet", 4, "Ấp", "", above=("none",)), "above"),
    ],
)
def test_what_a_level_cannot_be(level: Level, reason: str) -> None:
    (fault,) = unit_tree.level_faults(by_rank([*FIRST.values(), level]))
    assert fault.reason == reason and reason in MESSAGES

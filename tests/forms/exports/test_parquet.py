"""Parquet, as Apache Arrow reads it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pyarrow import parquet as arrow

from forms.exports import parquet
from forms.exports.job import Record

Export = Callable[..., bytes]
Unpacked = Callable[[bytes], dict[str, bytes]]


def read(data: bytes) -> list[dict[str, Any]]:
    """The rows."""
    return list(arrow.read_table(io.BytesIO(data)).to_pylist())


def test_it_works(export: Export, visit: Record) -> None:
    (row,) = read(export("parquet", [visit]))
    assert row["SubmissionDate"] == datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)
    assert (row["who"], row["g-age"], row["g-well"], row["g-eats"]) == ("Lan, “chị”", 30, "y", "a b")
    assert (row["place-Latitude"], row["place-Accuracy"], row["day"]) == (21.0, 4.5, date(2026, 11, 22))
    assert (row["KEY"], row["SubmitterID"], row["Edits"], row["DeviceID"]) == ("uuid:1", 5, 0, None)


def test_a_file_for_each_repeat(export: Export, unpacked: Unpacked, visit: Record) -> None:
    files = unpacked(export("parquet.zip", [visit]))
    assert list(files) == ["visit.parquet", "visit-visits.parquet", "visit-meds.parquet"]
    assert files["visit.parquet"] == export("parquet", [visit])
    assert read(files["visit-meds.parquet"])[0] == {
        "dose": 0.5, "PARENT_KEY": "uuid:1/visits[1]", "KEY": "uuid:1/visits[1]/meds[1]"
    }  # fmt: skip


def test_columns_have_types_also_where_there_are_no_rows(export: Export) -> None:
    table = arrow.read_table(io.BytesIO(export("parquet", [])))
    assert table.num_rows == 0
    kinds = {name: str(kind) for name, kind in zip(table.schema.names, table.schema.types, strict=True)}
    assert kinds["SubmissionDate"] == "timestamp[us, tz=UTC]"
    assert (kinds["who"], kinds["g-age"], kinds["day"], kinds["place-Latitude"]) == (
        "string", "int64", "date32[day]", "double"
    )  # fmt: skip


def test_groups_of_rows_and_empty_cells(export: Export, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP", 3)
    answers = [{"who": "Lan" if number % 3 else None, "g": {"age": number}} for number in range(20)]
    data = export("parquet", [made(f"uuid:{number}", answer) for number, answer in enumerate(answers)])
    assert arrow.ParquetFile(io.BytesIO(data)).num_row_groups == 7
    assert [(row["who"], row["g-age"]) for row in read(data)] == [
        (answer["who"], number) for number, answer in enumerate(answers)
    ]


def test_what_fits_no_column_of_its_type_is_empty(export: Export, made: Any) -> None:
    (row,) = read(export("parquet", [made("uuid:1", {"g": {"age": 2**70}, "day": "hôm qua", "who": 5})]))
    assert (row["g-age"], row["day"], row["who"]) == (None, None, "5")


def test_columns_that_would_have_one_name(export: Export, made: Any) -> None:
    answers = {"who": "Lan", "g": {"age": 3}}
    (row,) = read(export("parquet", [made("uuid:1", answers)._replace(extras=("x",))], extras=("who",)))
    assert (row["who"], row["who~2"]) == ("Lan", "x")

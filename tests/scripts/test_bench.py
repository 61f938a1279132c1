"""The benchmark runs: with tiny numbers, which say nothing about speed."""

from __future__ import annotations

from pathlib import Path

from scripts.bench.__main__ import measure
from scripts.bench.workloads import Effort


def test_every_workload_once(tmp_path: Path) -> None:
    result = measure(tmp_path, Effort(4, 5, processes=1, connections=1), publish=False)
    assert [row.name for row in result.rows if row.failed or not row.count] == []
    assert any("photo" in row.name for row in result.rows) and any("OData" in row.name for row in result.rows)
    assert 20 < result.memory["at the start"] < 500
    table = result.table()
    assert "| formList, 304 |" in table and "| resident memory, after the load |" in table

"""The benchmark runs, on both kinds of installation: with tiny numbers, which say nothing about speed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scripts.bench import kinds, postgres, store
from scripts.bench.__main__ import bench, measure_all
from scripts.bench.calm import Cost
from scripts.bench.kinds import LAPTOP, PROVINCE
from scripts.bench.processes import PartMissing
from scripts.bench.report import Result as Measured
from scripts.bench.report import Row
from scripts.bench.workloads import Effort
from tests.clusters import Cluster
from tests.parts import missing
from tests.stores import Store

TINY = Effort(4, 0.2, processes=1, connections=1)


@pytest.fixture
def programs() -> None:
    """PostgreSQL and an S3 server can be started."""
    try:
        postgres.find()
        store.find()
    except PartMissing as problem:
        missing("programs to measure with", str(problem))


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop on which nobody has installed PostgreSQL."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "SYSTEM", tmp_path)
    monkeypatch.setattr(postgres, "PACKAGE", "no_such_package")


def run(*arguments: str) -> Result:
    """The command, with little to do."""
    return CliRunner().invoke(bench, ["--count", "4", "--seconds", "0.5", "--no-publish", *arguments])


def failures(result: dict[str, Any]) -> list[str]:
    """Workloads that did nothing, or not what they should, and those that are not there."""
    names = [row["name"] for row in result["rows"]]
    wanted = ["parse", "POST, 25 questions and a photo", "formList, 304", "manifest, 200", "OData page"]
    absent = [start for start in wanted if not any(name.startswith(start) for name in names)]
    return absent + [row["name"] for row in result["rows"] if row["failed"] or not row["count"]]


@pytest.mark.usefixtures("programs")
def test_every_workload_once_on_servers_of_its_own(tmp_path: Path) -> None:
    (result,) = measure_all(tmp_path, TINY, PROVINCE, publish=False)
    assert failures(result.as_dict()) == []
    assert "fsync on, synchronous_commit on" in result.machine["database"]
    posts = [row for row in result.rows if "POST" in row.name]
    assert posts and all(row.whole and row.database is not None for row in posts)
    # Who asks and the form that was sent last, what is there of the instance, and the rows with their commit.
    assert list(result.trips.values()) == [3, 3]
    table = result.table()
    assert "| formList, 304 |" in table and "| resident memory, after the load |" in table and "calibration: " in table


def test_servers_that_are_given_must_be_empty(cluster: Cluster, store: Store) -> None:
    place = store.url()
    given = ["--kind", PROVINCE, "--database-url", cluster.create("bench"), "--storage-url", place]
    done = run("--json", *given)
    assert done.exit_code == 0, done.output
    (result,) = json.loads(done.stdout)
    assert failures(result) == []
    assert {row["database"] for row in result["rows"]} == {None}  # whose processes those are is not known
    again = run(*given)
    assert again.exit_code == 1 and "the database is not empty" in again.stderr
    again = run("--kind", PROVINCE, "--database-url", cluster.create("bench"), "--storage-url", place)
    assert again.exit_code == 1 and "there are files" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--kind", LAPTOP, "--database-url", "postgresql://127.0.0.1/x"), "are for --kind province"),
        (("--database-url", "sqlite:////srv/x.sqlite", "--storage-url", "s3://x"), "--database-url: must be"),
        (("--database-url", "postgresql://127.0.0.1/x", "--storage-url", "file:///srv/x"), "--storage-url: must be"),
        (("--database-url", "postgresql://127.0.0.1:1/x", "--storage-url", "s3://x"), "the database cannot be used"),
    ],
)
def test_addresses_that_cannot_be_measured(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 1 and said in done.stderr and done.stdout == ""


@pytest.mark.usefixtures("no_programs")
def test_without_servers_the_laptop_is_reported_alone() -> None:
    done = run("--json")
    assert done.exit_code == 0
    (result,) = json.loads(done.stdout)
    assert result["name"] == kinds.NAMES[LAPTOP] and not result["watched"] and result["trips"] == {}
    assert failures(result) == []
    assert 20 < result["memory"]["at the start"] < result["memory"]["after the load"] < 500
    (line,) = done.stderr.splitlines()
    assert "not measured, PostgreSQL is missing (sudo apt install postgresql)" in line
    done = run("--kind", PROVINCE)
    assert done.exit_code == 1 and "PostgreSQL is missing" in done.stderr


def test_a_submission_is_charged_with_what_the_database_does() -> None:
    result = Measured("PostgreSQL + S3", {}, 250, watched=True, calibration=[40, 41])
    result.rows.append(Row("POST", 10, Cost(4.0, 2.0), 2.4, database=Cost(2.0, 1.0), whole=True))
    result.rows.append(Row("formList", 10, Cost(1.0, 0.5), 0.6, database=Cost(2.0, 1.0)))
    table = result.table()
    assert "| POST | 10 |  |  |  | 4.00 | 2.00 | 1.00 | 2.4 | × 1.2 |" in table
    assert "| formList | 10 |  |  |  | 1.00 | 0.50 | 1.00 | 0.6 | within |" in table
    assert "calibration: 40 ms before, 41 ms after" in table

"""A job's records as rows of tables, which every format of tables begins with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from forms.exports import columns
from forms.exports.columns import KEYS, META, SUBMITTED, Cells, Dress, Planner, Table
from forms.exports.job import Job, Record
from forms.exports.labels import Labels
from schemas.fields import Field


class Tables:
    """The tables of a job. `dress`: what a format makes of the answers to a question that is neither a place nor has
    labels; `submitted`: of the moment when one came. `root_only`: without repeats."""

    def __init__(
        self, job: Job, dress: Dress, submitted: Callable[[datetime], Any], *, root_only: bool = False
    ) -> None:
        options = job.options
        self.job = job
        self._labels = Labels(options.labels) if options.labels is not None else None
        self._own, self._submitted = dress, submitted
        planner = Planner(self._dress, group_paths=options.group_paths, splits=options.splits, root_only=root_only)
        self.root = planner.tables(job.fields)
        self.repeats = list(self.root.all())[1:]
        # The rows of repeats that belong to the records that were made rows.
        self.rows: dict[Table, list[list[Any]]] = {table: [] for table in self.repeats}
        self._empty = [None] * len(self.root.columns)

    def _dress(self, source: Field) -> Cells | None:
        if columns.is_place(source):
            return columns.line
        found = self._labels.cells(source) if self._labels else None
        return found or self._own(source)

    def names(self, table: Table) -> list[str]:
        """What the columns of answers are called."""
        return self._labels.headers(table.columns) if self._labels else [column.name for column in table.columns]

    def header(self, table: Table) -> list[str]:
        """What all columns of a table are called."""
        if table.source is not None:
            return [*self.names(table), *KEYS]
        return [SUBMITTED, *self.names(table), *META, *self.job.extras]

    def root_row(self, record: Record) -> list[Any]:
        """The row of a submission; those of its repeats are added to `rows`."""
        answers = record.answers
        row: list[Any] = [self._submitted(record.submitted)]
        row += self._empty if answers is None else self.root.row(answers)
        # From the key on, in the order of META.
        row += (record.instance_id, *record[3:12], *record.extras)
        if self.rows and answers:
            columns.rows_below(self.root, record.instance_id, answers, self.rows)
        return row

"""A home visit as an export gets it: the form's fields, submissions with answers, and an archive to look into."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from forms.exports import FORMATS
from forms.exports.job import Job, Options, Record
from forms.xform import Form

FORM = """
| survey   |                     |        |       |           |
|          | type                | name   | label::vi | label::en |
|          | text                | who    | Ai?   | Who?      |
|          | begin_group         | g      | Nhóm  | Group     |
|          | integer             | age    | Tuổi? | Age?      |
|          | select_one yn       | well   | Khỏe? | Well?     |
|          | select_multiple fruit | eats | Ăn gì? | Eats?    |
|          | end_group           |        |       |           |
|          | geopoint            | place  | Đâu?  | Where?    |
|          | date                | day    | Ngày? | Day?      |
|          | dateTime            | at     | Lúc?  | When?     |
|          | begin_repeat        | visits | Lần   | Visits    |
|          | text                | note   | Gì?   | What?     |
|          | begin_repeat        | meds   | Thuốc | Drugs     |
|          | decimal             | dose   | Liều? | Dose?     |
|          | end_repeat          |        |       |           |
|          | end_repeat          |        |       |           |
| choices  |           |      |           |           |
|          | list_name | name | label::vi | label::en |
|          | yn        | y    | Có        | Yes       |
|          | yn        | n    | Không     | No        |
|          | fruit     | a    | Xoài      | Mango     |
|          | fruit     | b    | Ổi        | Guava     |
| settings |            |         |         |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
LAN: dict[str, Any] = {
    "who": "Lan, “chị”",
    "g": {"age": 30, "well": "y", "eats": "a b"},
    "place": {"type": "Point", "coordinates": [105.8, 21.0, 3.5], "properties": {"accuracy": 4.5}},
    "day": "2026-11-22",
    "at": "2026-11-22T08:30:00.500+07:00",
    "visits": [{"note": "một", "meds": [{"dose": 0.5}, {"dose": 2.0}]}, {"note": "hai"}],
    "meta": {"instanceID": "uuid:1"},
}
Export = Callable[..., bytes]


@pytest.fixture
def made() -> Callable[..., Record]:
    """`made("uuid:1", LAN)`: a submission of Lan's."""

    def record(instance_id: str, answers: dict[str, Any] | None, **more: Any) -> Record:
        sent = datetime(2026, 11, 23, 8, 0, 0, 123000, tzinfo=UTC)
        told = {"submitter_id": 5, "submitter": "Lan", "files_present": 0, "files_expected": 0, "status": None}
        told |= {"review_state": None, "device_id": None, "edits": 0, "form_version": "1"} | more
        return Record(instance_id, sent, answers, **told)

    return record


@pytest.fixture
def visit(made: Callable[..., Record]) -> Record:
    """A home visit with two rows of one repeat, and two of one within the first of them."""
    return made("uuid:1", LAN)


@pytest.fixture
def export(published: Callable[[str], Form]) -> Export:
    """`export("csv", [visit], labels="vi")`: the bytes of a format. `form`: another form than the home visit."""

    def write(ending: str, records: list[Record], *, form: str = FORM, **options: Any) -> bytes:
        kept = {name: options.pop(name) for name in ("extras", "media", "zone", "fields") if name in options}
        given = {"fields": published(form).fields, "spool": tempfile.TemporaryFile, "options": Options(**options)}
        job = Job(form_id="visit", title="Thăm nhà", **(given | kept))
        # Two at a time, as no format may depend on where a batch ends.
        batches = [records[start : start + 2] for start in range(0, len(records), 2)]
        return b"".join(FORMATS[ending].write(job, batches))

    return write


@pytest.fixture
def unpacked() -> Callable[[bytes], dict[str, bytes]]:
    """The files of an archive by name, in their order. It is whole."""

    def read(data: bytes) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}

    return read

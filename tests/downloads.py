"""What was downloaded, opened as its readers do."""

from __future__ import annotations

import csv
import io
import zipfile

from werkzeug.test import TestResponse


def table(data: bytes) -> list[dict[str, str]]:
    """Rows by the names of their columns."""
    return list(csv.DictReader(io.StringIO(data.decode())))


def files(answer: TestResponse) -> dict[str, bytes]:
    """What is in an archive, which is whole."""
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}

"""Workbooks that are none, or want to be more than a server has: refused with a reason, and the server goes on."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast
from tests.forms.xlsform_cases import archive, book, compound

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GOOD = book(survey=[("type", "name", "label"), ("text", "who", "Ai?")], settings=[("form_id",), ("visit",)])


@pytest.mark.parametrize(
    ("workbook", "reason"),
    [
        (archive(xl__workbook_xml=b"<w/>", xl__sharedStrings_xml=bytes(150_000_000)), "bomb"),
        (compound("EncryptionInfo", "EncryptedPackage"), "encrypted"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (b"PK\x03\x04" + bytes(range(256)) * 40, "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_workbook_that_cannot_be_read(client: FlaskClient, cast: Cast, workbook: bytes, reason: str) -> None:
    headers = cast.bob.bearer | {"Content-Type": XLSX, "X-XlsForm-FormId-Fallback": "visit"}
    answer = client.post("/v1/projects/1/forms", data=workbook, headers=headers)
    assert expect.refused(answer, problems.XLSFORM_NOT_VALID)["reason"] == reason
    assert client.post("/v1/projects/1/forms", data=GOOD, headers=headers).status_code == 200

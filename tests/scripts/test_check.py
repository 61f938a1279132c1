"""`manage check`: silent when everything is whole, and a line for each thing that is not."""

from __future__ import annotations

import hashlib
import threading

import pytest

from tests.conftest import Publish, Send
from tests.phone import Published
from tests.scripts.conftest import PHOTO, Place, Places, Restore

PHOTO_NAME = hashlib.sha256(PHOTO).hexdigest()


def test_silent(used: Place) -> None:
    done = used("check")
    assert done.stdout == done.stderr == ""


def test_what_was_looked_at_is_said_on_request(used: Place) -> None:
    done = used("check", "--verbose")
    assert done.stdout == ""
    assert "5 versions of submissions" in done.stderr and "3 files" in done.stderr and "nothing wrong" in done.stderr


def test_without_files(used: Place) -> None:
    used.file(PHOTO_NAME).unlink()
    assert used("check", "--no-files").stdout == ""
    used("check", fails=True)


def test_what_no_row_knows_is_counted_and_no_mistake(used: Place) -> None:
    name = hashlib.sha256(b"x").hexdigest()
    used.file(name).parent.mkdir(exist_ok=True)
    used.file(name).write_bytes(b"x")
    assert "1 stored files that no row knows" in used("check", "-v").stderr


# A row as it must not be, and what is said of it.
WRONG = [
    (
        "UPDATE submission_versions SET xml = CAST('<data/>' AS BLOB) WHERE id = 1",
        "uuid:a (project 1, form visit): its XML is not",
    ),
    (
        "UPDATE submission_versions SET answers = '{}' WHERE id = 1",
        "uuid:a (project 1, form visit): its answers are not those",
    ),
    (
        "UPDATE submission_versions SET instance_id = 'uuid:z' WHERE id = 1",
        "uuid:z (project 1, form visit): its row names other IDs",
    ),
    (
        "UPDATE submission_versions SET current = 0 WHERE id = 1",
        "uuid:a (project 1, form visit): not one of its versions",
    ),
    (
        "UPDATE submissions SET instance_id = 'uuid:z' WHERE id = 1",
        "uuid:z (project 1, form visit): none of its versions",
    ),
    (
        "UPDATE submissions SET findings = 7 WHERE id = 1",
        "uuid:a (project 1, form visit): its versions have 0 findings, not 7",
    ),
    (
        "UPDATE submissions SET project_id = 2 WHERE id = 1",
        "uuid:a (project 2, form visit): it belongs to another project",
    ),
    (
        "UPDATE submission_versions SET draft = 1 WHERE id = 1",
        "uuid:a (project 1, form visit): a version belongs to another",
    ),
    (
        "UPDATE submission_versions SET deprecated_id = 'uuid:a' WHERE instance_id = 'uuid:d'",
        "uuid:d (project 1, form visit): it edits",
    ),
    (
        "DELETE FROM submission_files",
        "uuid:a (project 1, form visit): its XML names a file that has no row",
    ),
    (
        "UPDATE form_versions SET md5 = 'x' WHERE id = 1",
        "form version 1 of form 1: its XML does not have the MD5",
    ),
    (
        "UPDATE form_versions SET xml = CAST('<x' AS BLOB) WHERE id = 1",
        "form version 1 of form 1: its XML cannot be read",
    ),
    (
        "UPDATE blobs SET md5 = 'x'",
        f"file {PHOTO_NAME}: its row has another size or MD5",
    ),
    (
        "DELETE FROM blobs",
        "submission_files.blob_sha256: 1 rows point to no row of blobs",
    ),
    (
        "DELETE FROM sqlite_sequence WHERE name = 'submissions'",
        "submissions: row 4 is there, but numbers go on after 0",
    ),
]


@pytest.mark.parametrize(("statement", "told"), WRONG)
def test_what_is_wrong(statement: str, told: str, used: Place) -> None:
    used.run(statement)
    done = used("check", fails=True)
    assert told in done.stdout
    assert "Nguyễn" not in done.output  # never an answer


@pytest.mark.parametrize(
    ("content", "told"), [(None, "it is missing"), (PHOTO[:-1], "its contents are other ones"), (b"", "its contents")]
)
def test_a_file_that_is_not_what_it_was(content: bytes | None, told: str, used: Place) -> None:
    if content is None:
        used.file(PHOTO_NAME).unlink()
    else:
        used.file(PHOTO_NAME).write_bytes(content)
    assert f"file {PHOTO_NAME}: {told}" in used("check", fails=True).stdout


def test_of_the_other_kind(kept: object, place: Places, restore: Restore) -> None:
    province = place("province")
    restore(province, kept)
    assert province("check").stdout == ""
    province.run("UPDATE submission_versions SET answers = '{}' WHERE id = 1", "ALTER SEQUENCE audits_id_seq RESTART")
    told = province("check", fails=True).stdout
    assert "its answers are not those of its XML" in told and "audits: row" in told


def test_beside_phones_that_send(used: Place, send: Send, visit: Published, publish: Publish) -> None:
    going, sent = threading.Event(), []

    def phones() -> None:
        while not going.is_set():
            photo = (f"{len(sent)}.jpg", PHOTO[: len(sent) + 1], "image/jpeg")
            first = f"uuid:p{len(sent)}"
            sent.append(
                send(visit.submission(f"<picture>{photo[0]}</picture>", instance_id=first), [photo]).status_code
            )
            sent.append(send(visit.submission("<who>z</who>", deprecated_id=first)).status_code)

    thread = threading.Thread(target=phones)
    thread.start()
    try:
        for _ in range(3):
            assert used("check").stdout == ""
    finally:
        going.set()
        thread.join()
    assert set(sent) == {201}


def test_a_database_that_is_not_up_to_date(place: Places) -> None:
    assert "run “migrate” first" in place("laptop")("check", fails=True).stderr

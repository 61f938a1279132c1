"""The parts of a body: the XML, the attachments, whether more is to come."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest

from schemas import problems
from schemas.problems import Problem
from sync.parts import MAX_XML, Part, Upload, pick, placed, safe_name, whole


def part(field: str, name: str, data: bytes = b"data") -> Part:
    sha256, md5 = hashlib.sha256(data).hexdigest(), hashlib.md5(data).hexdigest()
    return Part(field, name, "image/jpeg", BytesIO(data), sha256, md5, len(data))


XML = part("xml_submission_file", "form.xml", b"<data/>")


def test_it_works() -> None:
    photo = part("photo.jpg", "photo.jpg")
    assert pick([XML, photo]) == Upload(b"<data/>", (photo,), incomplete=False)


def test_the_xml_may_come_last_and_was_read_before() -> None:
    XML.stream.read()
    assert pick([part("a.jpg", "a.jpg"), XML]).xml == b"<data/>"


def test_the_xml_may_come_as_a_plain_field() -> None:
    data = b"<?xml version='1.0' encoding='ISO-8859-1'?><data>\xe9</data>"
    assert pick([part("xml_submission_file", "", data)]).xml == data


def test_the_first_xml_counts() -> None:
    assert pick([XML, part("xml_submission_file", "", b"<other/>")]) == Upload(b"<data/>")


def test_xml_that_is_too_long_is_never_read() -> None:
    class Unread(BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError

    long = Part("xml_submission_file", "a.xml", "", Unread(), "", "", MAX_XML + 1)
    with pytest.raises(Problem) as caught:
        pick([long])
    assert (caught.value.kind, caught.value.details) == (problems.TOO_LARGE, {"limit": 10_000_000})
    assert whole(part("", "", b"12"), 2) == b"12"


def test_without_xml_it_is_no_submission() -> None:
    with pytest.raises(Problem) as caught:
        pick([part("photo.jpg", "photo.jpg")])
    assert caught.value.kind is problems.MISSING_PART
    assert caught.value.details == {"field": "xml_submission_file"}


@pytest.mark.parametrize(("value", "incomplete"), [("yes", True), ("YES", True), ("no", False), ("", False)])
def test_more_to_come(value: str, incomplete: bool) -> None:
    assert pick([XML, part("*isIncomplete*", "", value.encode())]) == Upload(b"<data/>", incomplete=incomplete)


def test_the_last_of_two_files_of_a_name_counts() -> None:
    first, second = part("a.jpg", "a.jpg", b"1"), part("a.jpg", "a.jpg", b"2")
    assert [file.sha256 for file in pick([XML, first, second]).files] == [second.sha256]


def test_a_file_without_a_name_has_that_of_its_field() -> None:
    assert [file.name for file in pick([XML, part("audit.csv", "")]).files] == ["audit.csv"]


def test_what_browsers_add_is_no_part() -> None:
    assert pick([XML, part("__csrf", ""), part("Date", "")]).files == ()
    assert [file.name for file in pick([XML, part("Date", "Date")]).files] == ["Date"]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("ảnh nhà.jpg", "ảnh nhà.jpg"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        (r"C:\photos\a.jpg", "a.jpg"),
        (r"..\..\a.jpg", "a.jpg"),
        (" a.jpg ", "a.jpg"),
        ("a..jpg", "a..jpg"),
        ("x" * 255, "x" * 255),
    ],
)
def test_names_are_never_paths(sent: str, name: str) -> None:
    assert safe_name(sent) == name
    assert [file.name for file in pick([XML, part("f", sent)]).files] == [name]


@pytest.mark.parametrize("sent", ["", " ", "/", ".", "..", "a/..", "a\0.jpg", "\\"])
def test_what_can_be_no_name_is_refused(sent: str) -> None:
    with pytest.raises(Problem) as caught:
        safe_name(sent)
    assert caught.value.kind is problems.UNEXPECTED_VALUE


def test_a_name_that_is_too_long_is_cut_and_stays_its_own() -> None:
    first, second = (safe_name(f"{'ả' * 300}{number}.jpg") for number in (1, 2))
    assert len(first) == len(second) == 255
    assert first.startswith("ả" * 200) and first.endswith(".jpg") and first != second
    assert len(safe_name("a." + "x" * 300)) == len(safe_name("x" * 256)) == 255
    assert safe_name(first) == first


def test_a_file_is_found_by_the_name_of_its_part_too() -> None:
    """Some clients name the part as the submission names the file, and the file as it is called at home."""
    called = [part("nhà.jpg", "IMG_1.jpg"), part("other.jpg", "b.jpg"), part("c.jpg", "c.jpg")]
    assert [each.name for each in placed(called, ["nhà.jpg", "c.jpg"])] == ["nhà.jpg", "b.jpg", "c.jpg"]
    for twice in ([part("a.jpg", "a.jpg"), part("a.jpg", "b.jpg")], [part("a.jpg", "c.jpg"), part("a.jpg", "b.jpg")]):
        assert [each.name for each in placed(twice, ["a.jpg"])] == ["a.jpg", "b.jpg"]

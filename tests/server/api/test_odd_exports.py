"""Exports of what is odd: files that are lost or no tables, names that several have, formulas, disks that run full."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from schemas.problems import Problem
from server.actions import files as kept_files
from server.actions.export_media import MOST_OF_EVENT, events_in
from server.parts import storage
from server.space import NAME as SPACE
from server.space import Space
from tests import expect
from tests.cast import Cast
from tests.conftest import House, Publish, Send
from tests.downloads import files
from tests.homes import Laptop
from tests.outages import cut_off
from tests.phone import Published

NOTED = "| survey | | | |\n| | type | name | label |\n| | audit | audit | |\n| | text | who | Ai? |\n"
PICTURE = """
| survey |              |        |       |
|        | type         | name   | label |
|        | image        | photo  | Ảnh?  |
|        | begin_repeat | visits | Lần   |
|        | text         | note   | Gì?   |
|        | end_repeat   |        |       |
"""
HEADER = b"event,node,start,end,old-value\n"
GOOD = HEADER + b"question,/data/who,1,2,\n"


@pytest.fixture
def noted(publish: Publish, send: Send) -> Any:
    """`noted(a, b)`: a form whose submissions came with these notes of how they were filled."""

    def fill(*texts: bytes) -> Published:
        form = publish(NOTED)
        for number, text in enumerate(texts, 1):
            inside = "<who>Lan</who><meta><audit>audit.csv</audit></meta>"
            body = form.submission(inside, instance_id=f"uuid:{number}").replace(b"</meta><meta>", b"")
            expect.told(send(body, [("audit.csv", text, "text/csv")]), 201)
        return form

    return fill


@pytest.fixture
def pictures(publish: Publish, send: Send) -> Any:
    """`pictures(("a.jpg", b"…"), …)`: a form whose submissions came with these."""

    def fill(*files: tuple[str, bytes]) -> Published:
        form = publish(PICTURE)
        for number, (name, data) in enumerate(files, 1):
            inside = f"<photo>{name}</photo><visits><note>một</note></visits>"
            expect.told(send(form.submission(inside, instance_id=f"uuid:{number}"), [(name, data, "image/jpeg")]), 201)
        return form

    return fill


@pytest.fixture
def get(client: FlaskClient, cast: Cast) -> Any:
    """`get(form, "csv.zip")`: as Vy, who only reads, is answered."""

    def ask(form: Published, ending: str, query: str = "", **headers: str) -> Any:
        url = f"{form.url}/submissions.{ending}{query}"
        return client.get(url, headers=cast.vy.bearer | headers, buffered=True)

    return ask


def events(answer: Any) -> list[tuple[str, str]]:
    """What phones noted: of which submission, at which question."""
    table = files(answer)["visit - audit.csv"].decode()
    return [(row["instance ID"], row["node"]) for row in csv.DictReader(io.StringIO(table))]


def lose(app: Flask, data: bytes) -> None:
    """A file is gone from the store."""
    with app.app_context():
        storage().delete(hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("ending", ["", "\nquestion,/data/late,1,2,"])
def test_notes_that_are_no_table_cost_nobody_else(noted: Any, get: Any, ending: str) -> None:
    poisoned = GOOD + b'question,/data/who,1,2,"' + b"x" * 140_000 + ending.encode()
    assert events(get(noted(poisoned, GOOD), "csv.zip")) == [("uuid:1", "/data/who"), ("uuid:2", "/data/who")]


def test_an_event_that_never_ends_is_not_kept_in_memory() -> None:
    taken = 0

    def parts() -> Any:
        nonlocal taken
        yield GOOD
        for _ in range(1000):
            taken += 1
            yield b"a," * 32 * 1024

    assert [event[1] for event in events_in(parts())] == ["/data/who"]
    assert taken * 64 * 1024 < MOST_OF_EVENT + 128 * 1024


def test_an_event_of_many_lines_is_bounded_too() -> None:
    endless = b'"a\nb",' * (MOST_OF_EVENT // 6 + 1)
    assert [event[1] for event in events_in([GOOD, endless, b"\n", GOOD])] == ["/data/who"]
    several = [b'question,"/a\n', b'b",1,2\r', b"\nend,\xe1\xba", b"\xa3,1,2"]
    assert [event[1] for event in events_in([HEADER, *several])] == ["/a\nb", "ả"]


def test_lost_files_cost_nobody_else(app: Flask, pictures: Any, get: Any) -> None:
    form = pictures(("a.jpg", b"lost"), ("b.jpg", b"kept"))
    lose(app, b"lost")
    found = files(get(form, "csv.zip"))
    assert (found["media/a.jpg"], found["media/b.jpg"]) == (b"", b"kept")


def test_lost_notes_cost_nobody_else(app: Flask, noted: Any, get: Any) -> None:
    form = noted(GOOD + b"end,/data,3,4,\n", GOOD)
    lose(app, GOOD + b"end,/data,3,4,\n")
    assert events(get(form, "csv.zip")) == [("uuid:2", "/data/who")]


def test_notes_are_no_formulas_in_excel(noted: Any, get: Any) -> None:
    form = noted(HEADER + b"question,/data/who,1,2,=HYPERLINK(1)\n")
    plain, excel = (files(get(form, "csv.zip", query))["visit - audit.csv"] for query in ("", "?excel=true"))
    assert b",=HYPERLINK(1)," in plain and b"\r" not in plain
    assert b",'=HYPERLINK(1)," in excel and excel.startswith("\ufeff".encode())


def test_files_of_one_name(pictures: Any, get: Any) -> None:
    """The first has its name alone, as all have whose name is their own."""
    found = files(get(pictures(("f.jpg", b"1"), ("f.jpg", b"2"), ("g.jpg", b"3")), "csv.zip"))
    media = {name: data for name, data in found.items() if name.startswith("media/")}
    assert media == {"media/g.jpg": b"3", "media/f.jpg": b"2", "media/uuid1-f.jpg": b"1"}


def test_no_file_takes_the_place_of_another(publish: Publish, send: Send, get: Any) -> None:
    """Names that are the same once cleaned, also within one submission, and on machines without large letters."""
    form = publish(
        "| survey | | | |\n| | type | name | label |\n" + "".join(f"| | image | p{n} | A |\n" for n in range(4))
    )
    names = ("a.jpg", "A.jpg", "a?.jpg", "a*.jpg")
    inside = "".join(f"<p{number}>{name}</p{number}>" for number, name in enumerate(names))
    sent = [(name, name.encode(), "image/jpeg") for name in names]
    expect.told(send(form.submission(inside, instance_id="uuid:1"), sent), 201)
    media = {name: data for name, data in files(get(form, "csv.zip")).items() if name.startswith("media/")}
    assert sorted(media.values()) == sorted(name.encode() for name in names)
    assert len({name.casefold() for name in media}) == 4 and "media/a.jpg" in media and "media/uuid1-A.jpg" in media


def test_a_name_of_which_nothing_is_left(pictures: Any, get: Any) -> None:
    assert files(get(pictures(("???", b"1")), "csv.zip"))["media/file"] == b"1"


def test_a_file_that_came_is_told_without_media_too(
    client: FlaskClient, cast: Cast, publish: Publish, send: Send, get: Any
) -> None:
    form = publish(PICTURE)
    expect.told(send(form.submission("<photo>f.jpg</photo>", instance_id="uuid:1"), incomplete=True), 201)
    answer = get(form, "csv")
    assert [row["AttachmentsPresent"] for row in csv.DictReader(io.StringIO(answer.text))] == ["0"]
    url, kind = f"{form.url}/submissions/uuid:1/attachments/f.jpg", {"Content-Type": "image/jpeg"}
    assert client.post(url, data=b"photo", headers=cast.bob.bearer | kind).status_code == 200
    again = get(form, "csv", **{"If-None-Match": answer.headers["ETag"]})
    assert [row["AttachmentsPresent"] for row in csv.DictReader(io.StringIO(again.text))] == ["1"]


def test_who_sent_it_is_called_otherwise_now(client: FlaskClient, cast: Cast, publish: Publish, get: Any) -> None:
    form, kind = publish(PICTURE), {"Content-Type": "text/xml"}
    body = form.submission("<photo/>", instance_id="uuid:1")
    assert client.post(f"{form.url}/submissions", data=body, headers=cast.bob.bearer | kind).status_code == 200
    answer = get(form, "csv")
    assert get(form, "csv", **{"If-None-Match": answer.headers["ETag"]}).status_code == 304
    renamed = client.patch(f"/v1/users/{cast.bob.id}", json={"displayName": "Bảo"}, headers=cast.alice.bearer)
    assert renamed.status_code == 200
    again = get(form, "csv", **{"If-None-Match": answer.headers["ETag"]})
    assert [row["SubmitterName"] for row in csv.DictReader(io.StringIO(again.text))] == ["Bảo"]


def test_a_store_that_is_away(app: Flask, house: House, pictures: Any, get: Any) -> None:
    """Files that only seem to be empty would be taken for what was sent."""
    form = pictures(("a.jpg", b"1"))
    with cut_off(app, house.home):
        expect.refused(get(form, "csv.zip"), problems.STORE_AWAY)
        assert get(form, "csv.zip", "?attachments=false").status_code == 200
    assert files(get(form, "csv.zip"))["media/a.jpg"] == b"1"


def test_an_empty_folder_where_the_store_is_mounted(house: House, pictures: Any, get: Any) -> None:
    """One file may be lost, but not all of many."""
    if not isinstance(house.home, Laptop):
        pytest.skip("a bucket is not mounted")
    form = pictures(*((f"{number}.jpg", bytes([number])) for number in range(kept_files.SEVERAL)))
    folder = house.home.settings.data_dir / "files"
    kept = folder.rename(folder.with_name("kept"))
    folder.mkdir()
    expect.refused(get(form, "csv.zip"), problems.STORE_AWAY)
    folder.rmdir()
    kept.rename(folder)
    sorted(folder.glob("[0-9a-f][0-9a-f]/*"))[0].unlink()
    assert get(form, "csv.zip").status_code == 200


def test_a_store_that_goes_away_meanwhile(
    app: Flask, house: House, client: FlaskClient, cast: Cast, pictures: Any
) -> None:
    form = pictures(("a.jpg", b"1"), ("b.jpg", b"2"))
    answer = client.get(f"{form.url}/submissions.csv.zip", headers=cast.vy.bearer)
    assert answer.status_code == 200
    with cut_off(app, house.home), pytest.raises(OSError) as broken:
        b"".join(answer.response)
    answer.close()
    assert not isinstance(broken.value, FileNotFoundError)


def test_notes_in_a_store_that_goes_away_meanwhile(
    app: Flask, house: House, client: FlaskClient, cast: Cast, noted: Any
) -> None:
    form = noted(GOOD)
    answer = client.get(f"{form.url}/submissions.csv.zip", headers=cast.vy.bearer)
    with cut_off(app, house.home), pytest.raises(OSError):
        b"".join(answer.response)
    answer.close()


def test_a_disk_that_fills_up_meanwhile(
    app: Flask, client: FlaskClient, cast: Cast, pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.actions.exports.PAGE", 1)
    form, was = pictures(("a.jpg", b"1"), ("b.jpg", b"2"), ("c.jpg", b"3")), app.extensions[SPACE]
    answer = client.get(f"{form.url}/submissions.csv.zip", headers=cast.vy.bearer)
    assert answer.status_code == 200
    app.extensions[SPACE] = Space(was.incoming, [was.incoming.parent], 10**18)
    try:
        with pytest.raises(Problem) as refused:
            b"".join(answer.response)
    finally:
        app.extensions[SPACE] = was
        answer.close()
    assert refused.value.kind is problems.DISK_FULL

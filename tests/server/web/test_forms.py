"""Forms: upload, errors with their place, files, warnings, publish, versions; and volunteers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime
from html import unescape
from urllib.parse import unquote

import openpyxl
import pytest
from flask import Flask

from server.actions import access
from server.permissions import CONSOLE
from server.web.drafts import suggest_version
from tests.cast import Cast
from tests.phone import Published
from tests.server.web import demo
from tests.server.web.conftest import FORMS, Visit, World

ADD = "/projects/1/add-form"
DRAFT = "/projects/1/forms/draft_form/draft"


def _file(text: str | bytes, name: str) -> dict[str, object]:
    data = text.encode() if isinstance(text, str) else text
    return {"form": (io.BytesIO(data), name)}


def test_from_upload_to_published(app: Flask, visit: Visit, cast: Cast) -> None:
    visitor = visit(cast.bob)
    assert visitor.post(ADD, _file(demo.BARE, "draft_form.md")).location == DRAFT
    page = visitor.get(DRAFT).text
    assert "The draft is saved." in page and "1 file is missing." in page and "Row 3:" in page
    refused = visitor.post(f"{DRAFT}/publish", {"version": "2"})
    assert refused.status_code == 400 and "tick the box" in refused.text
    refused = visitor.post(f"{DRAFT}/publish", {"version": "2", "accepted": "1"})
    assert refused.status_code == 400 and "Files of the form are missing." in refused.text
    given = {"file": [(io.BytesIO(b"name,label\na,A\n"), "PLACES.csv"), (io.BytesIO(b"x"), "other.txt")]}
    assert visitor.post(f"{DRAFT}/files", given).location == DRAFT
    page = visitor.get(DRAFT).text
    assert "is missing" not in page and "some files were left out" in page
    assert visitor.get(f"{DRAFT}/files/places.csv").data == b"name,label\na,A\n"
    done = visitor.post(f"{DRAFT}/publish", {"version": "2", "accepted": "1", "everyone": "1"})
    assert done.location == "/projects/1/forms/draft_form"
    page = visitor.get(done.location).text
    assert "Published." in page and "on phones now" in page
    with app.app_context():
        held = access.form_assignments(CONSOLE, 1, "app-user")
        assert [(form.xml_form_id, actor.id) for _, form, actor in held] == [("draft_form", cast.device.id)]


def test_files_that_nobody_asked_for(visit: Visit, cast: Cast, publish: Callable[..., Published]) -> None:
    publish(demo.BARE, draft=True)
    visitor = visit(cast.bob)
    visitor.post(f"{DRAFT}/files", {"file": (io.BytesIO(b"x"), "other.txt")})
    page = visitor.get(DRAFT).text
    assert "No file was saved" in page and "note-good" not in page
    visitor.post(f"{DRAFT}/files", {"file": (io.BytesIO(b"x"), "places.csv")})
    visitor.post(f"{DRAFT}/files/places.csv/remove")
    assert "1 file is missing." in visitor.get(DRAFT).text
    done = visitor.post(f"{DRAFT}/publish", {"version": "2", "accepted": "1", "without": "1"})
    assert "Phones cannot show what needs a missing file." in visitor.get(done.location).text


@pytest.mark.parametrize(
    ("language", "read"),
    [
        ("en", "Sheet survey Row 3 Column type The question type “selct_one x” is not known."),
        ("vi", "Trang tính survey Dòng 3 Cột type Không có loại câu hỏi «selct_one x»."),
    ],
)
def test_an_error_says_where(language: str, read: str, visit: Visit, cast: Cast) -> None:
    answer = visit(cast.bob, language).post(ADD, _file(demo.BROKEN, "broken.md"))
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", answer.text)))
    assert answer.status_code == 400 and read in text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.xlsx", b""),
        ("x.xlsx", b"PK\x03\x04nonsense"),
        ("x.pdf", b"%PDF-1.7"),
        ("x.xml", b"<x"),
        ("x.xml", b"<x/>"),
        ("x", b"\0"),
    ],
)
def test_whatever_is_uploaded_becomes_a_sentence(name: str, data: bytes, visit: Visit, cast: Cast) -> None:
    answer = visit(cast.bob).post(ADD, _file(data, name))
    assert answer.status_code == 400 and "The form could not be read" in answer.text


def test_no_file_at_all(visit: Visit, cast: Cast) -> None:
    assert visit(cast.bob).post(ADD).status_code == 400


def test_a_form_that_is_there_already(visit: Visit, cast: Cast, publish: Callable[..., Published]) -> None:
    publish(demo.BARE)
    answer = visit(cast.bob).post(ADD, _file(demo.BARE, "again.md"))
    assert answer.status_code == 409 and f'href="{DRAFT}"' in answer.text


def test_a_further_version(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    book = visitor.get(f"{FORMS}/versions/2026112301/workbook.xlsx")
    assert "survey" in openpyxl.load_workbook(io.BytesIO(book.data)).sheetnames
    changed = demo.FORM.replace("| | text | note | Ghi chú | Note | | |\n", "")
    assert visitor.post(f"{FORMS}/draft", _file(changed, "point_visit.md")).location == f"{FORMS}/draft"
    page = visitor.get(f"{FORMS}/draft").text
    assert "Questions of the published version are missing" in page and "(note)" in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version and version[1] != "2026112301"
    taken = visitor.post(f"{FORMS}/draft/publish", {"version": "2026112301", "accepted": "1"})
    assert taken.status_code == 409 and "already been published" in taken.text
    assert visitor.post(f"{FORMS}/draft/publish", {"version": version[1], "accepted": "1"}).location == FORMS
    page = visitor.get(FORMS).text
    assert version[1] in page and "2026112301" in page
    assert b'version="2026112301"' in visitor.get(f"{FORMS}/versions/2026112301/form.xml").data
    assert visitor.get(f"{FORMS}/versions/2026112301/workbook.md").data.decode().strip() == demo.FORM.strip()


def test_a_draft_that_changes_a_type_is_refused(visit: Visit, cast: Cast, world: World) -> None:
    changed = demo.FORM.replace("| integer | minutes", "| date | minutes")
    answer = visit(cast.bob).post(f"{FORMS}/draft", _file(changed, "point_visit.md"))
    assert answer.status_code == 400 and "changes the type" in answer.text


def test_a_draft_of_the_same_and_its_deletion(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    assert visitor.post(f"{FORMS}/draft").location == f"{FORMS}/draft"
    assert visitor.post(f"{FORMS}/draft/delete").location == FORMS
    visitor.post(ADD, _file(demo.BARE, "draft_form.md"))
    assert visitor.post(f"{DRAFT}/delete").location == "/projects/1"
    assert visitor.get(DRAFT).status_code == 404


def test_open_and_close(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    assert visitor.post(f"{FORMS}/state", {"state": "closed"}).location == FORMS
    assert "chip-closed" in visitor.get(FORMS).text
    assert visitor.post(f"{FORMS}/state", {"state": "burnt"}).status_code == 400


@pytest.mark.parametrize(
    ("draft", "published", "expected"),
    [
        ("3", ["1", "2"], "3"),
        ("2", ["2"], "2026112301"),
        ("", [], "2026112301"),
        ("x", ["x", "2026112301"], "2026112302"),
    ],
)
def test_the_version_that_is_suggested(draft: str, published: list[str], expected: str) -> None:
    assert suggest_version(draft, published, datetime(2026, 11, 23)) == expected


def test_a_volunteer_from_name_to_revoked(app: Flask, visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    made = visitor.post("/projects/1/volunteers", {"name": " Cúc ", "language": "vi", "form": [str(world.form.id)]})
    page = visitor.get(made.location).text
    picture = re.search(r'src="(data:image/svg[^"]+)"', page)
    assert picture and "<svg" in unquote(picture[1]) and "Cúc" in page
    actor_id = int(made.location.rpartition("/")[2])
    with app.app_context():
        key = access.key_of(access.get_app_user(CONSOLE, 1, actor_id)) or ""
        assert access.form_assignments(CONSOLE, 1, "app-user")[-1][2].id == actor_id
    assert key not in page and key not in made.location
    client = visit().client
    assert "point_visit" in client.get(f"/v1/key/{key}/projects/1/formList").text
    visitor.post(f"{made.location}/forms", {"form": []})
    assert "point_visit" not in client.get(f"/v1/key/{key}/projects/1/formList").text
    assert "Cúc" in visitor.get("/projects/1/volunteers/print").text
    assert visitor.post(f"{made.location}/revoke").location == "/projects/1/volunteers"
    assert client.get(f"/v1/key/{key}/projects/1/formList").status_code == 403
    assert "no longer works" in visitor.get(made.location).text
    assert "Cúc" not in visitor.get("/projects/1/volunteers/print").text


def test_who_fills_a_form(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    box = f'value="{cast.device.id}" checked'
    assert box in visitor.get(FORMS).text
    visitor.post(f"{FORMS}/volunteers", {"volunteer": []})
    assert box not in visitor.get(FORMS).text
    visitor.post(f"{FORMS}/volunteers", {"volunteer": [str(cast.device.id)]})
    assert box in visitor.get(FORMS).text


def test_a_volunteer_needs_a_name(visit: Visit, cast: Cast) -> None:
    assert visit(cast.bob).post("/projects/1/volunteers", {"name": " "}).status_code == 400

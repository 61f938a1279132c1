"""pyodk, unchanged, against the real server: each of its calls that this server has."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from pyodk.client import Client
from pyodk.errors import PyODKError

from tests.cast import PASSWORD, Cast
from tests.phone import new_id, submission
from tests.server.live.conftest import Server

ROWS = [("text", "who", "Ai?"), ("image", "photo", "Ảnh?"), ("select_one_from_file xã.csv", "xa", "Xã?")]


def workbook(form_id: str, version: str, rows: list[tuple[str, str, str]] = ROWS) -> bytes:
    """An .xlsx."""
    book = openpyxl.Workbook()
    survey = book.active
    assert survey is not None
    survey.title = "survey"
    for row in [("type", "name", "label"), *rows]:
        survey.append(row)
    settings = book.create_sheet("settings")
    settings.append(("form_id", "version", "form_title"))
    settings.append((form_id, version, "Thăm nhà"))
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.fixture
def bob(server: Server, cast: Cast, tmp_path: Path) -> Iterator[Client]:
    """Bob's client, which signs in by itself."""
    config = tmp_path / "pyodk.toml"
    config.write_text(
        f'[central]\nbase_url = "{server.url}"\nusername = "{cast.bob.email}"\npassword = "{PASSWORD}"\n'
        "default_project_id = 1\n"
    )
    with Client(config_path=config, cache_path=tmp_path / "cache.toml") as client:
        yield client


@pytest.fixture
def form_id(bob: Client, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A form made from a workbook, with its file, by `forms.create`."""
    made = f"thăm {request.node.name}"
    (tmp_path / "form.xlsx").write_bytes(workbook(made, "1"))
    (tmp_path / "xã.csv").write_text("name,label\n1,Xã A\n")
    form = bob.forms.create(definition=tmp_path / "form.xlsx", attachments=[tmp_path / "xã.csv"])
    assert (form.xmlFormId, form.version, form.name) == (made, "1", "Thăm nhà")
    return made


def test_forms(bob: Client, form_id: str, tmp_path: Path) -> None:
    assert form_id in [form.xmlFormId for form in bob.forms.list()]
    first = bob.forms.get(form_id)
    assert first.publishedAt is not None and first.version == "1"
    assert "Ai?" in bob.forms.get_xml(form_id)
    bob.forms.update(form_id, definition=workbook(form_id, "2", [*ROWS, ("integer", "age", "Tuổi?")]))
    assert bob.forms.get(form_id).version == "2"
    (tmp_path / "xã.csv").write_text("name,label\n2,Xã B\n")
    bob.forms.update(form_id, attachments=[tmp_path / "xã.csv"], version_updater=lambda version: f"{version}.1")
    assert bob.forms.get(form_id).version == "2.1"
    url = bob.session.urlformat("projects/1/forms/{form}/attachments/{name}", form=form_id, name="xã.csv")
    assert bob.get(url).content.decode() == "name,label\n2,Xã B\n"
    assert bob.forms.get(form_id).hash != first.hash


def test_a_form_without_an_id_takes_the_one_given(bob: Client) -> None:
    data = workbook("", "1", [("text", "who", "Ai?")])
    assert bob.forms.create(definition=data, form_id="tên khác").xmlFormId == "tên khác"


def test_a_broken_form_tells_why(bob: Client) -> None:
    with pytest.raises(PyODKError) as caught:
        bob.forms.create(definition=workbook("broken", "1", [("txet", "who", "Ai?")]))
    assert caught.value.args[1].status_code == 400
    assert caught.value.args[1].json()["code"] == 400.15


def test_app_users(bob: Client, form_id: str, server: Server) -> None:
    assert [project.id for project in bob.projects.list()] == [1]
    assert bob.projects.get(1).name == "Hỗ trợ cộng đồng"
    (lan, mai) = bob.projects.create_app_users(["Lan", "Mai"], forms=[form_id])
    assert list(bob.projects.create_app_users(["Lan"])) == []
    listed = bob.get(f"{server.url}/v1/key/{lan.token}/projects/1/formList")
    assert listed.status_code == 200 and form_id in listed.content.decode()
    assert mai.token != lan.token


def test_submissions(bob: Client, form_id: str, tmp_path: Path) -> None:
    instance_id, edited_id = new_id(), new_id()
    photo = bytes(range(256)) * 12_000
    (tmp_path / "ảnh nhà.jpg").write_bytes(photo)
    xml = submission(form_id, "<who>Ân</who><photo>ảnh nhà.jpg</photo>", version="1", instance_id=instance_id).decode()
    made = bob.submissions.create(xml, form_id=form_id, device_id="máy", attachments=[tmp_path / "ảnh nhà.jpg"])
    assert (made.instanceId, made.deviceId, made.reviewState) == (instance_id, "máy", None)
    assert [(file.name, file.exists) for file in made.attachments or []] == [("ảnh nhà.jpg", True)]
    url = bob.session.urlformat(
        "projects/1/forms/{form}/submissions/{id}/attachments/{name}", form=form_id, id=instance_id, name="ảnh nhà.jpg"
    )
    assert bob.get(url).content == photo

    assert [found.instanceId for found in bob.submissions.list(form_id=form_id)] == [instance_id]
    assert bob.submissions.get(instance_id, form_id=form_id).submitterId == made.submitterId
    table = bob.submissions.get_table(form_id=form_id, top=1, skip=0, count=True, expand="*", wkt=True)
    assert table["@odata.count"] == 1
    for chosen, count in (("who eq 'Ân'", 1), ("who eq 'Ba'", 0), ("__system/submissionDate lt now()", 1)):
        assert len(bob.submissions.get_table(form_id=form_id, filter=chosen, select="__id,who")["value"]) == count
    assert (table["value"][0]["who"], table["value"][0]["__system"]["attachmentsPresent"]) == ("Ân", 1)

    edit = submission(form_id, "<who>Ba</who>", version="1", instance_id=edited_id, deprecated_id=instance_id).decode()
    bob.submissions.edit(instance_id, edit, form_id=form_id, comment="Sửa tên")
    assert bob.submissions.get(instance_id, form_id=form_id).reviewState == "edited"
    bob.submissions.review(instance_id, "approved", form_id=form_id, comment="Được")
    assert bob.submissions.get(instance_id, form_id=form_id).reviewState == "approved"
    bob.submissions.add_comment(instance_id, "Thêm", form_id=form_id)
    comments = bob.submissions.list_comments(instance_id, form_id=form_id)
    assert [comment.body for comment in comments] == ["Thêm", "Được", "Sửa tên"]
    with pytest.raises(PyODKError) as caught:
        bob.submissions.edit(instance_id, edit, form_id=form_id)
    assert caught.value.args[1].status_code == 409


def test_a_file_that_was_not_named_is_refused(bob: Client, form_id: str, tmp_path: Path) -> None:
    (tmp_path / "other.jpg").write_bytes(b"x")
    xml = submission(form_id, "<who>Ân</who>", version="1").decode()
    with pytest.raises(PyODKError) as caught:
        bob.submissions.create(xml, form_id=form_id, attachments=[tmp_path / "other.jpg"])
    assert caught.value.args[1].status_code == 404

"""Files that come again: what a phone has sent is evidence, and no later request of a phone takes it away."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import expect
from tests.cast import Cast
from tests.conftest import VISIT, Publish, Send
from tests.phone import File, Published

PHOTO = ("f.jpg", b"photo", "image/jpeg")
EMPTY = ("f.jpg", b"", "image/jpeg")
OTHER = ("f.jpg", b"other", "image/jpeg")


class Sent:
    """A submission with a photo, as Bob sees it."""

    def __init__(self, client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
        self.client, self.bob, self.admin, self.form, self.send = client, cast.bob, cast.alice, form, send
        self.again(PHOTO)

    def again(self, *files: File, inside: str = "<photo>f.jpg</photo>", edit: bool = False) -> None:
        """The phone sends it, or its edit."""
        ids = {"instance_id": "uuid:2", "deprecated_id": "uuid:1"} if edit else {"instance_id": "uuid:1"}
        expect.told(self.send(self.form.submission(inside, **ids), files), 201)

    def get(self, path: str) -> Any:
        """What Bob is told."""
        answer = self.client.get(f"{self.form.url}/submissions{path}", headers=self.bob.bearer)
        assert answer.status_code == 200, answer.text
        return answer.get_json() if answer.mimetype == "application/json" else answer.data

    def files(self, version: str = "uuid:1") -> dict[str, bytes]:
        """The files of a version."""
        url = f"/uuid:1/versions/{version}/attachments"
        return {file["name"]: self.get(f"{url}/{file['name']}") for file in self.get(url) if file["exists"]}

    def findings(self) -> list[tuple[str, str, str]]:
        """Those of the current version, as it was said; the list must agree."""
        found = self.get("/uuid:1/findings")
        return [(entry["code"], entry["path"], entry["value"]) for entry in found]

    def logged(self) -> list[dict[str, Any]]:
        """What the audit says of files, newest first."""
        query = "/v1/audits?action=submission.attachment.update"
        return [entry["details"] for entry in self.client.get(query, headers=self.admin.bearer).get_json()]


@pytest.fixture
def sent(client: FlaskClient, cast: Cast, publish: Publish, send: Send) -> Sent:
    """With a photo."""
    return Sent(client, cast, publish(VISIT), send)


def count(sent: Sent) -> int:
    """How many findings the list of submissions tells of."""
    page = sent.client.get(
        "/projects/1/forms/visit/submissions?findings=yes", headers={"Cookie": f"session={sent.bob.token}"}
    )
    return int("/submissions/uuid:1" in page.text or "/submissions/uuid%3A1" in page.text)


def test_other_contents_are_kept_beside_the_first(sent: Sent) -> None:
    sent.again(EMPTY)
    assert sent.files() == {"f.jpg": b"photo", "f (2).jpg": b""}
    assert sent.findings() == [("origin.conflict", "", "f.jpg")]
    assert count(sent) == 1
    beside, first = sent.logged()
    assert (beside["name"], first["name"]) == ("f (2).jpg", "f.jpg") and beside["newBlobId"] != first["newBlobId"]
    assert "oldBlobId" not in beside


def test_again_and_again_adds_nothing(sent: Sent) -> None:
    for file in (EMPTY, OTHER, EMPTY, PHOTO, OTHER):
        sent.again(file)
    assert sent.files() == {"f.jpg": b"photo", "f (2).jpg": b"", "f (3).jpg": b"other"}
    assert sent.findings() == [("origin.conflict", "", "f.jpg")]


def test_the_finding_is_said_in_words(sent: Sent) -> None:
    sent.again(OTHER)
    url = f"{sent.form.url}/submissions/uuid:1/findings"
    answer = sent.client.get(url, headers=sent.bob.bearer | {"Accept-Language": "vi"})
    assert answer.get_json()[0]["message"].startswith("Một tệp được gửi lại cùng tên")


def test_a_conflict_of_a_version_that_was_edited_is_not_counted_with_the_current_one(sent: Sent) -> None:
    sent.again(edit=True)
    sent.again(OTHER)
    assert sent.files()["f (2).jpg"] == b"other"
    assert sent.files("uuid:2") == {"f.jpg": b"photo"}
    assert sent.findings() == [] and count(sent) == 0


def test_on_purpose_a_file_is_replaced(sent: Sent) -> None:
    url = f"{sent.form.url}/submissions/uuid:1/attachments/f.jpg"
    answer = sent.client.post(url, data=b"better", content_type="image/jpeg", headers=sent.bob.bearer)
    assert answer.status_code == 200
    assert sent.files() == {"f.jpg": b"better"} and sent.findings() == []
    replaced, first = sent.logged()
    assert replaced["oldBlobId"] == first["newBlobId"] and replaced["newBlobId"] != first["newBlobId"]


def test_an_edit_that_comes_in_parts_keeps_what_it_brings_itself(sent: Sent) -> None:
    """Collect sends the audit log of an edit under the name of the one before, maybe in a further part."""
    edit = sent.form.submission("<photo>f.jpg</photo>", instance_id="uuid:2", deprecated_id="uuid:1")
    expect.told(sent.send(edit, [], incomplete=True), 201)
    assert sent.files("uuid:2") == {}
    expect.told(sent.send(edit, [OTHER]), 201)
    assert (sent.files(), sent.files("uuid:2")) == ({"f.jpg": b"photo"}, {"f.jpg": b"other"})
    assert sent.findings() == []


def test_an_edit_that_came_in_parts_inherits_with_the_last(sent: Sent) -> None:
    edit = sent.form.submission("<photo>f.jpg</photo>", instance_id="uuid:2", deprecated_id="uuid:1")
    expect.told(sent.send(edit, [("a.jpg", b"a", "image/jpeg")], incomplete=True), 201)
    expect.told(sent.send(edit, [("b.jpg", b"b", "image/jpeg")]), 201)
    assert sent.files("uuid:2") == {"f.jpg": b"photo", "a.jpg": b"a", "b.jpg": b"b"}


def test_a_long_name_stays_one(sent: Sent) -> None:
    for data in (b"1", b"2", b"3", b"2"):
        sent.again(("a" * 251 + ".jpg", data, "image/jpeg"))
    names = sorted(set(sent.files()) - {"f.jpg"})
    assert len(names) == 3 and all(len(name) <= 255 and name.endswith(".jpg") for name in names)

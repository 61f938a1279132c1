"""Trying a draft: by the key of its test address, and with one's own credentials."""

from __future__ import annotations

import hashlib
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from server.actions import submissions
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.phone import Published

FORM = """
| survey   |                             |      |       |
|          | type                        | name | label |
|          | select_one_from_file xã.csv | xa   | Xã?   |
|          | image                       | photo | Ảnh? |
| settings |                             |      |       |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""
CSV = "name,label\n1,Xã A\n".encode()


@pytest.fixture
def draft(publish: Publish) -> Published:
    """A form with a draft only."""
    return publish(FORM, draft=True, media={"xã.csv": CSV})


@pytest.fixture
def base(client: FlaskClient, cast: Cast, draft: Published) -> str:
    """The draft's test address."""
    key = client.get(f"{draft.url}/draft", headers=cast.bob.bearer).get_json()["draftToken"]
    return f"/v1/test/{key}/projects/1/forms/visit/draft"


def texts(data: bytes) -> dict[str, str]:
    """The texts of the first entry of a document."""
    return {child.tag.partition("}")[2]: child.text or "" for child in ElementTree.fromstring(data)[0]}


def listed(client: FlaskClient, cast: Cast, url: str) -> Any:
    """What Bob is told."""
    return client.get(url, headers=cast.bob.bearer).get_json()


def test_it_works(client: FlaskClient, cast: Cast, draft: Published, base: str, send: Send) -> None:
    entry = texts(client.get(f"{base}/formList").data)
    assert (entry["formID"], entry["name"], entry["version"]) == ("visit", "Thăm nhà", "1")
    xml = client.get(entry["downloadUrl"])
    assert xml.data == draft.xml
    assert entry["hash"] == "md5:" + hashlib.md5(xml.data).hexdigest()
    file = texts(client.get(entry["manifestUrl"]).data)
    assert client.get(file["downloadUrl"]).data == CSV
    head = client.head(f"{base}/submission")
    assert (head.status_code, head.headers["X-OpenRosa-Version"]) == (204, "1.0")
    expect.told(send(draft.submission(), [("a.jpg", b"a", "image/jpeg")], to=f"{base}/submission"), 201)
    (found,) = listed(client, cast, f"{draft.url}/draft/submissions")
    assert found["submitterId"] is None
    assert listed(client, cast, f"{draft.url}/submissions") == []
    instance = f"{draft.url}/draft/submissions/{found['instanceId']}"
    assert client.get(f"{instance}/attachments/a.jpg", headers=cast.bob.bearer).data == b"a"
    assert listed(client, cast, f"{draft.url}/draft.svc/Submissions")["value"][0]["__id"] == found["instanceId"]


def test_a_wrong_key_and_another_form(
    client: FlaskClient, base: str, draft: Published, publish: Publish, send: Send
) -> None:
    publish(FORM.replace("| visit   |", "| other   |"), draft=True)
    for path in ("formList", "manifest", "submission"):
        expect.told(client.get(f"/v1/test/wrong/projects/1/forms/visit/draft/{path}"), 404)
        expect.told(client.get(f"{base.replace('/visit/', '/other/')}/{path}"), 404)
        expect.told(client.get(f"{base.replace('projects/1', 'projects/2')}/{path}"), 404)
    expect.told(send(draft.submission(), to="/v1/test/wrong/projects/1/forms/visit/draft/submission"), 404)


def test_the_key_opens_nothing_but_the_draft(
    client: FlaskClient, base: str, draft: Published, publish: Publish, send: Send
) -> None:
    other = publish(FORM.replace("| visit   |", "| other   |"))
    expect.told(send(other.submission(), to=f"{base}/submission"), 400)
    key = base.split("/")[3]
    assert client.get(f"/v1/key/{key}/projects/1/formList").status_code == 403
    assert client.get(f"/v1/test/{key}/projects/1/forms/visit/submissions").status_code == 404
    assert client.get("/v1/projects/1/formList", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_new_draft_keeps_the_key_and_forgets_what_was_tried(
    client: FlaskClient, cast: Cast, base: str, draft: Published, publish: Publish, send: Send
) -> None:
    expect.told(send(draft.submission(), to=f"{base}/submission"), 201)
    publish(FORM.replace("| photo | Ảnh? |", "| photo | Ảnh nhà? |"), draft=True)
    assert client.get(f"{base}/formList").status_code == 200
    assert listed(client, cast, f"{draft.url}/draft/submissions") == []


def test_publishing_ends_the_key_and_what_was_tried(
    client: FlaskClient, cast: Cast, base: str, draft: Published, send: Send
) -> None:
    expect.told(send(draft.submission(), to=f"{base}/submission"), 201)
    assert client.post(f"{draft.url}/draft/publish", headers=cast.bob.bearer).get_json() == {"success": True}
    message = expect.told(client.get(f"{base}/formList"), 404)
    assert message
    expect.told(send(draft.submission(), to=f"{base}/submission"), 404)
    assert listed(client, cast, f"{draft.url}/submissions") == []
    assert listed(client, cast, draft.url)["draftToken"] is None


def test_with_ones_own_credentials(client: FlaskClient, cast: Cast, draft: Published, send: Send) -> None:
    url = f"{draft.url}/draft/submission"
    assert client.head(url, headers=cast.bob.basic).status_code == 204
    expect.told(send(draft.submission(), to=url, headers=cast.bob.basic), 201)
    (found,) = listed(client, cast, f"{draft.url}/draft/submissions")
    assert found["submitterId"] == cast.bob.id
    for person in (cast.charlie, cast.vy):
        expect.told(send(draft.submission(), to=url, headers=person.basic), 401)
    expect.told(send(draft.submission(), to=url), 401)


def test_the_same_instance_may_be_tried_and_then_really_sent(
    client: FlaskClient, cast: Cast, base: str, publish: Publish, draft: Published, send: Send
) -> None:
    xml = draft.submission(instance_id="uuid:1")
    expect.told(send(xml, to=f"{base}/submission"), 201)
    publish(FORM, media={"xã.csv": CSV})
    expect.told(send(xml), 201)
    (found,) = listed(client, cast, f"{draft.url}/submissions")
    assert found["instanceId"] == "uuid:1"


@pytest.mark.parametrize(("times", "status"), [(1, 201), (2, 201), (3, 503)])
def test_a_draft_that_is_replaced_meanwhile(
    base: str, publish: Publish, draft: Published, send: Send, monkeypatch: pytest.MonkeyPatch, times: int, status: int
) -> None:
    """Between the look at the draft and the write; a phone that is told to will try again."""
    keep, replaced = submissions.files.keep, []

    def slowly(parts: Any) -> None:
        keep(parts)
        if len(replaced) < times:
            replaced.append(None)
            with monkeypatch.context() as quickly:
                quickly.setattr(submissions.files, "keep", keep)
                publish(FORM.replace("Xã?", f"Xã {len(replaced)}?"), draft=True)

    monkeypatch.setattr(submissions.files, "keep", slowly)
    expect.told(send(draft.submission(), to=f"{base}/submission"), status)
    assert len(replaced) == times

"""GET …/formList: what a phone is offered, and from where it is fetched."""

from __future__ import annotations

import gzip
import hashlib
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from tests import expect
from tests.cast import Cast, Device
from tests.conftest import Publish
from tests.phone import OPENROSA

FORM = """
| survey   |                         |      |       |
|          | type                    | name | label |
|          | text                    | who  | Ai?   |
| settings |                         |      |       |
|          | form_title              | form_id | version |
|          | Thăm nhà                | visit   | 1       |
"""
NEXT = FORM.replace("| 1       |", "| 2       |")
OTHER = FORM.replace("| visit   |", "| other   |")
WITH_FILE = """
| survey   |                          |      |       |
|          | type                     | name | label |
|          | select_one_from_file xã.csv | xa   | Xã?   |
| settings |                          |      |       |
|          | form_title               | form_id | version |
|          | Có tệp                   | filed   | 1       |
"""


def listed(client: FlaskClient, url: str, **headers: str) -> list[dict[str, str | None]]:
    """The entries of a form list."""
    answer = client.get(url, headers=OPENROSA | headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert answer.content_type == "text/xml; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    root = ElementTree.fromstring(answer.data)
    return [{child.tag.partition("}")[2]: child.text for child in entry} for entry in root]


def test_it_works(client: FlaskClient, device: Device, publish: Publish) -> None:
    form = publish(FORM)
    (entry,) = listed(client, device.url("formList?deviceID=collect%3Aabc"))
    assert entry == {
        "formID": "visit",
        "name": "Thăm nhà",
        "version": "1",
        "hash": "md5:" + hashlib.md5(form.xml).hexdigest(),
        "downloadUrl": f"http://localhost{device.url('forms/visit.xml')}",
    }
    assert entry["downloadUrl"] is not None
    assert client.get(entry["downloadUrl"]).data == form.xml


def test_by_user(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(FORM)
    for person in (cast.alice, cast.bob, cast.minh, cast.vy):
        assert [entry["formID"] for entry in listed(client, "/v1/projects/1/formList", **person.basic)] == ["visit"]
    (entry,) = listed(client, "/v1/projects/1/formList", **cast.minh.bearer)
    assert entry["downloadUrl"] == "http://localhost/v1/projects/1/forms/visit.xml"


def test_a_stranger_sees_nothing(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(FORM)
    assert listed(client, "/v1/projects/1/formList", **cast.charlie.basic) == []
    assert listed(client, "/v1/projects/1/formList", **cast.dung.basic) == []


def test_an_anonymous_one_is_asked_for_credentials(client: FlaskClient) -> None:
    answer = client.get("/v1/projects/1/formList")
    expect.told(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("key", ["wrong", "a" * 64, "%00", "%F0%9F%93%9D"])
def test_a_wrong_key_is_forbidden_and_asks_for_no_password(client: FlaskClient, key: str) -> None:
    answer = client.get(f"/v1/key/{key}/projects/1/formList")
    expect.told(answer, 403)
    assert "WWW-Authenticate" not in answer.headers


def test_a_key_opens_nothing_of_another_project(
    client: FlaskClient, device: Device, cast: Cast, publish: Publish
) -> None:
    publish(FORM, project_id=2)
    assert listed(client, f"/v1/key/{device.key}/projects/2/formList") == []
    for path in ("forms/visit.xml", "forms/visit/manifest"):
        assert client.get(f"/v1/key/{device.key}/projects/2/{path}").status_code == 403
    assert client.get(cast.other_device.url("forms/visit.xml")).status_code == 200


def test_a_revoked_key_opens_nothing(client: FlaskClient, cast: Cast, device: Device, publish: Publish) -> None:
    publish(FORM)
    revoked = client.delete(f"/v1/projects/1/app-users/{device.id}", headers=cast.bob.bearer)
    assert revoked.get_json() == {"success": True}
    for path in ("formList", "forms/visit.xml", "forms/visit/manifest", "submission"):
        assert client.get(device.url(path)).status_code == 403


def test_an_unknown_project(client: FlaskClient, cast: Cast) -> None:
    expect.told(client.get("/v1/projects/99/formList", headers=cast.alice.basic), 404)


def test_only_what_may_be_filled(client: FlaskClient, cast: Cast, device: Device, publish: Publish) -> None:
    publish(FORM)
    publish(OTHER, offer=False)
    publish(FORM.replace("visit", "draft"), draft=True)
    assert [entry["formID"] for entry in listed(client, device.url("formList"))] == ["visit"]
    assert client.get(device.url("forms/other.xml")).status_code == 403
    for state in ("closing", "closed"):
        changed = client.patch("/v1/projects/1/forms/visit", json={"state": state}, headers=cast.bob.bearer)
        assert changed.get_json()["state"] == state
        assert listed(client, device.url("formList")) == []


def test_one_form_alone(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(FORM)
    publish(OTHER)
    entries = listed(client, "/v1/projects/1/formList?formID=other", **cast.minh.basic)
    assert [entry["formID"] for entry in entries] == ["other"]


def test_unchanged_costs_a_304_and_a_new_version_is_seen(client: FlaskClient, device: Device, publish: Publish) -> None:
    publish(FORM)
    first = client.get(device.url("formList"))
    again = client.get(device.url("formList"), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    second = publish(NEXT)
    changed = client.get(device.url("formList"), headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    (entry,) = listed(client, device.url("formList"))
    assert (entry["version"], entry["hash"]) == ("2", "md5:" + hashlib.md5(second.xml).hexdigest())


def test_addresses_are_those_the_phone_used(client: FlaskClient, device: Device, publish: Publish) -> None:
    publish(FORM)
    answer = client.get(device.url("formList"), base_url="http://192.0.2.7:8000")
    assert f"<downloadUrl>http://192.0.2.7:8000{device.url('forms/visit.xml')}</downloadUrl>" in answer.text


def test_a_form_id_with_spaces_and_letters(client: FlaskClient, device: Device, publish: Publish) -> None:
    form = publish(FORM.replace("| visit   |", "| thăm nhà&1 |"))
    (entry,) = listed(client, device.url("formList"))
    assert entry["formID"] == "thăm nhà&1"
    assert client.get(entry["downloadUrl"] or "").data == form.xml


def test_a_form_id_keeps_the_signs_that_addresses_may_have(
    client: FlaskClient, device: Device, publish: Publish
) -> None:
    form = publish(FORM.replace("| visit   |", "| Sáu's (1)!* |"))
    (entry,) = listed(client, device.url("formList"))
    assert (entry["downloadUrl"] or "").endswith("/forms/S%C3%A1u's%20(1)!*.xml")
    assert client.get(entry["downloadUrl"] or "").data == form.xml


def test_head_is_answered_too(client: FlaskClient, device: Device) -> None:
    answer = client.head(device.url("formList"))
    assert (answer.status_code, answer.data) == (200, b"")


def test_the_manifest_and_its_files(client: FlaskClient, device: Device, publish: Publish) -> None:
    data = "name,label\n1,Xã A\n".encode()
    publish(WITH_FILE, media={"xã.csv": data})
    (entry,) = listed(client, device.url("formList"))
    answer = client.get(entry["manifestUrl"] or "")
    assert answer.content_type == "text/xml; charset=utf-8"
    assert (answer.headers["X-OpenRosa-Version"], answer.headers["Cache-Control"]) == ("1.0", "private, no-cache")
    (file,) = ElementTree.fromstring(answer.data)
    texts = {child.tag.partition("}")[2]: child.text or "" for child in file}
    assert texts.keys() == {"filename", "hash", "downloadUrl"}
    assert (texts["filename"], texts["hash"]) == ("xã.csv", "md5:" + hashlib.md5(data).hexdigest())
    fetched = client.get(texts["downloadUrl"])
    assert fetched.data == data
    again = client.get(texts["downloadUrl"], headers={"If-None-Match": fetched.headers["ETag"]})
    assert again.status_code == 304
    unchanged = client.get(entry["manifestUrl"] or "", headers={"If-None-Match": answer.headers["ETag"]})
    assert unchanged.status_code == 304


def test_a_missing_file_is_not_listed(client: FlaskClient, device: Device, publish: Publish) -> None:
    publish(WITH_FILE)
    (entry,) = listed(client, device.url("formList"))
    answer = client.get(entry["manifestUrl"] or "")
    assert answer.status_code == 200
    assert list(ElementTree.fromstring(answer.data)) == []


def test_the_manifest_is_for_who_may_fill(client: FlaskClient, cast: Cast, publish: Publish) -> None:
    publish(WITH_FILE, offer=False)
    for url in ("forms/filed/manifest",):
        expect.told(client.get(cast.device.url(url)), 403)
        expect.told(client.get(f"/v1/projects/1/{url}", headers=cast.charlie.basic), 403)
        expect.told(client.get(f"/v1/projects/1/{url}"), 401)
    expect.refused(client.get(cast.device.url("forms/filed/attachments/x%C3%A3.csv")), problems.INSUFFICIENT_RIGHTS)


def test_in_the_language_of_the_volunteer(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/v1/projects/1/formList", headers={"Accept-Language": "en"})
    assert answer.headers["Content-Language"] == "vi"


def test_a_long_document_is_packed_for_those_who_can_unpack_it(
    client: FlaskClient, device: Device, publish: Publish
) -> None:
    form = publish(FORM.replace("| Ai?   |", f"| {'Ai? ' * 500} |"))
    url = device.url("forms/visit.xml")
    plain, packed = client.get(url), client.get(url, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data == form.xml
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding, Origin"
    assert plain.headers["ETag"] != packed.headers["ETag"]
    again = client.get(url, headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_form_id_with_slashes_is_reached_by_the_address_that_is_offered(
    client: FlaskClient, device: Device, publish: Publish
) -> None:
    form = publish(WITH_FILE.replace("| filed   |", "| a/b c~d%2F |"), media={"xã.csv": b"name,label\n1,A\n"})
    (entry,) = listed(client, device.url("formList"))
    assert entry["formID"] == "a/b c~d%2F"
    assert client.get(entry["downloadUrl"] or "").data == form.xml
    manifest = client.get(entry["manifestUrl"] or "", headers=OPENROSA)
    (file,) = ElementTree.fromstring(manifest.data)
    assert client.get(file[2].text or "").data == b"name,label\n1,A\n"

"""What holds for every address of the API, as clients of ODK Central expect it."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import Cast
from tests.conftest import Publish
from tests.phone import Published

JSON = {"Content-Type": "application/json"}
FORM = """
| survey   |      |      |       |
|          | type | name | label |
|          | text | who  | Ai?   |
| settings |      |      |       |
|          | form_title | form_id | version |
|          | Thăm nhà   | visit   | 1       |
"""


@pytest.fixture
def form(publish: Publish) -> Published:
    """A form of Bob's project."""
    return publish(FORM)


def refused(answer: TestResponse, code: float, details: dict[str, Any] | None = None) -> None:
    """The answer is a refusal in JSON with this number, and with these details if they are given."""
    said = answer.get_json()
    assert said is not None, answer.text
    assert (answer.status_code, said["code"]) == (int(code), code), said
    assert set(said) - {"details"} == {"message", "code"} and said["message"]
    assert said.get("details") != {}  # nothing is said of details where there are none
    assert details is None or said.get("details", {}) == details


def test_an_address_that_leads_nowhere(client: FlaskClient, cast: Cast) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        refused(client.open("/v1/tea", method=method), 404.1)
        refused(client.open("/v1/projects/1/tea", method=method, headers=cast.bob.bearer), 404.1)
    refused(client.put("/v1/projects", headers=cast.bob.bearer), 404.1)
    assert client.head("/v1/tea").status_code == 404


def test_the_version_stands_first(client: FlaskClient, cast: Cast) -> None:
    refused(client.get("/v4/users/current", headers=cast.bob.bearer), 404.3, {"got": "4"})
    refused(client.get("/v10/"), 404.3, {"got": "10"})
    for path in ("/tea", "/v1x/users", "/1/users", "/v/users"):
        refused(client.get(path), 404.2)
    page = client.get("/tea", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 404 and page.mimetype == "text/html"


def test_a_slash_at_the_end_does_no_harm(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/v1/projects/", headers=cast.bob.bearer).status_code == 200
    assert client.get("/v1/projects/1/", headers=cast.bob.bearer).status_code == 200
    refused(client.get("/v1//projects/1", headers=cast.bob.bearer), 404.1)


def test_names_are_written_as_they_are(client: FlaskClient, cast: Cast) -> None:
    refused(client.get("/v1/Projects/1", headers=cast.bob.bearer), 404.1)


@pytest.mark.parametrize(
    "text", ["{", "{'name': 1}", '"a text"', "12", "null", '{"name": NaN}', '{"name":"x"} and more']
)
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, cast: Cast, text: str) -> None:
    answer = client.patch("/v1/projects/1", data=text, headers=cast.bob.bearer | JSON)
    refused(answer, 400.1, {"format": "json", "rawLength": len(text)})


def test_letters_are_counted_and_not_bytes(client: FlaskClient) -> None:
    refused(client.post("/v1/sessions", data="{đường", headers=JSON), 400.1, {"format": "json", "rawLength": 6})


def test_a_body_that_says_nothing_lacks_everything(client: FlaskClient, cast: Cast) -> None:
    for body in ("", "[]", "{}"):
        answer = client.post("/v1/projects", data=body, headers=cast.alice.bearer | JSON)
        refused(answer, 400.2, {"field": "name"})
    answer = client.post("/v1/projects", data="name=x", headers=cast.alice.bearer | {"Content-Type": "text/plain"})
    refused(answer, 400.2, {"field": "name"})


def test_a_body_may_be_packed(client: FlaskClient, cast: Cast) -> None:
    packed = gzip.compress(json.dumps({"name": "Mới"}).encode())
    headers = cast.bob.bearer | JSON
    answer = client.patch("/v1/projects/1", data=packed, headers=headers | {"Content-Encoding": "gzip"})
    assert answer.get_json()["name"] == "Mới"
    refused(client.patch("/v1/projects/1", data=b"?", headers=headers | {"Content-Encoding": "gzip"}), 400.1)
    refused(client.patch("/v1/projects/1", data=packed, headers=headers | {"Content-Encoding": "zip"}), 400.37)


def test_a_body_that_is_too_large(client: FlaskClient, cast: Cast) -> None:
    headers = cast.bob.bearer | JSON
    for length in (300_000, 1_200_000):
        refused(client.patch("/v1/projects/1", data=json.dumps({"name": "x" * length}), headers=headers), 400.36)
    bomb = gzip.compress(json.dumps({"name": "x" * 30_000_000}).encode())
    refused(client.patch("/v1/projects/1", data=bomb, headers=headers | {"Content-Encoding": "gzip"}), 400.36)


def test_what_no_database_holds_is_refused(client: FlaskClient, cast: Cast) -> None:
    refused(client.patch("/v1/projects/1", json={"name": "a\0b"}, headers=cast.bob.bearer), 400.8)
    refused(client.get("/v1/projects?q=%00", headers=cast.bob.bearer), 400.8)
    refused(client.get("/v1/projects/1/forms/a%00b", headers=cast.bob.bearer), 404.1)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_where_a_number_belongs_a_word_is_refused(client: FlaskClient, cast: Cast, method: str) -> None:
    headers = cast.alice.bearer
    answer = client.open("/v1/projects/one", method=method, headers=headers)
    refused(answer, 400.11, {"value": "one", "expected": "type integer"})
    for great in (str(2**31), str(2**63 - 1), str(2**80)):
        answer = client.open(f"/v1/projects/{great}", method=method, headers=headers)
        refused(answer, 400.22, {"value": great, "type": "integer"})
    refused(client.open("/v1/projects/2147483647", method=method, headers=headers), 404.1)
    refused(client.open("/v1/projects/one", method=method), 401.2)


def test_a_word_where_a_number_belongs_further_down(client: FlaskClient, cast: Cast, form: Published) -> None:
    answer = client.delete("/v1/projects/1/app-users/Lan", headers=cast.bob.bearer)
    refused(answer, 400.11, {"value": "Lan", "expected": "type integer"})
    refused(client.get("/v1/projects/x/forms", headers=cast.bob.bearer), 400.11)


def test_pages_are_asked_for_in_numbers(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{form.url}/submissions"
    for query in ("limit=few", "limit=", "offset=x", "limit=-1"):
        name = query.partition("=")[0]
        answer = client.get(f"{url}?{query}", headers=cast.bob.bearer)
        refused(answer, 400.11, {"field": name, "expected": "integer"})
    assert client.get(f"{url}?limit=3rows", headers=cast.bob.bearer).status_code == 200


def test_a_stranger_is_refused_before_anything_is_told(client: FlaskClient, form: Published) -> None:
    for path in (form.url, f"{form.url}/submissions", "/v1/projects/99", "/v1/users/current", "/v1/audits"):
        refused(client.get(path), 401.2, {})


def test_extended_metadata_is_asked_for_by_a_header(client: FlaskClient, cast: Cast) -> None:
    for said, extended in (("true", True), ("TRUE", True), ("false", False), ("1", False)):
        found = client.get("/v1/projects/1", headers=cast.bob.bearer | {"X-Extended-Metadata": said}).get_json()
        assert ("verbs" in found) is extended, said


def test_what_was_read_is_asked_for_again_each_time(client: FlaskClient, cast: Cast) -> None:
    answer = client.get("/v1/projects/1", headers=cast.bob.bearer)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert {"Accept-Encoding", "Origin"} == set(answer.headers["Vary"].split(", "))
    assert answer.headers["ETag"].startswith('W/"')
    again = client.get("/v1/projects/1", headers=cast.bob.bearer | {"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    client.patch("/v1/projects/1", json={"name": "Mới"}, headers=cast.bob.bearer)
    changed = client.get("/v1/projects/1", headers=cast.bob.bearer | {"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200 and changed.headers["ETag"] != answer.headers["ETag"]


def test_who_may_not_see_it_is_not_told_that_nothing_changed(client: FlaskClient, cast: Cast) -> None:
    known = client.get("/v1/projects/1", headers=cast.bob.bearer).headers["ETag"]
    answer = client.get("/v1/projects/1", headers=cast.charlie.bearer | {"If-None-Match": known})
    refused(answer, 403.1)
    assert "ETag" not in answer.headers


def test_what_changes_something_is_kept_by_nobody(client: FlaskClient, cast: Cast) -> None:
    for answer in (
        client.patch("/v1/projects/1", json={"name": "Mới"}, headers=cast.bob.bearer),
        client.post("/v1/sessions", json={"email": "x@example.org", "password": "khong dung"}),
        client.post("/v1/tea"),
    ):
        assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == ("no-store", "*")


def test_head_is_get_without_a_body(client: FlaskClient, cast: Cast) -> None:
    answer = client.head("/v1/projects/1", headers=cast.bob.bearer)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["ETag"] == client.get("/v1/projects/1", headers=cast.bob.bearer).headers["ETag"]
    assert client.head("/v1/projects/1").status_code == 401


def test_options_tell_what_can_be_done(client: FlaskClient, cast: Cast) -> None:
    answer = client.options("/v1/projects/1", headers=cast.bob.bearer)
    assert answer.status_code == 200 and {"GET", "HEAD", "PATCH"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/tea", "/v1/sessions", "/tea", "/v1/projects/1/forms"])
def test_what_nobody_can_read_is_refused_before_anything_else(client: FlaskClient, cast: Cast, path: str) -> None:
    refused(client.post(path, data="{thế", headers=JSON), 400.1, {"format": "json", "rawLength": 4})
    refused(client.post(path, data=json.dumps({"name": "x" * 300_000}), headers=JSON), 400.36, {})
    refused(client.post(path, data=b"?", headers=JSON | {"Content-Encoding": "zip"}), 400.37, {})


def test_a_file_of_json_is_nobodys_to_read(client: FlaskClient, cast: Cast, form: Published) -> None:
    url = f"{form.url}/draft"
    assert client.post(url, headers=cast.bob.bearer).status_code == 200
    answer = client.post(f"{url}/attachments/map.geojson", data="{", headers=cast.bob.bearer | JSON)
    refused(answer, 404.1)  # the form names no such file


def test_only_json_says_anything(client: FlaskClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = client.post("/v1/sessions", data='{"email": "a", "password": "b"}', headers={"Content-Type": kind})
        refused(answer, 400.3, {"expected": ["email", "password"], "got": {}})


@pytest.mark.parametrize("path", ["users/%E0%A4%A", "projects/1/forms/%zz", "projects/1/forms/%ff", "projects/%"])
def test_escapes_that_stand_for_nothing(client: FlaskClient, cast: Cast, path: str) -> None:
    for headers in (cast.alice.bearer, {}):
        refused(client.get("/v1/", environ_overrides={"RAW_URI": f"/v1/{path}"}, headers=headers), 404.1, {})


def test_pages_are_asked_for_in_numbers_everywhere(client: FlaskClient, cast: Cast) -> None:
    for path in ("projects", "users/current", "roles", "projects/1"):
        answer = client.get(f"/v1/{path}?offset=x", headers=cast.bob.bearer)
        refused(answer, 400.11, {"field": "offset", "expected": "integer"})
    refused(client.post("/v1/sessions?limit=x", json={}), 400.11, {"field": "limit", "expected": "integer"})
    refused(client.get("/v1/projects?limit=x"), 401.2)


def test_json_says_how_it_is_written(client: FlaskClient, cast: Cast) -> None:
    for answer in (client.get("/v1/projects/1", headers=cast.bob.bearer), client.get("/v1/projects/1")):
        assert answer.content_type == "application/json; charset=utf-8"


def test_another_openrosa_is_another_language(client: FlaskClient, cast: Cast) -> None:
    url = cast.device.url("formList")
    wrong = client.get(url, headers={"X-OpenRosa-Version": "2.0"})
    assert (wrong.status_code, wrong.content_type) == (400, "text/xml; charset=utf-8")
    for headers in ({"X-OpenRosa-Version": "1.0"}, {}):
        assert client.get(url, headers=headers).status_code == 200


def test_where_xml_is_expected_json_is_none(client: FlaskClient, cast: Cast, form: Published) -> None:
    for url in ("/v1/projects/1/forms", f"{form.url}/draft"):
        refused(client.post(url, json={"a": 1}, headers=cast.bob.bearer), 400.2, {"field": "formId"})

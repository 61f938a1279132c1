"""What no server can store: refused with a sentence, before it costs anything, and nothing of it is kept."""

from __future__ import annotations

import io
import socket
import tracemalloc

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas import problems
from server.parts import NAME
from tests import expect, phone
from tests.cast import Cast, Device
from tests.conftest import VISIT, Publish, Send
from tests.phone import Published, new_id

PHOTO = ("a.jpg", b"\xff\xd8" * 100_000, "image/jpeg")


@pytest.fixture
def form(publish: Publish) -> Published:
    """A published form that the device may fill."""
    return publish(VISIT)


def stored(client: FlaskClient, cast: Cast, form: Published) -> list[str]:
    """The instance IDs that Bob is shown."""
    return [each["instanceId"] for each in client.get(f"{form.url}/submissions", headers=cast.bob.bearer).get_json()]


def kept(app: Flask) -> set[str]:
    """All files in the store."""
    return {file.sha256 for file in app.extensions[NAME].storage.walk()}


def bomb() -> bytes:
    """A kilobyte that would be three gigabytes, were it unfolded."""
    levels = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    return f'<!DOCTYPE d [<!ENTITY l0 "lol">{levels}]><data id="visit"><who>&l9;</who></data>'.encode()


DEEP = b'<data id="visit">' + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</data>"
WIDE = b'<data id="visit">' + b"<a/>" * 1_000_000 + b"</data>"


@pytest.mark.parametrize("xml", [bomb(), DEEP, WIDE], ids=["bomb", "deep", "wide"])
def test_hostile_xml_is_refused_before_it_takes_memory(
    client: FlaskClient, cast: Cast, form: Published, send: Send, xml: bytes
) -> None:
    tracemalloc.start()
    try:
        told = expect.told(send(xml), 400)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "xml" in told
    assert most < 60_000_000
    assert stored(client, cast, form) == []


@pytest.mark.parametrize(
    "declared", ['<!ENTITY e SYSTEM "{url}">', '<!ENTITY % e SYSTEM "{url}"> %e;', '<!ELEMENT data ANY>" SYSTEM "{url}']
)
def test_nothing_that_xml_points_to_is_fetched(form: Published, send: Send, declared: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/secret"
        xml = f'<!DOCTYPE data [{declared.format(url=url)}]><data id="visit"><who>&e;</who></data>'.encode()
        expect.told(send(xml), 400)
        outside = f'<!DOCTYPE data SYSTEM "{url}"><data id="visit"><who>An</who></data>'.encode()
        expect.told(send(outside), 400)
        elsewhere.setblocking(False)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_an_unknown_form_is_named_and_what_to_do(form: Published, send: Send) -> None:
    told = expect.told(send(phone.submission("thăm cũ")), 404)
    assert "thăm cũ" in told and "người phụ trách" in told


def test_a_key_that_was_revoked_or_never_was(client: FlaskClient, cast: Cast, form: Published, send: Send) -> None:
    assert client.delete(f"/v1/sessions/{cast.device.key}", headers=cast.bob.bearer).status_code == 200
    wrong = cast.device.url("submission").replace(cast.device.key, "x" * 64)
    for address in (cast.device.url("submission"), wrong):
        answer = send(form.submission(), [PHOTO], to=address)
        expect.told(answer, 403)
        assert "WWW-Authenticate" not in answer.headers
    answer = send(form.submission(), [PHOTO], to="/v1/projects/1/submission")
    expect.told(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert stored(client, cast, form) == []


@pytest.mark.parametrize("name", ["..", ".", "/", "a/..", "\0.jpg", " "])
def test_a_name_that_no_file_has_is_refused(
    app: Flask, client: FlaskClient, cast: Cast, form: Published, send: Send, name: str
) -> None:
    before = kept(app)
    expect.told(send(form.submission(), [(name, b"evil", "image/jpeg")]), 400)
    assert stored(client, cast, form) == [] and kept(app) == before


@pytest.mark.parametrize("name", ["x" * 4000 + ".jpg", "ả" * 4000, "../" * 1300 + "x" * 300, "x." + "y" * 4000])
def test_a_name_of_thousands_of_characters_is_cut_and_never_a_path(
    client: FlaskClient, cast: Cast, form: Published, send: Send, name: str
) -> None:
    instance_id = new_id()
    expect.told(send(form.submission(instance_id=instance_id), [(name, PHOTO[1], "image/jpeg")]), 201)
    place = f"{form.url}/submissions/{instance_id}/attachments"
    (file,) = client.get(place, headers=cast.bob.bearer).get_json()
    assert len(file["name"]) <= 255 and "/" not in file["name"]
    assert client.get(f"{place}/{file['name']}", headers=cast.bob.bearer).data == PHOTO[1]


@pytest.mark.parametrize("device_id", ["%00", "a%00b", "%ff", "%ed%a0%80", "x" * 3000])
def test_what_a_phone_calls_itself_may_be_anything(form: Published, send: Send, device: Device, device_id: str) -> None:
    answer = send(form.submission(), to=device.url(f"submission?deviceID={device_id}"), headers={"User-Agent": "\xff"})
    expect.told(answer, 400 if "%00" in device_id else 201)


@pytest.mark.parametrize(
    "body",
    [b'{"name": "a\\u0000b"}', b'{"name": "\\ud800"}', b"[" * 100_000, b'{"a":' * 100_000, b'{"name": "\xff"}', b"[1]"],
)
def test_json_that_no_database_holds_is_refused(client: FlaskClient, cast: Cast, body: bytes) -> None:
    for url in ("/v1/projects", "/v1/projects/1/app-users"):
        answer = client.post(url, data=body, content_type="application/json", headers=cast.alice.bearer)
        assert answer.status_code == 400 and answer.get_json()["code"] < 401, answer.text


FIELDS = (b"a=b&" * 5_000_000, "application/x-www-form-urlencoded", "/login")
JSON = (b"[" + b"[]," * 7_000_000 + b"[]]", "application/json", "/v1/sessions")


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
@pytest.mark.parametrize(("body", "kind", "url"), [FIELDS, JSON], ids=["fields", "json"])
def test_what_nobody_types_is_not_taken_into_memory(
    client: FlaskClient, cast: Cast, body: bytes, kind: str, url: str, announced: bool
) -> None:
    # A server that ends the stream with the body, as gunicorn does.
    environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body)) if announced else ""}
    headers = {} if announced else {"Transfer-Encoding": "chunked"}
    stream = io.BytesIO(body)
    tracemalloc.start()
    try:
        answer = client.post(url, input_stream=stream, content_type=kind, headers=headers, environ_overrides=environ)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if kind == JSON[1]:
        assert answer.get_json()["code"] == problems.BODY_TOO_LARGE.code
    else:  # the limit that is told is that of bytes, or of fields where so many came before it
        assert answer.status_code == 413 and "10000" in answer.text
    assert most < 20_000_000


def test_fields_without_number_are_not_taken_into_memory(client: FlaskClient) -> None:
    answer = client.post("/login", data=FIELDS[0][:900_000], content_type=FIELDS[1])
    assert answer.status_code == 413 and "10000" in answer.text


def test_a_whole_file_may_be_longer(client: FlaskClient, cast: Cast, form: Published) -> None:
    xml = form.submission(f"<who>{'An' * 1_000_000}</who>")
    answer = client.post(f"{form.url}/submissions", data=xml, content_type="text/xml", headers=cast.bob.bearer)
    assert answer.status_code == 200


def test_numbers_that_no_database_holds(client: FlaskClient, cast: Cast) -> None:
    for number in (2**31, 2**63 - 1, 2**63, 10**30):
        assert client.get(f"/v1/projects/{number}", headers=cast.alice.bearer).status_code == 400
        assert client.get(f"/v1/projects/1/app-users?limit={number}", headers=cast.alice.bearer).status_code in (
            200,
            400,
        )


def test_credentials_that_are_no_base64(client: FlaskClient, cast: Cast, form: Published) -> None:
    address = f"/v1/projects/{form.project_id}/submission"
    answer = client.post(address, environ_overrides={"HTTP_AUTHORIZATION": "Basic \xff\xfe"})
    expect.told(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("host", ["x" * 300, "a..b", "x" * 70 + ".example.vn:8000"])
@pytest.mark.parametrize("path", ["/v1/projects", "/projects/1", "/1.0/nothing/"])
def test_a_host_that_cannot_be(client: FlaskClient, host: str, path: str) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 400

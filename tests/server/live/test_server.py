"""What only a real server shows: bodies on the wire, connections at the same moment, clients that are cut off."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest

from tests import phone
from tests.cast import Cast
from tests.conftest import converted
from tests.phone import new_id, submission
from tests.server.live.conftest import Server, wait_for

FORM = """
| survey |       |       |       |
|        | type  | name  | label |
|        | text  | who   | Ai?   |
|        | image | photo | Ảnh?  |
"""
FORM_ID = "live"
Sent = tuple[int, bytes]


def ask(connection: HTTPConnection, method: str, url: str, body: Any = None, **headers: str) -> Sent:
    """One request on a connection."""
    connection.request(method, url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.fixture
def form(server: Server, cast: Cast) -> str:
    """A published form that the device may fill, the same for all tests; its address."""
    url, connection = f"/v1/projects/1/forms/{FORM_ID}", server.connect()
    bob = cast.bob.bearer["Authorization"]
    if ask(connection, "GET", url, Authorization=bob)[0] == 200:
        connection.close()
        return url
    xml = converted(FORM, FORM_ID).xml
    made, told = ask(
        connection, "POST", "/v1/projects/1/forms?publish=true", xml, Content_Type="text/xml", Authorization=bob
    )
    assert made == 200, told
    assert ask(connection, "POST", f"{url}/assignments/2/{cast.device.id}", Authorization=bob)[0] == 200
    connection.close()
    return url


@pytest.fixture
def rest(server: Server, cast: Cast, form: str) -> Callable[[str], Any]:
    """What Bob is told about the form."""

    def get(path: str) -> Any:
        connection = server.connect()
        status, body = ask(connection, "GET", f"{form}{path}", Authorization=cast.bob.bearer["Authorization"])
        connection.close()
        return json.loads(body) if status == 200 else status

    return get


def post(connection: HTTPConnection, cast: Cast, body: Any) -> Sent:
    """A phone's POST."""
    return ask(connection, "POST", cast.device.url("submission"), body, Content_Type=phone.CONTENT_TYPE)


def test_a_phone_keeps_its_connection(server: Server, cast: Cast, rest: Callable[[str], Any]) -> None:
    connection, instance_id = server.connect(), new_id()
    xml = submission(FORM_ID, "<photo>ảnh.jpg</photo>", instance_id=instance_id)
    assert ask(connection, "GET", cast.device.url("formList"))[0] == 200
    for files in ([], [("ảnh.jpg", b"1" * 300_000, "image/jpeg")]):
        status, told = ask(connection, "HEAD", cast.device.url("submission"))
        assert (status, told) == (204, b"")
        assert post(connection, cast, phone.body(xml, files, incomplete=not files))[0] == 201
    connection.close()
    assert rest(f"/submissions/{instance_id}/attachments") == [{"name": "ảnh.jpg", "exists": True}]


def test_the_same_instance_on_many_connections_at_once(server: Server, cast: Cast, rest: Callable[[str], Any]) -> None:
    instance_id, together = new_id(), threading.Barrier(8)
    xml = submission(FORM_ID, "<who>An</who>", instance_id=instance_id)
    answers: list[Sent] = []

    def send(number: int) -> None:
        connection = server.connect()
        body = phone.body(xml, [(f"{number % 4}.jpg", b"photo" * 20_000, "image/jpeg")])
        together.wait()
        answers.append(post(connection, cast, body))
        connection.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in answers] == [201] * 8
    assert len(rest(f"/submissions/{instance_id}/versions")) == 1
    assert [entry["instanceId"] for entry in rest("/submissions")].count(instance_id) == 1
    files = rest(f"/submissions/{instance_id}/attachments")
    assert sorted((file["name"], file["exists"]) for file in files) == [(f"{n}.jpg", True) for n in range(4)]


def test_many_phones_at_once(server: Server, cast: Cast, rest: Callable[[str], Any]) -> None:
    before, statuses = len(rest("/submissions")), []

    def send() -> None:
        connection = server.connect()
        for _ in range(5):
            statuses.append(post(connection, cast, phone.body(submission(FORM_ID)))[0])
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 60
    assert len(rest("/submissions")) == before + 60


@pytest.mark.parametrize("share", [0.02, 0.5, 0.999])
def test_a_phone_that_is_cut_off_stores_nothing(
    server: Server, cast: Cast, rest: Callable[[str], Any], share: float
) -> None:
    instance_id = new_id()
    body = phone.body(submission(FORM_ID, instance_id=instance_id), [("a.jpg", b"a" * 400_000, "image/jpeg")])
    head = (
        f"POST {cast.device.url('submission')} HTTP/1.1\r\nHost: x\r\nContent-Type: {phone.CONTENT_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as cut:
        cut.sendall(head + body[: int(len(body) * share)])
        cut.shutdown(socket.SHUT_WR)
        cut.settimeout(20)
        answer = b"".join(iter(lambda: cut.recv(65536), b""))
    assert not answer or b" 400 " in answer.split(b"\r\n")[0]
    assert rest(f"/submissions/{instance_id}") == 404
    connection = server.connect()
    assert post(connection, cast, body)[0] == 201
    connection.close()
    assert rest(f"/submissions/{instance_id}/attachments") == [{"name": "a.jpg", "exists": True}]


def test_a_body_in_chunks(server: Server, cast: Cast, rest: Callable[[str], Any]) -> None:
    instance_id, connection = new_id(), server.connect()
    body = phone.body(submission(FORM_ID, instance_id=instance_id), [("a.jpg", b"a" * 100_000, "image/jpeg")])
    pieces = (body[start : start + 7000] for start in range(0, len(body), 7000))
    assert post(connection, cast, pieces)[0] == 201
    connection.close()
    assert rest(f"/submissions/{instance_id}/attachments") == [{"name": "a.jpg", "exists": True}]


def test_a_refused_body_leaves_the_connection_usable(server: Server, cast: Cast) -> None:
    connection = server.connect()
    body = phone.body(submission(FORM_ID), [("a.jpg", b"a" * 12_000_000, "image/jpeg")])
    wrong = ask(connection, "POST", "/v1/key/wrong/projects/1/submission", body, Content_Type=phone.CONTENT_TYPE)
    assert wrong[0] == 403
    assert post(connection, cast, body)[0] == 201
    connection.close()


def test_one_date_and_one_length(server: Server, cast: Cast, form: str) -> None:
    connection = server.connect()
    for url in (cast.device.url("formList"), cast.device.url(f"forms/{FORM_ID}.xml"), "/health"):
        connection.request("GET", url)
        answer = connection.getresponse()
        answer.read()
        names = [name.lower() for name, _ in answer.getheaders()]
        assert names.count("date") == names.count("content-length") == 1
    connection.close()


def test_a_range_of_a_file_or_all_of_it(server: Server, cast: Cast, form: str) -> None:
    """Browsers ask for ranges of sound and video; all of it is a right answer too."""
    instance_id, connection = new_id(), server.connect()
    post(
        connection, cast, phone.body(submission(FORM_ID, instance_id=instance_id), [("a.mp4", b"0123456789", "v/mp4")])
    )
    url = f"{form}/submissions/{instance_id}/attachments/a.mp4"
    bob = cast.bob.bearer["Authorization"]
    status, data = ask(connection, "GET", url, Authorization=bob, Range="bytes=2-4")
    assert (status, data) in ((200, b"0123456789"), (206, b"234"))
    connection.close()


def test_nothing_secret_is_in_the_log(server: Server, cast: Cast, form: str) -> None:
    connection = server.connect()
    for path in ("formList", "nothing", "%ff"):
        ask(connection, "GET", cast.device.url(path) + "?deviceID=bi-mat")
    ask(connection, "DELETE", f"/v1/sessions/{cast.device.key}")
    connection.close()
    for unreadable in ("formList HTTP/9.9", "formList?deviceID=é HTTP/1.1"):
        with socket.create_connection(("127.0.0.1", server.port)) as broken:
            broken.sendall(f"GET {cast.device.url('')}{unreadable}\r\n\r\n".encode())
            broken.settimeout(20)
            while broken.recv(65536):
                pass
    wait_for(lambda: "/v1/sessions/" in server.log.read_text())
    text = server.log.read_text()
    assert "Invalid HTTP request line" in text and "Traceback" not in text
    assert cast.device.key not in text and "bi-mat" not in text and cast.bob.token not in text

"""Phones that stall, on real connections: they are told and let go, and meanwhile nobody else waits for them."""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests import phone
from tests.cast import Cast
from tests.conftest import converted
from tests.phone import new_id, submission
from tests.server.live.conftest import Server, wait_for
from tests.server.live.hurried import Running, running
from tests.server.live.test_server import FORM, ask

FORM_ID = "patience"
PHOTO = ("a.jpg", b"a" * 300_000, "image/jpeg")


@pytest.fixture(scope="module")
def impatient(assembled: tuple[Path, Cast], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that waits eight seconds, with a form that the device may fill."""
    with running(tmp_path_factory.mktemp("impatient"), assembled) as made:
        offer_form(made.server, made.cast)
        yield made


def offer_form(server: Server, cast: Cast) -> None:
    """Publish the form, for the device too."""
    connection, bob = server.connect(), cast.bob.bearer["Authorization"]
    xml = converted(FORM, FORM_ID).xml
    made = ask(connection, "POST", "/v1/projects/1/forms?publish=true", xml, Content_Type="text/xml", Authorization=bob)
    assert made[0] == 200, made[1]
    address = f"/v1/projects/1/forms/{FORM_ID}/assignments/2/{cast.device.id}"
    assert ask(connection, "POST", address, Authorization=bob)[0] == 200
    connection.close()


def stored(running: Running) -> set[str]:
    """The instance IDs that Bob is shown."""
    connection = running.server.connect()
    address = f"/v1/projects/1/forms/{FORM_ID}/submissions"
    status, told = ask(connection, "GET", address, Authorization=running.cast.bob.bearer["Authorization"])
    connection.close()
    assert status == 200
    return {entry["instanceId"] for entry in json.loads(told)}


def request(cast: Cast, body: bytes, *more: str) -> bytes:
    """A phone's POST, as it is on the wire."""
    lines = (f"POST {cast.device.url('submission')} HTTP/1.1", "Host: x", f"Content-Type: {phone.CONTENT_TYPE}", *more)
    return "".join(f"{line}\r\n" for line in (*lines, f"Content-Length: {len(body)}", "")).encode() + body


def begin(running: Running, data: bytes) -> socket.socket:
    """A connection on which so much was sent."""
    made = socket.create_connection(("127.0.0.1", running.server.port))
    made.settimeout(60)
    made.sendall(data)
    return made


def answer(connection: socket.socket) -> bytes:
    """Everything that comes until the server closes the connection."""
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


def trickle(connections: list[socket.socket], stop: threading.Event, what: bytes = b"a") -> None:
    """A byte, or `what`, on each, again and again."""
    while not stop.wait(0.5):
        for connection in connections:
            with suppress(OSError):
                connection.send(what)


def test_sixty_stalled_uploads_delay_nobody(impatient: Running) -> None:
    cast, ids = impatient.cast, [new_id() for _ in range(60)]
    whole = [request(cast, phone.body(submission(FORM_ID, instance_id=each), [PHOTO])) for each in ids]
    stalled = [begin(impatient, data[:cut]) for data, cut in zip(whole, [150_000, 60, 150_000] * 20, strict=True)]
    done = threading.Event()
    threading.Thread(target=trickle, args=(stalled[2::3], done)).start()

    other, connection = new_id(), impatient.server.connect()
    assert ask(connection, "GET", cast.device.url("formList"))[0] == 200
    body = phone.body(submission(FORM_ID, instance_id=other), [PHOTO])
    sent = ask(connection, "POST", cast.device.url("submission"), body, Content_Type=phone.CONTENT_TYPE)
    assert sent[0] == 201
    answered = select.select(stalled, [], [], 0)[0]
    assert answered == []

    answers = [answer(each) for each in stalled]
    done.set()
    connection.close()
    assert {told[:13] for told in answers} == {b"HTTP/1.1 408 "}
    for told in answers[0::3] + answers[2::3]:
        assert b"Connection: close" in told and b"<OpenRosaResponse" in told
    assert stored(impatient).isdisjoint(ids) and other in stored(impatient)


def test_a_slow_phone_that_does_not_stop_is_heard_out(impatient: Running) -> None:
    instance_id, done = new_id(), threading.Event()
    data = request(impatient.cast, phone.body(submission(FORM_ID, instance_id=instance_id)), "Connection: close")
    connection = begin(impatient, data[:30])
    for start in range(30, len(data), 40):
        connection.sendall(data[start : start + 40])
        done.wait(0.1)
    assert answer(connection).startswith(b"HTTP/1.1 201 ")
    assert instance_id in stored(impatient)


def test_who_is_refused_and_sends_slowly_is_not_heard_out(impatient: Running) -> None:
    """More than are heard out at once; each sends fast enough never to be too slow, and would send for hours."""
    url = impatient.cast.device.url("submission")
    head = request(impatient.cast, b"").replace(b"Content-Length: 0", b"Content-Length: 19000000")
    slow = [begin(impatient, head.replace(url.encode(), b"/v1/projects/1/submission")) for _ in range(40)]
    done = threading.Event()
    threading.Thread(target=trickle, args=(slow, done, b"a" * 600)).start()
    answers = [answer(each) for each in slow]
    done.set()
    for told in answers:
        assert told.startswith(b"HTTP/1.1 401 ") and b"Connection: close" in told and b"<OpenRosaResponse" in told


def test_it_is_asked_for_the_body_before_it_is_sent(impatient: Running) -> None:
    data = request(impatient.cast, phone.body(submission(FORM_ID)), "Expect: 100-continue", "Connection: close")
    head, body = data.split(b"\r\n\r\n", 1)
    connection = begin(impatient, head + b"\r\n\r\n")
    assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(body)
    assert answer(connection).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("how", ["Content-Length: 300000000", "Transfer-Encoding: chunked"])
def test_what_is_much_too_large_is_refused_and_let_go(impatient: Running, how: str) -> None:
    head = request(impatient.cast, b"").replace(b"Content-Length: 0", how.encode())
    pieces = [phone.body(submission(FORM_ID), [PHOTO])[:-1000], *[b"a" * 100_000] * 1300]
    connection = begin(impatient, head)
    for piece in pieces:
        if select.select([connection], [], [], 0)[0]:
            break
        with suppress(OSError):
            connection.sendall(b"%X\r\n%b\r\n" % (len(piece), piece) if "chunked" in how else piece)
    told = answer(connection)
    assert told.startswith(b"HTTP/1.1 413 ") and b"Connection: close" in told


def test_who_takes_nothing_delays_nobody(impatient: Running) -> None:
    instance_id, photo = new_id(), ("a.jpg", bytes(range(256)) * 60_000, "image/jpeg")
    connection, cast = impatient.server.connect(), impatient.cast
    body = phone.body(submission(FORM_ID, instance_id=instance_id), [photo])
    assert ask(connection, "POST", cast.device.url("submission"), body, Content_Type=phone.CONTENT_TYPE)[0] == 201
    url = f"/v1/projects/1/forms/{FORM_ID}/submissions/{instance_id}/attachments/a.jpg"
    head = f"GET {url} HTTP/1.1\r\nHost: x\r\nAuthorization: {cast.bob.bearer['Authorization']}\r\n\r\n".encode()
    idle = [begin(impatient, head) for _ in range(20)]
    for each in idle:
        assert each.recv(15) == b"HTTP/1.1 200 OK"
    assert ask(connection, "GET", cast.device.url("formList"))[0] == 200
    status, got = ask(connection, "GET", url, Authorization=cast.bob.bearer["Authorization"])
    assert (status, got) == (200, photo[1])
    connection.close()
    wait_for(lambda: all(_is_cut(each) for each in idle))
    assert all(len(_rest(each)) < len(photo[1]) for each in idle)


def _is_cut(connection: socket.socket) -> bool:
    """Whether the server has closed it, which can be seen before what it sent is read."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return bool(poll.poll(0))


def _rest(connection: socket.socket) -> bytes:
    got = b""
    with connection, suppress(OSError):
        while data := connection.recv(1_000_000):
            got += data
    return got


@pytest.mark.parametrize("chunk", [b"zz\r\nabc\r\n", b"3\r\nabcdef\r\n", b"-3\r\nabc\r\n", b"3;\x00\r\nabc\r\n"])
@pytest.mark.parametrize("key", ["", "/v1/key/wrong/projects/1/submission"])
def test_broken_chunks_are_refused(impatient: Running, chunk: bytes, key: str) -> None:
    head = request(impatient.cast, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    if key:
        head = head.replace(impatient.cast.device.url("submission").encode(), key.encode())
    told = answer(begin(impatient, head + chunk + b"0\r\n\r\n"))
    assert told.startswith(b"HTTP/1.1 403 " if key else b"HTTP/1.1 400 ")
    assert b"Connection: close" in told and b"<OpenRosaResponse" in told


def test_nobody_says_in_a_header_where_the_application_lies(impatient: Running) -> None:
    head = request(impatient.cast, b"", "SCRIPT_NAME: /v1", "Connection: close")
    told = answer(begin(impatient, head))
    assert told.startswith(b"HTTP/1.1 400 ")
    assert impatient.cast.device.key.encode() not in told

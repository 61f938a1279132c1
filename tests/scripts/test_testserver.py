"""The server for cases over HTTP: it is what the case says, and touches nothing that is not its own."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from scripts.alone import PATIENCE
from tests.clusters import Cluster
from tests.parts import ROOT

FORM = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
  xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>Thăm nhà</h:title><model><instance>
  <data id="visit" version="1"><meta><instanceID/></meta><who/></data></instance>
  <bind nodeset="/data/meta/instanceID" preload="uid" type="string"/><bind nodeset="/data/who" type="string"/></model>
  </h:head><h:body><input ref="/data/who"><label>Ai?</label></input></h:body></h:html>"""
ALICE = {"id": 5, "email": "alice@example.org", "displayName": "Alice", "password": "mot mat khau", "role": "admin"}
BOB = {"id": 6, "email": "bob@example.org", "displayName": "Bob", "password": "mot mat khau", "role": "manager"}
MINH = {"id": 8, "email": "minh@example.org", "displayName": "Minh", "password": "mot mat khau", "role": None}
CASE = {
    "fixtureId": "one project",
    "project": {"id": 1, "name": "Hỗ trợ cộng đồng"},
    "users": [ALICE, BOB, MINH],
    "forms": [{"xml": FORM}],
}
Answer = tuple[int, Any]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A process that serves cases, and one connection to it."""

    def __init__(self, log: Path, database: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "scripts.testserver", "--port", str(self.port)]
        command += ["--database", database] if database else []
        environment = {name: value for name, value in os.environ.items() if name not in ("PORT", "PUBLIC_URL")}
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        for _ in range(300):
            assert self.process.poll() is None, log.read_text()
            try:
                assert self.ask("GET", "/health")[0] == 200
                return
            except OSError:
                time.sleep(0.1)
        pytest.fail(log.read_text())

    def stop(self) -> None:
        """End it in good order."""
        self.process.terminate()
        self.process.wait(20)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Status and what the JSON says. What must be waited for as long as for a request that hangs fails."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE / 2)
        try:
            sent = body if isinstance(body, (str, type(None))) else json.dumps(body)
            kind = "application/xml" if isinstance(body, str) else "application/json"
            connection.request(method, path, sent and sent.encode(), {"Content-Type": kind, **headers})
            response = connection.getresponse()
            text = response.read().decode()
            return response.status, json.loads(text) if text.startswith(("{", "[")) else text
        finally:
            connection.close()

    def reset(self, **changes: Any) -> None:
        """Begin a case."""
        status, said = self.ask("POST", "/-/testing/reset", CASE | changes)
        assert status == 200, said


def basic(user: dict[str, Any], password: str = "") -> dict[str, str]:
    """The headers with which this user asks, behind the proxy that speaks https."""
    pair = b64encode(f"{user['email']}:{password or user['password']}".encode()).decode()
    return {"Authorization": f"Basic {pair}", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Any]]:
    """One of each kind for all tests here."""
    with ExitStack() as running:
        started: dict[str, Server] = {}

        def start(kind: str) -> Server:
            if kind not in started:
                of_cluster = kind == "postgresql"
                url = request.getfixturevalue("cluster").create("cases") if of_cluster else ""
                started[kind] = Server(tmp_path_factory.mktemp("cases") / "log", url)
                running.callback(started[kind].stop)
            return started[kind]

        yield start


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Server:
    """A server on each database, at the beginning of the case."""
    made = servers(request.param)
    made.reset()
    return made


def test_what_the_case_says_is_there(server: Server) -> None:
    status, found = server.ask("GET", "/v1/projects/1", **basic(ALICE))
    assert (status, found["name"]) == (200, "Hỗ trợ cộng đồng")
    status, found = server.ask("GET", "/v1/projects/1/forms", **basic(BOB))
    assert [(form["xmlFormId"], form["name"]) for form in found] == [("visit", "Thăm nhà")]
    assert found[0]["publishedAt"]
    assert server.ask("GET", "/v1/users/current", **basic(BOB))[1]["id"] == 6
    assert server.ask("GET", "/v1/projects/1/forms", **basic(MINH))[0] == 403


def test_what_comes_later_has_the_next_numbers(server: Server) -> None:
    _, made = server.ask("POST", "/v1/users", {"email": "lan@example.org", "password": "mot mat khau"}, **basic(ALICE))
    assert made["id"] == 9
    assert server.ask("POST", "/v1/projects", {"name": "Hai"}, **basic(ALICE))[1]["id"] == 2


def test_nothing_is_left_of_the_case_before(server: Server) -> None:
    for _ in range(2):
        status, session = server.ask("POST", "/v1/sessions", {"email": ALICE["email"], "password": ALICE["password"]})
        assert status == 200
        token = {"Authorization": f"Bearer {session['token']}"}
        assert server.ask("DELETE", "/v1/projects/1", **token)[0] == 200
        server.reset()
        assert server.ask("GET", "/v1/projects/1", **token)[0] == 401
        assert server.ask("GET", "/v1/projects/1", **basic(ALICE))[0] == 200
        assert server.ask("GET", "/v1/audits", **basic(ALICE)) == (200, [])


def test_a_password_of_one_case_opens_nothing_in_another(server: Server) -> None:
    assert server.ask("GET", "/v1/users/current", **basic(BOB))[0] == 200
    server.reset(fixtureId="another word", users=[ALICE, BOB | {"password": "mat khau khac"}])
    assert server.ask("GET", "/v1/users/current", **basic(BOB))[0] == 401
    assert server.ask("GET", "/v1/users/current", **basic(BOB, "mat khau khac"))[0] == 200


def test_one_who_was_locked_out_is_let_in_again(server: Server) -> None:
    for _ in range(11):
        refused, _ = server.ask("GET", "/v1/users/current", **basic(BOB, "sai mat khau"))
    assert refused in (401, 429)
    server.reset()
    assert server.ask("GET", "/v1/users/current", **basic(BOB))[0] == 200


def test_the_trash_is_emptied_at_once_where_the_task_says_so(server: Server) -> None:
    assert server.ask("DELETE", "/v1/projects/1/forms/visit", **basic(ALICE))[0] == 200
    assert server.ask("POST", "/-/testing/drain", {}) == (200, {})
    for force, count in ((False, 0), (True, 1), (True, 0)):
        sent = {"task": "purge-forms", "force": force}
        assert server.ask("POST", "/-/testing/task", sent) == (200, {"result": count})
    for task in ("process-backlog", "purge-entities", "purge-submissions", "purge-datasets", "purge-blobs"):
        assert server.ask("POST", "/-/testing/task", {"task": task, "force": True}) == (200, {"result": 0})


def test_a_task_or_a_case_that_makes_no_sense_is_refused(server: Server) -> None:
    assert server.ask("POST", "/-/testing/task", {"task": "purge-everything"})[1]["code"] == 400.8
    assert server.ask("POST", "/-/testing/reset", {"fixtureId": "x"})[1]["details"] == {"field": "project"}
    assert server.ask("POST", "/-/testing/reset", "<not/>")[1]["code"] == 400.1


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path, cluster: Cluster) -> None:
    file = tmp_path / "theirs.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE people (name text)")
    connection.close()
    before = file.read_bytes()
    url = cluster.create("theirs")
    cluster.run("CREATE TABLE people (name text)", database="theirs")
    for database in (f"sqlite:///{file}", url, "nonsense"):
        command = [sys.executable, "-m", "scripts.testserver", "--port", str(free_port()), "--database", database]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 1
        assert "database" in done.stderr
        assert "Traceback" not in done.stderr
    assert file.read_bytes() == before
    assert cluster.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database="theirs") == [
        ("people",)
    ]


def test_a_database_of_its_own_is_taken_again(tmp_path: Path) -> None:
    for name in ("first", "second"):
        server = Server(tmp_path / name, f"sqlite:///{tmp_path}/cases.sqlite")
        try:
            server.reset()
            assert server.ask("POST", "/v1/projects", {"name": "Hai"}, **basic(ALICE))[1]["id"] == 2
        finally:
            server.stop()


def test_the_server_knows_nothing_of_it() -> None:
    asked = "import sys, scripts.web, scripts.manage, scripts.gunicorn_conf; print('scripts.testserver' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def hang(server: Server, head: str, rest: bytes = b"") -> socket.socket:
    """A client that asks, and then neither goes on nor takes what it is sent."""
    status, session = server.ask("POST", "/v1/sessions", {"email": ALICE["email"], "password": ALICE["password"]})
    assert status == 200
    lines = [*head.splitlines(), f"Authorization: Bearer {session['token']}", "Host: here", "X-OpenRosa-Version: 1.0"]
    client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall("\r\n".join([*lines, "", ""]).encode() + rest)
    return client


def test_an_upload_that_nobody_finishes_ends_with_its_case(server: Server) -> None:
    xml = FORM.encode()
    head = f"POST /v1/projects/1/forms?ignoreWarnings=true HTTP/1.1\nContent-Length: {len(xml)}"
    with hang(server, head, xml[:40]) as client:
        time.sleep(0.2)  # so that it is being read
        server.reset(fixtureId="empty", forms=[])
        client.sendall(xml[40:])
        assert client.recv(100).startswith(b"HTTP/1.1 408")
    assert server.ask("GET", "/v1/projects/1/forms", **basic(ALICE)) == (200, [])


def test_a_download_that_nobody_takes_holds_up_nothing(server: Server) -> None:
    form = FORM.replace("<who/>", "<who/>" + f"<!--{'x' * 8_000_000}-->").replace('"visit"', '"long"')
    assert server.ask("POST", "/v1/projects/1/forms?publish=true&ignoreWarnings=true", form, **basic(ALICE))[0] == 200
    with hang(server, "GET /v1/projects/1/forms/long.xml HTTP/1.1"):
        time.sleep(0.2)  # so that it is being sent
        server.reset()


def test_a_case_that_is_not_whole_says_what_is_missing(server: Server) -> None:
    for changes, field in (
        ({"forms": [{}]}, "forms.0.xml"),
        ({"users": [{"id": 5}]}, "users.0.email"),
        ({"project": {"id": 1}}, "project.name"),
    ):
        status, said = server.ask("POST", "/-/testing/reset", CASE | {"fixtureId": field} | changes)
        assert (status, said["code"], said["details"]) == (400, 400.2, {"field": field})
    server.reset()
    assert server.ask("GET", "/v1/projects/1", **basic(ALICE))[0] == 200

"""The server is stopped and started while phones send: what was begun is finished, and what is new waits or is told."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from server.actions import upkeep
from server.app import create_app
from server.db import db
from tests import phone
from tests.cast import Cast
from tests.homes import close, settings_in
from tests.parts import ROOT
from tests.phone import new_id, submission
from tests.server.live.conftest import Server, free_port, wait_for
from tests.server.live.hurried import environment, running
from tests.server.live.test_patience import FORM_ID, PHOTO, answer, begin, offer_form, request, stored
from tests.server.live.test_server import ask

Assembled = tuple[Path, Cast]
SUBMIT = "/v1/key/none/projects/1/submission"


def refuses(port: int) -> bool:
    """Whether nobody lets a new connection in."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_what_was_begun_is_finished(tmp_path: Path, assembled: Assembled) -> None:
    finished, stalled = new_id(), new_id()
    with running(tmp_path, assembled) as old:
        offer_form(old.server, old.cast)
        data = {
            each: request(old.cast, phone.body(submission(FORM_ID, instance_id=each), [PHOTO]))
            for each in (finished, stalled)
        }
        lines = {each: begin(old, whole[:150_000]) for each, whole in data.items()}
        idle = old.server.connect()
        assert ask(idle, "GET", old.cast.device.url("formList"))[0] == 200

        old.process.terminate()
        wait_for(lambda: refuses(old.server.port))
        lines[finished].sendall(data[finished][150_000:])
        told = answer(lines[finished])
        assert told.startswith(b"HTTP/1.1 201 ") and b"Connection: close" in told
        # The next process need not wait for the one that still waits for a phone.
        with running(tmp_path, assembled, port=old.server.port) as new:
            assert answer(lines[stalled]).startswith(b"HTTP/1.1 408 ")
            idle.close()
            assert old.process.wait(60) == 0
            assert stored(new) == {finished}


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """`manage serve`."""
    with (folder / "log").open("ab") as log:
        serve = [sys.executable, "-m", "scripts.manage", "serve"]
        return subprocess.Popen(serve, cwd=ROOT, env=environment(folder, port), stdout=log, stderr=log)


@pytest.fixture
def outdated(tmp_path: Path) -> Path:
    """A data folder whose database has the shape of the first version, and nobody in it."""
    app = create_app(settings_in(tmp_path))
    with app.app_context(), db.engine.connect().execution_options(writing=True) as connection:
        config = upkeep._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
    close(app)
    return tmp_path


def told_by(server: Server) -> Callable[[str, str], tuple[int, bytes]]:
    """Requests, each on a connection of its own."""

    def send(method: str, url: str) -> tuple[int, bytes]:
        connection = server.connect()
        try:
            body = phone.body(submission(FORM_ID)) if method == "POST" else None
            return ask(connection, method, url, body, Content_Type=phone.CONTENT_TYPE)
        finally:
            connection.close()

    return send


def test_while_it_is_brought_up_to_date_phones_are_told_to_wait(outdated: Path) -> None:
    server = Server(free_port(), outdated, outdated / "log")
    send = told_by(server)
    with closing(sqlite3.connect(outdated / "donghanh.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # as long as it holds this, no step can be run
        process = start(outdated, server.port)
        try:
            wait_for(lambda: process.poll() is not None or not refuses(server.port))
            status, told = send("GET", "/health")
            assert (status, json.loads(told)["migrated"], json.loads(told)["database"]) == (503, False, True)
            for method, url in (("GET", SUBMIT.replace("submission", "formList")), ("POST", SUBMIT)):
                status, told = send(method, url)
                assert status == 503 and "Máy chủ" in told.decode() and b"OpenRosaResponse" in told
            status, told = send("GET", "/v1/projects")
            assert (status, json.loads(told)["code"]) == (503, 503.3)
            status, told = send("GET", "/")
            assert status == 503 and b"<main" in told
            other.execute("ROLLBACK")
            wait_for(server.healthy)
            assert send("POST", SUBMIT)[0] == 403
        finally:
            process.terminate()
            assert process.wait(60) == 0, server.log.read_text()


def test_a_step_that_fails_stops_the_server_and_is_said(outdated: Path) -> None:
    with closing(sqlite3.connect(outdated / "donghanh.sqlite")) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    process = start(outdated, free_port())
    assert process.wait(60) != 0
    said = (outdated / "log").read_text()
    assert "a newer version of the server (step 9999)" in said
    assert "The database could not be brought up to date" in said and "Traceback" not in said

"""A mail relay on this machine: it speaks enough SMTP to take letters, and keeps them."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage

import pytest
from flask import Flask

from server.parts import NAME

SENDER = "may-chu@example.org"


class _Talk(socketserver.StreamRequestHandler):
    """One connection, line by line."""

    def handle(self) -> None:
        self._say("220 relay")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"EHLO":
                self._say("250-relay\r\n250 8BITMIME")
            elif verb == b"DATA":
                self._say("354 go on")
                self._take()
                self._say("250 taken")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.server.letters.append(message)  # type: ignore[attr-defined]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def listening() -> Iterator[tuple[int, list[EmailMessage]]]:
    """A relay: its port, and what it took."""
    with _Server(("127.0.0.1", 0), _Talk) as server:
        letters: list[EmailMessage] = []
        server.letters = letters  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1], letters
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def sending_by(app: Flask, port: int) -> Iterator[None]:
    """The app sends its mail to this port."""
    parts = app.extensions[NAME]
    changed = replace(parts.settings, smtp_url=f"smtp://127.0.0.1:{port}", mail_from=SENDER)
    app.extensions[NAME] = replace(parts, settings=changed)
    try:
        yield
    finally:
        app.extensions[NAME] = replace(app.extensions[NAME], settings=parts.settings)


@pytest.fixture
def letters(app: Flask) -> Iterator[list[EmailMessage]]:
    """What was mailed, in its order."""
    with listening() as (port, taken), sending_by(app, port):
        yield taken


def text_of(letter: EmailMessage) -> str:
    """The words of a letter."""
    body = letter.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content()).replace("\r\n", "\n")

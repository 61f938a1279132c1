"""The cast of the tests: alice administrator, bob supervisor, charlie stranger, a device; and ways to be them."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from server.actions import access, accounts, projects, sessions
from server.db import writing
from server.models import Session
from server.permissions import CONSOLE

PASSWORD = "mot mat khau dai"
Headers = dict[str, str]


@dataclass(frozen=True)
class Person:
    """Someone who signs in."""

    id: int
    name: str
    email: str
    token: str
    csrf: str

    @property
    def bearer(self) -> Headers:
        """By session token, as API clients."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def basic(self) -> Headers:
        """By e-mail and password with each request."""
        pair = base64.b64encode(f"{self.email}:{PASSWORD}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    @property
    def cookie(self) -> Headers:
        """By cookie, as a browser; without the token that changes need."""
        return {"Cookie": f"session={self.token}"}


@dataclass(frozen=True)
class Device:
    """A phone with an app user's key."""

    id: int
    project_id: int
    key: str

    def url(self, path: str) -> str:
        """An address below the device's project."""
        return f"/v1/key/{self.key}/projects/{self.project_id}/{path}"


@dataclass(frozen=True)
class Cast:
    """Everybody. Project 1 is Bob's, project 2 Dung's; Vy may look at project 1, Minh collect data there."""

    alice: Person
    bob: Person
    charlie: Person
    dung: Person
    vy: Person
    minh: Person
    device: Device
    other_device: Device


def _person(name: str) -> Person:
    email = f"{name}@example.org"
    made, _ = accounts.create_user(CONSOLE, email, PASSWORD, name.title())
    token, session = sessions.sign_in(email, PASSWORD)
    assert isinstance(session, Session)
    return Person(made.actor_id, name.title(), email, token, session.csrf)


def _device(project_id: int, name: str) -> Device:
    made = access.create_app_user(CONSOLE, project_id, name)
    return Device(made.actor_id, project_id, access.key_of(made) or "")


def assemble() -> Cast:
    """Make everybody and their two projects, within an app context on an empty database."""
    with writing():
        people = {name: _person(name) for name in ("alice", "bob", "charlie", "dung", "vy", "minh")}
        for name in ("Hỗ trợ cộng đồng", "Dự án khác"):
            projects.create(CONSOLE, name)
        access.grant(CONSOLE, people["alice"].id, "admin")
        for name, role, project_id in (
            ("bob", "manager", 1),
            ("dung", "manager", 2),
            ("vy", "viewer", 1),
            ("minh", "formfill", 1),
        ):
            access.grant(CONSOLE, people[name].id, role, project_id=project_id)
        return Cast(**people, device=_device(1, "Máy của Lan"), other_device=_device(2, "Máy khác"))

"""Everybody and everything that the routes are tried with: each role, within unit A; and what only unit B may know."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from flask import Flask
from flask.testing import FlaskClient

from schemas.roles import UNIT_ROLES
from server.actions import access, accounts, drafts, files, forms, links, sessions, unit_files, unit_roles, units
from server.actions.drafts import Definition
from server.models import Session
from server.permissions import CONSOLE
from server.uploads import of_bytes
from tests import phone
from tests.cast import PASSWORD, Headers
from tests.conftest import House, converted

LETTERS = {
    "nobody": "n", "stranger": "s", "admin": "a", "manager": "m", "viewer": "v", "formfill": "c",
    "app-user": "p", "pub-link": "l",
    "volunteer": "V", "counsellor": "C", "peer_leader": "L", "team_lead": "T", "health_worker": "H", "board": "B",
    "area_supervisor": "S", "province_manager": "G", "custodian": "K", "form_admin": "F", "sysadmin": "Y",
    "privacy_officer": "O", "partner": "N", "note_reader": "R",
}  # fmt: skip
# Those who ask with a key in the address.
KEYS = ("app-user", "pub-link")
# Held by no one who sends requests: for single tasks of the server itself.
INTERNAL = {"pwreset", "formview"}
TREE = "code,parent_code,level_code,name_vi,valid_from\nP,,province,P,2010-01-01\n" + "".join(
    f"{code},P,commune,{name},2010-01-01\n" for code, name in (("A", "XaCuaA"), ("B", "XaCuaB"))
)
# What somebody answered in words in unit A, which also names the row, and stands in a comment, in a note, in findings
# and in why one was dismissed; what a row of unit B holds, who sent it, where, and a phone there.
WHO = "TraLoiCuaA"
OF_B = {"who": "TraLoiCuaB", "photo": "anh-cua-b.jpg", "name": "NguoiCuaB", "unit": "XaCuaB", "phone": "MayCuaB"}
FORM = """
| survey   |                          |        |       |
|          | type                     | name   | label |
|          | text                     | who    | Ai?   |
|          | image                    | photo  | Ảnh?  |
|          | select_one_from_file x.csv | place | Đâu? |
| settings |                          |        |       |
|          | form_title               | form_id | version |
|          | Thăm nhà                 | visit   | {version} |
"""


@dataclass
class World:
    """Everybody, and what there is to ask for: `here` is within the scope of unit A and of project 1."""

    app: Flask
    house: House
    files: Path
    people: dict[str, Headers] = field(default_factory=dict)
    cookies: dict[str, Headers] = field(default_factory=dict)
    csrf: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    draft_rows: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    draft_key: str = ""
    web_ids: dict[int, str] = field(default_factory=dict)
    links: dict[int, int] = field(default_factory=dict)
    dismissed: dict[str, int] = field(default_factory=dict)
    # A look at the database beside the app's own.
    beside: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))

    @property
    def of_b(self) -> set[str]:
        """What nobody of unit A may find in an answer."""
        return {*OF_B.values(), self.rows["elsewhere"], self.draft_rows["elsewhere"]}


def join(world: World, name: str, shown: str = "") -> int:
    """Someone who has signed in, by the name that is shown."""
    email = f"{name.replace('_', '-')}@matrix.example.org"
    made, _ = accounts.create_user(CONSOLE, email, PASSWORD, shown or name)
    token, session = sessions.sign_in(email, PASSWORD)
    assert isinstance(session, Session)
    world.people[name] = {"Authorization": f"Bearer {token}"}
    world.cookies[name], world.csrf[name] = {"Cookie": f"session={token}"}, session.csrf
    world.ids[name] = made.actor_id
    return made.actor_id


def publish(project_id: int) -> int:
    """The form with its file, and a draft of its next version."""
    form = None
    for version in (1, 2):
        text = dedent(FORM.format(version=version))
        made = converted(text, "visit")
        book = of_bytes(text.encode(), "visit.md")
        definition = Definition(made.xml, made.form, workbook=book, workbook_type="md", warnings=made.warnings)
        if form is None:
            form = drafts.create(CONSOLE, project_id, definition)
        else:
            form = drafts.replace(CONSOLE, form, definition)
        table = of_bytes(b"name,label\na,A\n", "x.csv", "text/csv")
        files.put_form_file(CONSOLE, form, forms.draft_of(form), "x.csv", table)
        if version == 1:
            form = drafts.publish(CONSOLE, project_id, "visit")
    assert form is not None
    return form.id


def populate(world: World) -> None:
    """Everybody with their roles, the form in two projects."""
    unit_files.load(CONSOLE, TREE.encode())
    world.units = {placed.unit.code: placed.id for placed in units.list_all(CONSOLE)}
    for name in LETTERS:
        if name in ("nobody", *KEYS):
            continue
        number = join(world, name)
        if name in UNIT_ROLES:
            unit = None if UNIT_ROLES[name].whole else world.units["A"]
            unit_roles.grant(CONSOLE, name, number, unit)
        elif name != "stranger":
            access.grant(CONSOLE, number, name, project_id=None if name == "admin" else 1)
    unit_roles.grant(CONSOLE, "area_supervisor", join(world, "elsewhere", OF_B["name"]), world.units["B"])
    held = join(world, "held")
    access.grant(CONSOLE, held, "viewer")
    unit_roles.grant(CONSOLE, "privacy_officer", held, None)
    for code in "AB":
        unit_roles.grant(CONSOLE, "volunteer", held, world.units[code])
    for project_id in (1, 2):
        form_id = publish(project_id)
        access.grant(CONSOLE, held, "viewer", project_id=project_id)
        access.grant(CONSOLE, held, "viewer", project_id=project_id, form_id=form_id)
        device = world.house.cast.device if project_id == 1 else world.house.cast.other_device
        access.grant(CONSOLE, device.id, "app-user", project_id=project_id, form_id=form_id)
        link = links.create(CONSOLE, project_id, "visit", "Liên kết")
        world.links[project_id] = link.actor_id
        world.web_ids[project_id] = forms.find(project_id, "visit").web_id or ""
        if project_id == 1:
            unit_roles.grant(CONSOLE, "volunteer", device.id, world.units["A"])
            of_b = access.create_app_user(CONSOLE, 1, OF_B["phone"], form_ids=[form_id])
            unit_roles.grant(CONSOLE, "volunteer", of_b.actor_id, world.units["B"])
            world.ids["phone_of_b"] = of_b.actor_id
            world.keys = {"app-user": device.key, "pub-link": access.key_of(link) or ""}
            world.draft_key = drafts.key_of(forms.draft_of(forms.find(1, "visit"))) or ""


def fill(world: World, client: FlaskClient) -> None:
    """A row of each, with its photo: everybody in unit A has sent one; and one in unit B."""
    where = "/v1/projects/1/forms/visit"
    for name in (*UNIT_ROLES, "admin", "elsewhere"):
        for version, rows, address in (
            ("1", world.rows, f"{where}/submissions"),
            ("2", world.draft_rows, f"{where}/draft/submissions"),
        ):
            instance_id = phone.new_id()
            who, photo = (OF_B["who"], OF_B["photo"]) if name == "elsewhere" else (WHO, "p.jpg")
            inside = f"<who>{who}</who><photo>{photo}</photo><left>{who}</left><right>{who}</right>"
            xml = phone.submission("visit", inside, version=version, instance_id=instance_id)
            xml = xml.replace(b"<meta>", f"<meta><instanceName>{who}</instanceName>".encode())
            if client.post(address, data=xml, headers=world.people[name]).status_code == 200:
                rows[name] = instance_id
                admin = world.people["admin"] | {"X-Action-Notes": who}
                client.patch(f"{address}/{instance_id}", json={"reviewState": None}, headers=admin)
                client.post(f"{address}/{instance_id}/comments", json={"body": who}, headers=admin)
                client.post(f"{address}/{instance_id}/attachments/{photo}", data=b"\xff\xd8\xff", headers=admin)
                findings = f"{address}/{instance_id}/findings"
                found = client.get(findings, headers=admin | {"X-Extended-Metadata": "true"}).get_json()
                world.dismissed[instance_id] = found[0]["id"]
                client.post(f"{findings}/{found[0]['id']}/dismissal", json={"reason": who}, headers=admin)

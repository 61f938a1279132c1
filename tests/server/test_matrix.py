"""Every route, for everyone, within scope and outside: who gets in stands in one table.

A route that the table does not name fails, and is named; so does a role that has no letter.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from schemas.roles import ROLES, UNIT_ROLES
from server.actions import access, accounts, drafts, files, forms, links, sessions, unit_files, unit_roles, units
from server.actions.drafts import Definition
from server.db import writing
from server.models import Session
from server.permissions import CONSOLE
from server.uploads import of_bytes
from tests import phone
from tests.cast import PASSWORD, Headers
from tests.conftest import House, Houses, converted
from tests.homes import LAPTOP

TABLE = Path(__file__).with_name("matrix.txt")
LETTERS = {
    "nobody": "n", "stranger": "s", "admin": "a", "manager": "m", "viewer": "v", "formfill": "c",
    "app-user": "p", "pub-link": "l",
    "volunteer": "V", "counsellor": "C", "peer_leader": "L", "team_lead": "T", "health_worker": "H", "board": "B",
    "area_supervisor": "S", "province_manager": "G", "custodian": "K", "form_admin": "F", "sysadmin": "Y",
    "privacy_officer": "O", "partner": "N",
}  # fmt: skip
# Held by no one who sends requests: for single tasks of the server itself.
INTERNAL = {"pwreset", "formview"}
TREE = "code,parent_code,level_code,name_vi,valid_from\nP,,province,P,2010-01-01\n" + "".join(
    f"{code},P,commune,{code},2010-01-01\n" for code in "AB"
)
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
NEW_USER = {"email": "moi@example.org", "displayName": "Mới", "password": "mot mat khau dai"}
UNIT = {"code": "X", "levelCode": "commune", "nameVi": "X", "validFrom": "2010-01-01"}
LEVEL = {"code": "hamlet", "rank": 5, "nameVi": "Thôn"}
# What is sent, so that it is not refused for its own sake: JSON to the API, fields to pages.
BODIES: dict[str, Any] = {
    "api_submissions.review": {"reviewState": "approved"},
    "draft_submissions.review": {"reviewState": "approved"},
    "api_submissions.add_comment": {"body": "Chào"},
    "draft_submissions.add_comment": {"body": "Chào"},
    "api_projects.create": {"name": "Mới"},
    "api_projects.update": {"name": "Tên"},
    "api_projects.put": {"name": "Tên", "forms": []},
    "api_access.create_property": {"name": "worker_code"},
    "api_access.create_app_user": {"displayName": "Máy"},
    "api_links.create": {"displayName": "Liên kết"},
    "api_forms.update": {"state": "closing"},
    "api_accounts.create_user": NEW_USER,
    "api_accounts.update_user": {"displayName": "Tên"},
    "api_accounts.change_password": {"old": PASSWORD, "new": "mot mat khau khac"},
    "login.enter": {"email": "alice@example.org", "password": PASSWORD},
    "login.change_password": {"old": PASSWORD, "new": "mot mat khau khac", "again": "mot mat khau khac"},
    "api_sessions.sign_in": {"email": "alice@example.org", "password": PASSWORD},
    "api_preferences.put": {"propertyValue": "1"},
    "api_app_passwords.create": {"name": "Máy", "password": PASSWORD},
    "api_units.create": UNIT,
    "api_units.update": {"nameVi": "Tên"},
    "units.add_person": {"role": "volunteer"},
    "api_unit_levels.add": LEVEL,
    "api_unit_levels.change": {"nameVi": "Tên"},
    "links.create": {"name": "Liên kết"},
    "users.add_role": {"role": "viewer", "project": "1"},
    "review.decide": {"decision": "approved"},
    "review.comment": {"comment": "Chào"},
    "forms.set_state": {"state": "closing"},
    "projects.create": {"name": "Mới"},
    "levels.choose": {"preset": "vn_two_tier"},
    "people.create": {"name": "Máy"},
    "profile.save": {"name": "Tên"},
    "profile.turn_off": {"password": PASSWORD},
    "profile.add_app_password": {"name": "Máy"},
    "users.search": {"search": "Lan"},
    "users.invite": {"name": "Mới", "email": "moi@example.org"},
    "users.save": {"name": "Tên", "email": "charlie@example.org"},
}
# What a name in an address is of, where it is no file's.
NAMES = {"api_unit_levels.choose": "vn_two_tier"}
MULTIPART = ("api_openrosa.submit", "api_openrosa.submit_draft", "api_openrosa_test.test_submit")
# What of an address can lie outside.
SCOPED = {"project_id", "instance_id", "unit_id"}


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
    links: dict[int, int] = field(default_factory=dict)


def join(world: World, name: str) -> int:
    """Someone who has signed in."""
    email = f"{name.replace('_', '-')}@matrix.example.org"
    made, _ = accounts.create_user(CONSOLE, email, PASSWORD, name)
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
        if name in ("nobody", "app-user", "pub-link"):
            continue
        number = join(world, name)
        if name in UNIT_ROLES:
            unit = None if UNIT_ROLES[name].whole else world.units["A"]
            unit_roles.grant(CONSOLE, name, number, unit)
        elif name != "stranger":
            access.grant(CONSOLE, number, name, project_id=None if name == "admin" else 1)
    unit_roles.grant(CONSOLE, "area_supervisor", join(world, "elsewhere"), world.units["B"])
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
        if project_id == 1:
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
            inside = "<who>Lan</who><photo>p.jpg</photo>"
            xml = phone.submission("visit", inside, version=version, instance_id=instance_id)
            if client.post(address, data=xml, headers=world.people[name]).status_code == 200:
                rows[name] = instance_id
                admin = world.people["admin"]
                client.post(f"{address}/{instance_id}/attachments/p.jpg", data=b"\xff\xd8\xff", headers=admin)


@pytest.fixture(scope="module")
def world(houses: Houses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One installation for all of it, which is brought back after each change."""
    logging.getLogger("donghanh").setLevel(logging.CRITICAL)
    house = houses(LAPTOP)
    house.home.renew(house.app, "peopled")
    made = World(house.app, house, tmp_path_factory.mktemp("kept") / "files")
    with house.app.app_context(), writing():
        populate(made)
    fill(made, house.app.test_client(use_cookies=False))
    house.home.save(house.app, "matrix")
    shutil.copytree(house.home.settings.data_dir / "files", made.files)
    yield made
    logging.getLogger("donghanh").setLevel(logging.INFO)


def actor_for(world: World, endpoint: str, project_id: int) -> int:
    """Whom an address is about."""
    if endpoint.startswith(("api_links.", "links.")):
        return world.links[project_id]
    if endpoint.endswith(".revoke") and not endpoint.startswith("people."):
        return world.ids["held"]
    of_phone = ("people.", "lost.", "api_access.get_app", "api_access.update_app", "api_access.delete_app")
    if endpoint.startswith(of_phone):
        return (world.house.cast.device if project_id == 1 else world.house.cast.other_device).id
    return world.house.cast.charlie.id


def address(world: World, rule: Rule, who: str, here: bool) -> str:
    """The address of a route: of what `who` reaches, or of what lies outside."""
    on_rows = "instance_id" in rule.arguments
    project_id = 1 if here or on_rows else 2
    rows = world.draft_rows if "draft" in rule.rule and on_rows else world.rows
    own = rows.get(who, rows["team_lead" if who in UNIT_ROLES else "admin"])
    instance_id = own if here else rows["elsewhere"]
    whole = "partner" if rule.endpoint == "api_units.role" else "privacy_officer"
    role = "viewer" if rule.endpoint.startswith("api_access") else "volunteer"
    values: dict[str, Any] = {
        "project_id": project_id,
        "xml_form_id": "visit",
        "instance_id": instance_id,
        "version_id": instance_id,
        "version": "1",
        "unit_id": world.units["A" if here else "B"],
        "actor_id": actor_for(world, rule.endpoint, project_id),
        "role_name": whole if "/unit-roles/" in rule.rule else role,
        "name": "p.jpg" if on_rows else NAMES.get(rule.endpoint, "admin" if "roles" in rule.rule else "x.csv"),
        "kind": "md",
        "code": "team",
        "table": "Submissions",
        "draft_key": world.draft_key,
        "token": "x",
        "number": 1,
        "digest": "x",
        "unknown": "nothing",
        "web_id": "nothing",
    }
    made = rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)
    assert made is not None
    return made[1]


def sent_with(world: World, rule: Rule, method: str, who: str, path: str) -> dict[str, Any]:
    """What goes along: who asks, and the body."""
    api, given = rule.rule.startswith("/v1/"), BODIES.get(rule.endpoint, {})
    by_header = world.people if api else world.cookies
    sent: dict[str, Any] = {"headers": by_header.get(who, {})}
    if method in ("GET", "DELETE"):
        return sent
    if not api:
        given = given | {"person": world.ids["stranger"]} if rule.endpoint == "units.add_person" else given
        return sent | {"data": given | {"csrf": world.csrf.get(who, "")}}
    if rule.endpoint.endswith(("submissions.create", "submissions.edit")):
        edited = path.rpartition("/")[2] if method == "PUT" else ""
        return sent | {"data": phone.submission("visit", version="1", deprecated_id=edited)}
    if rule.endpoint in MULTIPART:
        return sent | {"data": phone.body(phone.submission("visit", version="1")), "content_type": phone.CONTENT_TYPE}
    return sent | {"json": given}


def renew(world: World) -> None:
    """All as it was before, files too."""
    world.house.home.renew(world.app, "matrix")
    shutil.copytree(world.files, world.house.home.settings.data_dir / "files", dirs_exist_ok=True)


def ask(world: World, client: FlaskClient, rule: Rule, method: str, who: str, here: bool) -> int:
    """What the route answers to them: its status; 401 for the way to the sign-in page."""
    path = address(world, rule, who, here)
    sent = sent_with(world, rule, method, who, path)
    if who in world.keys and rule.rule.startswith("/v1/"):
        path = f"/v1/key/{world.keys[who]}{path.removeprefix('/v1')}"
    answer = client.open(path, method=method, buffered=True, **sent)
    if method != "GET" and answer.status_code not in (403, 404):
        renew(world)
    if answer.status_code in (302, 303) and "/login" in answer.headers["Location"]:
        return 401
    return answer.status_code


def routes(app: Flask) -> dict[str, tuple[Rule, str]]:
    """All of them, by method and rule."""
    found = {}
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found[f"{method} {rule.rule}"] = (rule, method)
    return found


def table() -> dict[str, tuple[str, str]]:
    """The letters of those who get in, within scope and outside, by route."""
    lines = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {route: (inside, outside) for route, inside, outside in lines}


def what(who: str) -> object:
    """What a role is, its name apart: of those that are the same, one is asked."""
    role = UNIT_ROLES.get(who)
    return (role.verbs, role.own, role.whole, role.forms) if role is not None else who


def let_in(world: World, client: FlaskClient, rule: Rule, method: str, here: bool) -> str:
    """The letters of those who are not refused: groups as the table has them."""
    found, asked = "", dict[object, bool]()
    for who, letter in LETTERS.items():
        alike = what(who)
        if alike not in asked:
            status = ask(world, client, rule, method, who, here)
            assert status < 500 or status == 501, (method, rule.rule, who, status)
            asked[alike] = status not in (401, 403, 404)
        found += letter if asked[alike] else ""
    signed_in = "".join(letter for name, letter in LETTERS.items() if name not in world.keys and name != "nobody")
    everyone = "".join(LETTERS.values())
    return {everyone: "*", everyone.replace("n", ""): "k", signed_in: "+"}.get(found, found or "-")


def test_every_role_has_a_letter() -> None:
    assert {*ROLES, *UNIT_ROLES} - INTERNAL == {*LETTERS} - {"nobody", "stranger"}
    assert len(set(LETTERS.values())) == len(LETTERS)


def test_every_route_stands_in_the_table(the_app: Flask) -> None:
    there, told = set(routes(the_app)), set(table())
    assert there - told == set(), "give them a row in matrix.txt"
    assert told - there == set(), "these routes are gone"


def test_who_gets_in(world: World) -> None:
    client = world.app.test_client(use_cookies=False)
    expected, found = table(), {}
    for route, (rule, method) in routes(world.app).items():
        if route not in expected:
            continue  # named by the test above
        scoped = bool(rule.arguments & SCOPED)
        outside = let_in(world, client, rule, method, here=False) if scoped else ""
        found[route] = let_in(world, client, rule, method, here=True), outside
    assert found == {route: expected[route] for route in found}

"""Every route, for everyone, within scope and outside: who gets in stands in one table.

A route that the table does not name fails, and is named; so does a role that has no letter. And whoever gets in:
nobody of unit A is told anything of unit B, nobody is shown a row without an entry about it, and who sees no free text
is shown none, nor the names of rows, comments, notes and files. Who is refused changes nothing.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyarrow import parquet
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from schemas import roles
from schemas.audits import LOOKS
from schemas.roles import ROLES, UNIT_ROLES
from server.db import writing
from server.permissions import TEXT
from tests.conftest import Houses
from tests.homes import LAPTOP
from tests.matrix_requests import SCOPED, address, sent_with
from tests.matrix_world import INTERNAL, KEYS, LETTERS, WHO, World, fill, populate

TABLE = Path(__file__).with_name("matrix.txt")


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
    renew(made)
    yield made
    made.beside.close()
    logging.getLogger("donghanh").setLevel(logging.INFO)


def renew(world: World) -> None:
    """All as it was before, files too. Nobody writes into a stored file: another name of it is as good as a copy."""
    folder = world.house.home.settings.data_dir
    world.beside.close()
    world.house.home.renew(world.app, "matrix")
    shutil.copytree(world.files, folder / "files", copy_function=os.link, dirs_exist_ok=True)
    world.beside = sqlite3.connect(folder / "donghanh.sqlite")


def commits(world: World) -> int:
    """A number that is another one after each commit of the app."""
    return int(world.beside.execute("PRAGMA data_version").fetchone()[0])


def ask(world: World, client: FlaskClient, rule: Rule, method: str, who: str, here: bool) -> int:
    """What the route answers to them: its status; 401 for the way to the sign-in page."""
    path = address(world, rule, who, here)
    sent = sent_with(world, rule, method, who, path)
    if who in world.keys and rule.rule.startswith("/v1/"):
        path = f"/v1/key/{world.keys[who]}{path.removeprefix('/v1')}"
    looks = looks_of(world, who) if watched(rule, method) else None
    before = commits(world)
    answer = client.open(path, method=method, buffered=True, **sent)
    if who in UNIT_ROLES and not UNIT_ROLES[who].whole:
        told_nothing_of_b(world, answer, f"{path} {sent}", who)
    if method == "GET" and sees_no_text(who) and rule.rule not in ENTRIES:
        assert WHO not in text_of(answer) + str(answer.headers), f"{who} is shown free text at {path}"
    if method == "GET" and answer.status_code == 200:
        written_down(world, rule, answer, who, looks)
    if method != "GET" and commits(world) != before:
        assert answer.status_code not in (403, 404), f"{who} is refused, and changes something: {method} {path}"
        renew(world)
    if answer.status_code in (302, 303) and "/login" in answer.headers["Location"]:
        return 401
    return answer.status_code


def sees_no_text(who: str) -> bool:
    """Whether nothing shows it that people wrote in words of their own."""
    role = roles.find(who)
    return role is None or TEXT not in role.verbs


def text_of(answer: TestResponse) -> str:
    """What can be read of it, also of the files that are packed in it."""
    return unpacked(answer.data)


def unpacked(data: bytes) -> str:
    """The text of a file, whatever it is packed in."""
    if data.startswith(b"PAR1"):
        table = parquet.read_table(BytesIO(data))
        return f"{table.schema} {table.to_pylist()}"
    if not data.startswith(b"PK"):
        return data.decode(errors="replace")
    archive = ZipFile(BytesIO(data))
    return "".join(name + unpacked(archive.read(name)) for name in archive.namelist())


def told_nothing_of_b(world: World, answer: TestResponse, asked: str, who: str) -> None:
    """Neither in the body nor in a header stands what only unit B may know, but what the request itself said."""
    said = text_of(answer) + str(answer.headers)
    assert not [mark for mark in world.of_b if mark in said and mark not in asked], (asked, who)


# Shows entries of the audit, which name rows and hold nothing of them, but say why something was done.
ENTRIES = ("/v1/audits", "/audit", "/audit.csv")


def watched(rule: Rule, method: str) -> bool:
    """Whether a route may show rows. One that does and is not among these fails below."""
    return method == "GET" and any(step in rule.rule for step in ("submission", ".svc", "volunteers"))


def looks_of(world: World, who: str) -> int:
    """How many entries there are about what somebody looked at."""
    query = f"SELECT count(*) FROM audits WHERE actor_id = ? AND action IN ({', '.join('?' * len(LOOKS))})"
    return int(world.beside.execute(query, (world.ids.get(who), *LOOKS)).fetchone()[0])


def written_down(world: World, rule: Rule, answer: TestResponse, who: str, before: int | None) -> None:
    """Whoever is shown anything of a row, or the name of one, has left an entry. Test submissions are nobody's."""
    of_draft = "draft" in rule.rule or "/test/" in rule.rule
    shown = [mark for mark in (WHO, *world.rows.values()) if mark in text_of(answer)]
    if of_draft or rule.rule in ENTRIES or not (shown or "instance_id" in rule.arguments):
        return
    assert before is not None, f"{rule.rule} shows rows: say so in watched()"
    assert looks_of(world, who) > before, (rule.rule, who)


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


def members(letters: str) -> set[str]:
    """Whom the letters of the table stand for."""
    password = {name for name in LETTERS if name not in (*KEYS, "nobody")}
    groups = {"*": {*LETTERS}, "k": {*LETTERS} - {"nobody"}, "+": password, "-": set()}
    return groups[letters] if letters in groups else {name for name, letter in LETTERS.items() if letter in letters}


def what(who: str) -> object:
    """What a role is, its name apart: of those that are the same, one is asked."""
    role = UNIT_ROLES.get(who)
    return (role.verbs, role.own, role.whole, role.forms) if role is not None else who


# Those who are asked, each for all who are the same.
ALIKE = {names[0]: names for names in ([one for one in LETTERS if what(one) == what(who)] for who in LETTERS)}


def let_in(world: World, client: FlaskClient, rule: Rule, method: str, who: str, here: bool) -> bool:
    """Whether somebody is not refused."""
    status = ask(world, client, rule, method, who, here)
    assert status < 500 or status == 501, (method, rule.rule, who, status)
    return status not in (401, 403, 404)


def test_every_role_has_a_letter() -> None:
    assert {*ROLES, *UNIT_ROLES} - INTERNAL == {*LETTERS} - {"nobody", "stranger"}
    assert len(set(LETTERS.values())) == len(LETTERS)


def test_packed_files_are_seen_into(world: World) -> None:
    """Of who sees everything, so that the tests below would see what the others must not."""
    renew(world)
    client = world.app.test_client(use_cookies=False)
    for ending in ("parquet", "xlsx", "csv.zip"):
        rule = next(each for each in world.app.url_map.iter_rules() if each.rule.endswith(f"/submissions.{ending}"))
        path = address(world, rule, "admin", True)
        answer = client.get(path, buffered=True, **sent_with(world, rule, "GET", "admin", path))
        assert answer.status_code == 200 and WHO in text_of(answer), ending


def test_every_route_stands_in_the_table(the_app: Flask) -> None:
    there, told = set(routes(the_app)), set(table())
    assert there - told == set(), "give them a row in matrix.txt"
    assert told - there == set(), "these routes are gone"


@pytest.mark.parametrize("who", ALIKE)
def test_who_gets_in(world: World, who: str) -> None:
    renew(world)
    client = world.app.test_client(use_cookies=False)
    expected, inside, outside = table(), set(), set()
    for route, (rule, method) in routes(world.app).items():
        if route not in expected:
            continue  # named by the test above
        if rule.arguments & SCOPED and let_in(world, client, rule, method, who, here=False):
            outside.add(route)
        if let_in(world, client, rule, method, who, here=True):
            inside.add(route)
    for name in ALIKE[who]:
        assert inside == {route for route, letters in expected.items() if name in members(letters[0])}, name
        assert outside == {route for route, letters in expected.items() if name in members(letters[1])}, name

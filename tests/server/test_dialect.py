"""Both databases do the same: each test runs on SQLite and on PostgreSQL, unless only one has what it is about."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, literal_column, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError

from server import dialect
from server.actions import accounts, projects, user_search
from server.db import STATEMENTS, Base, db, now, writing
from server.models import Actor, Audit, Project, SubmissionVersion
from server.permissions import CONSOLE
from tests import expect
from tests.cast import Cast
from tests.conftest import Publish, Send
from tests.homes import PROVINCE, Province
from tests.phone import new_id
from tests.server.live.conftest import wait_for

FORM = """
| survey |      |      |       |
|        | type | name | label |
|        | text | who  | Ai?   |
"""
LARGE = 2**62


def entry(app: Flask) -> dict[str, Any]:
    """The columns of an entry of the audit."""
    return {"logged_at": now(), "action": "tried", "details": {}}


def test_the_tables_are_what_the_models_say(empty_app: Flask) -> None:
    with empty_app.app_context(), db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_submission_has_one_current_version(app: Flask, publish: Publish, send: Send) -> None:
    form = publish(FORM)
    expect.told(send(form.submission()), 201)
    with app.app_context(), pytest.raises(IntegrityError), writing():
        row = db.session.execute(select(SubmissionVersion.__table__)).mappings().one()
        other = {**row, "id": row["id"] + 1, "instance_id": new_id()}
        db.session.execute(insert(SubmissionVersion.__table__).values(other))


def test_numbers_of_64_bits(app: Flask) -> None:
    with app.app_context():
        with writing():
            db.session.add(Audit(**entry(app), id=LARGE, subject_id=LARGE))
        assert db.session.get_one(Audit, LARGE).subject_id == LARGE


def test_text_is_compared_byte_by_byte(empty_app: Flask) -> None:
    names = ["b", "Đào", "a", "đào", "B", "a b", "ab", "A", "Zo", "đ", "é", "e"]
    with empty_app.app_context():
        with writing():
            for name in names:
                projects.create(CONSOLE, name)
        query = select(Project.name).order_by(Project.name)
        assert list(db.session.scalars(query)) == sorted(names)
        assert list(db.session.scalars(query.where(Project.name.ilike("%A%")))) == ["A", "a", "a b", "ab"]
        assert list(db.session.scalars(query.where(Project.name.ilike("Đ%")))) == ["Đào"]


@pytest.mark.parametrize("name", ["a\0b", "\0", "\ud800"])
def test_what_is_no_text_is_refused(app: Flask, client: FlaskClient, cast: Cast, name: str) -> None:
    for method, url in (("POST", "/v1/projects"), ("PATCH", "/v1/projects/1")):
        answer = client.open(url, method=method, json={"name": name}, headers=cast.alice.bearer)
        assert answer.status_code == 400, answer.text
    with app.app_context():
        for values in ({"note": name}, {name: 1}, {"notes": [{"text": name}]}):
            with pytest.raises((DBAPIError, UnicodeError)), writing():
                db.session.add(Audit(**entry(app) | {"details": values}))
                db.session.flush()


def test_what_looks_like_it_is_text(app: Flask) -> None:
    details = {"text": "\\u0000", "more": "\\\\u0000 \\", "a\\u0000": "\x01"}
    with app.app_context():
        with writing():
            db.session.add(Audit(**entry(app) | {"action": "\\u0000", "details": details}))
        (found,) = db.session.scalars(select(Audit).where(Audit.action == "\\u0000"))
        assert found.details == details


def test_what_is_no_write_is_not_kept(app: Flask, home_kind: str) -> None:
    with app.app_context():
        try:
            db.session.execute(insert(Audit).values(entry(app)))
        except InternalError:
            assert home_kind == PROVINCE
        db.session.rollback()
        assert db.session.scalar(select(func.count()).where(Audit.action == "tried")) == 0


def test_a_snapshot_is_of_one_moment(app: Flask) -> None:
    count = select(func.count(Project.id))
    with app.app_context(), dialect.snapshot(db.engine) as before:
        projects.create(CONSOLE, "mới")
        with dialect.snapshot(db.engine) as after:
            assert (before.scalar(count), after.scalar(count)) == (2, 3)


def test_a_number_that_was_given_is_not_given_again(app: Flask) -> None:
    def given() -> int:
        with writing():
            made = Actor(type="user", display_name="x", properties={}, created_at=now())
            db.session.add(made)
        return made.id

    def numbers(set_to: dict[str, int] | None = None) -> dict[str, int]:
        with db.engine.connect().execution_options(writing=True) as connection:
            if set_to:
                dialect.set_last_numbers(connection, set_to)
                connection.commit()
            return dialect.last_numbers(connection)

    with app.app_context():
        first = given()
        with writing():
            db.session.delete(db.session.get_one(Actor, first))
        known = numbers()
        assert known["actors"] == first and "comments" not in known
        later = numbers({"actors": first + 10, "comments": LARGE})
        assert later == known | {"actors": first + 10, "comments": LARGE}
        assert given() == first + 11
        assert numbers({"actors": 1})["actors"] == first + 11


def waiting(province: Province) -> int:
    """How many wait for somebody else."""
    return int(province.cluster.run("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0])


def after_each_other(app: Flask, province: Province, hold: Callable[[], Any], *names: str) -> list[str]:
    """What happens when somebody wants to lock names while they are held."""
    told: list[str] = []

    def want() -> None:
        with app.app_context(), writing():
            dialect.lock(db.session(), *names)
            db.session.execute(text("SELECT 1"))
            told.append("second")

    other = threading.Thread(target=want)
    with app.app_context(), writing():
        hold()
        other.start()
        wait_for(lambda: waiting(province) == 1 or told != [])
        told.append("first")
    other.join()
    return told


def test_those_who_name_the_same_take_turns(app: Flask, province: Province) -> None:
    def hold() -> None:
        dialect.lock(db.session(), "one", "two", "two")
        db.session.execute(text("SELECT 1"))

    assert after_each_other(app, province, hold, "three", "two") == ["first", "second"]
    assert after_each_other(app, province, hold, "three", "four") == ["second", "first"]


def test_one_process_at_a_time(app: Flask, province: Province) -> None:
    told: list[str] = []

    def want() -> None:
        with app.app_context(), dialect.alone(db.engine, "work"):
            told.append("second")

    other = threading.Thread(target=want)
    with app.app_context(), dialect.alone(db.engine, "work"):
        with dialect.alone(db.engine, "other work"):
            other.start()
            wait_for(lambda: waiting(province) == 1)
        told.append("first")
    other.join()
    assert told == ["first", "second"]


def test_a_restarted_server_is_found_again(app: Flask, client: FlaskClient, cast: Cast, province: Province) -> None:
    def ask() -> int:
        return client.get("/v1/users/current", headers=cast.alice.bearer).status_code

    for how in (signal.SIGINT, signal.SIGQUIT):
        assert at_once(ask) == [200] * 4  # several connections are open when it goes
        province.cluster.stop(how)
        assert ask() == 503
        province.cluster.start()
        assert at_once(ask) == [200] * 4
        assert [ask() for _ in range(4)] == [200] * 4


def at_once(ask: Callable[[], int]) -> list[int]:
    """Ask four times at the same moment."""
    together, told = threading.Barrier(4), []

    def run() -> None:
        together.wait()
        told.append(ask())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_a_search_finds_signs_as_signs(empty_app: Flask) -> None:
    with empty_app.app_context():
        for name in ("per_cent", "per%cent", "per\\cent"):
            accounts.create_user(CONSOLE, f"{len(name)}{ord(name[3])}@example.org", "mot mat khau dai", name)
        for sign in "_%\\":
            found = user_search.list_users(CONSOLE, f"r{sign}c")
            assert [user.actor.display_name for user in found] == [f"per{sign}cent"]


def test_statements_that_nobody_repeats_are_forgotten(empty_app: Flask) -> None:
    with empty_app.app_context():
        for number in range(2 * STATEMENTS):
            assert db.session.scalar(select(literal_column(str(number)))) == number
        assert len(db.engine._compiled_cache) <= 1.5 * STATEMENTS

"""Rows that nobody waits for: they are there after the commit, or the commit says why not. On both databases."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, func, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from server.db import Base, ask, db, insert, insert_all, known_number, now, soon, writing
from server.dialect import is_elsewhere
from server.models import Actor, Assignment, Audit, Project
from tests.homes import Province

# More than fits between two processes at once.
LONG = "đ" * 3_000_000
_NAMES = select(Actor.display_name).where(Actor.type == bindparam("type")).order_by(Actor.id)
_PROJECT = select(Project.name, Project.archived, Project.id).where(Project.id == bindparam("number"))


def actor(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "tried", "display_name": name, "properties": {}, "created_at": now(), **more}


def count(model: type[Base] = Actor) -> int:
    query = select(func.count()).select_from(model)
    return db.session.scalar(query.where(Actor.type == "tried") if model is Actor else query) or 0


def test_a_number_stands_in_for_itself_until_it_is_known(app: Flask) -> None:
    with app.app_context():
        with writing():
            first = insert(Actor, **actor("first"))
            insert(Assignment, actor_id=first, role="viewer", project_id=1)
            second = insert(Actor, **actor("second"))
            insert_all(
                Assignment, [{"actor_id": second, "role": role, "project_id": 1} for role in ("viewer", "manager")]
            )
            assert known_number(second) > 1
        held = select(Actor.display_name, Assignment.role).join(Assignment, Assignment.actor_id == Actor.id)
        found = db.session.execute(held.where(Actor.type == "tried").order_by(Assignment.id))
        assert [tuple(row) for row in found] == [("first", "viewer"), ("second", "viewer"), ("second", "manager")]


@pytest.mark.parametrize("also_asks", [False, True], ids=["at the commit", "at the next question"])
def test_what_the_database_refuses_is_said(app: Flask, also_asks: bool) -> None:
    with app.app_context():
        with pytest.raises(IntegrityError), writing():
            insert(Actor, **actor("one"))
            insert(Assignment, actor_id=2**40, role="viewer")  # there is no such actor
            insert(Actor, **actor("two"))
            if also_asks:
                db.session.execute(text("SELECT 1"))
        assert count() == 0
        with writing():
            insert(Actor, **actor("three"))
        assert count() == 1


def test_what_is_left_half_way_is_not_kept(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(KeyError), writing():
            insert(Actor, **actor("one"))
            raise KeyError("something of ours")
        assert count() == 0


def test_long_rows(app: Flask) -> None:
    with app.app_context():
        with writing():
            for number in range(3):
                insert(Actor, **actor(f"{LONG}{number}"))
            assert count() == 3
            insert(Audit, logged_at=now(), action="tried", details={"text": LONG})
            insert_all(Actor, [actor(f"{LONG}{number}") for number in range(3, 6)])
        assert [len(name) for name in db.session.scalars(_NAMES, {"type": "tried"})] == [len(LONG) + 1] * 6


def test_text_that_cannot_be_stored(app: Flask) -> None:
    with app.app_context():
        with pytest.raises((DataError, UnicodeError)), writing():
            insert(Actor, **actor("a\0b"))
        assert count() == 0


def test_a_connection_that_breaks_before_the_commit(app: Flask, province: Province) -> None:
    with app.app_context():
        with pytest.raises(DBAPIError) as broken, writing():
            me = db.session.scalar(text("SELECT pg_backend_pid()"))
            insert(Actor, **actor("one"))
            province.cluster.run(f"SELECT pg_terminate_backend({me})")
        assert broken.value.connection_invalidated or broken.value.orig.sqlstate == "57P01"
        assert count() == 0
        with writing():
            insert(Actor, **actor("two"))
        assert count() == 1


def test_two_questions_at_once_have_the_answers_of_each(app: Flask) -> None:
    with app.app_context():
        soon(_PROJECT, number=1)
        soon(_PROJECT, number=2**40)
        people = ask(_NAMES, type="user")
        together = [tuple(row) for row in ask(_PROJECT, number=1)]
        assert ask(_PROJECT, number=2**40) == []
    with app.app_context():
        assert ask(_NAMES, type="user") == people
        (row,) = ask(_PROJECT, number=1)
        assert [tuple(row)] == together and (row.name, row.id) == (together[0][0], 1)


def test_what_is_written_between_is_seen(app: Flask) -> None:
    with app.app_context():
        soon(_NAMES, type="tried")
        ask(_PROJECT, number=1)
        with writing():
            insert(Actor, **actor("new"))
        assert [row.display_name for row in ask(_NAMES, type="tried")] == ["new"]


def test_only_a_database_elsewhere_is_spared_waits(app: Flask, home_kind: str) -> None:
    with app.app_context():
        assert is_elsewhere(db.engine) == (home_kind == "province")


def test_a_long_row_does_not_stay_in_memory_as_long_as_the_connection(app: Flask, province: Province) -> None:
    connections: set[int] = set()

    def write(name: str) -> None:
        with app.app_context(), writing():
            insert(Actor, **actor(name))
            connections.add(int(db.session.scalar(text("SELECT pg_backend_pid()")) or 0))

    for _ in range(3):
        write("short")
    assert len(connections) == 1
    write(LONG)
    write("short")
    assert len(connections) == 2
    with app.app_context():
        assert count() == 5


def test_what_is_prepared_outlives_a_write_that_fails(app: Flask) -> None:
    """Whether at the commit or before, and whether the library has prepared something of its own meanwhile."""
    for also_asks in (False, True, False):
        with app.app_context(), pytest.raises(IntegrityError), writing():
            insert(Actor, **actor("one"))
            for _ in range(8):  # the driver prepares what is asked often
                db.session.scalar(text("SELECT 1"))
            insert(Assignment, actor_id=2**40, role="viewer")  # there is no such actor
            if also_asks:
                ask(_NAMES, type="tried")
        with app.app_context():
            assert [row.id for row in ask(_PROJECT, number=1)] == [1]
            with writing():
                insert(Actor, **actor("kept"))
    with app.app_context():
        assert [row.display_name for row in ask(_NAMES, type="tried")] == ["kept"] * 3


def test_a_write_that_does_nothing_costs_the_database_nothing(app: Flask) -> None:
    with app.app_context():
        with writing():
            pass
        with pytest.raises(KeyError), writing():
            raise KeyError("something of ours")
        with writing():
            insert(Actor, **actor("one"))
        assert count() == 1


def test_what_the_session_holds_goes_with_the_rows_beside_it(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(IntegrityError), writing():
            db.session.add(Actor(**actor("in the session")))
            insert(Assignment, actor_id=2**40, role="viewer")
        assert count() == 0
        with writing():
            insert(Actor, **actor("beside"))
            db.session.add(Actor(**actor("in the session")))
        db.session.rollback()
        assert count() == 2

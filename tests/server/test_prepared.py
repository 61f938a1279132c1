"""Questions that are asked with every request: prepared once, answered with the names and types of their columns."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from flask import Flask
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError

from server.db import ask, db, fetch, insert, now, writing
from server.models import Actor, Project
from tests.homes import Province

_PEOPLE = (
    select(Actor.display_name, Actor.created_at, Actor.deleted_at, Actor.properties)
    .where(Actor.type == bindparam("type"))
    .order_by(Actor.id)
)
_SOME = select(Project.name).where(Project.id.in_(bindparam("ids", expanding=True))).order_by(Project.id)


def test_the_answer_is_that_of_the_library(app: Flask) -> None:
    with app.app_context(), writing():
        insert(Actor, type="tried", display_name="Đào", properties={"a": "ạ"}, created_at=now(), deleted_at=None)
    with app.app_context():
        (row,) = ask(_PEOPLE, type="tried")
        assert (row.display_name, row.deleted_at, row.properties) == ("Đào", None, {"a": "ạ"})
        assert row.created_at.tzinfo is not None and now().astimezone(UTC) - row.created_at < timedelta(hours=1)
        assert [tuple(row)] == [tuple(other) for other in fetch(_PEOPLE, type="tried")]
        assert ask(_PEOPLE, type="nobody") == []


def test_a_list_of_values_makes_another_statement_each_time(app: Flask) -> None:
    with app.app_context():
        assert len(ask(_SOME, ids=[1, 2])) == 2
        assert len(ask(_SOME, ids=[1])) == 1


def test_text_that_no_database_holds_is_refused_as_ever(app: Flask) -> None:
    with app.app_context(), pytest.raises(DBAPIError):
        ask(_PEOPLE, type="a\0b")


def test_a_connection_that_went_away_is_replaced(app: Flask, province: Province) -> None:
    with app.app_context():
        before = ask(_PEOPLE, type="user")
        me = db.engine.pool.checkedout()
        assert me == 1  # the connection of this request is held, so that nobody looks whether it still works
        province.cluster.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        assert ask(_PEOPLE, type="user") == before
        assert db.session.scalar(text("SELECT 1")) == 1

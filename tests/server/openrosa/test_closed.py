"""While the database has another shape, or the installation is being moved: phones are told to send again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.actions import upkeep
from server.db import db
from tests.cast import Cast

pytestmark = pytest.mark.usefixtures("forgetful")
UPDATING = "đang được cập nhật"


@contextmanager
def changed(app: Flask, there: Sequence[str], back: Sequence[str], *, at_once: bool = False) -> Iterator[None]:
    """Something in the database is otherwise, and back again; each time the server has looked, unless `at_once`."""

    def run(statements: Sequence[str]) -> None:
        with app.app_context(), db.engine.connect().execution_options(writing=True) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
            connection.commit()

    def look() -> None:
        with app.app_context():
            upkeep.is_open(anew=True)

    run(there)
    try:
        if not at_once:
            look()
        yield
    finally:
        run(back)
        look()


def test_an_installation_that_is_closed(app: Flask, client: FlaskClient, photo: Callable[[str], None]) -> None:
    with app.app_context():
        upkeep.close("moved")
    with changed(app, [], ["DELETE FROM leases"]):
        photo(UPDATING)
        answer = client.get("/v1/projects")
        assert (answer.status_code, answer.get_json()["code"]) == (503, 503.3)
        assert client.get("/health").get_json()["migrated"] is False


def test_it_can_be_opened_again(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        upkeep.close("moved")
        assert not upkeep.is_open(anew=True)
        upkeep.close("moved")
        upkeep.open_again()
        assert upkeep.is_open(anew=True)


OTHER_VERSION = "UPDATE alembic_version SET version_num = '9999'"


@pytest.fixture
def own_version(app: Flask) -> str:
    """What makes the version this code's own again."""
    with app.app_context():
        return f"UPDATE alembic_version SET version_num = '{upkeep.revision()}'"


def test_a_database_of_another_version(
    app: Flask, client: FlaskClient, photo: Callable[[str], None], own_version: str
) -> None:
    with changed(app, [OTHER_VERSION], [own_version]):
        photo(UPDATING)
        page = client.get("/", headers={"Accept-Language": "en"})
        assert page.status_code == 503 and "brought up to date" in page.text
        with client.get("/favicon.ico") as icon:
            assert icon.status_code == 200


def test_a_column_that_is_missing_is_seen_at_once(
    app: Flask, client: FlaskClient, cast: Cast, own_version: str
) -> None:
    assert client.get("/v1/projects", headers=cast.bob.bearer).status_code == 200
    there = ["ALTER TABLE projects RENAME COLUMN name TO title", OTHER_VERSION]
    back = ["ALTER TABLE projects RENAME COLUMN title TO name", own_version]
    with changed(app, there, back, at_once=True):
        answer = client.get("/v1/projects", headers=cast.bob.bearer)
        assert (answer.status_code, answer.get_json()["code"]) == (503, 503.3)
    assert client.get("/v1/projects", headers=cast.bob.bearer).status_code == 200

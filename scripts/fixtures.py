"""What the test server's database holds at the beginning of a case: made once, put back thousands of times."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from marshmallow import EXCLUDE, fields
from sqlalchemy import Connection, Engine, Table, inspect, select

from forms import xform
from schemas import problems
from schemas.base import Shape
from server.actions import credentials, drafts
from server.actions.definitions import Definition
from server.config import Settings
from server.db import Base, db, now, writing
from server.models import Actor, Assignment, Audit, Project, User
from server.parts import NAME, Parts, vault
from server.permissions import CONSOLE
from server.secrets import Vault
from server.storage import open_storage

ON_SERVER = "postgresql"
Rows = dict[str, list[dict[str, Any]]]


class _Shape(Shape):
    class Meta:
        unknown = EXCLUDE


class ProjectShape(_Shape):
    """The one project of a case."""

    id = fields.Integer(required=True, strict=True)
    name = fields.String(required=True)


class UserShape(_Shape):
    """A user of a case."""

    id = fields.Integer(required=True, strict=True)
    email = fields.String(required=True)
    display_name = fields.String(required=True)
    password = fields.String(required=True)
    role = fields.String(load_default=None, allow_none=True)


class FormShape(_Shape):
    """A form of a case."""

    xml = fields.String(required=True)


class CaseShape(_Shape):
    """What there is at the beginning of a case, and the name under which it is remembered."""

    fixture_id = fields.Raw(required=True)
    project = fields.Nested(ProjectShape, required=True)
    users = fields.List(fields.Nested(UserShape), required=True)
    forms = fields.List(fields.Nested(FormShape), required=True)


@dataclass
class Fixtures:
    """The states a server was told of, by their names, and the way back to them."""

    app: Flask
    settings: Settings
    made: dict[str, Rows] = field(default_factory=dict)

    def reset(self, wanted: Mapping[str, Any]) -> None:
        """Leave exactly what is wanted; the rest of the database, the files and what the process remembers go.

        Within an app context. `wanted`: a case as it came. Raises what its shape refuses, or what refuses a form.
        """
        case = CaseShape().load(wanted)
        name = str(case["fixture_id"])
        if name not in self.made:
            self._put({})
            build(case)
            self.made[name] = _read(db.engine)
        self._put(self.made[name])

    def _put(self, rows: Rows) -> None:
        db.session.remove()
        with db.engine.connect().execution_options(writing=True) as connection:
            _write(connection, rows)
            connection.commit()
        folder = Path(self.settings.storage_url.removeprefix("file://"))
        shutil.rmtree(folder, ignore_errors=True)
        # Passwords that were right a moment ago are forgotten, too.
        fresh = Vault(self.settings.secret_key, cheap_hashes=True)
        self.app.extensions[NAME] = Parts(self.settings, open_storage(self.settings.storage_url), fresh)


def build(wanted: Mapping[str, Any]) -> None:
    """One project with published forms, and users, in an empty database."""
    project, moment = wanted["project"], now()
    with writing():
        db.session.add(Project(id=project["id"], name=project["name"], language="en", created_at=moment))
        db.session.flush()
        for user in wanted["users"]:
            _add_user(user, project["id"])
    for form in wanted["forms"]:
        xml = form["xml"].encode()
        drafts.create(CONSOLE, project["id"], Definition(xml, xform.parse(xml)), publish=True)


def _add_user(user: Mapping[str, Any], project_id: int) -> None:
    number, role = user["id"], user["role"]
    if role not in (None, "admin", "manager"):
        raise problems.UNEXPECTED_VALUE(field="role", value=role, reason="admin, manager or null was expected")
    actor = Actor(id=number, type="user", display_name=user["display_name"], created_at=now())
    db.session.add(actor)
    db.session.flush()
    key, hashed = credentials.email_key(user["email"]), vault().hash_password(user["password"])
    db.session.add(User(actor_id=number, email=user["email"], email_key=key, password_hash=hashed))
    if role:
        place = project_id if role == "manager" else None
        db.session.add(Assignment(actor_id=number, role=role, project_id=place))
    db.session.flush()


def prepare(engine: Engine) -> None:
    """Let rows that point at each other come and go in any order, which one of the databases must be told before."""
    if engine.dialect.name != ON_SERVER:
        return
    with engine.connect().execution_options(writing=True) as connection:
        found = inspect(connection)
        for table in _tables():
            for key in found.get_foreign_keys(table.name):
                change = f"ALTER TABLE {table.name} ALTER CONSTRAINT {key['name']} DEFERRABLE"
                connection.exec_driver_sql(change)
        connection.commit()


def _tables() -> list[Table]:
    return list(Base.metadata.tables.values())


def _read(engine: Engine) -> Rows:
    """All rows but the audit, by table."""
    with engine.connect() as connection:
        found: Rows = {}
        for table in _tables():
            rows = [dict(row) for row in connection.execute(select(table)).mappings()]
            if rows and table.name != Audit.__tablename__:
                found[table.name] = rows
        connection.rollback()
    return found


def _write(connection: Connection, rows: Rows) -> None:
    """These rows and no others; numbers go on after them."""
    deletions = [f"DELETE FROM {table.name}" for table in _tables()]  # noqa: S608  names of our own tables
    on_server = connection.dialect.name == ON_SERVER
    if on_server:
        connection.exec_driver_sql(";".join(["SET CONSTRAINTS ALL DEFERRED", *deletions]))
    else:
        # There a table remembers its last number in this one, and takes the highest of what is inserted.
        for statement in ("PRAGMA defer_foreign_keys=ON", *deletions, "DELETE FROM sqlite_sequence"):
            connection.exec_driver_sql(statement)
    for name, kept in rows.items():
        connection.execute(Base.metadata.tables[name].insert(), kept)
    if on_server:
        last = {name: max(row["id"] for row in kept) for name, kept in rows.items() if "id" in kept[0]}
        numbered = [table.name for table in _tables() if "id" in table.columns]
        calls = [f"setval('{name}_id_seq', {last.get(name, 0) + 1}, false)" for name in numbered]
        connection.exec_driver_sql(f"SELECT {', '.join(calls)}")

"""What `check` asks of the database by itself: its references, its numbers, and whether the SECRET_KEY is its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import Column, Select, Table, UniqueConstraint, and_, func, select

from server import dialect
from server.db import Base, db
from server.models import AppUser, FormVersion
from server.parts import vault


def examine() -> Iterator[str]:
    """What is wrong, a line each."""
    yield from _schema()
    yield from _numbers()
    yield from _keys()


def _schema() -> Iterator[str]:
    """What the database itself refuses, unless its file is broken: rows that point nowhere, numbers used twice."""
    for table in Base.metadata.sorted_tables:
        keys = [(key.parent, key.column) for key in table.foreign_keys]
        uniques = [list(each.columns) for each in table.constraints if isinstance(each, UniqueConstraint)]
        with dialect.snapshot(db.engine) as connection:
            for own, theirs in keys:
                lost = connection.scalar(_pointing_nowhere(table, own, theirs))
                if lost:
                    yield f"{table.name}.{own.name}: {lost} rows point to no row of {theirs.table.name}"
            for columns in [list(table.primary_key), *uniques]:
                twice = connection.scalar(_used_twice(table, columns))
                if twice:
                    yield f"{table.name}: {twice} values of {', '.join(each.name for each in columns)} are used twice"


def _pointing_nowhere(table: Table, own: Column[Any], theirs: Any) -> Select[Any]:
    other = theirs.table.alias()
    there = select(1).where(other.c[theirs.name] == own).exists()
    return select(func.count()).select_from(table).where(own.is_not(None), ~there)


def _used_twice(table: Table, columns: list[Any]) -> Select[Any]:
    known = and_(*(column.is_not(None) for column in columns))
    groups = select(1).select_from(table).where(known).group_by(*columns).having(func.count() > 1)
    return select(func.count()).select_from(groups.subquery())


def _numbers() -> Iterator[str]:
    """No number may be given twice, also not that of a row that is gone."""
    with dialect.snapshot(db.engine) as connection:
        last = dialect.last_numbers(connection)
        for table in Base.metadata.sorted_tables:
            if "id" in table.c:
                highest = connection.scalar(select(func.max(table.c.id))) or 0
                if highest > last.get(table.name, 0):
                    yield f"{table.name}: row {highest} is there, but numbers go on after {last.get(table.name, 0)}"


def _keys() -> Iterator[str]:
    """Keys of volunteers and of drafts are encrypted under the SECRET_KEY, and are not read without it."""
    known = closed = 0
    with dialect.snapshot(db.engine) as connection:
        for cipher in (AppUser.key_cipher, FormVersion.draft_key_cipher):
            for stored in connection.scalars(select(cipher).where(cipher.is_not(None))):
                known += 1
                try:
                    vault().decrypt(stored or "")
                except InvalidToken:
                    closed += 1
    if closed:
        yield f"SECRET_KEY does not open {closed} of {known} stored keys: set the one that this installation had"

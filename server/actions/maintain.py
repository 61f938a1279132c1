"""Upkeep: what nobody needs any more goes away, in steps that can be repeated and that lose nothing.

A file is set aside first and removed days later: one that was needed after all comes back whole (`server/storage`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import delete, exists, select

from server.actions import unit_moves
from server.db import Base, db, end_read, now, writing
from server.models import Blob, Session
from server.parts import settings, storage
from server.permissions import CONSOLE
from server.storage import Stored

# Bytes are stored before their row, and a row before what points to it.
YOUNG = timedelta(days=1)
ASIDE = timedelta(days=7)
AT_ONCE = 500
Said = str


def end_sessions() -> Said:
    """Sign-ins that have run out."""
    with writing():
        gone = db.session.execute(delete(Session).where(Session.expires_at < now())).rowcount  # type: ignore[attr-defined]
    return f"sign-ins that ran out: {gone} removed"


def forget_blobs() -> Said:
    """Rows of files that nothing points to. The files themselves go with the next step."""
    return f"files that nothing points to: {forget(YOUNG)} forgotten"


def forget(young: timedelta) -> int:
    """As `forget_blobs`, leaving those that are younger. How many went."""
    points = [
        exists().where(column == Blob.sha256)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table is Blob.__table__ for key in column.foreign_keys)
    ]
    unused = select(Blob.sha256).where(Blob.created_at < now() - young, *(~point for point in points))
    gone, after = 0, ""
    while True:
        page = db.session.scalars(unused.where(Blob.sha256 > after).order_by(Blob.sha256).limit(AT_ONCE)).all()
        end_read()
        if not page:
            return gone
        after = page[-1]
        with writing():
            # Held, then asked again: a phone may have sent one of them meanwhile. Who sends it now is refused by the
            # foreign key, and tries once more.
            db.session.execute(select(Blob.sha256).where(Blob.sha256.in_(page)).with_for_update()).all()
            still = delete(Blob).where(Blob.sha256.in_(page), *(~point for point in points))
            gone += db.session.execute(still).rowcount  # type: ignore[attr-defined]


def sweep() -> Said:
    """Stored files that no row knows are set aside, and removed days later. First, what is known comes back."""
    seen, count, old = array("Q"), 0, datetime.now(UTC) - YOUNG
    for batch in _batches(storage().walk()):
        known = set(db.session.scalars(select(Blob.sha256).where(Blob.sha256.in_([each.sha256 for each in batch]))))
        end_read()
        for each in batch:
            if each.sha256 in known:
                seen.append(_short(each.sha256))
            elif each.modified < old:
                storage().set_aside(each.sha256)
                count += 1
    back, missing = _bring_back(array("Q", sorted(seen)))
    removed = storage().empty_aside(datetime.now(UTC) - ASIDE)
    said = f"stored files that no row knows: {count} set aside, {removed} removed for good"
    said += f", {back} brought back" if back else ""
    return said + (f"; {missing} that rows name ARE MISSING: see “check”" if missing else "")


def _batches(stored: Iterator[Stored]) -> Iterator[list[Stored]]:
    while batch := list(islice(stored, AT_ONCE)):
        yield batch


def _short(sha256: str) -> int:
    """64 bits are enough to tell files apart, and millions of them fit into memory."""
    return int(sha256[:16], 16)


def _bring_back(seen: array[int]) -> tuple[int, int]:
    """Open what rows name and the walk did not show: it comes back from aside. How many, and how many are nowhere."""
    back, missing, after = 0, 0, ""
    while True:
        page = db.session.scalars(
            select(Blob.sha256).where(Blob.sha256 > after).order_by(Blob.sha256).limit(AT_ONCE)
        ).all()
        end_read()
        if not page:
            return back, missing
        after = page[-1]
        for sha256 in page:
            place = bisect_left(seen, _short(sha256))
            if place < len(seen) and seen[place] == _short(sha256):
                continue
            try:
                storage().open(sha256).close()
                back += 1
            except FileNotFoundError:
                missing += 1


def clear_scraps() -> Said:
    """Beginnings of key files, left by processes that were killed."""
    count, old = 0, (now() - YOUNG).timestamp()
    for path in settings().data_dir.glob(".secret-*"):
        with suppress(OSError):
            if path.stat().st_mtime < old:
                path.unlink()
                count += 1
    return f"files left by killed processes: {count} removed"


def move_roles() -> Said:
    """Roles on units that have ended by now, where a merge was written down before its day."""
    return f"roles on units that went into others: {unit_moves.follow(CONSOLE)} moved"


# A step a line; each can be repeated, and what fails does not keep the others from their work.
STEPS: tuple[Callable[[], Said], ...] = (end_sessions, forget_blobs, sweep, clear_scraps, move_roles)

"""Failed sign-ins: counted, and locked out after many. An address that is nobody's is counted like any other.

Ten in a row from one place lock the account for that place only, so that a stranger cannot keep somebody out. A higher
number locks the account for all, but not for places from which it signed in lately; and another one the place for all
accounts. Sessions and app passwords go on.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from schemas import problems
from server import dialect
from server.actions import audits
from server.actions.credentials import by_email, email_key
from server.db import db, insert_missing, now, writes
from server.models import Attempt
from server.parts import vault
from server.permissions import Actor

MAX_FAILURES = 10
MAX_OF_ACCOUNT = 50
MAX_OF_SOURCE = 200
LOCK_MINUTES = 10
# Failures further apart are no longer in a row.
FORGET = timedelta(hours=1)
# So long a place from which an account signed in is known; when it last did, is known to the day.
KNOWN, KNOWN_EVERY = timedelta(days=90), timedelta(days=1)
ALL = ""


def place_of(source: str | None) -> str:
    """What stands for a source where it is kept."""
    return vault().fingerprint("source", _place(source))


def _place(source: str | None) -> str:
    """Where somebody tries from. Whoever has an IPv6 address has the 2^64 beside it too."""
    try:
        address = ipaddress.ip_address(source or "")
    except ValueError:
        return source or "here"
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def _account(email: str) -> str:
    return vault().fingerprint("account", email_key(email))


def _limits(email: str, source: str | None) -> dict[tuple[str, str], int]:
    account, place = _account(email), place_of(source)
    return {(account, place): MAX_FAILURES, (account, ALL): MAX_OF_ACCOUNT, (ALL, place): MAX_OF_SOURCE}


def _these(keys: list[tuple[str, str]]) -> ColumnElement[bool]:
    return or_(*(and_(Attempt.account == account, Attempt.source == source) for account, source in keys))


def check(email: str, source: str | None) -> bool:
    """Raise LOCKED_OUT while there were too many failures; whether a success is worth to be noted."""
    moment = now()
    columns = (Attempt.account, Attempt.source, Attempt.failures, Attempt.locked_until, Attempt.known_at)
    found = db.session.execute(select(*columns).where(_these([*_limits(email, source)]))).all()
    known = max((row.known_at for row in found if row.known_at is not None), default=None)
    for row in found:
        excused = row.source == ALL and known is not None and known > moment - KNOWN
        if row.locked_until is not None and row.locked_until > moment and not excused:
            raise problems.LOCKED_OUT(minutes=LOCK_MINUTES)
    failed_before = any(row.failures or row.locked_until for row in found if row.account != ALL)
    return failed_before or known is None or known < moment - KNOWN_EVERY


@writes
def failed(email: str, source: str | None) -> None:
    """Count, in a transaction of its own: the refusal does not undo it."""
    limits, moment = _limits(email, source), now()
    dialect.lock(db.session(), "sign-in attempts")
    _forget_old(moment)
    fresh = {"failures": 0, "last_at": moment, "locked_until": None}
    rows = [{"account": account, "source": place, **fresh} for account, place in limits]
    insert_missing(Attempt, rows)
    counted = update(Attempt).where(_these([*limits])).values(failures=Attempt.failures + 1, last_at=moment)
    db.session.execute(counted.execution_options(synchronize_session=False))
    user = by_email(email)
    subject = user.actor_id if user is not None else None
    audits.log(Actor(source=source), "user.session.failure", subject_id=subject)
    for row in db.session.scalars(select(Attempt).where(_these([*limits])).execution_options(populate_existing=True)):
        if row.failures >= limits[row.account, row.source]:
            row.failures, row.locked_until = 0, moment + timedelta(minutes=LOCK_MINUTES)
            audits.log(Actor(source=source), "user.session.lockout", subject_id=subject, scope=_scope(row))


def _forget_old(moment: datetime) -> None:
    unknown = or_(Attempt.known_at.is_(None), Attempt.known_at < moment - KNOWN)
    db.session.execute(delete(Attempt).where(_is_over(moment), unknown))
    known = update(Attempt).where(_is_over(moment)).values(failures=0, locked_until=None)
    db.session.execute(known.execution_options(synchronize_session=False))


def _is_over(moment: datetime) -> ColumnElement[bool]:
    open_again = and_(Attempt.locked_until.is_not(None), Attempt.locked_until <= moment)
    return or_(open_again, and_(Attempt.locked_until.is_(None), Attempt.last_at < moment - FORGET))


def _scope(row: Attempt) -> str:
    if row.account == ALL:
        return "source"
    return "account" if row.source == ALL else "account and source"


@writes
def succeeded(email: str, source: str | None) -> None:
    """Only failures in a row count: a phone that sends a password each time would add up slips over months.

    What its place did to other accounts stays, and so does a lock that others brought upon the account. From now on
    the place is a known one.
    """
    account, place, moment = _account(email), place_of(source), now()
    slips = and_(Attempt.account == account, Attempt.source == ALL, Attempt.locked_until.is_(None))
    db.session.execute(delete(Attempt).where(slips).execution_options(synchronize_session=False))
    fresh = {"failures": 0, "last_at": moment, "locked_until": None, "known_at": moment if source else None}
    insert_missing(Attempt, [{"account": account, "source": place, **fresh}])
    here = update(Attempt).where(_these([(account, place)])).values(**fresh)
    db.session.execute(here.execution_options(synchronize_session=False))


def is_locked(email: str) -> bool:
    """Whether the account is locked, for some place or for all."""
    query = select(Attempt.account).where(Attempt.account == _account(email), Attempt.locked_until > now())
    return db.session.execute(query.limit(1)).first() is not None


@writes
def forget(email: str) -> None:
    """Nothing is held against the account any more, wherever it was tried from."""
    db.session.execute(delete(Attempt).where(Attempt.account == _account(email)))

"""Tries at the passphrase of a key: counted per account and key, so that nobody guesses it by asking for exports."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, update

from schemas import problems
from server.db import db, insert_missing, now, writes
from server.models import Attempt
from server.parts import vault
from server.permissions import Actor

MAX_TRIES = 10
WAIT_MINUTES = 10


def _this(actor: Actor, key_id: int) -> dict[str, str]:
    return {
        "account": vault().fingerprint("key", str(key_id)),
        "source": vault().fingerprint("guesser", str(actor.id)),
    }


def _where(kept: dict[str, str]) -> ColumnElement[bool]:
    return and_(Attempt.account == kept["account"], Attempt.source == kept["source"])


@writes
def begin(actor: Actor, key_id: int) -> None:
    """Count a try before it is made, so that many at once are not more than a few.

    Raises PASSPHRASES_LOCKED_OUT after too many without a success, until nobody tried for a while.
    """
    kept, moment = _this(actor, key_id), now()
    insert_missing(Attempt, [{**kept, "failures": 0, "last_at": moment}])
    known = update(Attempt).where(_where(kept)).execution_options(synchronize_session=False)
    long_ago = Attempt.last_at < moment - timedelta(minutes=WAIT_MINUTES)
    db.session.execute(known.where(long_ago).values(failures=0))
    one_more = known.where(Attempt.failures < MAX_TRIES).values(failures=Attempt.failures + 1, last_at=moment)
    if not db.session.execute(one_more.returning(Attempt.failures)).all():
        raise problems.PASSPHRASES_LOCKED_OUT(minutes=WAIT_MINUTES)


@writes
def succeeded(actor: Actor, key_id: int) -> None:
    """Nothing is held against who knows it."""
    gone = delete(Attempt).where(_where(_this(actor, key_id)))
    db.session.execute(gone.execution_options(synchronize_session=False))

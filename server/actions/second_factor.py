"""The optional second factor: codes that change with the time (RFC 6238), and recovery codes that count once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from urllib.parse import quote, urlencode

from sqlalchemy import delete, or_, select, update

from schemas import problems
from server import permissions
from server.actions import accounts, attempts, audits
from server.db import db, now, writes
from server.models import RecoveryCode, User
from server.parts import vault
from server.permissions import Actor
from server.secrets import recovery_code, token_hash

ISSUER = "Đồng Hành"
STEP_SECONDS = 30
DIGITS = 6
CODES = 10
# Clocks of phones are a little wrong.
DRIFT = 1


def clock() -> float:
    """Seconds since 1970."""
    return time.time()


def code_at(secret: bytes, step: int, *, digits: int = DIGITS) -> str:
    """The code of a time step (RFC 4226, 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def _step_of(user: User, code: str) -> int | None:
    """The time step whose code this is, of those around now that are later than the last one that was taken."""
    secret = vault().reveal(user.totp_cipher)
    if secret is None or not code.isascii():
        return None
    key, present = base64.b32decode(secret), int(clock()) // STEP_SECONDS
    for step in range(max(present - DRIFT, (user.totp_step or 0) + 1), present + DRIFT + 1):
        if hmac.compare_digest(code_at(key, step), code):
            return step
    return None


def is_on(user: User) -> bool:
    """Whether the second factor was confirmed."""
    return user.totp_since is not None


@writes
def begin(actor: Actor) -> tuple[str, str]:
    """A new secret, in letters, and the address that authenticator apps scan. It counts once it is confirmed."""
    user = accounts.person(actor)
    if is_on(user):
        raise problems.SECOND_FACTOR_ON()
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    user.totp_cipher, user.totp_step = vault().encrypt(secret), None
    options = urlencode({"secret": secret, "issuer": ISSUER}, quote_via=quote)
    return secret, f"otpauth://totp/{quote(f'{ISSUER}:{user.email}')}?{options}"


@writes
def confirm(actor: Actor, code: str) -> list[str]:
    """Turn it on with a first code. The recovery codes are shown only now. Raises AUTHENTICATION_FAILED."""
    user = accounts.person(actor)
    if is_on(user):
        raise problems.SECOND_FACTOR_ON()
    step = _step_of(user, _plain(code))
    if step is None:
        raise problems.AUTHENTICATION_FAILED()
    user.totp_since, user.totp_step = now(), step
    _drop_codes(user.actor_id)
    codes = [recovery_code() for _ in range(CODES)]
    db.session.add_all([RecoveryCode(actor_id=user.actor_id, code_hash=token_hash(_plain(one))) for one in codes])
    audits.log(actor, "user.second_factor.create", subject_id=user.actor_id)
    return codes


def remove(actor: Actor, password: str) -> None:
    """Turn one's own off. Raises AUTHENTICATION_FAILED, or LOCKED_OUT after many failures."""
    user = accounts.person(actor)
    if not is_on(user):
        raise problems.SECOND_FACTOR_OFF()
    accounts.prove(user, password, actor.source)
    _turn_off(actor, user.actor_id)


@writes
def reset(actor: Actor, actor_id: int) -> None:
    """Turn it off for a user who has lost phone and recovery codes."""
    permissions.require(actor, "user.password.invalidate")
    if not is_on(accounts.find_user(actor_id)):
        raise problems.SECOND_FACTOR_OFF()
    _turn_off(actor, actor_id)


@writes
def _turn_off(actor: Actor, actor_id: int) -> None:
    user = accounts.find_user(actor_id)
    user.totp_cipher = user.totp_since = user.totp_step = None
    _drop_codes(actor_id)
    audits.log(actor, "user.second_factor.delete", subject_id=actor_id)


def prove(actor: Actor, code: str) -> None:
    """Whoever is signed in says a code again. Raises AUTHENTICATION_FAILED, or LOCKED_OUT after many failures."""
    user = accounts.person(actor)
    attempts.check(user.email, actor.source)
    if not is_on(user) or not take(actor, user, code):
        attempts.failed(user.email, actor.source)
        raise problems.AUTHENTICATION_FAILED()


def _drop_codes(actor_id: int) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.actor_id == actor_id))


def codes_left(actor: Actor) -> int:
    """How many of one's recovery codes were not used."""
    unused = select(RecoveryCode.id).where(RecoveryCode.actor_id == actor.id, RecoveryCode.used_at.is_(None))
    return len(db.session.scalars(unused).all())


@writes
def take(actor: Actor, user: User, code: str) -> bool:
    """Whether the code is right; then it is used up, and of two who send it at once one is refused."""
    sent = _plain(code)
    step = _step_of(user, sent) if len(sent) == DIGITS else None
    if step is not None:
        newer = or_(User.totp_step.is_(None), User.totp_step < step)
        mine = update(User).where(User.actor_id == user.actor_id, newer).values(totp_step=step)
        return _changed(mine.execution_options(synchronize_session=False))
    this = (RecoveryCode.actor_id == user.actor_id, RecoveryCode.code_hash == token_hash(sent))
    used = update(RecoveryCode).where(*this, RecoveryCode.used_at.is_(None)).values(used_at=now())
    taken = _changed(used.execution_options(synchronize_session=False))
    if taken:
        audits.log(actor, "user.second_factor.recover", subject_id=user.actor_id)
    return taken


def _changed(statement: object) -> bool:
    return bool(db.session.execute(statement).rowcount)  # type: ignore[call-overload]


def _plain(code: str) -> str:
    """As it is compared: people type spaces, hyphens and capitals."""
    return "".join(sign for sign in code.lower() if sign.isalnum())

"""A backup for an administrator who asks for one over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from schemas import problems
from schemas.passwords import is_weak
from server import permissions
from server.actions import audits, leases
from server.db import end_read
from server.parts import backup_maker
from server.permissions import TEXT, Actor

# Characters, as of the passphrase of a project. Whoever has the file can try as many as they like.
SHORTEST = 10


def make(actor: Actor, passphrase: str, gone: Callable[[], bool] = lambda: False) -> BinaryIO:
    """The whole database, encrypted with the passphrase. One at a time, and not beside the daily upkeep.

    It holds all that anybody wrote, so that it is not for who sees no answers. Once `gone` says so, nobody waits for
    it any more. Raises INSUFFICIENT_RIGHTS, MISSING_PARAMETER, PASSWORD_TOO_SHORT, PASSWORD_TOO_WEAK, NOT_IMPLEMENTED,
    UPKEEP_RUNS, DISK_FULL, BUSY.
    """
    for verb in ("backup.run", TEXT):
        permissions.require(actor, verb)
    if not passphrase:
        raise problems.MISSING_PARAMETER(field="passphrase")
    if len(passphrase) < SHORTEST:
        raise problems.PASSWORD_TOO_SHORT(length=SHORTEST)
    if is_weak(passphrase):
        raise problems.PASSWORD_TOO_WEAK(warning="", suggestions=[])
    maker = backup_maker()
    if maker is None:
        raise problems.NOT_IMPLEMENTED(feature="backup")
    end_read()
    try:
        with leases.held(leases.UPKEEP):
            audits.note(actor, "backup.run")
            end_read()  # it takes a while, with a connection of its own
            return maker(passphrase, gone)
    except leases.HeldError as error:
        raise problems.UPKEEP_RUNS() from error

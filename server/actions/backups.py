"""A backup for an administrator who asks for one over the API."""

from __future__ import annotations

from typing import BinaryIO

from schemas import problems
from server import permissions
from server.actions import audits
from server.db import end_read
from server.parts import backup_maker
from server.permissions import TEXT, Actor


def make(actor: Actor, passphrase: str) -> BinaryIO:
    """The whole database, encrypted with the passphrase.

    It holds all that anybody wrote, so that it is not for who sees no answers. Raises INSUFFICIENT_RIGHTS,
    MISSING_PARAMETER, NOT_IMPLEMENTED.
    """
    for verb in ("backup.run", TEXT):
        permissions.require(actor, verb)
    if not passphrase:
        raise problems.MISSING_PARAMETER(field="passphrase")
    maker = backup_maker()
    if maker is None:
        raise problems.NOT_IMPLEMENTED(feature="backup")
    audits.note(actor, "backup.run")
    end_read()  # it takes a while, with a connection of its own
    return maker(passphrase)

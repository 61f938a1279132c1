"""The parts of the running app that actions use: its settings, its storage and its vault of keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from flask import current_app

from server.config import Settings
from server.here import this_app
from server.secrets import Vault
from server.storage import Storage

NAME = "donghanh"
# Who started the server may have told it how a backup is made, of a passphrase.
BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Parts:
    """Made once by the factory."""

    settings: Settings
    storage: Storage
    vault: Vault


def parts() -> Parts:
    """Those of the app that is running."""
    return this_app().extensions[NAME]


def settings() -> Settings:
    """The operator's settings."""
    return parts().settings


def storage() -> Storage:
    """Where files are."""
    return parts().storage


def vault() -> Vault:
    """Passwords and keys."""
    return parts().vault


def backup_maker() -> Callable[[str, Callable[[], bool]], BinaryIO] | None:
    """What makes a backup, of a passphrase and of whether nobody wants it any more; None where nobody said."""
    return current_app.extensions.get(BACKUP)

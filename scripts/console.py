"""What the commands share: the app around them, and sentences instead of tracebacks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from schemas.problems import Problem
from scripts.backup import BackupError
from server.actions.leases import HeldError
from server.app import create_app
from server.config import SettingsError


def with_app(command: Callable[..., Any]) -> Callable[..., Any]:
    """Run a command inside the app; what is refused is said in a sentence, with exit code 1."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            with create_app().app_context():
                return command(*args, **kwargs)
        except (SettingsError, BackupError, HeldError) as error:
            raise click.ClickException(str(error)) from None
        except Problem as problem:
            raise click.ClickException(problem.message) from None
        except OperationalError as error:
            told = str(error.orig).strip().splitlines()[0]
            raise click.ClickException(f"The database cannot be used: {told}") from None
        except OSError as error:
            told = error.strerror or str(error)
            raise click.ClickException(f"{error.filename}: {told}" if error.filename else told) from None

    return run

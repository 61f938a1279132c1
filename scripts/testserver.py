"""A server for cases that are tried over HTTP: `python -m scripts.testserver --port 8383 [--database URL]`.

It is the real one, in one process, with addresses of its own by which a case says what there is at its beginning. It
works on a data folder that it made itself, and on a database that is empty or that it has marked as its own. Nothing
of the server imports it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from flask import Flask, Response, g, jsonify, request
from gunicorn.app.base import Application
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from schemas import problems
from scripts.alone import PATH, RESET, Alone
from scripts.backup import direct
from scripts.fixtures import Fixtures, prepare
from server.actions import maintain, purge, upkeep
from server.app import create_app
from server.config import Settings
from server.db import db

MARK = "donghanh_testserver"
PUBLIC_URL = "http://localhost:8989"
MAIL = {"smtp_url": "smtp://127.0.0.1:7825", "mail_from": "no-reply@getodk.org"}
SECRET = "a secret key for cases alone"  # noqa: S105
# Each says how many it removed. Of the rest nothing can be deleted yet, and nothing waits.
TASKS: dict[str, Callable[[bool], int]] = {
    "process-backlog": lambda _force: 0,
    "purge-entities": lambda _force: 0,
    "purge-datasets": lambda _force: 0,
    "purge-forms": purge.forms,
    "purge-submissions": purge.submissions,
    # Nobody sends a file meanwhile, so that the newest may go, too.
    "purge-blobs": lambda _force: maintain.forget(timedelta(0)),
}


class NotOurs(click.ClickException):
    """A database with data in it that is somebody's."""


def settings_in(folder: Path, database_url: str) -> Settings:
    """Settings of a server whose files are in a folder; its database too, unless there is an address."""
    known = {each.name for each in fields(Settings)}
    mail: dict[str, Any] = {name: value for name, value in MAIL.items() if name in known}
    return Settings(
        data_dir=folder,
        database_url=database_url or f"sqlite:///{folder}/donghanh.sqlite",
        storage_url=f"file://{folder}/files",
        secret_key=SECRET,
        public_url=PUBLIC_URL,
        min_free_disk=0,
        testing=True,
        strict=True,
        accept_length=100_000_000,
        **mail,
    )


def claim(settings: Settings) -> None:
    """Make the database this server's own, with the tables it needs. Raises NotOurs."""
    # A look that changes nothing, not even how a file is written.
    looking = create_engine(settings.database_url, poolclass=NullPool)
    names = inspect(looking).get_table_names()
    if names and MARK not in names:
        raise NotOurs(
            "This database holds tables that the test server did not make. It empties whatever it works on:"
            " give it an empty database."
        )
    app = create_app(settings)
    with app.app_context():
        try:
            with db.engine.connect().execution_options(writing=True) as connection:
                connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {MARK} (made integer)")
                connection.commit()
            upkeep.migrate()
            prepare(db.engine)
        finally:
            db.session.remove()
            db.engine.dispose()


def make(settings: Settings) -> Flask:
    """The app, with the addresses of the cases beside its own."""
    app = create_app(settings)
    direct.attach(app)
    states = Fixtures(app, settings)

    @app.before_request
    def speak_json() -> None:
        if request.path.startswith(PATH):
            g.door = "rest"

    @app.post(RESET)
    def reset() -> Response:
        states.reset(_sent())
        return jsonify(success=True)

    @app.post(f"{PATH}drain")
    def drain() -> Response:
        """Whatever a request sets off is done before it is answered, so that nothing is left to finish."""
        return jsonify({})

    @app.post(f"{PATH}task")
    def task() -> Response:
        wanted = _sent()
        verb = TASKS.get(str(wanted.get("task")))
        if verb is None:
            raise problems.UNEXPECTED_VALUE(field="task", value=wanted.get("task"), reason="there is no such task")
        return jsonify(result=verb(bool(wanted.get("force"))))

    app.wsgi_app = Alone(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _sent() -> Mapping[str, Any]:
    found = request.get_json(silent=True, force=True)
    if not isinstance(found, dict):
        raise problems.UNPARSEABLE(format="json", rawLength=request.content_length or 0)
    return found


class Server(Application):
    """gunicorn as the product runs it, with one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """The product's configuration. The command line and the environment have no say."""
        self.load_config_from_module_name_or_filename("python:scripts.gunicorn_conf")
        self.cfg.set("workers", 1)
        self.cfg.set("on_exit", lambda _server: shutil.rmtree(self.settings.data_dir, ignore_errors=True))

    def load(self) -> Flask:
        """The app, made in the process that serves."""
        return make(self.settings)


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), required=True, help="Where it listens, on 127.0.0.1.")
@click.option("--database", default="", help="A database that is empty or was made by this command; else a new file.")
def serve(port: int, database: str) -> None:
    """Serve cases until it is stopped."""
    # gunicorn's configuration reads its address here.
    os.environ.update({"HOST": "127.0.0.1", "PORT": str(port)})
    folder = Path(tempfile.mkdtemp(prefix="donghanh-testserver-"))
    try:
        settings = settings_in(folder, database)
        claim(settings)
    except (SQLAlchemyError, ArgumentError, ImportError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise click.ClickException(f"The database cannot be used ({type(error).__name__}).") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    click.echo(f"http://127.0.0.1:{port}", file=sys.stderr)
    Server(settings).run()


if __name__ == "__main__":
    serve()

"""Commands that look after what is kept: check, maintain, backup, restore, move."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from scripts import daily, serving
from scripts.backup import BackupError, before, sealed, shelf
from scripts.backup.contents import Summary
from scripts.backup.make import Made, Source, make
from scripts.backup.move import Place, move
from scripts.backup.restore import keep_secret_key, restore
from scripts.backup.sealed import Keys
from scripts.console import with_app
from server import config, dialect
from server.actions import audits, check, leases, maintain, upkeep
from server.config import MIN_SECRET, Settings
from server.db import db, end_read, now, writing
from server.parts import settings, storage
from server.permissions import CONSOLE
from server.storage import open_storage

# So many missing files are named one by one.
NAMED = 20
BESIDE = "Beside a running server, --while-running tries the move out."

if_due = click.option("--if-due", is_flag=True, help="Only if it is time for it (the server asks so itself).")
as_file = click.Path(exists=True, dir_okay=False, path_type=Path)


def bring_up_to_date() -> bool:
    """Run the steps that the database misses, after a backup of it. Whether there were any."""
    if upkeep.is_current():
        return False
    before.before_migration(db.engine, settings())
    return upkeep.migrate()


def _require_current() -> None:
    if not upkeep.is_current():
        raise BackupError("The database is not up to date: run “migrate” first.")


def say_if_closed() -> None:
    """Phones are refused, perhaps since a move that did not end: whoever looks is told."""
    if told := upkeep.why_closed():
        click.echo(told, err=True)


@click.command("check")
@click.option("--no-files", is_flag=True, help="Do not read the attachments: quick.")
@click.option("--verbose", "-v", is_flag=True, help="Say what was looked at, as it does on a terminal.")
@with_app
def check_all(no_files: bool, verbose: bool) -> None:
    """Look whether everything stored is whole and agrees. Silent if so; beside a running server, too."""
    _require_current()
    say_if_closed()
    counts, wrong = check.Counts(), 0
    for line in check.check(counts, with_files=not no_files):
        click.echo(line)
        wrong += 1
    looked = ", ".join(f"{number} {what}" for what, number in counts.seen.items())
    if verbose or sys.stderr.isatty():  # for a person; a machine hears only of what is wrong
        click.echo(f"Looked at {looked or 'nothing'}: {wrong or 'nothing'} wrong.", err=True)
    if wrong:
        raise click.exceptions.Exit(1)


def _work(name: str, only_if_due: bool, do: Callable[[], None]) -> None:
    """Do daily work under its lease, and remember when it was done; nothing if it is not due, or is being done."""
    _require_current()
    try:
        with leases.held(leases.UPKEEP):
            if only_if_due and not daily.due(name, settings(), leases.marked, daily.clock()):
                return
            leases.mark(leases.TRIED + name)
            do()
            leases.mark(name)
    except leases.HeldError:
        if not only_if_due:
            raise


@click.command("maintain")
@if_due
@with_app
def maintain_all(if_due: bool) -> None:
    """Clear away what nobody needs any more. Can be repeated; a running server does it daily."""
    _work(leases.MAINTAIN, if_due, _maintain)


def _maintain() -> None:
    failed = 0
    for step in maintain.STEPS:
        try:
            click.echo(step())
        except OSError as error:
            end_read()
            failed += 1
            click.echo(f"{step.__name__}: the file store does not work ({error.strerror or error})", err=True)
    if failed:
        raise click.exceptions.Exit(1)


@click.command("backup")
@click.option("--to", type=click.Path(path_type=Path), help="A folder, or a new file *.tar; else BACKUP_DIR.")
@click.option("--passphrase-file", type=as_file, help="The passphrase is the first line of this file.")
@click.option("--public-key", multiple=True, help="age1…, as “backup-key” prints it.")
@if_due
@with_app
def backup(to: Path | None, passphrase_file: Path | None, public_key: tuple[str, ...], if_due: bool) -> None:
    """Keep everything in one encrypted file, beside a running server, and read it back."""
    keys = _keys(settings(), passphrase_file, public_key)
    _work(leases.BACKUP, if_due, lambda: _backup(to, keys))


def _keys(chosen: Settings, passphrase_file: Path | None, public_keys: tuple[str, ...]) -> Keys:
    if passphrase_file is None and not public_keys:
        public_keys, passphrase = chosen.backup_recipients, chosen.backup_passphrase
    else:
        passphrase = _first_line(passphrase_file) if passphrase_file else ""
    if passphrase_file is not None and len(passphrase) < MIN_SECRET:
        raise BackupError(f"A passphrase needs at least {MIN_SECRET} characters.")
    if not (public_keys or passphrase):
        raise BackupError(
            "A backup is always encrypted, and nothing is set to encrypt it with: run “backup-key FILE”, keep that file"
            " elsewhere, and set BACKUP_PUBLIC_KEY to what is printed; or set BACKUP_PASSPHRASE."
        )
    return Keys(tuple(public_keys), passphrase)


def _first_line(path: Path) -> str:
    return (path.read_text("utf-8").splitlines() or [""])[0].strip()


def _backup(to: Path | None, keys: Keys) -> None:
    path = shelf.path_in(to or before.folder(settings()), now())
    source = Source(db.engine, storage(), settings().secret_key)
    made = make(path, source, keys, min_free=settings().min_free_disk, incomplete=shelf.incomplete(path))
    with writing():
        audits.log(CONSOLE, "backup.run", size=made.size, missing=len(made.told.missing))
    click.echo(f"Backup: {made.path} ({_told(made.told)}; {made.size} bytes), read back whole.")
    if to is None and not made.told.missing:  # else older ones may be the last that have the files
        for name in shelf.clear(path.parent, timedelta(days=settings().backup_keep), now()):
            click.echo(f"Removed: {name}")
    _complain(made)


def _complain(made: Made) -> None:
    _name_missing(
        "NOT IN THE BACKUP: file {} is missing or damaged in the store (“check” says more)", made.told.missing
    )
    if made.told.missing:
        leases.mark(leases.BACKUP)  # it is as good as it can be: tomorrow again
        raise click.exceptions.Exit(1)


def _name_missing(sentence: str, missing: list[str]) -> None:
    for sha256 in missing[:NAMED]:
        click.echo(sentence.format(sha256), err=True)
    if len(missing) > NAMED:
        click.echo(f"… and {len(missing) - NAMED} more", err=True)


def _told(told: Summary) -> str:
    return f"{told.rows} rows, {told.files} files"


@click.command("backup-key")
@click.argument("file", type=click.Path(path_type=Path))
def backup_key(file: Path) -> None:
    """Make a pair of keys: the secret one goes into FILE, to be kept elsewhere; the public one is printed."""
    try:
        public = before.write_key(file)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"BACKUP_PUBLIC_KEY={public}")
    click.echo(f"The secret key is in {file}. Keep it away from this machine: without it no backup opens.", err=True)


@click.command("restore")
@click.argument("file", type=as_file)
@click.option("--identity", type=as_file, help="The file with the secret key.")
@click.option("--passphrase-file", type=as_file, help="Else BACKUP_PASSPHRASE, else it is asked for.")
@click.pass_context
@with_app
def restore_all(context: click.Context, file: Path, identity: Path | None, passphrase_file: Path | None) -> None:
    """Bring a backup back onto an empty machine, of whatever kind DATABASE_URL and STORAGE_URL name."""
    if identity is not None:
        keys = sealed.read_keys(identity)
    else:
        keys = sealed.identities(file, _passphrase(file, passphrase_file))
    with serving.nobody(settings().data_dir, db.engine):
        told = restore(file, keys, db.engine, storage(), lambda told: keep_secret_key(told, settings()))
    click.echo(f"Restored from {file.name}, as it was at {told.head['made_at']}: {_told(told)}.")
    if not upkeep.is_current():
        upkeep.migrate()
        click.echo("The database was brought up to date.")
    _name_missing("It was missing already when the backup was made: file {}", told.missing)
    if not told.head["files"]:
        click.echo("This was a backup of the database alone: the files must be in the store already.", err=True)
    context.invoke(check_all, verbose=True)


def _passphrase(file: Path, passphrase_file: Path | None) -> str:
    if not sealed.has_passphrase(file):
        raise BackupError("This backup has no passphrase: it opens with the secret key (--identity FILE).")
    if passphrase_file is not None:
        return _first_line(passphrase_file)
    return os.environ.get("BACKUP_PASSPHRASE") or click.prompt("Passphrase of the backup", hide_input=True)


@click.command("move")
@click.option(
    "--database-url", default="", envvar="MOVE_DATABASE_URL", show_envvar=True, help="As DATABASE_URL will be."
)
@click.option(
    "--storage-url", default="", envvar="MOVE_STORAGE_URL", help="As STORAGE_URL will be; or MOVE_STORAGE_URL."
)
@click.option("--while-running", is_flag=True, help="A rehearsal: what phones send meanwhile is not moved.")
@click.option("--open-again", is_flag=True, help="Use the old place again after all.")
@with_app
def move_all(database_url: str, storage_url: str, while_running: bool, open_again: bool) -> None:
    """Copy the installation to an empty place of either kind, and compare row by row, hash by hash."""
    if open_again:
        serving.require_no_move(settings().data_dir)
        upkeep.open_again()
        click.echo("This place is in use again.")
        return
    _require_current()
    target, wanted = _target(database_url, storage_url)
    source = Place(db.engine, storage())
    try:
        with leases.held(leases.UPKEEP):
            told = move(source, target, rehearsal=True) if while_running else _move(source, target)
    finally:
        target.engine.dispose()
    click.echo(f"Moved and compared: {_told(told)}.")
    _name_missing("NOT MOVED: file {} is missing or damaged in the old store", told.missing)
    _say_what_is_next(wanted, while_running)
    if told.missing:
        raise click.exceptions.Exit(1)


def _target(database_url: str, storage_url: str) -> tuple[Place, Settings]:
    here = settings()
    if not (database_url and storage_url):
        raise BackupError(
            "Name the new place, as the settings will be: MOVE_DATABASE_URL and MOVE_STORAGE_URL in the environment,"
            " where nobody else sees the password, or --database-url and --storage-url."
        )
    named = {"DATABASE_URL": database_url, "STORAGE_URL": storage_url, "DATA_DIR": str(here.data_dir)}
    wanted = config.load({**os.environ, **named})
    if wanted.database_url == here.database_url or wanted.storage_url == here.storage_url:
        raise BackupError("The new place is the old one: name another database and another store.")
    engine = create_engine(wanted.database_url, **dialect.pool(wanted.database_url, 1))
    dialect.prepare(engine)
    return Place(engine, open_storage(wanted.storage_url)), wanted


def _move(source: Place, target: Place) -> Summary:
    with serving.nobody(settings().data_dir, source.engine, BESIDE), upkeep.moving():
        return move(source, target)


def _say_what_is_next(wanted: Settings, rehearsal: bool) -> None:
    if rehearsal:
        click.echo("This was a rehearsal: the old place stays in use. Empty the new one before the real move.")
        return
    click.echo("From now on, set (with the password):")
    click.echo(f"  DATABASE_URL={make_url(wanted.database_url).render_as_string(hide_password=True)}")
    click.echo(f"  STORAGE_URL={wanted.storage_url}")
    kept = "as it is set now" if os.environ.get("SECRET_KEY") else f"as it is in {settings().data_dir / 'secret.key'}"
    click.echo(f"  SECRET_KEY {kept}; on another machine, too")
    click.echo("A server on the old place answers phones that they shall try later. To use it after all: --open-again.")


COMMANDS = (check_all, maintain_all, backup, backup_key, restore_all, move_all)

"""The command line: `python -m scripts.manage COMMAND`. Each command calls the same verbs as the pages and the API."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from scripts import keep, recheck, starter
from scripts.console import with_app
from server.actions import access, accounts, definitions, drafts, forms, passwords, projects, second_factor, upkeep
from server.db import writing
from server.parts import settings
from server.permissions import CONSOLE
from server.uploads import of_bytes


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def manage() -> None:
    """Đồng Hành: run it and look after it."""
    os.umask(0o077)  # what is made, also by the server that is started, is nobody else's to read


for command in (*keep.COMMANDS, recheck.recheck_all):
    manage.add_command(command)

lan_option = click.option("--lan", is_flag=True, help="Let phones on this network try it over plain http. Trial only.")


@manage.command()
@with_app
def migrate() -> None:
    """Bring the database up to date. What was there is kept in a backup first."""
    click.echo("The database was brought up to date." if keep.bring_up_to_date() else "The database is up to date.")


@manage.command()
@lan_option
@click.option("--then-serve", is_flag=True, help="Leave the steps of a new version to the server, which runs them.")
@with_app
def setup(lan: bool, then_serve: bool) -> None:
    """Make what a first start needs: database, administrator, project, volunteer. Repeats change nothing."""
    if then_serve and upkeep.revision() is not None and not upkeep.is_current():
        click.echo("The server brings the database up to date: until then, phones are told to send again later.")
        return
    keep.bring_up_to_date()
    keep.say_if_closed()
    starter.prepare(lan=lan)


@manage.command()
@lan_option
def serve(lan: bool) -> None:
    """Start the web server (gunicorn) in this process."""
    environment = dict(os.environ)
    if lan:
        environment |= starter.lan_environment()
    root = Path(__file__).parent.parent
    arguments = [sys.executable, "-m", "gunicorn", "-c", str(root / "scripts" / "gunicorn_conf.py")]
    os.chdir(root)
    os.execve(sys.executable, arguments, environment)  # noqa: S606


@manage.group()
def user() -> None:
    """People who sign in to the pages."""


@user.command("create")
@click.argument("email")
@click.option("--name", default="", help="As others see the person.")
@click.option("--password", default=None, help="Otherwise a one-time password is made and shown.")
@click.option("--admin", is_flag=True, help="Make the person an administrator.")
@click.option("--project", "project_id", type=int, help="Give the person a role on this project.")
@click.option("--role", type=click.Choice(["manager", "viewer"]), default="manager", show_default=True)
@with_app
def create_user(email: str, name: str, password: str | None, admin: bool, project_id: int | None, role: str) -> None:
    """Create a user: an administrator, or a supervisor of one project (manager: reviews; viewer: only reads)."""
    with writing():
        made, secret = accounts.create_user(CONSOLE, email, password, name)
        if admin:
            accounts.promote(CONSOLE, email)
        if project_id is not None:
            access.grant(CONSOLE, made.actor_id, role, project_id=projects.find(project_id).id)
    click.echo(f"Created {made.email}.")
    if password is None:
        click.echo(f"One-time password: {secret}")


@user.command("promote")
@click.argument("email")
@with_app
def promote(email: str) -> None:
    """Make a user an administrator."""
    click.echo(f"{accounts.promote(CONSOLE, email).email} is an administrator.")


@user.command("reset-password")
@click.argument("email")
@click.option("--password", default=None, help="Otherwise a one-time password is made and shown.")
@with_app
def reset_password(email: str, password: str | None) -> None:
    """Give a user a new password; all of the user's sessions end."""
    secret = passwords.reset_password(CONSOLE, email, password)
    click.echo("The password was set." if password else f"One-time password: {secret}")


@user.command("reset-link")
@click.argument("email")
@with_app
def reset_link(email: str) -> None:
    """An address at which the user chooses a new password, to be handed over. It works once, within a day."""
    click.echo(passwords.reset_link(CONSOLE, accounts.find_by_email(email).actor_id))


@user.command("unlock")
@click.argument("email")
@with_app
def unlock(email: str) -> None:
    """Let a user who was locked out after many failures sign in again at once."""
    found = accounts.find_by_email(email)
    accounts.unlock(CONSOLE, found.actor_id)
    click.echo(f"{found.email} may sign in again.")


@user.command("reset-second-factor")
@click.argument("email")
@with_app
def reset_second_factor(email: str) -> None:
    """Turn off the second factor of a user who has lost the phone and the recovery codes."""
    found = accounts.find_by_email(email)
    second_factor.reset(CONSOLE, found.actor_id)
    click.echo(f"{found.email} signs in with the password alone.")


@manage.group()
def project() -> None:
    """Projects."""


@project.command("create")
@click.argument("name")
@click.option("--language", type=click.Choice(["vi", "en"]), default="vi", help="Of messages to volunteers.")
@with_app
def create_project(name: str, language: str) -> None:
    """Create a project."""
    made = projects.create(CONSOLE, name, language=language)
    click.echo(f"Created project {made.id}: {made.name}")


@project.command("list")
@with_app
def list_projects() -> None:
    """List the projects."""
    for found in projects.list_all(CONSOLE):
        click.echo(f"{found.id}\t{found.name}")


@manage.group("app-user")
def app_user() -> None:
    """Volunteers' phones."""


@app_user.command("create")
@click.argument("name")
@click.option("--project", "project_id", type=int, default=1, show_default=True)
@click.option("--language", type=click.Choice(["vi", "en"]), default="vi", show_default=True)
@click.option("--url", default="", help="The address phones reach this server by. Default: PUBLIC_URL.")
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="Also write the QR code to this file.")
@with_app
def create_app_user(name: str, project_id: int, language: str, url: str, png: Path | None) -> None:
    """Create a volunteer with access to all forms of the project, and show the QR code to scan."""
    made = access.create_app_user(CONSOLE, project_id, name, language=language, all_forms=True)
    base = url.rstrip("/") or settings().public_url or f"http://{settings().host}:{settings().port}"
    starter.show_qr(made, base, png)


@manage.group()
def form() -> None:
    """Forms."""


@form.command("publish")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--project", "project_id", type=int, default=1, show_default=True)
@click.option("--version", default=None, help="Publish under this version string instead of the form's own.")
@click.option("--ignore-warnings", is_flag=True, help="Publish although there are warnings.")
@with_app
def publish_form(file: Path, project_id: int, version: str | None, ignore_warnings: bool) -> None:
    """Publish a form from an XLSForm (.xlsx, .xls, .md) or an XForm (.xml), new or as a further version."""
    data = file.read_bytes()
    made = (
        definitions.from_xform(data) if file.suffix == ".xml" else definitions.from_workbook(data, file.name, file.stem)
    )
    for warning in (*made.warnings, *(entry.get("reason", entry.get("type")) for entry in made.workflow_warnings)):
        click.echo(f"Warning: {warning}", err=True)
    if (made.warnings or made.workflow_warnings) and not ignore_warnings:
        raise click.ClickException("Not published because of the warnings. To accept them, add --ignore-warnings.")
    known = {found.xml_form_id: found for found in forms.list_all(CONSOLE, project_id)}
    old = known.get(made.form.form_id)
    saved = drafts.replace(CONSOLE, old, made) if old else drafts.create(CONSOLE, project_id, made)
    _publish_with_files(file, project_id, saved.xml_form_id, version)


def _publish_with_files(file: Path, project_id: int, xml_form_id: str, version: str | None) -> None:
    """Files the form expects are taken from the folder FILE-media beside it, as XLSForm tools do."""
    folder = file.parent / f"{file.stem}-media"
    missing = starter.fill_files(CONSOLE, project_id, xml_form_id, {
        path.name: of_bytes(path.read_bytes(), path.name) for path in folder.glob("*")
    })  # fmt: skip
    published = drafts.publish(CONSOLE, project_id, xml_form_id, version)
    shown = forms.shown_version(published)
    click.echo(f"Published {published.xml_form_id}, version “{shown.version}”.")
    if missing:
        click.echo(f"Still missing: {', '.join(missing)} (put them into {folder})", err=True)


if __name__ == "__main__":
    manage()

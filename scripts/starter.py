"""The first start: an administrator, a project with the bundled forms, a volunteer; and what is printed about it."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
import segno

from forms import library
from scripts import ports
from server.actions import access, accounts, config, definitions, drafts, files, forms, projects, user_search
from server.db import end_read, writing
from server.models import AppUser, Project
from server.parts import settings
from server.permissions import CONSOLE, Actor
from sync import collect
from sync.parts import Part

ADMIN = "admin@donghanh.example"
ADMIN_NAME = "Quản trị viên"
PROJECT = "Hỗ trợ cộng đồng"
VOLUNTEER = "Tình nguyện viên 1"


def prepare(*, lan: bool) -> None:
    """Make what is missing and print what the operator needs. Nothing that exists is changed."""
    with _alone():
        administrator = _administrator()
        if administrator is not None:  # at once: should what follows fail, the password is never shown again
            _line("Administrator", administrator[0])
            _line("One-time password" if administrator[2] else "Password", administrator[1])
        made = None if projects.list_all(CONSOLE) else _starter_project()
    shown = made or (_first_volunteer() if lan else None)
    base = address(lan=lan)
    if shown is not None:
        click.echo(f"\nQR code of the volunteer “{shown.actor.display_name}”, to be scanned with ODK Collect:")
        show_qr(shown, base)
    _line("\nAddress", base if lan else f"http://{settings().host}:{settings().port}")
    _line("Data", str(settings().data_dir))
    if lan:
        click.echo("TRIAL ONLY: over plain http, names and answers can be read by others on this network.")
    elif not settings().public_url:
        click.echo("Phones cannot reach this address: start with --lan to try one, or see “https” in the README.")


@contextmanager
def _alone() -> Iterator[None]:
    """Of several first starts at once, one makes what is missing, and the others wait and find it."""
    with (settings().data_dir / "setup.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        end_read()
        yield


def _line(name: str, value: str) -> None:
    click.echo(f"{name}: {value}")


def _administrator() -> tuple[str, str, bool] | None:
    """E-mail, password and whether it was made here; None when there is a user already."""
    if user_search.list_users(CONSOLE):
        return None
    chosen = settings()
    email = chosen.admin_email or ADMIN
    with writing():
        _, password = accounts.create_user(CONSOLE, email, chosen.admin_password or None, ADMIN_NAME)
        accounts.promote(CONSOLE, email)
        # True whoever asks: this server tells nobody. So that clients of ODK Central do not ask people again and again.
        config.put(CONSOLE, "analytics", {"enabled": False})
    return email, "(as set)" if chosen.admin_password else password, not chosen.admin_password


def _starter_project() -> AppUser:
    forms_made = [definitions.from_workbook(library.source(name), f"{name}.md", name) for name in library.names()]
    with writing():  # all of it or nothing, so that the next start can make up for it
        project = projects.create(CONSOLE, PROJECT)
        for made in forms_made:
            drafts.create(CONSOLE, project.id, made, publish=True)
        return access.create_app_user(CONSOLE, project.id, VOLUNTEER, language="vi", all_forms=True)


def _first_volunteer() -> AppUser | None:
    """The volunteer whose code is shown for a trial: the first whose key was not revoked."""
    for project in projects.list_all(CONSOLE):
        for app_user in reversed(access.app_users(CONSOLE, project.id)):
            if access.key_of(app_user):
                return app_user
    return None


def lan_environment() -> dict[str, str]:
    """Settings that let phones on the same network reach the server, and say that it is a trial."""
    host, port = os.environ.get("HOST") or ports.EVERYWHERE, ports.address(lan=True)[1]
    return {"HOST": host, "LAN_URL": f"http://{_lan_address()}:{port}"}


def address(*, lan: bool) -> str:
    """The address that phones are given."""
    chosen = settings()
    if chosen.public_url:
        return chosen.public_url
    host = _lan_address() if lan else chosen.host
    return f"http://{host}:{chosen.port}"


def _lan_address() -> str:
    """This machine's address on the local network, or the one that HOST names.

    Connecting a datagram socket sends nothing.
    """
    chosen = os.environ.get("HOST")
    if chosen and chosen not in (ports.EVERYWHERE, "::"):
        return chosen
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def show_qr(app_user: AppUser, base: str, png: Path | None = None) -> None:
    """Print the settings of an app user as a QR code, and write it to a file if one is given."""
    project: Project = projects.find(app_user.project_id)
    key = access.key_of(app_user) or ""
    server_url = collect.app_user_address(base, project.id, key)
    wanted = collect.app_user_settings(server_url, project.name, app_user.actor.language)
    code = segno.make(collect.qr_text(wanted), error="l", micro=False)
    code.terminal(compact=True)
    if png is not None:
        code.save(str(png), scale=6, border=4)
        click.echo(f"QR code written to {png}")


def fill_files(actor: Actor, project_id: int, xml_form_id: str, given: Mapping[str, Part]) -> list[str]:
    """Upload the files a draft expects and that are given; the names of those still missing."""
    form = forms.get(actor, project_id, xml_form_id, "form.update")
    draft = forms.draft_of(form)
    missing = []
    for file, blob in files.of_version(draft.id):
        if file.name in given:
            files.put_form_file(actor, form, draft, file.name, given[file.name])
        elif blob is None:
            missing.append(file.name)
    return missing

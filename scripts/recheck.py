"""`manage recheck`: check what is stored again, with a bar on a terminal and plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from scripts.console import with_app
from server.actions import forms, projects, recheck, upkeep
from server.actions.recheck import Place, Told
from server.db import end_read
from server.permissions import CONSOLE

# Where there is no terminal, a line after each of so many parts of a form.
PARTS = 10


@click.command("recheck")
@click.option("--project", "project_id", type=int, help="Only this project.")
@click.option("--form", "xml_form_id", help="Only the form with this ID.")
@click.option("--all-versions", is_flag=True, help="Also versions of submissions that were replaced by edits.")
@with_app
def recheck_all(project_id: int | None, xml_form_id: str | None, all_versions: bool) -> None:
    """Check all stored submissions by their forms again, as the rules are now. May be stopped and run again.

    Changes findings and their number alone. Beside a running server, too.
    """
    if not upkeep.is_current():
        raise click.ClickException("The database is not up to date: run “migrate” first.")
    if closed := upkeep.why_closed():
        raise click.ClickException(closed)
    places = list(_places(project_id, xml_form_id))
    end_read()
    if not places:
        raise click.ClickException("There is no such form.")
    told = Told()
    try:
        for place in places:
            with _progress(place) as done:
                recheck.recheck(CONSOLE, place, told, done, all_versions=all_versions)
    except KeyboardInterrupt:
        _say(told)
        raise click.ClickException("Stopped. What was done is kept; run it again for the rest.") from None
    _say(told)


def _places(project_id: int | None, xml_form_id: str | None) -> Iterator[Place]:
    for project in projects.list_all(CONSOLE) if project_id is None else [projects.find(project_id)]:
        for form in forms.list_all(CONSOLE, project.id):
            if xml_form_id in (None, form.xml_form_id):
                yield Place(project.id, form.id, form.xml_form_id, project.time_zone)


@contextmanager
def _progress(place: Place) -> Iterator[Callable[[int], None]]:
    """What is to be told how many submissions of a form were just done."""
    name, total = f"{place.xml_form_id} (project {place.project_id})", recheck.count(place)
    end_read()
    if total and sys.stderr.isatty():
        with click.progressbar(length=total, label=name, file=sys.stderr) as bar:
            yield bar.update
        return
    yield _Lines(name, total).add


class _Lines:
    """Progress in plain lines."""

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total, self._done, self._said = name, total, 0, 0

    def add(self, number: int) -> None:
        """So many more."""
        self._done += number
        part = self._done * PARTS // max(self._total, self._done)
        if part > self._said:
            self._said = part
            click.echo(f"{self._name}: {self._done} of {max(self._total, self._done)} submissions", err=True)


def _say(told: Told) -> None:
    click.echo(f"Looked at {told.looked} versions of submissions: {told.changed} have other findings now.")
    if told.left_out:
        click.echo(f"Left out: {told.left_out} (encrypted, erased, or their XML cannot be read).")
    for code in sorted({*told.before, *told.after}):
        click.echo(f"  {code}: {told.before[code]} before, {told.after[code]} now")

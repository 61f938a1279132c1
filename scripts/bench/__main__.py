"""`python -m scripts.bench`: starts servers of its own, measures them, prints tables. Touches nothing else."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from forms import converter, xform
from scripts.bench import data, kinds, trips, workloads
from scripts.bench.calm import additions
from scripts.bench.kinds import LAPTOP, NAMES, PROVINCE, Installation
from scripts.bench.processes import PartMissing
from scripts.bench.report import Result, machine
from scripts.bench.server import Server, running
from scripts.bench.workloads import FULL, QUICK, Effort, Target
from server import config
from server.actions import access, accounts, definitions, drafts, projects, upkeep
from server.app import create_app
from server.config import SettingsError
from server.db import db
from server.permissions import CONSOLE

EMAIL = "bench@example.org"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="A few of each: whether it works, not how fast it is.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--count", type=click.IntRange(4, 100_000), help="Pieces of work for each workload.")
@click.option("--seconds", type=click.FloatRange(0.5, 600), help="At most so long for each workload.")
@click.option("--no-publish", is_flag=True, help="Leave out the conversion of workbooks.")
@click.option(
    "--kind", type=click.Choice([LAPTOP, PROVINCE, "both"]), default="both", show_default=True,
    help=f"{LAPTOP}: {NAMES[LAPTOP]}. {PROVINCE}: {NAMES[PROVINCE]}.",
)  # fmt: skip
@click.option("--database-url", default="", help="An empty PostgreSQL database. Default: a cluster of its own.")
@click.option(
    "--storage-url", default="",
    help="An empty place in an S3 store, with its key in the AWS_* variables. Default: a store of its own.",
)  # fmt: skip
def bench(
    quick: bool, as_json: bool, count: int | None, seconds: float | None, no_publish: bool,
    kind: str, database_url: str, storage_url: str,
) -> None:  # fmt: skip
    """Measure servers on this machine: rate, latency, CPU and memory, beside the bars.

    What was measured with stays in a database or a store that was given.
    """
    chosen = QUICK if quick else FULL
    effort = Effort(count or chosen.count, seconds or chosen.seconds)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        try:
            results = measure_all(Path(name), effort, kind, database_url, storage_url, publish=not no_publish)
        except (PartMissing, SettingsError) as problem:
            raise click.ClickException(str(problem)) from problem
    if as_json:
        click.echo(json.dumps([result.as_dict() for result in results], indent=1))
    else:
        click.echo("\n\n".join(result.table() for result in results))


def measure_all(
    folder: Path, effort: Effort, kind: str, database_url: str = "", storage_url: str = "", *, publish: bool = True
) -> list[Result]:
    """One kind of installation, or both; then one that cannot be had is told in a line and left out."""
    found, results = None, []
    if kind == LAPTOP and (database_url or storage_url):
        raise SettingsError(f"--database-url, --storage-url: are for --kind {PROVINCE}.")
    try:
        found = None if kind == LAPTOP else kinds.servers(folder / PROVINCE, database_url, storage_url)
    except PartMissing as problem:
        if kind == PROVINCE:
            raise
        click.echo(f"{NAMES[PROVINCE]}: not measured, {problem}.", err=True)
    if kind != PROVINCE:
        results.append(measure(kinds.laptop(folder / LAPTOP), effort, publish=publish))
    if found:
        try:
            with found.running(folder / PROVINCE) as installation:
                results.append(measure(installation, effort, publish=publish))
        except PartMissing as problem:
            if not results:
                raise
            click.echo(f"{NAMES[PROVINCE]}: not measured, {problem}", err=True)
    return results


def measure(installation: Installation, effort: Effort, *, publish: bool = True) -> Result:
    """Set up an installation, run every workload on it, and stop every server that was started."""
    password, environment, log = secrets.token_urlsafe(16), installation.environment, installation.folder / "server.log"
    key, form = _set_up(environment, password)
    about = machine(installation.folder, kinds.describe(installation))
    result = Result(installation.name, about, installation.memory_bar, installation.database is not None)
    result.calibration.append(additions())
    result.rows.append(workloads.pure(form, effort))

    def target(server: Server) -> Target:
        return Target(server, key, workloads.sign_in(server, EMAIL, password), form, installation.database)

    with running(environment, log) as server:
        chosen = target(server)
        result.memory["at the start"] = server.memory()
        result.rows += workloads.submissions(chosen, effort)
        result.rows += workloads.reads(chosen, effort)
        result.memory["after the load"] = server.memory()
        if publish:
            result.rows += workloads.publish(chosen, effort, java=False)
            result.memory["with a converter"] = server.memory()
    if publish and shutil.which("java"):
        with running(environment | {"PATH": os.environ["PATH"]}, log) as server:
            result.rows += workloads.publish(target(server), effort, java=True)
    result.trips |= trips.of_posts(installation, key, data.filled(form))
    result.calibration.append(additions())
    return result


def _set_up(environment: dict[str, str], password: str) -> tuple[str, xform.Form]:
    """An administrator, a project with a published form, and a phone: its key, and the form."""
    with _keys_of(environment):
        app = create_app(config.load(environment))
        with app.app_context():
            upkeep.migrate()
            accounts.create_user(CONSOLE, EMAIL, password)
            accounts.promote(CONSOLE, EMAIL)
            project = projects.create(CONSOLE, "Bench")
            definition = definitions.from_workbook(data.home_visit(photo=True), "home_visit.md")
            drafts.create(CONSOLE, project.id, definition, publish=True)
            phone = access.create_app_user(CONSOLE, project.id, "Phone", all_forms=True)
            key = access.key_of(phone) or ""
            db.session.remove()
            db.engine.dispose()
    converter.close()
    return key, definition.form


@contextmanager
def _keys_of(environment: dict[str, str]) -> Iterator[None]:
    """The key to the store, where its library looks for it: in this process's own environment."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in before:
        del os.environ[name]
    os.environ.update({name: value for name, value in environment.items() if name.startswith("AWS_")})
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(before)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    bench()

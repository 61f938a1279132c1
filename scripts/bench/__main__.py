"""`python -m scripts.bench`: starts a server of its own, measures it, prints one table. Touches nothing else."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from pathlib import Path

import click

from forms import converter, xform
from scripts.bench import data, workloads
from scripts.bench.report import Result, machine
from scripts.bench.server import Server, running
from scripts.bench.workloads import FULL, QUICK, Effort, Target
from server import config
from server.actions import access, accounts, definitions, drafts, projects, upkeep
from server.app import create_app
from server.db import db
from server.permissions import CONSOLE

EMAIL = "bench@example.org"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="A few of each: whether it works, not how fast it is.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table.")
@click.option("--count", type=click.IntRange(4, 100_000), help="Pieces of work for each workload.")
@click.option("--seconds", type=click.FloatRange(0.5, 600), help="At most so long for each workload.")
@click.option("--no-publish", is_flag=True, help="Leave out the conversion of workbooks.")
@click.option("--database-url", default="", help="An empty database to measure with. Default: a SQLite file.")
def bench(
    quick: bool, as_json: bool, count: int | None, seconds: float | None, no_publish: bool, database_url: str
) -> None:
    """Measure a server on this machine: rate, latency, CPU and memory, beside the bars."""
    chosen = QUICK if quick else FULL
    effort = Effort(count or chosen.count, seconds or chosen.seconds)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        result = measure(Path(folder), effort, publish=not no_publish, database_url=database_url)
    click.echo(json.dumps(result.as_dict(), indent=1) if as_json else result.table())


def measure(folder: Path, effort: Effort, *, publish: bool = True, database_url: str = "") -> Result:
    """Set up a data folder, run every workload on it, and stop everything that was started."""
    password = secrets.token_urlsafe(16)
    environment = {
        name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH")
    } | {"DATA_DIR": str(folder / "data"), "PATH": str(folder / "no-programs")}
    if database_url:
        environment["DATABASE_URL"] = database_url
    key, form = _set_up(environment, password)
    result = Result(machine(folder, "PostgreSQL" if database_url.startswith("postgres") else "SQLite"))
    result.memory_bar = 250 if database_url.startswith("postgres") else 150
    result.rows.append(workloads.pure(form, effort))
    with running(environment, folder / "server.log") as server:
        target = _target(server, key, password, form)
        result.memory["at the start"] = server.memory()
        result.rows += workloads.submissions(target, effort)
        result.rows += workloads.reads(target, effort)
        result.memory["after the load"] = server.memory()
        if publish:
            result.rows += workloads.publish(target, effort, java=False)
            result.memory["with a converter"] = server.memory()
    if publish and shutil.which("java"):
        with running(environment | {"PATH": os.environ["PATH"]}, folder / "server.log") as server:
            result.rows += workloads.publish(_target(server, key, password, form), effort, java=True)
    return result


def _target(server: Server, key: str, password: str, form: xform.Form) -> Target:
    return Target(server, key, workloads.sign_in(server, EMAIL, password), form)


def _set_up(environment: dict[str, str], password: str) -> tuple[str, xform.Form]:
    """An administrator, a project with a published form, and a phone: its key, and the form."""
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
        db.engine.dispose()
    converter.close()
    return key, definition.form


if __name__ == "__main__":
    bench()

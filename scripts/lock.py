"""`python -m scripts.lock`: resolves the .in files and package.json into the lock files, which carry no addresses.

It needs the network, Node.js and the Python package uv, which it puts into a folder that it throws away.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOWEST_PYTHON = "3.11"
PYTHON_LOCKS = (("requirements", None), ("requirements-dev", "requirements"), ("requirements-node", None))


def lock_python(uv: str, name: str, like: str | None) -> None:
    """Resolve one .in file for every supported Python and machine; `like` names the lock it must agree with."""
    command = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", LOWEST_PYTHON, "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--upgrade"]
    command += ["--constraint", f"{like}.txt"] if like else []
    subprocess.run([*command, "--output-file", f"{name}.txt", f"{name}.in"], cwd=ROOT, check=True)


def lock_browser() -> None:
    """Resolve package.json, then drop the funding links, which are the only addresses left."""
    subprocess.run(["npm", "install", "--package-lock-only", "--ignore-scripts", "--silent"], cwd=ROOT, check=True)
    path = ROOT / "package-lock.json"
    lock = json.loads(path.read_text("utf-8"))
    for package in lock["packages"].values():
        for key in ("funding", "resolved"):
            package.pop(key, None)
    path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    """Write every lock file."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([f"{folder}/bin/pip", "install", "--quiet", "uv"], check=True)
        for name, like in PYTHON_LOCKS:
            lock_python(f"{folder}/bin/uv", name, like)
    lock_browser()


if __name__ == "__main__":
    main()

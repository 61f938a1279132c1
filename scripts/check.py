"""`python -m scripts.check`: the one gate before a commit: format, lint, types, imports, tests.

A line for each gate; the first that fails shows what it found and ends the run. `--fix` formats first,
`--static` leaves the tests out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXES = (
    ("format", ("ruff", "format", "--quiet", ".")),
    ("lint, what can be mended", ("ruff", "check", "--fix", "--quiet", "--exit-zero", ".")),
)
STATIC = (
    ("format", ("ruff", "format", "--check", "--output-format", "concise", ".")),
    ("lint", ("ruff", "check", "--quiet", ".")),
    ("types", ("mypy",)),
    ("imports", ("lint-imports",)),
)
TESTS = (("tests", ("pytest", "--quiet", "--numprocesses", "auto", "--dist", "loadfile")),)


def command(arguments: tuple[str, ...]) -> list[str]:
    """A tool of this environment, whatever PATH says."""
    tool, *rest = arguments
    return [str(Path(sys.executable).parent / tool), *rest]


def passes(name: str, arguments: tuple[str, ...]) -> bool:
    """Run one gate and print its line; where it fails, also what it said."""
    begun = time.monotonic()
    done = subprocess.run(command(arguments), cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    said = f"{done.stdout}{done.stderr}".strip()
    verdict = "failed" if done.returncode else "ok"
    summary = f"  ({said.splitlines()[-1].strip('= ')})" if name == "tests" and said else ""
    print(f"{name:28}{verdict:8}{time.monotonic() - begun:6.1f} s{summary}", flush=True)
    if done.returncode:
        print(said, flush=True)
    return done.returncode == 0


def main() -> int:
    """The command line: 0 where every gate is passed."""
    parser = argparse.ArgumentParser(description="Run every gate: format, lint, types, imports, tests.")
    parser.add_argument("--fix", action="store_true", help="first format, and mend what ruff can mend")
    parser.add_argument("--static", action="store_true", help="without the tests")
    options = parser.parse_args()
    gates = (FIXES if options.fix else ()) + STATIC + (() if options.static else TESTS)
    return 0 if all(passes(name, arguments) for name, arguments in gates) else 1


if __name__ == "__main__":
    sys.exit(main())

"""ODK Validate, the Java program inside pyxform, where a Java is there. Never decides by itself that a form is bad
because Java could not run."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from forms.complaints import readable

DEADLINE = 60.0
_OPTIONS = ("-Djava.awt.headless=true", "-Xmx512m", "-Xss4m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_INSIDE_PYXFORM = Path("validators", "odk_validate", "bin", "ODK_Validate.jar")
_turns = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether ODK Validate ran, what it found wrong, and for people why it did not run."""

    ran: bool
    errors: tuple[str, ...] = ()
    note: str = ""


def validate(xml: bytes, deadline: float = DEADLINE) -> Verdict:
    """Let ODK Validate look at an XForm."""
    java, jar = shutil.which("java"), _jar()
    if java is None or jar is None:
        return Verdict(False, note="Not checked with ODK Validate: there is no Java on this machine.")
    with _turns, tempfile.TemporaryDirectory(prefix="validate-") as folder:
        form = Path(folder, "form.xml")
        form.write_bytes(xml)
        command = [java, *_OPTIONS, f"-Djava.io.tmpdir={folder}", "-jar", str(jar), str(form)]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC"}
        try:
            done = subprocess.run(command, capture_output=True, timeout=deadline, cwd=folder, env=environment)
        except subprocess.TimeoutExpired:
            return Verdict(False, note="Not checked with ODK Validate: it took too long.")
        except OSError:
            return Verdict(False, note="Not checked with ODK Validate: Java could not be started.")
    return _verdict(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def _verdict(code: int, out: str, err: str) -> Verdict:
    if code == 0:
        return Verdict(True)
    if "Result: Invalid" not in err + out:
        return Verdict(False, note="Not checked with ODK Validate: Java could not run it.")
    return Verdict(True, tuple(readable(err)) or ("ODK Validate does not accept the form.",))


def _jar() -> Path | None:
    """The program inside pyxform, found without importing pyxform."""
    found = find_spec("pyxform")
    if found is None or found.origin is None:
        return None
    jar = Path(found.origin).parent / _INSIDE_PYXFORM
    return jar if jar.is_file() else None

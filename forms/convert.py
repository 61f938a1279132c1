"""The converter: a process of its own that turns workbooks into XForms, and the only importer of pyxform.

`python -m forms.convert` imports pyxform once and then forks for every job it reads. The fork has limits on time and
memory and dies with whatever a bad workbook does to it; nothing of one job is left for the next. The process ends
when its input closes, or when nobody has asked for anything for a while. Started by forms/converter.py.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import tempfile
from contextlib import suppress
from dataclasses import fields
from io import BytesIO
from typing import Any

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import Definition, DefinitionData, SupportedFileTypes, definition_to_dict
from pyxform.xls2xform import ConvertResult, convert

from forms import pipes
from forms.workbooks import to_xlsx

# A first conversion makes pyxform build its lexer and tables, so that the forks inherit them.
_FIRST = b"""
| survey | | | | | | | |
| | type | name | label::en | relevant | constraint | calculation | default |
| | select_one a | b | B | | | | |
| | integer | c | C ${b} | ${b} = 'd' | . < 3 | | |
| | date | e | E | | . <= today() | | today() |
| | calculate | f | | | | if(${c} = 1, 2, 3) | |
| choices | | | |
| | list_name | name | label::en |
| | a | d | D |
"""


_OTHER_ROOT = "form_data"


def read(data: bytes, suffix: str, stem: str) -> DefinitionData:
    """The sheets of a workbook, as pyxform sees them."""
    definition = Definition(data=BytesIO(data), file_type=SupportedFileTypes(suffix), file_path_stem=stem)
    return definition_to_dict(definition, file_type=suffix)


def outline(book: DefinitionData) -> dict[str, Any]:
    """What an error message needs of the workbook: its headers, and where its questions are."""
    headers: dict[str, list[str]] = {}
    for sheet in ("survey", "choices", "settings", "external_choices", "entities", "osm"):
        found = getattr(book, f"{sheet}_header") or ()
        headers[sheet] = [str(name) for row in found for name in row]
    questions = []
    for number, row in enumerate(book.survey or (), start=2):
        cells = {str(key).strip().lower(): str(value) for key, value in row.items()}
        if cells:
            questions.append([number, cells.get("type", ""), cells.get("name", "")])
    return {"headers": headers, "questions": questions}


def work(job: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Convert one workbook; whatever happens is an answer."""
    warnings: list[str] = []
    seen: dict[str, Any] = {}
    try:
        book = read(data, job["suffix"], job["stem"])
        seen = outline(book)
        _allow(job["cpu"])
        result = _compile(job, data, book, warnings)
        return {"warnings": warnings, "itemsets": result.itemsets, **seen}, result.xform.encode()
    except PyXFormError as error:
        code = error.code.name if error.code else ""
        failure = {"kind": "pyxform", "code": code, "text": str(error)}
    except MemoryError:
        failure = {"kind": "memory", "code": "", "text": ""}
    except BaseException as error:  # noqa: BLE001 - whatever a workbook does to pyxform, a person gets an answer
        failure = {"kind": type(error).__name__, "code": "", "text": str(error)[:500]}
    if _near(job["memory"]):
        failure["kind"] = "memory"  # whatever it looked like: a reader without memory calls the file damaged
    return {"failure": failure, "warnings": warnings, **seen}, b""


def _near(limit: int) -> bool:
    """Whether this process has come near its limit (the kernel counts in kilobytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > limit * 0.8


def _compile(job: dict[str, Any], data: bytes, book: DefinitionData, warnings: list[str]) -> ConvertResult:
    """Call pyxform. It names the root `data`, and then trips over a question of that name that others refer to."""
    try:
        return convert(_sheets(book), warnings=warnings)
    except PyXFormError as error:
        if "multiple survey elements named 'data'" not in str(error):
            raise
        warnings.clear()
        return convert(_sheets(read(data, job["suffix"], job["stem"])), warnings=warnings, form_name=_OTHER_ROOT)


def _sheets(book: DefinitionData) -> dict[str, Any]:
    return {item.name: getattr(book, item.name) for item in fields(book)}


def _allow(seconds: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))


def _limit(job: dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (job["memory"], job["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (job["read_cpu"], job["cpu"] + 2))


def in_fork(job: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Do the work in a fork of this process, which has no other threads."""
    inlet, outlet = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(inlet)
            _limit(job)
            pipes.send(outlet, *work(job, data))
        finally:
            os._exit(0)
    os.close(outlet)
    try:
        answer = pipes.receive(inlet)
    except pipes.Closed:
        answer = None
    finally:
        os.close(inlet)
    status = os.waitpid(pid, 0)[1]
    if answer is not None:
        return answer
    slow = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
    return {"failure": {"kind": "slow" if slow else "died", "code": "", "text": ""}, "warnings": []}, b""


def serve(inlet: int, outlet: int, idle: float) -> None:
    """Answer jobs until the other end goes away or asks for nothing."""
    while True:
        try:
            job, data = pipes.receive(inlet, idle)
        except (pipes.Silent, pipes.Closed):
            return
        pipes.send(outlet, *in_fork(job, data))


def main() -> None:
    """Keep the pipe to ourselves, warm up, serve."""
    outlet = os.dup(1)
    os.dup2(2, 1)
    convert(_FIRST, file_type=".md")
    convert(to_xlsx(_FIRST), file_type=".xlsx")
    gc.collect()
    gc.freeze()
    try:
        serve(0, outlet, float(sys.argv[1]))
    finally:
        with suppress(OSError):
            os.rmdir(tempfile.gettempdir())  # ours alone, and empty; a server that was killed cannot tidy up


if __name__ == "__main__":
    main()

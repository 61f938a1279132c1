"""What is wrong with units, in sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from schemas import problems
from schemas.problems import Problem
from schemas.units import MESSAGES, Fault
from server import errors
from server.actions import unit_levels
from server.i18n import gettext
from server.web import pages, role_words

_DAYS = frozenset(("day", "end", "start"))
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
# How many of the rows of which the same is wrong are named.
FIRST_ROWS = 5


def faults_of(problem: Problem) -> list[dict[str, Any]]:
    """What is wrong with units, each with a sentence; for any other problem one without a place."""
    found: list[Fault] = problem.details.get("faults", [])
    if problem.kind is not problems.UNITS_NOT_VALID or not found:
        return [{"row": None, "column": None, "code": None, "said": errors.sentence(problem)}]
    return [
        {
            "row": fault.row,
            "column": fault.column,
            "code": fault.code or (fault.key[0] if fault.key else None),
            "said": gettext(MESSAGES[fault.reason]).format(**_words(fault)),
        }
        for fault in found
    ]


def _words(fault: Fault) -> dict[str, str]:
    """With days as they are written in Vietnam, and levels by their names."""
    words = {key: _ISO.sub(r"\3/\2/\1", text) if key in _DAYS else text for key, text in fault.args.items()}
    if "levels" in words:
        names = {level.code: role_words.level(level) for level in unit_levels.list_all(pages.actor())}
        words["levels"] = ", ".join(names.get(code, code) for code in words["levels"].split(", "))
    return words


def gathered(faults: list[dict[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The same in many rows once: with the number of rows, and the first of them. `names`: headings by column."""
    found: dict[tuple[str | None, str], dict[str, Any]] = {}
    for fault in faults:
        column = names.get(fault["column"] or "", fault["column"])
        one = found.setdefault((column, fault["said"]), fault | {"column": column, "rows": [], "codes": [], "more": 0})
        if len(one["rows"]) >= FIRST_ROWS:
            one["more"] += 1
            continue
        one["rows"] += [fault["row"]] if fault["row"] else []
        one["codes"] += [fault["code"]] if fault["code"] and fault["code"] not in one["codes"] else []
    return list(found.values())

"""The fields of all versions of a form as one list: what was removed comes back, in the place where it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

from forms import tree
from schemas.fields import Field


def merged(versions: Iterable[Sequence[Field]]) -> list[Field]:
    """The fields of these versions, the oldest first. Paths begin with an empty root, as its name may have changed."""
    known = [[replace(field, path=tree.within_root(field.path)) for field in fields] for fields in versions]
    start: list[Field] = []
    return [replace(field, path=f"/data{field.path}") for field in reduce(_merge, known, start)]


def _merge(older: list[Field], newer: list[Field]) -> list[Field]:
    """The newer fields, with those of the older that they lack: each subtree at the end of what it was in."""
    result = list(newer)
    known = {field.path for field in newer}
    at = 0
    while at < len(older):
        field = older[at]
        end = at + 1
        if field.path not in known:
            while end < len(older) and older[end].path.startswith(f"{field.path}/"):
                end += 1
            place = _last_within(result, tree.parent(field.path))
            result[place:place] = older[at:end]
        at = end
    return result


def _last_within(fields: Sequence[Field], parent: str) -> int:
    """The position after the last field within a group, or after all."""
    within = (number for number in range(len(fields), 0, -1) if fields[number - 1].path.startswith(f"{parent}/"))
    own = (number for number in range(len(fields), 0, -1) if fields[number - 1].path == parent)
    return next(within, None) or next(own, None) or len(fields)

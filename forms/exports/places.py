"""Where submissions are on a map: the answers to one question, as GeoJSON has them (RFC 7946)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forms import tree
from forms.exports.job import Job, Record
from forms.values import GEO_TYPES
from schemas.fields import Field

Geometry = dict[str, Any]


def default(fields: Sequence[Field]) -> str | None:
    """The path of the first place of a form that is in no repeat."""
    repeats = tuple(f"{one.path}/" for one in tree.repeats(fields))
    found = (one for one in fields if one.type in GEO_TYPES and not one.path.startswith(repeats))
    return next((tree.within_root(one.path) for one in found), None)


def in_repeats(fields: Sequence[Field]) -> frozenset[str]:
    """The paths of places of which a submission may have several."""
    repeats = tuple(f"{one.path}/" for one in tree.repeats(fields))
    found = (one for one in fields if one.type in GEO_TYPES and one.path.startswith(repeats))
    return frozenset(tree.within_root(one.path) for one in found)


def path_of(job: Job, record: Record) -> str | None:
    """The path of the place that is shown of a submission: the one asked for, else the first of its own version."""
    return job.options.field_path or job.places.get(record.form_version) or default(job.fields)


def geometry(answers: Mapping[str, Any], path: str, *, several: bool) -> Geometry | None:
    """The place at a path (the root's name left out); all of them as one where there may be `several`."""
    found = [
        {"type": value["type"], "coordinates": value["coordinates"]}
        for value in _at(answers, path.strip("/").split("/"))
        if isinstance(value, dict) and isinstance(value.get("coordinates"), list) and "type" in value
    ]
    if not found or not several:
        return found[0] if found else None
    kind = found[0]["type"]
    return {"type": f"Multi{kind}", "coordinates": [one["coordinates"] for one in found if one["type"] == kind]}


def _at(answers: Mapping[str, Any], steps: Sequence[str]) -> Iterator[Any]:
    value = answers.get(steps[0])
    if len(steps) == 1:
        yield value
        return
    for inner in value if isinstance(value, list) else [value]:
        if isinstance(inner, dict):
            yield from _at(inner, steps[1:])

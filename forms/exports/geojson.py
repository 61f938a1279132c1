"""GeoJSON (RFC 7946): the places of submissions, as ODK Central gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forms.exports import places
from forms.exports.job import Batches, Job, Record

Feature = dict[str, Any]


def write(job: Job, batches: Batches) -> Iterator[bytes]:
    """A collection with one feature for each submission that is somewhere."""
    many = places.in_repeats(job.fields)
    between = ""
    yield b'{"type":"FeatureCollection","features":['
    for batch in batches:
        found = [_text(one) for record in batch for one in _features(job, record, many)]
        if found:
            yield (between + ",".join(found)).encode()
            between = ","
    yield b"]}"


def _text(feature: Feature) -> str:
    return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))


def _features(job: Job, record: Record, many: frozenset[str]) -> Iterator[Feature]:
    path = places.path_of(job, record)
    where = places.geometry(record.answers or {}, path, several=path in many) if path else None
    if where is not None and path is not None:
        # Where the address does not say which place it is.
        yield _feature(record.instance_id, where, None if job.options.field_path else path)


def _feature(instance_id: str, where: Any, path: str | None) -> Feature:
    properties = None if path is None else {"fieldpath": path}
    return {"type": "Feature", "id": instance_id, "geometry": where, "properties": properties}


def of_one(
    instance_id: str, answers: Mapping[str, Any], paths: Sequence[str], default: str | None, many: frozenset[str]
) -> Feature:
    """The collection of a single submission: the places at these paths together, else the one at the default."""
    asked = paths or ([default] if default else [])
    found = [places.geometry(answers, path, several=path in many) for path in asked]
    known = [where for where in found if where is not None]
    together = known[0] if len(known) == 1 else {"type": "GeometryCollection", "geometries": known}
    features = [_feature(instance_id, together, None if paths else default)] if known else []
    return {"type": "FeatureCollection", "features": features}

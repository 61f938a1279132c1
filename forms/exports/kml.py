"""KML 2.2, for Google Earth and the like: a placemark for each submission that is somewhere, with its answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from forms import tables
from forms.exports import columns, places
from forms.exports.columns import Cells, Planner
from forms.exports.job import Batches, Job, Record, moment
from forms.exports.labels import Labels
from schemas.fields import Field

_SHAPES = {"Point": "Point", "LineString": "LineString"}


class _Rows:
    """What is told of a placemark: the questions outside of repeats, but for places."""

    def __init__(self, job: Job) -> None:
        language = job.options.labels
        self._labels = Labels(language) if language is not None else None
        self._table = Planner(self._dress, root_only=True).tables(job.fields)
        made = self._table.columns
        names = self._labels.headers(made) if self._labels else [column.name for column in made]
        self.names = [*names, *job.extras]
        self.places = [columns.is_place(column.source) for column in made] + [False] * len(job.extras)

    def _dress(self, source: Field) -> Cells | None:
        if columns.is_place(source):
            return columns.line
        return self._labels.cells(source) if self._labels else None

    def of(self, record: Record) -> list[Any]:
        """The values, in the order of the names."""
        return [*self._table.row(record.answers or {}), *record.extras]


def write(job: Job, batches: Batches) -> Iterator[bytes]:
    """The document."""
    rows, many = _Rows(job), places.in_repeats(job.fields)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    yield f"{head}<name>{escape(job.title)}</name>\n".encode()
    for batch in batches:
        yield "".join(_placemark(job, rows, record, many) for record in batch).encode()
    yield b"</Document></kml>\n"


def _placemark(job: Job, rows: _Rows, record: Record, many: frozenset[str]) -> str:
    path = places.path_of(job, record)
    where = places.geometry(record.answers or {}, path, several=path in many) if path else None
    if where is None:
        return ""
    name = tables.group(record.answers or {}, "meta").get("instanceName") or record.instance_id
    told = zip(rows.names, rows.of(record), rows.places, strict=True)
    data = "".join(
        f"<Data name={quoteattr(key)}><value>{escape(_text(value))}</value></Data>"
        for key, value, place in told
        if value is not None and not place
    )
    when = f"<TimeStamp><when>{moment(record.submitted)}</when></TimeStamp>"
    head = f"<Placemark id={quoteattr(_id(record.instance_id))}><name>{escape(str(name))}</name>"
    return f"{head}{when}<ExtendedData>{data}</ExtendedData>{_shape(where)}</Placemark>\n"


def _id(instance_id: str) -> str:
    """An XML ID, which begins with a letter and has no colon."""
    return "i-" + "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in instance_id)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shape(where: places.Geometry) -> str:
    kind, coordinates = where["type"], where["coordinates"]
    if kind.startswith("Multi"):
        inner = ({"type": kind.removeprefix("Multi"), "coordinates": one} for one in coordinates)
        return f"<MultiGeometry>{''.join(map(_shape, inner))}</MultiGeometry>"
    if kind == "Polygon":
        ring = f"<LinearRing><coordinates>{_line(coordinates[0])}</coordinates></LinearRing>"
        return f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>"
    points = [coordinates] if kind == "Point" else coordinates
    return f"<{_SHAPES[kind]}><coordinates>{_line(points)}</coordinates></{_SHAPES[kind]}>"


def _line(points: Sequence[Sequence[float]]) -> str:
    return " ".join(",".join(map(str, point)) for point in points)

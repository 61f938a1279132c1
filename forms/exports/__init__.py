"""Formats of exports, by what the address ends with: one module a format, pure, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from forms.exports import csvfile, geojson, kml, parquet, xlsx
from forms.exports.job import Batches, Job

CSV = "text/csv; charset=utf-8"
ZIP = "application/zip"


@dataclass(frozen=True, slots=True)
class Format:
    """`write` makes the bytes. `media`: files may go with the tables. `standard`: the dialect has it. `map`: it shows
    places, of whichever version."""

    write: Callable[[Job, Batches], Iterator[bytes]]
    content_type: str
    media: bool = False
    standard: bool = False
    map: bool = False


FORMATS: dict[str, Format] = {
    "csv": Format(csvfile.write, CSV, standard=True),
    "csv.zip": Format(csvfile.write_zip, ZIP, media=True, standard=True),
    "xlsx": Format(xlsx.write, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "parquet": Format(parquet.write, "application/vnd.apache.parquet"),
    "parquet.zip": Format(parquet.write_zip, ZIP),
    "geojson": Format(geojson.write, "application/json; charset=utf-8", standard=True, map=True),
    "kml": Format(kml.write, "application/vnd.google-earth.kml+xml; charset=utf-8", map=True),
}

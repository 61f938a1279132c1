"""GeoJSON and KML: where submissions are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from forms.exports.job import Record

Export = Callable[..., bytes]
FORM = """
| survey |              |      |       |
|        | type         | name | label |
|        | begin_repeat | stop | Chặng |
|        | geopoint     | at   | Đâu?  |
|        | end_repeat   |      |       |
|        | begin_group  | g    | G     |
|        | geotrace     | way  | Đường |
|        | end_group    |      |       |
|        | geoshape     | area | Vùng  |
"""
WAY = {"type": "LineString", "coordinates": [[1.5, 2.0], [3.0, 4.0, 5.0]], "properties": {"accuracies": [1.0, None]}}
AREA = {"type": "Polygon", "coordinates": [[[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]]}
STOPS = [{"at": {"type": "Point", "coordinates": [105.0, 21.0]}}, {}, {"at": {"type": "Point", "coordinates": [1, 2]}}]
ANSWERS = {"stop": STOPS, "g": {"way": WAY}, "area": AREA, "meta": {"instanceID": "a", "instanceName": "Đi <chợ>"}}
KML = "{http://www.opengis.net/kml/2.2}"


def features(export: Export, records: list[Record], **options: Any) -> list[dict[str, Any]]:
    """Those of the collection."""
    found = json.loads(export("geojson", records, form=FORM, **options))
    assert found["type"] == "FeatureCollection"
    return list(found["features"])


def test_the_first_place_outside_of_repeats(export: Export, made: Any) -> None:
    records = [made(f"uuid:{number}", ANSWERS if number != 2 else {}) for number in range(4)]
    found = features(export, records)
    assert [one["id"] for one in found] == ["uuid:0", "uuid:1", "uuid:3"]
    line = {"type": "LineString", "coordinates": WAY["coordinates"]}
    assert found[0] == {"type": "Feature", "id": "uuid:0", "geometry": line, "properties": {"fieldpath": "/g/way"}}


def test_a_place_that_is_named(export: Export, made: Any) -> None:
    (found,) = features(export, [made("uuid:1", ANSWERS)], field_path="/area")
    assert (found["geometry"], found["properties"]) == (AREA, None)
    assert features(export, [made("uuid:1", ANSWERS)], field_path="/nowhere") == []


def test_all_places_of_a_repeat_together(export: Export, made: Any) -> None:
    (found,) = features(export, [made("uuid:1", ANSWERS)], field_path="/stop/at")
    assert found["geometry"] == {"type": "MultiPoint", "coordinates": [[105.0, 21.0], [1, 2]]}


def placemarks(data: bytes) -> list[ElementTree.Element]:
    """Those of the document."""
    return ElementTree.fromstring(data).findall(f".//{KML}Placemark")


def test_kml(export: Export, made: Any) -> None:
    (found,) = placemarks(export("kml", [made("uuid:1", ANSWERS), made("uuid:2", None)], form=FORM))
    assert found.findtext(f"{KML}name") == "Đi <chợ>"
    assert found.findtext(f"{KML}LineString/{KML}coordinates") == "1.5,2.0 3.0,4.0,5.0"
    assert {one.get("name") for one in found.iter(f"{KML}Data")} == {"meta-instanceID"}


def test_kml_of_several_places_and_of_areas(export: Export, made: Any) -> None:
    record = made("uuid:1", ANSWERS)
    (points,) = placemarks(export("kml", [record], form=FORM, field_path="/stop/at"))
    assert [one.text for one in points.iter(f"{KML}coordinates")] == ["105.0,21.0", "1,2"]
    (area,) = placemarks(export("kml", [record], form=FORM, field_path="/area"))
    ring = f"{KML}Polygon/{KML}outerBoundaryIs/{KML}LinearRing/{KML}coordinates"
    assert area.findtext(ring) == "0.0,0.0 0.0,1.0 1.0,1.0 0.0,0.0"

"""Secondary instances: lists inside the form, CSV, XML and GeoJSON files beside it → items, found by their cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element

import orjson

from forms import xmltree
from forms.logic.nodes import Cell, Item, row
from forms.logic.values import Undecidable, to_number, to_text
from schemas.problems import Problem

_BOM = "\ufeff"


class ItemList:
    """One secondary instance. `root` holds its items."""

    __slots__ = ("_by_cell", "root")

    def __init__(self, root: Item) -> None:
        self.root = root
        self._by_cell: dict[tuple[tuple[str, ...], str, bool], dict[Any, list[Any]]] = {}

    def at(self, names: tuple[str, ...]) -> list[Any]:
        """The items at a path below the root."""
        found: list[Any] = [self.root]
        for name in names:
            found = [kid for item in found for kid in item.kids(name)]
        return found

    def having(self, names: tuple[str, ...], cell: str, key: str | float) -> list[Any]:
        """The items at a path whose cell is equal to a key, in their order; the index is made at the first question."""
        as_number = isinstance(key, float)
        place = (names, cell, as_number)
        index = self._by_cell.get(place)
        if index is None:
            index = {}
            for item in self.at(names):
                text = _text(item, cell)
                index.setdefault(to_number(text) if as_number else text, []).append(item)
            self._by_cell[place] = index
        return index.get(key, [])


def _text(item: Item | Cell, cell: str) -> str:
    kids = item.kids(cell)
    if len(kids) > 1:
        raise Undecidable("an item of the list has a cell twice")
    return kids[0].text if kids else ""


def from_element(element: Element | None) -> ItemList:
    """A list inside the form, or the root of an XML file."""
    root = Item(xmltree.local(element.tag) if element is not None else "root", None)
    if element is not None:
        _fill(root, element)
    return ItemList(root)


def _fill(item: Item, element: Element) -> None:
    for key, value in element.attrib.items():
        item.cells[f"@{xmltree.local(key)}"] = value
    for child in element:
        name = xmltree.local(child.tag)
        if len(child) or child.attrib:
            _fill(_element(item, name), child)
            if not len(child):  # a leaf with attributes: its text counts
                _replace_last(item, name, Cell(name, item, child.text or ""))
        elif name in item.cells:
            kids = _several(item, name)
            kids.append(Cell(name, item, child.text or "", len(kids)))
        else:
            item.cells[name] = child.text or ""


def _element(parent: Item, name: str) -> Item:
    return row(parent, name, {})


def _several(item: Item, name: str) -> list[Any]:
    cells = item.cells[name]
    if isinstance(cells, str):
        cells = item.cells[name] = [Cell(name, item, cells)]
    return cells


def _replace_last(item: Item, name: str, cell: Cell) -> None:
    kids = _several(item, name)
    cell.index = len(kids) - 1
    kids[-1] = cell


def from_csv(data: bytes) -> ItemList:
    """A CSV file: its first line has the names. With semicolons in that line they separate, as Collect decides it."""
    text = data.decode("utf-8-sig", "replace").lstrip(_BOM)
    first = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",")
    names = next(lines, [])
    root = Item("root", None)
    for cells in lines:
        if cells:
            row(root, "item", dict(zip(names, (*cells, *[""] * len(names)), strict=False)))
    return ItemList(root)


def from_geojson(data: bytes) -> ItemList:
    """A GeoJSON file: a row for each feature, its properties as cells and `geometry` as JavaRosa writes it."""
    try:
        features: Iterable[dict[str, Any]] = orjson.loads(data)["features"]
        root = Item("root", None)
        for feature in features:
            cells = {"geometry": _geometry(feature["geometry"])}
            cells |= {name: _said(value) for name, value in (feature.get("properties") or {}).items()}
            if feature.get("id") is not None:
                cells["id"] = str(feature["id"])
            row(root, "item", cells)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, IndexError):
        raise Undecidable("the GeoJSON file cannot be read") from None
    return ItemList(root)


def _said(value: Any) -> str:
    if value is None:
        return ""
    return to_text(value) if isinstance(value, bool | str) else str(value)


def _geometry(geometry: dict[str, Any]) -> str:
    points = geometry["coordinates"]
    if geometry["type"] == "Point":
        return _point(points)
    if geometry["type"] == "Polygon":
        points = points[0]
    return "; ".join(map(_point, points))


def _point(point: list[float]) -> str:
    return f"{point[1]} {point[0]} 0 0"


def from_file(name: str, data: bytes) -> ItemList:
    """The list in a form file, by the ending of its name. One that cannot be read is Undecidable."""
    kind = name.lower().rpartition(".")[2]
    if kind == "csv":
        return from_csv(data)
    if kind == "geojson":
        return from_geojson(data)
    try:
        return from_element(xmltree.parse(data))
    except Problem:
        raise Undecidable("the XML file cannot be read") from None

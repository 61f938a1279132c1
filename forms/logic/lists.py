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
from forms.logic.values import NEARLY, Undecidable, to_number, to_text
from schemas.problems import Problem

_BOM = "\ufeff"
_PLACES = 9


class ItemList:
    """One secondary instance. `root` holds its items."""

    __slots__ = ("_by_cell", "root")

    def __init__(self, root: Item) -> None:
        self.root = root
        self._by_cell: dict[tuple[tuple[str, ...], str, bool], dict[Any, list[Any]] | Undecidable] = {}

    def at(self, names: tuple[str, ...]) -> list[Any]:
        """The items at a path below the root."""
        found: list[Any] = [self.root]
        for name in names:
            found = [kid for item in found for kid in item.kids(name)]
        return found

    def having(self, names: tuple[str, ...], cell: str, key: str | float) -> list[Any]:
        """The items at a path whose cell is equal to a text, or as good as equal to a number, in their order.

        The index is made at the first question."""
        place = (names, cell, isinstance(key, float))
        index = self._by_cell.get(place)
        if index is None:
            index = self._by_cell[place] = self._index(*place)
        if isinstance(index, Undecidable):
            raise index
        if isinstance(key, str):
            return index.get(key, [])
        near = {round(key - NEARLY, _PLACES), round(key + NEARLY, _PLACES)}
        return [item for number in sorted(near) for item in index.get(number, [])]

    def _index(self, names: tuple[str, ...], cell: str, numbers: bool) -> dict[Any, list[Any]] | Undecidable:
        index: dict[Any, list[Any]] = {}
        try:
            for item in self.at(names):
                text = _text(item, cell)
                key = round(to_number(text), _PLACES) if numbers else text
                if key == key:  # NaN is equal to nothing
                    index.setdefault(key, []).append(item)
        except Undecidable as reason:
            return reason
        return index


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
        try:
            return from_csv(data)
        except csv.Error:
            raise Undecidable("the CSV file cannot be read") from None
    if kind == "geojson":
        return from_geojson(data)
    try:
        return from_element(xmltree.parse(data))
    except Problem:
        raise Undecidable("the XML file cannot be read") from None

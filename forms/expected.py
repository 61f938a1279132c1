"""Which files a form needs beside itself: media in its labels, outside lists, pictures it puts into answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from forms import xmltree

_ADDRESS = re.compile(r"^jr://(images|audio|video|file|file-csv)/([^/]+)$")
_BY_FORM = {"image": "image", "big-image": "image", "audio": "audio", "video": "video"}
_BY_FOLDER = {"images": "image", "audio": "audio", "video": "video"}
_SEARCH = re.compile(r"""\bsearch\s*\(\s*(["'])(.*?)\1""")


@dataclass(frozen=True)
class ExpectedFile:
    """A file to be uploaded with the form. `type` is `image`, `audio`, `video` or `file`."""

    name: str
    type: str


def find(model: Element, body: Element | None) -> tuple[ExpectedFile, ...]:
    """Every file once, in the order: lists, media of labels, defaults, `itemsets.csv`, searched lists."""
    files: dict[str, ExpectedFile] = {}
    for found in (_lists(model), _media(model), _defaults(model), _of_body(body)):
        for file in found:
            files.setdefault(file.name, file)
    return tuple(files.values())


def _lists(model: Element) -> Iterator[ExpectedFile]:
    for instance in xmltree.children(model, "instance"):
        match = _ADDRESS.match(instance.get("src", "").strip())
        if match:
            yield ExpectedFile(match.group(2), "file")


def _media(model: Element) -> Iterator[ExpectedFile]:
    for itext in xmltree.children(model, "itext"):
        for value in itext.iter():
            form = value.get("form", "") if xmltree.local(value.tag) == "value" else ""
            match = _ADDRESS.match(xmltree.text(value)) if form else None
            if match and (form in _BY_FORM or match.group(1) in _BY_FOLDER):
                yield ExpectedFile(match.group(2), _BY_FORM.get(form) or _BY_FOLDER[match.group(1)])


def _defaults(model: Element) -> Iterator[ExpectedFile]:
    for instance in xmltree.children(model, "instance"):
        for element in instance.iter():
            match = _ADDRESS.match((element.text or "").strip()) if element.text else None
            if match and match.group(1) == "images":
                yield ExpectedFile(match.group(2), "image")


def _of_body(body: Element | None) -> Iterator[ExpectedFile]:
    controls = list(body.iter()) if body is not None else []
    if any(xmltree.local(control.tag) == "input" and control.get("query") is not None for control in controls):
        yield ExpectedFile("itemsets.csv", "file")
    for control in controls:
        match = _SEARCH.search(control.get("appearance", ""))
        name = match.group(2) if match else ""
        if name and name == name.strip():
            yield ExpectedFile(name if name.endswith(".csv") else f"{name}.csv", "file")

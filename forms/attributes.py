"""Attributes in the primary instance: entities have some that the form calculates.

They are no fields: nobody is asked for them, and no table has a column for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from forms import xmltree
from forms.binds import Binds
from schemas.fields import Field

_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
_READING = re.compile(r"@|\battribute\s*::")


def read(root: Element, said: Binds, asking: Iterable[str]) -> tuple[Field, ...]:
    """Those of which a bind says something; all, where one of the expressions `asking` reads any. Their names begin
    with `@`."""
    every = any(_READING.search(_QUOTED.sub("", text)) for text in asking if "@" in text or "attribute" in text)
    if not every and not any(map(is_one, said.by_path)):
        return ()
    found: dict[str, Field] = {}
    for path, element in _elements(root, f"/{xmltree.local(root.tag)}"):
        for key, text in element.attrib.items():
            name = f"@{xmltree.local(key)}"
            where = f"{path}/{name}"
            if where not in found and name != "@template" and (every or where in said.by_path):
                found[where] = _field(where, name, text, said)
    return tuple(found.values())


def is_one(path: str) -> bool:
    """Whether a path leads to an attribute."""
    return "/@" in path


def _elements(element: Element, path: str) -> Iterator[tuple[str, Element]]:
    yield path, element
    for child in element:
        yield from _elements(child, f"{path}/{xmltree.local(child.tag)}")


def _field(path: str, name: str, text: str, said: Binds) -> Field:
    bind = said.of(path)
    return Field(
        path,
        name,
        type=bind.type or "string",
        required=bind.required,
        relevant=bind.relevant,
        constraint=bind.constraint,
        calculate=bind.calculate,
        readonly=bind.readonly,
        default=text,
    )

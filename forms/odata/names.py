"""What fields and tables are called in OData, whose identifiers know fewer letters than XML's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from forms import tree
from forms.tables import MAIN, Node
from schemas.fields import GROUP, REPEAT, Field

_FIRST = re.compile(r"^([^A-Za-z_])")
_OTHERS = re.compile(r"[^A-Za-z0-9_]+")


def identifier(name: str) -> str:
    """A name with everything but ASCII letters, digits and `_` replaced by `_`."""
    return _OTHERS.sub("_", _FIRST.sub(r"_\1", name))


def steps(path: str) -> list[str]:
    """The identifiers of a field's path, the root's left out."""
    return [identifier(step) for step in tree.within_root(path).strip("/").split("/")]


def table(field: Field) -> str:
    """The table of a repeat: `Submissions.g.visits`."""
    return ".".join([MAIN, *steps(field.path)])


def parent_key(way: Sequence[Node]) -> str:
    """The column that holds the id of the row around a repeat's row: `__Submissions-id`, `__Submissions-visits-id`."""
    outer = [node.source for node in way[:-1] if node.type == REPEAT and node.source]
    names = steps(outer[-1].path) if outer else []
    return f"__{'-'.join([MAIN, *names])}-id"


def fields_json(fields: Iterable[Field], *, odata: bool = False) -> list[dict[str, Any]]:
    """The list that `…/fields` answers; with `odata` by the names that OData uses.

    A group that holds nothing is none for clients: they could not tell it from a question without a type.
    """
    nodes = list(fields)
    full = {tree.parent(field.path) for field in nodes}
    empty = {field.path for field in nodes if field.type == GROUP and field.path not in full and field.name != "entity"}
    return [
        {
            "path": "/" + "/".join(steps(field.path)) if odata else tree.within_root(field.path),
            "name": identifier(field.name) if odata else field.name,
            "type": "unknown" if field.path in empty else tree.wire_type(field),
            "binary": True if tree.is_binary(field) else None,
            "selectMultiple": True if field.control == "select" else None,
        }
        for field in nodes
    ]

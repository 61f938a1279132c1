"""`$select`: which properties of a table are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forms.odata.names import identifier
from forms.tables import Node
from schemas import problems
from schemas.fields import GROUP, REPEAT

SYSTEM = "__system"
SYSTEM_PROPERTIES = (
    "submissionDate",
    "updatedAt",
    "submitterId",
    "submitterName",
    "attachmentsPresent",
    "attachmentsExpected",
    "status",
    "reviewState",
    "deviceId",
    "edits",
    "formVersion",
    "deletedAt",
)
# What is wrong with the submission: ours, and only where it is asked for.
FINDINGS = ("findings", "findingCodes")


@dataclass(frozen=True, slots=True)
class Selection:
    """The columns of our own (`__id`, `__system/…`, a parent's key), and the nodes of the form with their groups."""

    own: frozenset[str]
    nodes: frozenset[Node]


def read(text: str, table: Node, parent_key: str, *, findings: bool = False) -> Selection:
    """Read a `$select`. `parent_key` is '' for the table `Submissions`. `findings`: which has their columns, too.

    An unknown property is PROPERTY_NOT_FOUND, one inside a repeat SELECT_UNSUPPORTED.
    """
    own: set[str] = set()
    chosen: set[Node] = set()
    system = (*SYSTEM_PROPERTIES, *FINDINGS) if findings else SYSTEM_PROPERTIES
    of_submissions = (SYSTEM, *(f"{SYSTEM}/{name}" for name in system))
    allowed = {"__id", parent_key} if parent_key else {"__id", *of_submissions}
    for name in (part.strip() for part in text.split(",")):
        if name in allowed:
            own.add(name)
        else:
            way = _way(table, name)
            chosen.update(way)
            if way[-1].type == GROUP:
                chosen.update(_below(way[-1]))
    return Selection(frozenset(own), frozenset(chosen))


def _way(table: Node, name: str) -> list[Node]:
    """The nodes on the way to a property like `g/age`, itself last."""
    way: list[Node] = []
    for step in name.split("/"):
        if way and way[-1].type == REPEAT:
            raise problems.SELECT_UNSUPPORTED(property=name)
        children = way[-1].children if way else table.children
        found = next((child for child in children if identifier(child.name) == step), None)
        if found is None:
            raise problems.PROPERTY_NOT_FOUND(property=name)
        way.append(found)
    return way


def _below(group: Node) -> Iterator[Node]:
    """Everything in a group; of a repeat only that it is there."""
    for child in group.children:
        yield child
        if child.type == GROUP:
            yield from _below(child)

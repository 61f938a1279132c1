"""`$filter` and `$orderby` as parts of a question to the database: by our own columns, and by answers.

Nobody finds out by filtering what she is not shown: answers in words of people's own count as empty for her.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, false, or_, true
from sqlalchemy.orm import aliased

from forms import tables
from forms.odata import filter as syntax
from forms.odata import orderby
from forms.odata.names import identifier
from forms.odata.orderby import Order
from forms.odata.rows import way
from forms.tables import MAIN, Node
from schemas import problems
from schemas.fields import REPEAT, Field
from server import permissions
from server.actions import filter_values as values
from server.actions import free_text, instances
from server.actions.filter_values import Value
from server.actions.instances import Instances
from server.models import Submission, SubmissionVersion
from server.permissions import Actor

ROOT = f"$root/{MAIN}/"
COLUMNS: dict[str, tuple[str, Any]] = {
    "__id": ("text", Submission.instance_id),
    "__system/submissionDate": ("moment", Submission.created_at),
    "__system/updatedAt": ("moment", Submission.updated_at),
    "__system/submitterId": ("number", Submission.submitter_id),
    "__system/reviewState": ("text", Submission.review_state),
    "__system/deletedAt": ("moment", Submission.deleted_at),
}
DELETED = "__system/deletedAt"
# The version whose answers are looked at, in a question of its own.
CURRENT = aliased(SubmissionVersion)
_OF_IT = (CURRENT.submission_id == Submission.id) & CURRENT.current.is_(True)
# A select whose choices are known may be filtered by who is not shown free text, up to so many of them.
MOST_CHOICES = 500


class Place(Protocol):
    """A form, or what stands for one."""

    @property
    def project_id(self) -> Any:
        """The number of its project."""

    @property
    def id(self) -> Any:
        """Its own."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an order: the values of its columns, and the number. `inclusive`: what stands there is meant, too."""

    values: tuple[Any, ...]
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which submissions are wanted, and in what order; without one the newest come first.

    `deleted`: those that were taken away are among them, if the condition says so. `answers`: it speaks of answers.
    `instances`: where it speaks of those to a repeat's questions, which of its rows are wanted.
    """

    condition: ColumnElement[bool] | None = None
    deleted: bool = False
    answers: bool = False
    order: tuple[Order, ...] = ()
    instances: Instances | None = None

    def narrow(self, query: Select[Any]) -> Select[Any]:
        """The query, whose rows are of Submission, narrowed by the condition; deleted ones are not looked at here."""
        if self.condition is None:
            return query
        return (query.join(CURRENT, _OF_IT) if self.answers else query).where(self.condition)

    def with_deleted(self) -> Chosen:
        """Those that were taken away among them, too."""
        return replace(self, deleted=True)

    def ordering(self) -> list[Any]:
        """What to order by. What is empty stands before all else, and of the same the number decides."""
        found = [_directed(COLUMNS[one.column][1], one.descending) for one in self.order]
        return [*found, _directed(Submission.id, self.order[0].descending if self.order else True)]

    def cursor(self, row: Any) -> Cursor:
        """Where a row stands in the order. `row` has the columns as attributes, as `data.DataRow`."""
        return Cursor((*(getattr(row, _ATTRIBUTES[one.column]) for one in self.order), row.number))

    def told(self, row: Any) -> list[Any]:
        """The values of such a place, for a client that brings them back."""
        return [value.isoformat() if isinstance(value, datetime) else value for value in self.cursor(row).values]

    def heard(self, told: Sequence[Any], *, inclusive: bool = False) -> Cursor:
        """The place that was told. Raises SKIPTOKEN_INVALID where it is one of another order."""
        kinds = [*(COLUMNS[one.column][0] for one in self.order), "number"]
        try:
            pairs = zip(kinds, told, strict=True)
            values = tuple(None if value is None else _TYPES[kind](value) for kind, value in pairs)
        except (ValueError, TypeError):
            raise problems.SKIPTOKEN_INVALID() from None
        return Cursor(values, inclusive)

    def after(self, cursor: Cursor) -> ColumnElement[bool]:
        """What stands after such a place."""
        columns = [(COLUMNS[one.column][1], one.descending) for one in self.order]
        columns.append((Submission.id, self.order[0].descending if self.order else True))
        found: list[ColumnElement[bool]] = []
        same: list[ColumnElement[bool]] = []
        for (column, descending), value in zip(columns, cursor.values, strict=True):
            found.append(and_(*same, _beyond(column, value, descending)))
            same.append(column.is_(None) if value is None else column == value)
        return or_(*found, and_(*same)) if cursor.inclusive else or_(*found)


_ATTRIBUTES = {
    "__id": "instance_id",
    "__system/submissionDate": "created_at",
    "__system/updatedAt": "updated_at",
    "__system/submitterId": "submitter_id",
    "__system/reviewState": "review_state",
    "__system/deletedAt": "deleted_at",
}
_TYPES: dict[str, Callable[[Any], Any]] = {"moment": datetime.fromisoformat, "number": int, "text": str}
ALL, WITH_DELETED = Chosen(), Chosen(deleted=True)


def read(
    actor: Actor, form: Place, fields: Iterable[Field], table: str = MAIN, *, text: str | None = None, order: str = ""
) -> Chosen:
    """What a `$filter` and an `$orderby` ask for, of a form with these fields, as the actor may ask it.

    In the table of a repeat it is filtered by the answers of its rows, and by the properties of their submission, which
    have `$root/Submissions/` before them.
    Raises UNPARSEABLE_ODATA, UNSUPPORTED_ODATA, UNSUPPORTED_ODATA_FIELD, INVALID_DATA_TYPE; INSUFFICIENT_RIGHTS where
    it asks for what people wrote in words of their own, and she is shown none of it.
    """
    wanted = orderby.read(order) if order else ()
    if text is None:
        return Chosen(order=wanted) if wanted else ALL
    tree = syntax.parse(text)
    reader = _Reader(actor, form, tables.nodes(fields), table)
    condition = reader.read(tree)
    names = {name.removeprefix(ROOT) for name in syntax.names(tree)}
    deleted = DELETED in names and _sees_deleted(actor, form)
    found = Chosen(condition, deleted, not names <= COLUMNS.keys(), wanted)
    return replace(found, instances=reader.instances, condition=reader.instances.some) if reader.instances else found


def _sees_deleted(actor: Actor, form: Place) -> bool:
    """Whether what was taken away is shown when it is asked for: to who may take away, or bring back."""
    place = {"project_id": form.project_id, "form_id": form.id}
    return any(permissions.whole(actor, verb, **place) for verb in ("submission.delete", "submission.restore"))


def _directed(column: Any, descending: bool) -> Any:
    return column.desc().nulls_last() if descending else column.asc().nulls_first()


def _beyond(column: Any, value: Any, descending: bool) -> ColumnElement[bool]:
    if value is None:
        return false() if descending else column.is_not(None)
    return or_(column < value, column.is_(None)) if descending else column > value


class _Reader:
    """Makes conditions of trees. `instances`: which rows of the table's repeat are wanted, where it speaks of them."""

    def __init__(self, actor: Actor, form: Place, root: Node, table: str) -> None:
        self._actor, self._form, self._root = actor, form, root
        self._way = way(root, table)
        self._steps = instances.steps(CURRENT.answers, tables.repeats(self._way))
        self._of_rows = False
        self.instances: Instances | None = None

    def read(self, tree: syntax.Node) -> ColumnElement[bool]:
        """What must hold of a submission, or of its rows."""
        condition = self.condition(tree)
        if self._of_rows:
            self.instances = Instances(self._steps, condition, (Submission, CURRENT))
        return condition

    def condition(self, tree: syntax.Node) -> ColumnElement[bool]:
        """What must hold."""
        if isinstance(tree, syntax.Joined):
            join: Callable[..., ColumnElement[bool]] = and_ if tree.operator == "and" else or_
            return join(*map(self.condition, tree.parts))
        if isinstance(tree, syntax.Negated):
            return ~self.condition(tree.inner)
        if isinstance(tree, syntax.Compared):
            return values.compare(tree.operator, self._value(tree.left), self._value(tree.right))
        return values.truth(self._value(tree))

    def _value(self, tree: syntax.Node) -> Value:
        if isinstance(tree, syntax.Literal):
            return values.literal(tree.kind, tree.text)
        if isinstance(tree, syntax.Name):
            return self._property(tree)
        if isinstance(tree, syntax.Call):
            return values.call(tree.function, [self._value(each) for each in tree.arguments])
        return Value("boolean", self.condition(tree))

    def _property(self, name: syntax.Name) -> Value:
        column, of_row = name.text.removeprefix(ROOT), bool(self._way) and not name.text.startswith(ROOT)
        if column in COLUMNS and not of_row:
            kind, sql = COLUMNS[column]
            return Value(kind, sql, expected="integer" if kind == "number" else "")
        nodes = _nodes(self._way[-1] if of_row else self._root, column)
        if not nodes or nodes[-1].source is None or nodes[-1].source.is_container:
            raise problems.UNSUPPORTED_ODATA_FIELD(at=name.at, text=name.text)
        self._of_rows = self._of_rows or of_row
        answers = self._steps[-1].c.value if of_row else CURRENT.answers
        found = values.answer(answers, nodes[-1].source, [node.name for node in nodes])
        return self._as_shown(found, nodes[-1].name)

    def _as_shown(self, value: Value, name: str) -> Value:
        """The answer as the actor is shown it: what is hidden counts as empty, and if all of it is, it is refused."""
        project_id, form_id = self._form.project_id, self._form.id
        sees = permissions.sees_text(self._actor, project_id, form_id, *free_text.SHOWN)
        if sees:
            return value
        rule = free_text.rule_of(project_id, form_id)
        choices = None if rule.hides(name) else rule.shown[name]
        if isinstance(choices, str):
            return value  # anything that may be answered is shown
        if choices is not None and value.single and len(choices) <= MOST_CHOICES:
            return value.only(value.sql.in_(sorted(choices)))
        if sees is False:
            raise problems.INSUFFICIENT_RIGHTS()
        return value.only(free_text.findable(self._actor, project_id, form_id, true()))


def _nodes(above: Node, path: str) -> list[Node]:
    """The nodes on the way to an answer that is there once; none where there is no such thing."""
    found: list[Node] = []
    children = above.children
    for step in path.split("/"):
        node = next((child for child in children if identifier(child.name) == step), None)
        if node is None or node.type == REPEAT:
            return []
        found.append(node)
        children = node.children
    return found

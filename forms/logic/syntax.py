"""The tree of one XPath expression, as the ODK XForms specification has it. Shapes only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


class Unsupported(Exception):
    """An expression, or a part of one, that is not understood here. Its `reason` is for the form's administrator:
    English, a key of the catalogue, with a place like `%(name)s` for each of `named`."""

    def __init__(self, reason: str, **named: str) -> None:
        super().__init__(reason % named if named else reason)
        self.reason = reason
        self.named = named


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A literal text."""

    value: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. `axis`: `child`, `parent`, `self` or `attribute`; `name`: local part, '*' for any."""

    axis: str
    name: str = ""
    predicates: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A path. `start` is `root`, `here`, or the call it begins with (`instance(…)`, `current()`)."""

    start: str | Call
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two expressions: `or and = != < <= > >= + - * div mod`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negative:
    """A minus before an expression."""

    operand: Expression


Expression = Number | Text | Path | Call | Binary | Negative


def parts(expression: Expression) -> Iterator[Expression]:
    """An expression and all that is inside it."""
    yield expression
    for inner in _inside(expression):
        yield from parts(inner)


def _inside(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Path(start, steps):
            inside = tuple(predicate for step in steps for predicate in step.predicates)
            return inside if isinstance(start, str) else (*start.arguments, *inside)
        case Call(_, arguments):
            return arguments
        case Binary(_, left, right):
            return (left, right)
        case Negative(operand):
            return (operand,)
    return ()

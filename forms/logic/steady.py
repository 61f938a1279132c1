"""What can be seen of expressions without working them out: which counts of rows cannot ever have been another, and
paths that lead nowhere.

Phones add rows when a count grows, and keep them when it shrinks again: where it may have been higher before, too many
rows are right.
"""

from __future__ import annotations

from collections.abc import Collection

from forms import tree
from forms.logic import grammar
from forms.logic.syntax import Call, Path, Unsupported, parts
from forms.xform import Form
from schemas.fields import Field

# What these give is another for another row, and rows are deleted.
_OF_ROWS = ("position", "instance", "current")


def calculated(form: Form, repeat: Field) -> Field | None:
    """The node whose answer is the count of a repeat; None where it is an expression of its own."""
    return form.field(tree.resolve(repeat.count, repeat.path))


def is_steady(form: Form, repeat: Field, asked: Field | None) -> bool:
    """Whether the count of a repeat depends on nothing, or is the answer to a calculation that depends on nothing (what
    is written for `repeat_count` `3`). `asked` is what `calculated` gives.

    What the expressions depend on beside answers is for the caller to look at.
    """
    if asked is None:
        return _depends_on_nothing(repeat.count)
    if asked.control or asked.default or asked.path in form.events:
        return False
    return bool(asked.calculate) and _depends_on_nothing(asked.calculate)


def absent(text: str, known: Collection[str]) -> str:
    """The first path from the root in an expression that is not `known`, '' where there is none."""
    whole = (part.steps for part in parts(grammar.parse(text)) if isinstance(part, Path) and part.start == "root")
    plain = (steps for steps in whole if all(step.axis == "child" and step.name != "*" for step in steps))
    paths = ("/" + "/".join(step.name for step in steps) for steps in plain)
    return next((path for path in paths if path not in known), "")


def _depends_on_nothing(text: str) -> bool:
    try:
        found = list(parts(grammar.parse(text)))
    except Unsupported:
        return False
    calls = {part.name for part in found if isinstance(part, Call)}
    return calls.isdisjoint(_OF_ROWS) and not any(isinstance(part, Path) for part in found)

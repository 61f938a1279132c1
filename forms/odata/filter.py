"""The text of `$filter` → a small syntax tree (OData 4.01, URL conventions, section 5.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from schemas import problems

# So many parts are read: more would be a load for the database, and is not written by hand.
MOST_PARTS = 200
# And so many within each other.
MOST_LEVELS = 20
# Our own columns that a table is filtered and sorted by; answers have the names of the table's properties.
COLUMNS = ("__id", *(f"__system/{name}" for name in (
    "submissionDate", "updatedAt", "submitterId", "reviewState", "deletedAt"
)))  # fmt: skip
# How many arguments each function takes. What is not supported is known all the same: it is told apart from nonsense.
ARITIES: dict[str, tuple[int, ...]] = {
    "now": (0,),
    **dict.fromkeys(("year", "month", "day", "hour", "minute", "second", "length"), (1,)),
    **dict.fromkeys(("contains", "startswith", "endswith"), (2,)),
}
_OTHERS = frozenset(
    [
        "indexof", "substring", "tolower", "toupper", "trim", "concat", "fractionalseconds", "date", "time",
        "totaloffsetminutes", "mindatetime", "maxdatetime", "totalseconds", "round", "floor", "ceiling", "cast", "isof",
        "geo.distance", "geo.length", "geo.intersects", "matchesPattern", "substringof",
    ]
)  # fmt: skip
_ARITHMETIC = {"add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "mod": "Mod", "has": "Has", "in": "In"}

_GRAMMAR = r"""
?start: or
?or: and | or OR and -> either
?and: not | and AND not -> both
?not: compared | NOT not -> negated
?compared: added | added COMPARE added -> compared
?added: signed | added ARITHMETIC signed -> refused_operator
?signed: primary | "-" primary -> refused_sign
?primary: "(" or CLOSE -> group
        | MOMENT -> moment
        | DAY -> day
        | TIME -> time
        | NUMBER -> number
        | STRING -> text
        | WORD -> word
        | NAME "(" [or ("," or)*] CLOSE -> call
        | NAME -> name

CLOSE: ")"
OR.3: /or(?![\w\/.-])/
AND.3: /and(?![\w\/.-])/
NOT.3: /not(?![\w\/.-])/
COMPARE.3: /(eq|ne|lt|le|gt|ge)(?![\w\/.-])/
ARITHMETIC.3: /(add|sub|mul|div|mod|has|in)(?![\w\/.-])/
WORD.3: /(null|true|false)(?![\w\/.(-])/
MOMENT.5: /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})/i
DAY.4: /[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w:.-])/
TIME.4: /[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(?![\w:.-])/
NUMBER.2: /-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?(?![\w:.-])/i
STRING: /'(''|[^'])*'/
NAME: /(\$root\/)?[^\W\d]\w*([\/.]\w+)*/
%import common.WS
%ignore WS
"""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written, and where. `kind`: null, boolean, number, text, day, time, moment; `text`: without quotes."""

    kind: str
    text: str
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A property: `__system/reviewState`, `g/age`, `$root/Submissions/__id`."""

    text: str
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function with as many arguments as it takes."""

    function: str
    arguments: tuple[Node, ...]
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Compared:
    """Two values: eq, ne, lt, le, gt, ge."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Joined:
    """Several of which all (`and`) or one (`or`) must hold."""

    operator: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """What must not hold."""

    inner: Node


Node: TypeAlias = Literal | Name | Call | Compared | Joined | Negated


def parse(text: str) -> Node:
    """The tree. Raises UNPARSEABLE_ODATA, and UNSUPPORTED_ODATA for what is OData but not supported."""
    try:
        tree: Node = _parser().parse(text)  # type: ignore[assignment]  # the builder makes ours
    except UnexpectedInput as error:
        column = error.column if error.column > 0 else len(text) + 1
        raise problems.UNPARSEABLE_ODATA(reason=f"it is not understood at character {column}") from None
    except _Unsupported as refused:
        raise refused.told(text) from None
    except RecursionError:
        raise problems.UNPARSEABLE_ODATA(reason="it is too deep") from None
    if _size(tree) > MOST_PARTS:
        raise problems.UNPARSEABLE_ODATA(reason="it is too long")
    if _too_deep(tree):
        raise problems.UNPARSEABLE_ODATA(reason="it is too deep")
    return tree


def names(tree: Node) -> set[str]:
    """All properties that a tree speaks of."""
    if isinstance(tree, Name):
        return {tree.text}
    return {name for part in _parts(tree) for name in names(part)}


def _parts(tree: Node) -> tuple[Node, ...]:
    if isinstance(tree, Joined):
        return tree.parts
    if isinstance(tree, Compared):
        return (tree.left, tree.right)
    if isinstance(tree, Negated):
        return (tree.inner,)
    return tree.arguments if isinstance(tree, Call) else ()


def _size(tree: Node) -> int:
    """How many parts a tree has; counted without descending step by step, as it may be very deep."""
    waiting, count = [tree], 0
    while waiting and count <= MOST_PARTS:
        count += 1
        waiting.extend(_parts(waiting.pop()))
    return count


def _too_deep(tree: Node) -> bool:
    level: tuple[Node, ...] = (tree,)
    for _ in range(MOST_LEVELS):
        level = tuple(part for each in level for part in _parts(each))
    return bool(level)


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", transformer=_Builder())


class _Unsupported(Exception):
    """Where it stands, in which words of OData's grammar."""

    def __init__(self, kind: str, start: int, end: int) -> None:
        super().__init__(kind)
        self.kind, self.start, self.end = kind, start, end

    def told(self, text: str) -> problems.Problem:
        """The refusal, with the text of the part."""
        shown = text[self.start : self.end]
        return problems.UNSUPPORTED_ODATA(at=self.start, type=self.kind, text=shown)


@v_args(inline=True)
class _Builder(Transformer[Any, Any]):
    def group(self, inner: Node, _close: Token) -> Node:
        return inner

    def either(self, left: Node, _or: Token, right: Node) -> Joined:
        return _joined("or", left, right)

    def both(self, left: Node, _and: Token, right: Node) -> Joined:
        return _joined("and", left, right)

    def negated(self, _not: Token, inner: Node) -> Negated:
        return Negated(inner)

    def compared(self, left: Node, operator: Token, right: Node) -> Compared:
        return Compared(str(operator), left, right)

    def refused_operator(self, left: Node, operator: Token, right: Node) -> Node:
        raise _Unsupported(f"{_ARITHMETIC[str(operator)]}Expression", _start(left), _end(right))

    def refused_sign(self, inner: Node) -> Node:
        raise _Unsupported("NegateExpression", max(_start(inner) - 1, 0), _end(inner))

    def moment(self, token: Token) -> Literal:
        return _literal("moment", token)

    def day(self, token: Token) -> Literal:
        return _literal("day", token)

    def time(self, token: Token) -> Literal:
        return _literal("time", token)

    def number(self, token: Token) -> Literal:
        return _literal("number", token)

    def text(self, token: Token) -> Literal:
        return Literal("text", str(token)[1:-1].replace("''", "'"), *_span(token))

    def word(self, word: Token) -> Literal:
        return _literal("null" if word == "null" else "boolean", word)

    def name(self, token: Token) -> Name:
        return Name(str(token), *_span(token))

    def call(self, name: Token, *rest: Any) -> Call:
        function, span = str(name), (_span(name)[0], _span(rest[-1])[1])
        arguments = tuple(part for part in rest[:-1] if part is not None)
        if function in _OTHERS:
            raise _Unsupported("MethodCallExpression", *span)
        if function not in ARITIES:
            raise problems.UNPARSEABLE_ODATA(reason=f"there is no function {function}")
        if len(arguments) not in ARITIES[function]:
            raise problems.UNPARSEABLE_ODATA(reason=f"{function} takes another number of arguments")
        return Call(function, arguments, *span)


def _span(token: Token) -> tuple[int, int]:
    return token.start_pos or 0, token.end_pos or 0


def _literal(kind: str, token: Token) -> Literal:
    return Literal(kind, str(token), *_span(token))


def _start(node: Node) -> int:
    return node.at if isinstance(node, (Literal, Name, Call)) else _start(_parts(node)[0])


def _end(node: Node) -> int:
    return node.end if isinstance(node, (Literal, Name, Call)) else _end(_parts(node)[-1])


def _joined(operator: str, left: Node, right: Node) -> Joined:
    """What is joined by the same word again stays flat: a long list is not deep."""
    before = left.parts if isinstance(left, Joined) and left.operator == operator else (left,)
    return Joined(operator, (*before, right))

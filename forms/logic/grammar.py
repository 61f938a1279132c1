"""The text of an XPath expression → its tree (`syntax`). The only place that knows lark.

XPath 1.0 with what the ODK XForms specification leaves of it; the axes are those that JavaRosa takes
(`XPathPathExpr.getReference`): child, parent, self and attribute.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lark import Lark, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from forms.logic.syntax import Binary, Call, Expression, Negative, Number, Path, Step, Text, Unsupported

_GRAMMAR = r"""
?start: or
?or: and | or OR and -> binary
?and: equal | and AND equal -> binary
?equal: compare | equal EQUAL compare -> binary
?compare: sum | compare COMPARE sum -> binary
?sum: product | sum PLUS product -> binary | sum MINUS product -> binary
?product: signed | product (STAR | DIV | MOD) signed -> binary
?signed: union | MINUS signed -> negative
?union: path | union "|" path -> refused_union
?path: primary
     | primary predicate+ ("/" step)* -> refused_filter
     | primary ("/" step)+ -> from_call
     | "/" step ("/" step)* -> from_root
     | step ("/" step)* -> from_here
?primary: "(" or ")"
        | NUMBER -> number
        | STRING -> text
        | NAME "(" [or ("," or)*] ")" -> call
step: NAME predicate* -> child
    | STAR predicate* -> any_child
    | AXIS "::" (NAME | STAR) predicate* -> with_axis
    | AXIS "::" NODE "(" ")" predicate* -> axis_node
    | DOTS -> parent
    | DOT predicate* -> here
    | NODE "(" ")" -> any_node
    | "@" (NAME | STAR) -> attribute
predicate: "[" or "]"

OR.2: /or(?![\w.-])/
AND.2: /and(?![\w.-])/
DIV.2: /div(?![\w.-])/
MOD.2: /mod(?![\w.-])/
EQUAL: "=" | "!="
COMPARE: "<=" | ">=" | "<" | ">"
PLUS: "+"
MINUS: "-"
STAR: "*"
NUMBER.3: /\d+(\.\d*)?|\.\d+/
DOTS.2: ".."
DOT: "."
STRING: /"[^"]*"|'[^']*'/
AXIS.3: /[a-z-]+(?=\s*::)/
NODE.3: /(node|text|comment)(?=\s*\(\s*\))/
NAME: /[^\W\d][\w.-]*(:[^\W\d][\w.-]*)?/
%import common.WS
%ignore WS
"""
_MAX_LENGTH = 50_000


def parse(text: str) -> Expression:
    """The tree of an expression. What cannot be read is Unsupported."""
    if len(text) > _MAX_LENGTH:
        raise Unsupported("the expression is too long")
    try:
        tree: Expression = _parser().parse(text)  # type: ignore[assignment]  # the builder makes ours of lark's
    except UnexpectedInput as error:
        raise Unsupported("the expression cannot be read at character %(place)s", place=str(error.column)) from None
    except VisitError as error:  # what the builder refuses comes wrapped
        refused = error.orig_exc
        raise refused if isinstance(refused, Unsupported) else Unsupported("the expression is too deep") from None
    except RecursionError:
        raise Unsupported("the expression is too deep") from None
    return tree


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", transformer=_Builder())


@v_args(inline=True)
class _Builder(Transformer[Any, Any]):
    def number(self, token: str) -> Number:
        return Number(float(token))

    def text(self, token: str) -> Text:
        return Text(str(token)[1:-1])

    def call(self, name: str, *arguments: Expression | None) -> Call:
        return Call(str(name), tuple(argument for argument in arguments if argument is not None))

    def binary(self, left: Expression, operator: str, right: Expression) -> Binary:
        return Binary(str(operator), left, right)

    def negative(self, _minus: str, operand: Expression) -> Negative:
        return Negative(operand)

    def predicate(self, inner: Expression) -> Expression:
        return inner

    def child(self, name: str, *predicates: Expression) -> Step:
        return Step("child", _local(name), predicates)

    def any_child(self, _star: str, *predicates: Expression) -> Step:
        return Step("child", "*", predicates)

    def with_axis(self, axis: str, name: str, *predicates: Expression) -> Step:
        if axis not in ("child", "attribute"):
            raise Unsupported("the axis %(axis)s is not supported", axis=str(axis))
        return Step(str(axis), _local(name), predicates)

    def axis_node(self, axis: str, _node: str, *predicates: Expression) -> Step:
        if axis not in ("parent", "self") or _node != "node" or predicates:
            raise Unsupported("the axis %(axis)s is not supported", axis=str(axis))
        return Step(str(axis))

    def parent(self, _dots: str) -> Step:
        return Step("parent")

    def here(self, _dot: str, *predicates: Expression) -> Step:
        if predicates:
            raise Unsupported("a condition on `.` is not supported")
        return Step("self")

    def any_node(self, _node: str) -> Step:
        raise Unsupported("the function %(function)s() is not supported", function=str(_node))

    def attribute(self, name: str) -> Step:
        return Step("attribute", _local(name))

    def from_root(self, *steps: Step) -> Path:
        return Path("root", steps)

    def from_here(self, *steps: Step) -> Path:
        return Path("here", steps)

    def from_call(self, start: Expression, *steps: Step) -> Path:
        if not isinstance(start, Call):
            raise Unsupported("a path from something else than a function is not supported")
        return Path(start, steps)

    def refused_union(self, *_parts: Expression) -> Expression:
        raise Unsupported("joining node-sets with | is not supported")

    def refused_filter(self, *_parts: Expression) -> Expression:
        raise Unsupported("a condition on something else than a path is not supported")


def _local(name: str) -> str:
    return str(name).rpartition(":")[2]

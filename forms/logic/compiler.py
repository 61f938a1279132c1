"""The tree of an expression → a Python closure that works it out, once per form version.

A closure takes `Here` and gives a value. What is not understood is Unsupported, at compile time; what cannot be said
of one submission is Undecidable, when it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from forms.logic import grammar, standard
from forms.logic.functions import FUNCTIONS
from forms.logic.functions.registry import CLOCK, ONCE, PHONE, Function
from forms.logic.nodes import Node
from forms.logic.paths import PathCompiler, Scope
from forms.logic.run import Evaluate, Here, Run
from forms.logic.syntax import Binary, Call, Expression, Negative, Number, Path, Text, Unsupported
from forms.logic.values import Plain, Undecidable, Value, divide, equal, modulo, to_number, to_text, to_truth
from forms.logic.walks import outside

_COMPARING: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_COUNTING: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "div": divide,
    "mod": modulo,
}
# Functions that nobody but the phone can work out, with the reason.
ON_THE_PHONE = {"property": "it asks the phone", "extract-signed": "signatures are not checked here"}


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One compiled expression. `needs` is what it depends on beside the answers, `lists` the lists it asks, `always`
    whether it is just `true()`, `keeps` whether it may keep what it gave before (`once`)."""

    text: str
    evaluate: Evaluate
    needs: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    always: bool = False
    keeps: bool = False

    def value(self, run: Run, node: Node) -> Value:
        return self.evaluate(Here(run, node, node))

    def plain(self, run: Run, node: Node) -> Plain:
        here = Here(run, node, node)
        return here.plain(self.evaluate(here))

    def truth(self, run: Run, node: Node) -> bool:
        return self.always or to_truth(self.plain(run, node))


@dataclass(slots=True)
class Compiler(PathCompiler):
    """Compiles the expressions of one form."""

    _trees: dict[str, Expression] = field(default_factory=dict)

    def rule(self, text: str, path: str) -> Rule:
        """Compile the expression of a node. May be Unsupported."""
        tree = self._trees.get(text)
        if tree is None:
            tree = self._trees[text] = grammar.parse(text)
        self.needs, self.lists = set(), set()
        place = tuple(path.strip("/").split("/"))
        try:
            evaluate = self.value(tree, Scope(place, place))
        except RecursionError:
            raise Unsupported("the expression is too deep") from None
        always = isinstance(tree, Call) and tree == Call("true")
        return Rule(text, evaluate, frozenset(self.needs), frozenset(self.lists), always, ONCE in self.needs)

    def value(self, tree: Expression, scope: Scope) -> Evaluate:
        """A closure whose value may be a list of nodes."""
        match tree:
            case Number(value):
                return lambda here: value
            case Text(value):
                return _literal(value)
            case Path():
                return self.nodes(tree, scope)
            case Negative(operand):
                inner = self.plain(operand, scope)
                return lambda here: -to_number(inner(here))
            case Binary(operator, left, right):
                return _binary(operator, self.plain(left, scope), self.plain(right, scope))
        return self._call(tree, scope)

    def plain(self, tree: Expression, scope: Scope) -> Evaluate:
        """A closure whose value is never a list of nodes."""
        if isinstance(tree, Path):
            return self.single(tree, scope)
        evaluate = self.value(tree, scope)
        if isinstance(tree, Call):
            return lambda here: here.plain(evaluate(here))
        return evaluate

    def _call(self, call: Call, scope: Scope) -> Evaluate:
        special = _SPECIAL.get(call.name)
        if special is not None:
            return special(self, call, scope)
        known = FUNCTIONS.get(call.name)
        if known is None:
            if call.name in ON_THE_PHONE:
                raise Unsupported(ON_THE_PHONE[call.name])
            raise Unsupported("the function %(function)s() is not supported", function=call.name)
        if not known.least <= len(call.arguments) <= known.most:
            raise Unsupported("%(function)s() has the wrong number of arguments", function=call.name)
        if known.needs:
            self.needs.add(known.needs)
        if call.name.startswith("format-date") and isinstance(call.arguments[1], Text):
            self._names(call.arguments[1].value)
        compiled = self.value if known.nodes else self.plain
        return _applied(known, [compiled(argument, scope) for argument in call.arguments])

    def _names(self, pattern: str) -> None:
        if any(sign in pattern for sign in ("%a", "%b", "%W")):
            self.needs.add(PHONE)


def _literal(value: str) -> Evaluate:
    if value[:1].isdigit() and "-" in value:  # perhaps a date, which by the standard is a number as well
        return lambda here: standard.text(value, here.run.world.zone) if here.run.world.standard else value
    return lambda here: value


def _applied(known: Function, arguments: list[Evaluate]) -> Evaluate:
    call = known.call
    if len(arguments) == 1:
        only = arguments[0]
        return lambda here: call(here, only(here))
    if len(arguments) == 2:
        first, second = arguments
        return lambda here: call(here, first(here), second(here))
    return lambda here: call(here, *[argument(here) for argument in arguments])


def _binary(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    if operator == "and":
        return lambda here: to_truth(left(here)) and to_truth(right(here))
    if operator == "or":
        return lambda here: to_truth(left(here)) or to_truth(right(here))
    if operator == "=":
        return lambda here: equal(left(here), right(here))
    if operator == "!=":
        return lambda here: not equal(left(here), right(here))
    work: Callable[[float, float], Any] = _COMPARING.get(operator) or _COUNTING[operator]
    return lambda here: work(to_number(left(here)), to_number(right(here)))


def _if(compiler: Compiler, call: Call, scope: Scope) -> Evaluate:
    _expect(call, 3)
    condition = compiler.plain(call.arguments[0], scope)
    yes, no = (compiler.value(argument, scope) for argument in call.arguments[1:])
    return lambda here: yes(here) if to_truth(condition(here)) else no(here)


def _coalesce(compiler: Compiler, call: Call, scope: Scope) -> Evaluate:
    _expect(call, 2)
    first, second = (compiler.value(argument, scope) for argument in call.arguments)

    def evaluate(here: Here) -> Value:
        value = here.plain(first(here))
        return second(here) if value == "" or value != value else value  # NaN

    return evaluate


def _position(compiler: Compiler, call: Call, scope: Scope) -> Evaluate:
    if not call.arguments:
        return lambda here: float(here.position or here.node.index + 1)
    _expect(call, 1)
    nodes = compiler.value(call.arguments[0], scope)

    def evaluate(here: Here) -> float:
        found = nodes(here)
        if not isinstance(found, list):
            raise Undecidable("position() expects a node")
        return float(found[0].index + 1) if found else 0.0

    return evaluate


def _once(compiler: Compiler, call: Call, scope: Scope) -> Evaluate:
    """`once(x)`: what the node holds already, else x. What x was when it was first worked out nobody knows later."""
    _expect(call, 1)
    value = compiler.value(call.arguments[0], scope)
    compiler.needs.add(ONCE)
    compiler.needs.discard(CLOCK)
    return lambda here: here.plain([here.node]) or value(here)


def _current(compiler: Compiler, call: Call, scope: Scope) -> Evaluate:
    return compiler.nodes(Path(call), scope)


def _instance(_compiler: Compiler, _call: Call, _scope: Scope) -> Evaluate:
    raise Unsupported("instance() without a path is not supported")


def _pulldata(compiler: Compiler, call: Call, scope: Scope) -> Evaluate:
    """`pulldata('file', 'column', 'key column', key)`: of the first row with that key, '' where there is none."""
    _expect(call, 4)
    name, column, key_column = call.arguments[:3]
    if not (isinstance(name, Text) and isinstance(column, Text) and isinstance(key_column, Text)):
        raise Unsupported("pulldata() with computed names is not supported")
    source = f"file:{name.value.removesuffix('.csv')}.csv"
    compiler.lists.add(source)
    key = compiler.plain(call.arguments[3], scope)

    def evaluate(here: Here) -> str:
        rows = outside(here, source).having(("item",), key_column.value, to_text(key(here)))
        return str(rows[0].cells.get(column.value, "")) if rows else ""

    return evaluate


def _expect(call: Call, count: int) -> None:
    if len(call.arguments) != count:
        raise Unsupported("%(function)s() has the wrong number of arguments", function=call.name)


_SPECIAL: dict[str, Callable[[Compiler, Call, Scope], Evaluate]] = {
    "if": _if,
    "coalesce": _coalesce,
    "position": _position,
    "once": _once,
    "current": _current,
    "instance": _instance,
    "pulldata": _pulldata,
    "indexed-repeat": Compiler.indexed_repeat,
}

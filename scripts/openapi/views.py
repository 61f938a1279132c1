"""What a view takes and answers, read from its code: which shapes pass through `wire`, and what of the query it reads.

Nothing is declared a second time beside the views, so nothing can say something else than they do.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema

from server import uploads
from server.api import wire

_OURS = "server.api."
# How `wire` and `request` read the query, and the type of what they read.
_QUERIES = {
    "wire.flag": "boolean",
    "wire.number": "integer",
    "request.args.get": "string",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A shape that is answered. `many`: a list of them; None where the code alone does not tell."""

    shape: type[Schema]
    many: bool | None


@dataclass(slots=True)
class Told:
    """What the code of a view tells, in the order it stands there.

    `takes`: shapes of the JSON body, `keys`: of one without a shape; `takes_file`: a body that is a file,
    `takes_parts`: one of parts, as phones send it. `jsons`: answers without a shape, `success` or `any`.
    `types`: media types of documents. `extended`: whether the header of that name changes the answer.
    """

    takes: dict[type[Schema], None] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)
    takes_file: bool = False
    takes_parts: bool = False
    answers: dict[Answer, None] = field(default_factory=dict)
    jsons: dict[str, None] = field(default_factory=dict)
    types: dict[str, None] = field(default_factory=dict)
    statuses: dict[int, None] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    extended: bool = False
    redirects: bool = False


def read(view: Callable[..., Any]) -> Told:
    """Everything that is told by a view, and by what it calls among the views' modules."""
    told = Told()
    _Reader(told, set()).read(inspect.unwrap(view))
    return told


class _Reader:
    def __init__(self, told: Told, seen: set[tuple[Callable[..., Any], str]]) -> None:
        self._told = told
        self._seen = seen

    def read(self, function: Callable[..., Any], given: Mapping[str, Any] | None = None) -> None:
        """Read one function. `given`: those of its arguments that are constants."""
        if (function, repr(given)) in self._seen:
            return
        self._seen.add((function, repr(given)))
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        names = _Names(function, tree, given or {})
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                self._call(node, names)
            elif isinstance(node, ast.Subscript) and names.is_body(node.value):
                self._told.keys |= dict.fromkeys(names.texts(node.slice))
            elif isinstance(node, ast.Attribute) and ast.unparse(node) == "request.stream":
                self._told.takes_file = True

    def _call(self, node: ast.Call, names: _Names) -> None:
        called = ast.unparse(node.func)
        if called in _QUERIES and node.args:
            self._told.queries |= dict.fromkeys(names.texts(node.args[0]), _QUERIES[called]) | self._told.queries
        elif called == "wire.reply":
            self._told.answers |= dict.fromkeys(
                Answer(shape, names.many(node.args[1])) for shape in names.shapes(node.args[0])
            )
        elif called == "wire.body":
            self._told.takes |= dict.fromkeys(names.shapes(node.args[0]))
        elif called == "wire.extended":
            self._told.extended = True
        elif called == "jsonify":
            success = bool(node.args) and names.value(node.args[0]) is wire.SUCCESS
            self._told.jsons |= {"success" if success else "any": None}
        elif called in ("wire.document", "Response", "Direct"):
            self._document(node, names)
        elif called == "redirect":
            self._told.redirects = True
        elif called == "wire.download":
            self._told.types |= {"*/*": None}
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "get" and names.is_body(node.func.value):
            self._told.keys |= dict.fromkeys(names.texts(node.args[0]))
        else:
            self._follow(names.value(node.func), node, names)

    def _document(self, node: ast.Call, names: _Names) -> None:
        keywords = [word.value for word in node.keywords if word.arg in ("content_type", "mimetype")]
        for place in keywords or node.args[1:2]:
            self._told.types |= dict.fromkeys(text for text in names.texts(place) if "/" in text)
        statuses = [word.value for word in node.keywords if word.arg == "status"] or node.args[1:2]
        self._told.statuses |= dict.fromkeys(found for each in statuses if isinstance(found := names.value(each), int))

    def _follow(self, called: Any, node: ast.Call, names: _Names) -> None:
        if called is uploads.body or called is uploads.submission:
            self._told.takes_file, self._told.takes_parts = True, called is uploads.submission
        elif inspect.isfunction(called) and called.__module__.startswith(_OURS) and called.__module__ != wire.__name__:
            places = dict(zip(inspect.signature(called).parameters, node.args, strict=False))
            places |= {word.arg: word.value for word in node.keywords if word.arg}
            found = {name: names.value(place) for name, place in places.items()}
            self.read(called, {name: value for name, value in found.items() if value is not None})


class _Names:
    """What names mean inside a function: its own, those around it, and its module's."""

    def __init__(self, function: Callable[..., Any], tree: ast.AST, given: Mapping[str, Any]) -> None:
        found = inspect.getclosurevars(inspect.unwrap(function))
        parameters = inspect.signature(function).parameters.values()
        defaults = {each.name: each.default for each in parameters if each.default is not each.empty}
        unknown = {each.name: None for each in parameters}
        around = {**getattr(function, "__globals__", {}), **found.nonlocals}
        self._known: dict[str, Any] = around | unknown | defaults | dict(given)
        self._set: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._note(target, node.value)
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                self._note(node.target, node.value)

    def _note(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, each in zip(target.elts, value.elts, strict=True):
                self._note(one, each)
        else:
            self._set.setdefault(ast.unparse(target), []).append(value)

    def value(self, node: ast.expr) -> Any:
        """The thing that a name, or a dotted name, stands for; None where only running it would tell."""
        if isinstance(node, ast.Name):
            return self._known.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.value(node.value)
            return getattr(owner, node.attr, None) if inspect.ismodule(owner) or inspect.isclass(owner) else None
        return node.value if isinstance(node, ast.Constant) else None

    def is_body(self, node: ast.expr) -> bool:
        """Whether it is the JSON object that was sent."""
        return any(ast.unparse(each) == "wire.fields()" for each in self._choices(node))

    def _choices(self, node: ast.expr) -> Iterator[ast.expr]:
        if isinstance(node, ast.IfExp):
            test = self.value(node.test)
            yield from () if test is False else self._choices(node.body)
            yield from () if test is True else self._choices(node.orelse)
        elif isinstance(node, ast.Name) and node.id in self._set and self._known.get(node.id) is None:
            for each in self._set[node.id]:
                yield from self._choices(each)
        else:
            yield node

    def shapes(self, node: ast.expr) -> list[type[Schema]]:
        """The shapes that may stand here."""
        found = [self.value(each) for each in self._choices(node)]
        return [each for each in found if isinstance(each, type) and issubclass(each, Schema)]

    def texts(self, node: ast.expr) -> list[str]:
        """The texts that may stand here."""
        return [text for each in self._choices(node) if isinstance(text := self.value(each), str)]

    def many(self, node: ast.expr) -> bool | None:
        """Whether it is a list that stands here."""
        told = {self._is_list(each) for each in self._choices(node)}
        return told.pop() if len(told) == 1 else None

    def _is_list(self, node: ast.expr) -> bool | None:
        if isinstance(node, (ast.ListComp, ast.List)):
            return True
        if isinstance(node, (ast.Dict, ast.BinOp, ast.Subscript)):
            return False
        if not isinstance(node, ast.Call):
            return None
        called = self.value(node.func)
        told = "list[" if called is list else str(getattr(called, "__annotations__", {}).get("return", ""))
        return told.startswith("list[") if told and told != "Any" else None

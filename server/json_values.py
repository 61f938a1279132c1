"""Values inside the JSON of answers, as parts of a question to the database; how each database has them.

`Text(column, path)` and the like, `path` made by `steps`: null where there is nothing there, or something of another
kind. So no answer, of whatever version of a form, is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Integer, Numeric, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


def steps(names: Sequence[str]) -> list[ColumnElement[str]]:
    """The way to a value: as one path, then name by name."""
    quoted = ('"' + name.replace('"', "") + '"' for name in names)
    return [literal(".".join(["$", *quoted]), String), *(literal(name, String) for name in names)]


class Text(FunctionElement[str]):
    """A text, compared byte by byte."""

    type = String()
    inherit_cache = True


class Number(FunctionElement[Any]):
    """A number."""

    type = Numeric(asdecimal=False)
    inherit_cache = True


class Truth(FunctionElement[bool]):
    """True or false."""

    type = Boolean()
    inherit_cache = True


class Moment(FunctionElement[int]):
    """A moment that is written as text, in milliseconds since 1970; without an offset it is of UTC."""

    type = BigInteger()
    inherit_cache = True


class Kind(FunctionElement[str]):
    """What kind of value it is, to be compared with null."""

    type = String()
    inherit_cache = True


class Milliseconds(FunctionElement[int]):
    """`Milliseconds(column)`: a column of moments, likewise in milliseconds."""

    type = BigInteger()
    inherit_cache = True


class Digits(FunctionElement[int]):
    """`Digits(text, start, length)`: the number that stands there in a text, from 1 on; null where there is none."""

    type = Integer()
    inherit_cache = True


def _in_file(element: FunctionElement[Any], compiler: SQLCompiler, options: Any) -> tuple[str, str]:
    column, path = (compiler.process(clause, **options) for clause in list(element.clauses)[:2])
    return f"json_type({column}, {path})", f"json_extract({column}, {path})"


def _elsewhere(element: FunctionElement[Any], compiler: SQLCompiler, options: Any) -> tuple[str, str]:
    column, _path, *names = (compiler.process(clause, **options) for clause in element.clauses)
    way = ", ".join((column, *names))
    return f"jsonb_typeof(jsonb_extract_path({way}))", f"jsonb_extract_path_text({way})"


@compiles(Text, "sqlite")
def _text(element: Text, compiler: SQLCompiler, **options: Any) -> str:
    kind, value = _in_file(element, compiler, options)
    return f"CASE WHEN {kind} = 'text' THEN {value} END"


@compiles(Text, "postgresql")
def _text_elsewhere(element: Text, compiler: SQLCompiler, **options: Any) -> str:
    kind, value = _elsewhere(element, compiler, options)
    return f"(CASE WHEN {kind} = 'string' THEN {value} END COLLATE \"C\")"


@compiles(Number, "sqlite")
def _number(element: Number, compiler: SQLCompiler, **options: Any) -> str:
    kind, value = _in_file(element, compiler, options)
    return f"CASE WHEN {kind} IN ('integer', 'real') THEN {value} END"


@compiles(Number, "postgresql")
def _number_elsewhere(element: Number, compiler: SQLCompiler, **options: Any) -> str:
    kind, value = _elsewhere(element, compiler, options)
    return f"CASE WHEN {kind} = 'number' THEN CAST({value} AS numeric) END"


@compiles(Truth, "sqlite")
def _truth(element: Truth, compiler: SQLCompiler, **options: Any) -> str:
    kind, _value = _in_file(element, compiler, options)
    return f"CASE {kind} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"


@compiles(Truth, "postgresql")
def _truth_elsewhere(element: Truth, compiler: SQLCompiler, **options: Any) -> str:
    kind, value = _elsewhere(element, compiler, options)
    return f"CASE WHEN {kind} = 'boolean' THEN CAST({value} AS boolean) END"


@compiles(Kind, "sqlite")
def _kind(element: Kind, compiler: SQLCompiler, **options: Any) -> str:
    return f"NULLIF({_in_file(element, compiler, options)[0]}, 'null')"


@compiles(Kind, "postgresql")
def _kind_elsewhere(element: Kind, compiler: SQLCompiler, **options: Any) -> str:
    return f"NULLIF({_elsewhere(element, compiler, options)[0]}, 'null')"


@compiles(Moment, "sqlite")
def _moment(element: Moment, compiler: SQLCompiler, **options: Any) -> str:
    kind, value = _in_file(element, compiler, options)
    day = f"substr({value}, 1, 10)"
    fits = (
        f"date({day}) = {day} AND {day} NOT LIKE '0000%' "
        f"AND substr({value}, 11, 1) IN ('', 'T') AND {value} NOT GLOB '*T24*'"
    )
    with_colon = (
        f"CASE WHEN {value} GLOB '*T*[+-][0-9][0-9]' THEN {value} || ':00' "
        f"WHEN {value} GLOB '*T*[+-][0-9][0-9][0-9][0-9]' "
        f"THEN substr({value}, 1, length({value}) - 2) || ':' || substr({value}, -2) ELSE {value} END"
    )
    return f"CASE WHEN {kind} = 'text' AND {fits} THEN {_from_days(with_colon)} END"


# What is no moment to `lexical`, such as a day that no calendar has, is none here: its cast would fail for all rows.
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_DAY = (
    "([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|[0-9]{4}-(0[13-9]|1[0-2])-(29|30)"
    f"|[0-9]{{4}}-(0[13578]|1[02])-31|{_LEAP}-02-29)"
)
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?"
_LIKE_A_MOMENT = f"^(?!0000){_DAY}(T{_CLOCK})?$"


@compiles(Moment, "postgresql")
def _moment_elsewhere(element: Moment, compiler: SQLCompiler, **options: Any) -> str:
    kind, value = _elsewhere(element, compiler, options)
    fits = f"{kind} = 'string' AND {value} ~ '{_LIKE_A_MOMENT}'"
    # As many digits of a second as there may be in a cast.
    cut = rf"regexp_replace({value}, '(\.[0-9]{{6}})[0-9]+', '\1')"
    return f"CASE WHEN {fits} THEN {_from_seconds(f'CAST({cut} AS timestamptz)')} END"


@compiles(Milliseconds, "sqlite")
def _milliseconds(element: Milliseconds, compiler: SQLCompiler, **options: Any) -> str:
    return _from_days(compiler.process(element.clauses, **options))


@compiles(Milliseconds, "postgresql")
def _milliseconds_elsewhere(element: Milliseconds, compiler: SQLCompiler, **options: Any) -> str:
    return _from_seconds(compiler.process(element.clauses, **options))


def _from_days(moment: str) -> str:
    return f"CAST(round((julianday({moment}) - 2440587.5) * 86400000.0) AS INTEGER)"


def _from_seconds(moment: str) -> str:
    return f"CAST(round(extract(epoch FROM {moment}) * 1000) AS bigint)"


@compiles(Digits, "sqlite")
def _digits(element: Digits, compiler: SQLCompiler, **options: Any) -> str:
    part = f"substr({compiler.process(element.clauses, **options)})"
    return f"CASE WHEN {part} <> '' AND {part} NOT GLOB '*[^0-9]*' THEN CAST({part} AS INTEGER) END"


@compiles(Digits, "postgresql")
def _digits_elsewhere(element: Digits, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(substring(substr({compiler.process(element.clauses, **options)}) FROM '^[0-9]+$') AS integer)"


class Instances(FunctionElement[int]):
    """How many instances of a repeat there are in answers. See `ways`."""

    type = BigInteger()
    inherit_cache = True


def ways(repeats: Sequence[Sequence[str]]) -> list[ColumnElement[str]]:
    """The way to a repeat, each step from one repeat to the next: twice, as each database has it."""
    found: list[ColumnElement[str]] = []
    for names in repeats:
        quoted = ['"' + name.replace('"', "") + '"' for name in names]
        found += [literal(".".join(["$", *quoted]), String), literal("{" + ",".join(quoted) + "}", String)]
    return found


@compiles(Instances, "sqlite")
def _instances(element: Instances, compiler: SQLCompiler, **options: Any) -> str:
    column, *paths = (compiler.process(clause, **options) for clause in element.clauses)
    return _counted_in_file(column, paths[::2], 0)


def _counted_in_file(value: str, paths: list[str], depth: int) -> str:
    """What was a group in the version that was answered counts as one instance."""
    if len(paths) == 1:
        kind, many = f"json_type({value}, {paths[0]})", f"json_array_length({value}, {paths[0]})"
        return f"CASE {kind} WHEN 'array' THEN {many} WHEN 'object' THEN 1 ELSE 0 END"
    inner = _counted_in_file(f"each{depth}.value", paths[1:], depth + 1)
    each = _list_in_file(value, paths[0])
    return f"(SELECT COALESCE(SUM({inner}), 0) FROM json_each({each}) AS each{depth})"  # noqa: S608


@compiles(Instances, "postgresql")
def _instances_elsewhere(element: Instances, compiler: SQLCompiler, **options: Any) -> str:
    column, *paths = (compiler.process(clause, **options) for clause in element.clauses)
    return _counted_elsewhere(column, paths[1::2], 0)


def _counted_elsewhere(value: str, paths: list[str], depth: int) -> str:
    if len(paths) == 1:
        found = f"({value} #> CAST({paths[0]} AS text[]))"
        kind = f"jsonb_typeof({found})"
        return f"CASE {kind} WHEN 'array' THEN jsonb_array_length({found}) WHEN 'object' THEN 1 ELSE 0 END"
    inner = _counted_elsewhere(f"each{depth}.value", paths[1:], depth + 1)
    each = _list_elsewhere(value, paths[0])
    return f"(SELECT COALESCE(SUM({inner}), 0) FROM jsonb_array_elements({each}) AS each{depth}(value))"  # noqa: S608


class Each(FunctionElement[Any]):
    """The instances of a repeat in answers, as a table: `key` from 0 on, and `value`. The way as `ways` makes it."""

    inherit_cache = True


@compiles(Each, "sqlite")
def _each(element: Each, compiler: SQLCompiler, **options: Any) -> str:
    value, path, _other = _parts(element, compiler, options)
    return f"json_each({_list_in_file(value, path)})"


@compiles(Each, "postgresql")
def _each_elsewhere(element: Each, compiler: SQLCompiler, **options: Any) -> str:
    value, _other, path = _parts(element, compiler, options)
    found = f"jsonb_array_elements({_list_elsewhere(value, path)}) WITH ORDINALITY AS each (value, number)"
    return f"LATERAL (SELECT number - 1 AS key, value FROM {found})"  # noqa: S608


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, options: dict[str, Any]) -> list[str]:
    inside = {name: option for name, option in options.items() if name != "asfrom"}
    return [compiler.process(clause, **inside) for clause in element.clauses]


def _list_in_file(value: str, path: str) -> str:
    """What was a group in the version that was answered is a list of one."""
    kind, found = f"json_type({value}, {path})", f"json_extract({value}, {path})"
    return f"CASE {kind} WHEN 'array' THEN {found} WHEN 'object' THEN json_array(json({found})) ELSE '[]' END"


def _list_elsewhere(value: str, path: str) -> str:
    found = f"({value} #> CAST({path} AS text[]))"
    kind = f"jsonb_typeof({found})"
    return f"CASE {kind} WHEN 'array' THEN {found} WHEN 'object' THEN jsonb_build_array({found}) ELSE '[]'::jsonb END"

"""Functions on texts and on answers with several choices."""

from __future__ import annotations

import re
from functools import lru_cache

import regex

from forms.logic.functions.registry import ANY, LANGUAGE, function
from forms.logic.run import Here
from forms.logic.values import Plain, Undecidable, Value, to_index, to_text, to_truth

_PATIENCE = 0.05
_LONGEST = 5_000
_EFFORT = 100_000  # what a pattern costs that ran out of patience
_REPEATS = re.compile(r"[*+?{]")
_SHORT = 200_000  # so many steps take a few milliseconds, which need no watch


@function("string")
def string(_here: Here, value: Plain) -> str:
    return to_text(value)


@function("concat", 0, ANY, nodes=True)
def concat(here: Here, *values: Value) -> str:
    text: str = join(here, "", *values)
    return text


@function("join", 1, ANY, nodes=True)
def join(here: Here, separator: Value, *values: Value) -> str:
    if len(values) == 1 and isinstance(values[0], list):
        plain = here.plains(values[0])
    else:
        plain = [here.plain(value) for value in values]
    return to_text(here.plain(separator)).join(map(to_text, plain))


@function("substr", 2, 3)
def substr(_here: Here, text: Plain, start: Plain, end: Plain | None = None) -> str:
    """From `start` (counted from 0) to before `end`; counted from the end where negative."""
    whole = to_text(text)
    length = len(whole)
    first = to_index(start)
    last = length if end is None else to_index(end)
    first, last = (length + place if place < 0 else place for place in (first, last))
    return whole[min(max(0, first), length) : min(max(0, last), length)]


@function("substring-before", 2)
def substring_before(_here: Here, text: Plain, mark: Plain) -> str:
    before, found, _ = _cut(to_text(text), to_text(mark))
    return before if found else ""


@function("substring-after", 2)
def substring_after(_here: Here, text: Plain, mark: Plain) -> str:
    _, found, after = _cut(to_text(text), to_text(mark))
    return after if found else ""


def _cut(text: str, mark: str) -> tuple[str, bool, str]:
    place = text.find(mark)
    return (text[:place], True, text[place + len(mark) :]) if place >= 0 else ("", False, "")


@function("translate", 3)
def translate(_here: Here, text: Plain, old: Plain, new: Plain) -> str:
    signs, others = to_text(old), to_text(new)
    table: dict[int, str | None] = {}
    for place, sign in enumerate(signs):
        table.setdefault(ord(sign), others[place] if place < len(others) else None)
    return to_text(text).translate(table)


@function("contains", 2)
def contains(_here: Here, text: Plain, part: Plain) -> bool:
    return to_text(part) in to_text(text)


@function("starts-with", 2)
def starts_with(_here: Here, text: Plain, part: Plain) -> bool:
    return to_text(text).startswith(to_text(part))


@function("ends-with", 2)
def ends_with(_here: Here, text: Plain, part: Plain) -> bool:
    return to_text(text).endswith(to_text(part))


@function("string-length", 0, 1)
def string_length(here: Here, value: Plain | None = None) -> float:
    text = to_text(_own(here) if value is None else value)
    return float(len(text.encode("utf-16-le")) // 2)  # Java counts UTF-16 units


@function("normalize-space", 0, 1)
def normalize_space(here: Here, value: Plain | None = None) -> str:
    return " ".join(to_text(_own(here) if value is None else value).split())


def _own(here: Here) -> Plain:
    return here.plain([here.node])


@function("regex", 2)
def matches(here: Here, text: Plain, pattern: Plain) -> bool:
    """Whether the pattern fits the whole text.

    Where Android's and Java's ideas of letters and digits differ, or the search takes too long, it is Undecidable."""
    whole = to_text(text)
    if len(whole) > _LONGEST:
        raise Undecidable("the answer is too long for its pattern")
    narrow, wide = _patterns(to_text(pattern))
    fits = _fits(here, narrow, whole)
    if not whole.isascii() and _fits(here, wide, whole) != fits:
        raise Undecidable("the pattern means different things on different phones")
    return fits


def _fits(here: Here, pattern: regex.Pattern[str], text: str) -> bool:
    here.run.spend(1)
    try:
        fits = pattern.search if here.run.world.standard else pattern.fullmatch  # browsers do not ask for the whole
        if _is_short(pattern.pattern, text):  # looking at the clock costs several times what most patterns do
            return fits(text) is not None
        return fits(text, timeout=_PATIENCE) is not None
    except TimeoutError:
        here.run.spend(_EFFORT)
        raise Undecidable("the pattern takes too long") from None


def _is_short(pattern: str, text: str) -> bool:
    """Whether a search cannot take long: without groups, nothing is repeated inside a repetition, so that each one ends
    at one of the signs of the text, and a search begins at one of them."""
    return "(" not in pattern and (len(text) + 1) ** (len(_REPEATS.findall(pattern)) + 1) <= _SHORT


@lru_cache(maxsize=500)
def _patterns(pattern: str) -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    if len(pattern) > _LONGEST or "[:" in pattern:  # a class by name on phones, signs in Java
        raise Undecidable("the pattern cannot be read")
    try:
        return regex.compile(pattern, regex.V1 | regex.ASCII), regex.compile(pattern, regex.V1)
    except (regex.error, ValueError, RecursionError, OverflowError):
        raise Undecidable("the pattern cannot be read") from None


@function("selected", 2)
@function("is-selected", 2)
def selected(here: Here, chosen: Plain, choice: Plain) -> bool:
    if not isinstance(choice, str):
        raise Undecidable("the choice is not a text")
    text = chosen if isinstance(chosen, str) else to_text(chosen)
    if here.run.world.standard:
        return choice.strip() in text.split()
    return f" {choice.strip(' ')} " in f" {text} "


def _chosen(value: Plain) -> list[str]:
    if not isinstance(value, str):
        raise Undecidable("the value is not a choice")
    return [part for part in value.split(" ") if part]


@function("count-selected")
def count_selected(_here: Here, chosen: Plain) -> float:
    return float(len(_chosen(chosen)))


@function("selected-at", 2)
def selected_at(_here: Here, chosen: Plain, place: Plain) -> str:
    parts, index = _chosen(chosen), to_index(place)
    return parts[index] if 0 <= index < len(parts) else ""


@function("jr:choice-name", 2, needs=LANGUAGE)
def choice_name(here: Here, value: Plain, path: Plain) -> str:
    """The label of a choice of the select at a path, in the language in which the form is shown."""
    world = here.run.world
    if world.label is None:
        raise Undecidable("the labels are not there")
    return world.label(to_text(path), to_text(value), world.language)


@function("jr:itext", needs=LANGUAGE)
def itext(here: Here, text_id: Plain) -> str:
    """A translation, in the language in which the form is shown."""
    world = here.run.world
    if world.text is None:
        raise Undecidable("the translations are not there")
    return world.text(to_text(text_id), world.language)


@function("boolean-from-string")
def boolean_from_string(_here: Here, value: Plain) -> bool:
    text = to_text(value)
    return text.lower() == "true" or text == "1"


@function("boolean")
def boolean(_here: Here, value: Plain) -> bool:
    return to_truth(value)


@function("not")
def negation(_here: Here, value: Plain) -> bool:
    return not to_truth(value)

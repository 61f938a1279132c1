"""Under what circumstances a submission was made, as far as the server can know: the worlds its logic may have seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import product

from forms.logic import moments
from forms.logic.lists import ItemList
from forms.logic.nodes import Node
from forms.logic.run import World
from forms.logic.values import Undecidable
from forms.xform import Form
from schemas.fields import Field

_AN_HOUR = timedelta(hours=1)
_A_DAY = timedelta(days=1)
_SUMMER = range(4, 11)  # where that half of the year is winter, it is the same two halves
_LONG_AGO = timedelta(days=365)
_LONGEST = timedelta(days=400)
_FILE = "file:"
_TIMED = ("dateTime", "time")
_FAR_APART = (timezone(timedelta(hours=-10)), timezone(timedelta(hours=13)))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """`arrived` is when the submission came, with a zone; `zone` that of the project. `file` gives the list in a form
    file by its name; what it cannot give is Undecidable."""

    arrived: datetime | None = None
    zone: tzinfo | None = None
    file: Callable[[str], ItemList] | None = None


UNKNOWN = Circumstances()


class Seasons(tzinfo):
    """A zone of which one offset is known: in the other half of the year its clocks are set an hour off."""

    def __init__(self, offset: timezone, summer: bool, shift: timedelta) -> None:
        self._offset = offset.utcoffset(None)
        self._summer = summer
        self._shift = shift

    def utcoffset(self, at: datetime | None) -> timedelta:
        """The offset at a local time."""
        other = at is not None and (at.month in _SUMMER) != self._summer
        return self._offset + self._shift if other else self._offset

    def dst(self, _at: datetime | None) -> timedelta:
        """Not told apart from the offset."""
        return timedelta()

    def tzname(self, _at: datetime | None) -> str:
        """It has none."""
        return ""


def worlds(form: Form, root: Node, circumstances: Circumstances, *, unsteady: bool) -> Iterator[World]:
    """The worlds that expressions may have been evaluated in, the likeliest first; one where nothing asks for more.

    The phone's clock is its own `end`, or `start`. Where it is more than a day from the arrival, either may be wrong:
    a finding must hold by both, and between (`between`). Without either it may have been filled in long before.
    """
    start, end, offset = _phone(form, root)
    zones = _zones(offset, circumstances.zone, end or start or circumstances.arrived)
    clocks = _clocks(start, end, zones, circumstances.arrived)
    languages = _default_first(form.default_language, form.languages or ("",))
    if not unsteady:
        zones, languages, clocks = [offset or circumstances.zone], [form.default_language], clocks[:1]
    for standard, zone, language, now in product((False, True), zones, languages, clocks):
        yield World(
            now=now,
            zone=zone,
            language=language,
            version=form.version,
            lists=lambda source: _list(form, circumstances, source),
            label=lambda path, value, language: _label(form, path, value, language),
            text=lambda text_id, language: _translated(form, text_id, language),
            standard=standard,
        )


def between(first: datetime, last: datetime) -> Iterator[datetime]:
    """Times from the first to the last: on each day, and at all hours. Undecidable if they are too far apart."""
    if last - first > _LONGEST:
        raise Undecidable("the phone's clock cannot be right")
    step = _AN_HOUR if last - first <= _A_DAY else 23 * _AN_HOUR
    while first < last:
        yield first
        first += step


def _zones(offset: timezone | None, project: tzinfo | None, now: datetime | None) -> list[tzinfo | None]:
    """The zones the phone may have been in: that of the project where its offset agrees, as it knows the past too."""
    if offset is None:
        return [project or UTC, *_FAR_APART, *(Seasons(UTC, True, shift) for shift in (-_AN_HOUR, _AN_HOUR))]
    if project is not None and now is not None and now.replace(tzinfo=project).utcoffset() == offset.utcoffset(None):
        return [project]
    half = now is None or now.month in _SUMMER
    return [offset, *(Seasons(offset, half, shift) for shift in (-_AN_HOUR, _AN_HOUR))]


def _default_first(default: str, languages: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((default, *languages))) if default else list(languages)


def _clocks(
    start: datetime | None, end: datetime | None, zones: list[tzinfo | None], arrived: datetime | None
) -> list[datetime | None]:
    local = [arrived.astimezone(zone).replace(tzinfo=None) for zone in zones] if arrived is not None else []
    known = [at for at in (end, start) if at is not None]
    if not known:
        return [*local, min(local) - _LONG_AGO] if local else [None]
    known += [at for at in local if abs(at - known[0]) > _A_DAY]
    return list(dict.fromkeys(known))


def _phone(form: Form, root: Node) -> tuple[datetime | None, datetime | None, timezone | None]:
    """The phone's start and end, in its own time, and its offset: that of these, else of any moment it sent."""
    texts = {source.preload: _text(root, source) for source in form.clocks}
    zone = next((zone for text in (texts.get("end"), texts.get("start")) if text and (zone := _offset(text))), None)
    if zone is None:
        zone = next((zone for text in _moments(root) if (zone := _offset(text))), None)
    return _read(texts.get("start"), zone), _read(texts.get("end"), zone), zone


def _offset(text: str) -> timezone | None:
    try:
        return moments.offset_in(text.strip())
    except ValueError:
        return None


def _read(text: str | None, zone: timezone | None) -> datetime | None:
    try:
        return moments.read(text.strip(), zone) if text and "T" in text else None
    except Undecidable:
        return None


def _text(root: Node, source: Field) -> str:
    nodes = [root]
    for name in source.path.split("/")[2:]:
        nodes = [kid for node in nodes for kid in node.children.get(name, [])]
    return nodes[0].text if nodes else ""


def _moments(node: Node) -> Iterator[str]:
    for kid in (kid for kids in node.children.values() for kid in kids):
        if kid.part.kind in _TIMED and kid.text:
            yield kid.text
        yield from _moments(kid)


def _list(form: Form, circumstances: Circumstances, source: str) -> ItemList:
    if source.startswith(_FILE):
        known: ItemList | str | None = source.removeprefix(_FILE)
    else:
        known = form.lists.get(source)
    if isinstance(known, ItemList):
        return known
    if not known or circumstances.file is None:
        raise Undecidable("the list is not there")
    return circumstances.file(known)


def _label(form: Form, path: str, value: str, language: str) -> str:
    field = form.field(path.strip())
    labels = {
        choice.labels.get(language) or next(iter(choice.labels.values()), "")
        for choice in (field.options if field else ())
        if choice.name == value
    }
    if not value or (field and field.options and not labels):
        return ""
    if len(labels) != 1 or "…" in (label := labels.pop()):
        raise Undecidable("the label of the choice is not known")
    return label


def _translated(form: Form, text_id: str, language: str) -> str:
    text = form.texts.get(text_id, {}).get(language, "")
    if not text or "…" in text:
        raise Undecidable("the translation is not known")
    return text

"""Under what circumstances a submission was made, as far as the server can know: the worlds its logic may have seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from forms.logic import moments
from forms.logic.lists import ItemList
from forms.logic.nodes import Node
from forms.logic.run import World
from forms.logic.values import Undecidable
from forms.xform import Form
from schemas.fields import Field

_A_DAY = timedelta(days=1)
_LONG_AGO = timedelta(days=365)
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


def worlds(form: Form, root: Node, circumstances: Circumstances, *, unsteady: bool) -> Iterator[World]:
    """The worlds that expressions may have been evaluated in, the likeliest first; one where nothing asks for more.

    The phone's clock is its own `end`, or `start`. Where it is more than a day from the arrival, either may be wrong:
    a finding must hold by both. Without either the phone may have been filled in long before.
    """
    start, end, offset = _phone(form, root)
    clocks = _clocks(start, end, offset or circumstances.zone, circumstances)
    languages: Iterable[str] = form.languages or ("",)
    for zone in _zones(offset, circumstances.zone, clocks[0]) if unsteady else [offset or circumstances.zone]:
        for language in _default_first(form.default_language, languages) if unsteady else [form.default_language]:
            for now in clocks if unsteady else clocks[:1]:
                yield World(
                    now=now,
                    zone=zone,
                    language=language,
                    version=form.version,
                    lists=lambda source: _list(form, circumstances, source),
                    label=lambda path, value, language: _label(form, path, value, language),
                    text=lambda text_id, language: _translated(form, text_id, language),
                )


def _zones(offset: timezone | None, project: tzinfo | None, now: datetime | None) -> list[tzinfo | None]:
    """The zones the phone may have been in: that of the project where its offset agrees, as it knows the past too."""
    if offset is None:
        return [project or UTC, *_FAR_APART]
    if project is not None and now is not None and now.replace(tzinfo=project).utcoffset() == offset.utcoffset(None):
        return [project]
    return [offset]


def _default_first(default: str, languages: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((default, *languages))) if default else list(languages)


def _clocks(
    start: datetime | None, end: datetime | None, zone: tzinfo | None, circumstances: Circumstances
) -> list[datetime | None]:
    arrived = None
    if circumstances.arrived is not None:
        arrived = circumstances.arrived.astimezone(zone).replace(tzinfo=None)
    known = [at for at in (end, start) if at is not None]
    if not known:
        return [arrived, arrived - _LONG_AGO] if arrived is not None else [None]
    if arrived is not None and abs(arrived - known[0]) > _A_DAY:
        known.append(arrived)
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

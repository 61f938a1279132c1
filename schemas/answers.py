"""The answer schema: marshmallow field types of ODK, and the schema of one form version built from its fields.

`build` is called once for a form version. `Schema.load` takes answers as nested text; the checker of submissions
uses the same fields one by one. What a field refuses is a `Breach` with the stable code of a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields

from schemas import lexical
from schemas.fields import REPEAT, Field
from schemas.findings import MESSAGES

Json = Any
Names = frozenset[str] | None


class Breach(ValidationError):
    """A value that does not fit. `code` is a key of `MESSAGES`."""

    def __init__(self, code: str) -> None:
        super().__init__(MESSAGES[code])
        self.code = code


class Answer(fields.Field[Json]):
    """One answer. `textual`: a value that does not fit is kept as it was sent, since the column is text anyway."""

    textual: bool = False

    def __init__(self, source: Field, **options: Any) -> None:
        super().__init__(allow_none=True, metadata={"field": source}, **options)
        self.source = source
        self.computed = bool(source.calculate) or not source.control

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **options: Any) -> Json:
        """As of every field of marshmallow, which for each text would set up hooks and validators: we have none."""
        if type(value) is str:
            return self._deserialize(value, attr, data)
        return super().deserialize(value, attr, data, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> Json:
        text = value.strip() if value else ""
        return self.read(text) if text else None

    def read(self, text: str) -> Json:
        """The typed value of trimmed, non-empty text, or a Breach. By itself: the text."""
        return text


class Text(Answer):
    """Text, a barcode, an acknowledgement, and every type that is not known: kept as it is, blanks included."""

    textual = True

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> Json:
        return value or None


class Integer(Answer):
    """A whole number of any size. What is computed may be written `2.0`, or come to no number at all."""

    def read(self, text: str) -> Json:
        number = lexical.integer(text, computed=self.computed)
        if number is None and not (self.computed and text in lexical.NOT_FINITE):
            raise Breach("type.integer")
        return number


class Decimal(Answer):
    """A number, also as Java writes it (`1.0E7`). What is computed may come to no number at all."""

    def read(self, text: str) -> Json:
        number = lexical.decimal(text)
        if number is None and not (self.computed and text in lexical.NOT_FINITE):
            raise Breach("type.decimal")
        return number


class Date(Answer):
    """A day. What is computed may be a moment, of which the day is kept."""

    def read(self, text: str) -> Json:
        if lexical.is_date(text) or (self.computed and lexical.is_moment(text)):
            return text[:10]
        raise Breach("type.date")


class Time(Answer):
    """A time of day, with or without an offset. What is computed may be a moment."""

    def read(self, text: str) -> Json:
        if lexical.is_time(text):
            return text
        if self.computed and lexical.is_moment(text):
            return text.partition("T")[2]
        raise Breach("type.time")


class DateTime(Answer):
    """A moment, with or without an offset; `+07` becomes `+07:00`. A mere day is taken, as engines put today() here."""

    def read(self, text: str) -> Json:
        if lexical.is_moment(text):
            return lexical.full_offset(text)
        if lexical.is_date(text):
            return text
        raise Breach("type.dateTime")


class Boolean(Answer):
    """True or false, as words or as 1 and 0."""

    values: ClassVar[Mapping[str, bool]] = {"true": True, "1": True, "false": False, "0": False}

    def read(self, text: str) -> Json:
        if text.lower() not in self.values:
            raise Breach("type.boolean")
        return self.values[text.lower()]


class Geopoint(Answer):
    """A place: `latitude longitude [altitude [accuracy]]` → a GeoJSON Point."""

    def read(self, text: str) -> Json:
        place = lexical.place(text)
        if place is None:
            raise Breach("type.geopoint")
        position, accuracy = place
        point: dict[str, Json] = {"type": "Point", "coordinates": position}
        if accuracy is not None:
            point["properties"] = {"accuracy": accuracy}
        return point


class Geotrace(Answer):
    """A line: places joined by `;` → a GeoJSON LineString."""

    def read(self, text: str) -> Json:
        places = lexical.places(text)
        if places is None or len(places) < 2:
            raise Breach("type.geotrace")
        return {"type": "LineString", "coordinates": [position for position, _ in places], **_accuracies(places)}


class Geoshape(Answer):
    """An area: places joined by `;`, the last equal to the first → a GeoJSON Polygon."""

    def read(self, text: str) -> Json:
        places = lexical.places(text)
        if places is None or len(places) < 3 or places[0][0][:2] != places[-1][0][:2]:
            raise Breach("type.geoshape")
        return {"type": "Polygon", "coordinates": [[position for position, _ in places]], **_accuracies(places)}


def _accuracies(places: list[lexical.Place]) -> dict[str, Json]:
    """The GeoJSON member for accuracies, in line with the positions; none where no place has one."""
    accuracies = [accuracy or None for _, accuracy in places]
    return {"properties": {"accuracies": accuracies}} if any(accuracies) else {}


class Binary(Answer):
    """The name of a file; also the address of a picture that the form itself puts there."""

    textual = True

    def read(self, text: str) -> Json:
        if not lexical.is_file_name(text) and not text.startswith(lexical.MEDIA):
            raise Breach("type.binary")
        return text


class Select(Answer):
    """One choice. `names` are those there are, None where they cannot be judged. Where the bind gives a type the value
    has it; `inner` is that type's field."""

    def __init__(self, source: Field, names: Names = None, inner: Answer | None = None, **options: Any) -> None:
        super().__init__(source, **options)
        self.names = names
        self.inner = inner
        self.textual = inner is None

    def read(self, text: str) -> Json:
        if self.names is not None and text not in self.names and text != self.source.default.strip():
            raise Breach("choice.unknown")
        if self.inner is None:
            return text
        try:
            return self.inner.read(text)
        except Breach:
            if self.names is None:
                raise
            return None


class SelectMultiple(Answer):
    """Several choices with spaces between; also a ranking."""

    textual = True

    def __init__(self, source: Field, names: Names = None, **options: Any) -> None:
        super().__init__(source, **options)
        self.names = names
        self.once = not self.computed and not any(" " in choice.name for choice in source.options)

    def read(self, text: str) -> Json:
        given = text.split()
        if self.names is not None and set(given) - self.names - set(self.source.default.split()):
            raise Breach("choice.unknown")
        if self.once and len(given) != len(set(given)):
            raise Breach("choice.repeated")
        return text


TYPES: dict[str, type[Answer]] = {
    "string": Text,
    "barcode": Text,
    "int": Integer,
    "integer": Integer,
    "long": Integer,
    "decimal": Decimal,
    "date": Date,
    "time": Time,
    "dateTime": DateTime,
    "boolean": Boolean,
    "geopoint": Geopoint,
    "geotrace": Geotrace,
    "geoshape": Geoshape,
    "binary": Binary,
    "select": SelectMultiple,
    "rank": SelectMultiple,
}


class AnswerSchema(Schema):
    """The answers below one node: a group is Nested, a repeat a List of Nested, unknown names are refused."""

    def __init__(self, members: Mapping[str, fields.Field[Any]]) -> None:
        self._declared_fields = dict(members)  # a form may call its nodes anything, also what a class body could not
        super().__init__(unknown=RAISE)


def build(form_fields: Iterable[Field]) -> AnswerSchema:
    """The schema of one form version, from its fields in document order (the root left out)."""
    return _Builder(form_fields).schema()


def below(part: fields.Field[Any]) -> AnswerSchema | None:
    """The schema below a group or repeat; None for a leaf."""
    inner = part.inner if isinstance(part, fields.List) else part
    schema = inner.schema if isinstance(inner, fields.Nested) else None
    return schema if isinstance(schema, AnswerSchema) else None


class _Builder:
    def __init__(self, form_fields: Iterable[Field]) -> None:
        self._children: dict[str, list[Field]] = {}
        self._names: dict[int, frozenset[str]] = {}
        for field in form_fields:
            self._children.setdefault(field.path.rpartition("/")[0], []).append(field)

    def schema(self, path: str | None = None) -> AnswerSchema:
        """The schema below a path, that of the root by default."""
        members: dict[str, fields.Field[Any]] = {}
        for field in self._children.get(next(iter(self._children), "") if path is None else path, ()):
            if field.is_container:
                part = fields.Nested(self.schema(field.path), metadata={"field": field})
                members[field.name] = fields.List(part, metadata={"field": field}) if field.type == REPEAT else part
            else:
                members[field.name] = self._answer(field)
        return AnswerSchema(members)

    def _answer(self, source: Field) -> Answer:
        type_ = TYPES.get(source.type, Text)
        if source.control in ("select", "rank"):
            return SelectMultiple(source, self._judged(source, split=True))
        if source.control == "select1":
            inner = None if issubclass(type_, Text | SelectMultiple) else type_(source)
            return Select(source, self._judged(source), inner)
        return type_(source)

    def _judged(self, source: Field, *, split: bool = False) -> Names:
        """What may be chosen, made once for each list; None where a calculation may put anything there."""
        if source.choices is None or source.calculate:
            return None
        names = self._names.get(id(source.choices))
        if names is None:
            names = self._names[id(source.choices)] = frozenset(choice.name for choice in source.choices)
        if split and any(" " in name for name in names):
            return frozenset(word for name in names for word in name.split())
        return names

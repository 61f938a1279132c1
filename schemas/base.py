"""What all shapes of the wire share: camelCase keys, UTC times with milliseconds, unknown keys refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from schemas import problems


def camel(name: str) -> str:
    """`review_state` → `reviewState`."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def timestamp(moment: datetime | None) -> str | None:
    """`2026-11-23T01:02:03.004Z`, as the ODK Central API writes times."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


class Timestamp(fields.Field[datetime]):
    """A moment on the wire. Only ever sent."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return timestamp(value)


class Truth(fields.Boolean):
    """True, false, or a word for one of them. Raises INVALID_DATA_TYPE for all else, as ODK Central does."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except ValidationError:
            raise problems.INVALID_DATA_TYPE(value=str(value)[:80], expected="type boolean") from None


class Shape(Schema):
    """The base of every shape of the wire."""

    class Meta:
        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give each field its camelCase key."""
        field_obj.data_key = camel(field_obj.data_key or field_name)

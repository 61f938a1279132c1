"""The little of Thrift's compact protocol that a Parquet file needs: structures of numbers, texts, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12


class Long(NamedTuple):
    """A number of 64 bits."""

    value: int


Struct = dict[int, Any]


def struct(fields: Struct) -> bytes:
    """A structure: by the number of the field, in rising order, an int (of 32 bits), Long, str, Struct or a list."""
    made, before = bytearray(), 0
    for number, value in fields.items():
        kind, data = _value(value)
        step = number - before
        made += bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + varint(_zigzag(number))
        made += data
        before = number
    return bytes(made) + b"\0"


def _value(value: Any) -> tuple[int, bytes]:
    if isinstance(value, Long):
        return _I64, varint(_zigzag(value.value))
    if isinstance(value, int):
        return _I32, varint(_zigzag(value))
    if isinstance(value, str):
        data = value.encode()
        return _BINARY, varint(len(data)) + data
    if isinstance(value, dict):
        return _STRUCT, struct(value)
    return _LIST, _list(value)


def _list(values: Sequence[Any]) -> bytes:
    """Of one kind, and not empty."""
    made = [_value(value) for value in values]
    kind, count = made[0][0], len(made)
    head = bytes([count << 4 | kind]) if count < 15 else bytes([0xF0 | kind]) + varint(count)
    return head + b"".join(data for _, data in made)


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def varint(number: int) -> bytes:
    """A number from 0 up, seven bits in a byte."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)

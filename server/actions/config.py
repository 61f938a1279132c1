"""What administrators set for the whole server over the API. Others see what stands on the page where one signs in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select

from schemas import problems
from server import permissions
from server.actions import audits, files
from server.db import db, insert, known_number, now, writes
from server.models import Blob, Config
from server.permissions import Actor
from sync.parts import Part

UNKNOWN = "there is nothing of that name to be set"


def _texts(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value[name] for name in names if isinstance(value.get(name), str) and value[name]}


def _analytics(value: Mapping[str, Any]) -> dict[str, Any]:
    enabled = value.get("enabled") is True
    return {"enabled": enabled} | (_texts(value, "email", "organization") if enabled else {})


def _appearance(value: Mapping[str, Any]) -> dict[str, Any]:
    return _texts(value, "title", "description")


# What of a body is kept. Usage is never told to anybody by this server, whatever is set: clients ask for the setting.
VALUES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "analytics": _analytics,
    "login-appearance": _appearance,
}
FILES = ("logo", "hero-image")
PUBLIC = ("login-appearance", *FILES)


@dataclass(frozen=True, slots=True)
class Set:
    """One thing that is set, and the file if it is one."""

    config: Config
    blob: Blob | None


@dataclass(frozen=True, slots=True)
class Look:
    """What pages show of what is set: texts, '' where none is, and the numbers of pictures, which change with them."""

    title: str = ""
    description: str = ""
    pictures: Mapping[str, int] = field(default_factory=dict)

    def picture(self, key: str) -> int | None:
        """The number of a picture; None where none is set, or something that is no picture."""
        return self.pictures.get(key)


PLAIN = Look()


def check(actor: Actor, key: str) -> bool:
    """Whether it is a file that is set there. Raises INSUFFICIENT_RIGHTS; UNEXPECTED_VALUE where nothing can be."""
    permissions.require(actor, "config.set")
    if key not in VALUES and key not in FILES:
        raise problems.UNEXPECTED_VALUE(field="key", value=key, reason=UNKNOWN)
    return key in FILES


@writes
def put(actor: Actor, key: str, value: Mapping[str, Any]) -> Config:
    """Set a value: what of it is understood. Raises what `check` raises."""
    check(actor, key)
    kept = VALUES[key](value)
    made = _replace(key, value=kept)
    audits.log(actor, "config.set", key=key, value=kept)
    return made


def put_file(actor: Actor, key: str, part: Part) -> Config:
    """Set a file. Raises what `check` raises, BUSY, DISK_FULL."""
    check(actor, key)
    files.keep([part])
    return _put_file(actor, key, part)


@writes
def _put_file(actor: Actor, key: str, part: Part) -> Config:
    check(actor, key)
    files.record([part])
    made = _replace(key, blob_sha256=part.sha256, content_type=part.content_type)
    audits.log(actor, "config.set", key=key, blobId=made.id)
    return made


def _replace(key: str, **values: Any) -> Config:
    db.session.execute(delete(Config).where(Config.key == key))
    number = known_number(insert(Config, key=key, set_at=now(), **values))
    db.session.expire_all()
    return db.session.get_one(Config, number)


@writes
def unset(actor: Actor, key: str) -> None:
    """Back to how it was before; also where nothing was set. Raises what `check` raises."""
    check(actor, key)
    db.session.execute(delete(Config).where(Config.key == key))
    audits.log(actor, "config.set", key=key, value=None, blobId=None)


def get(actor: Actor, key: str) -> Set:
    """What is set. Raises INSUFFICIENT_RIGHTS, NOT_FOUND."""
    permissions.require(actor, "config.read")
    return _get(key)


def get_public(key: str) -> Set:
    """As `get`, for everybody. Raises INSUFFICIENT_RIGHTS for what is not shown to all, NOT_FOUND."""
    if key not in PUBLIC:
        raise problems.INSUFFICIENT_RIGHTS()
    return _get(key)


def _get(key: str) -> Set:
    query = select(Config, Blob).outerjoin(Blob, Blob.sha256 == Config.blob_sha256).where(Config.key == key)
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise problems.NOT_FOUND()
    return Set(row[0], row[1])


def all_public() -> list[Config]:
    """What is set, and shown to everybody."""
    return list(db.session.scalars(select(Config).where(Config.key.in_(PUBLIC)).order_by(Config.id)))


def look() -> Look:
    """What is set of the look of pages, for everybody."""
    found = all_public()
    words = next((one.value for one in found if one.key == "login-appearance"), None) or {}
    shown = {one.key: one.id for one in found if (one.content_type or "").startswith("image/")}
    return Look(words.get("title", ""), words.get("description", ""), shown)

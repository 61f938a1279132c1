"""What the logic of forms asks of the server: when a submission came, the project's zone, and lists in form files.

And what of it is checked at all: `report`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime
from threading import Lock
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from forms import checks
from forms.logic import lists
from forms.logic.circumstances import Circumstances
from forms.logic.functions.registry import PHONE
from forms.logic.lists import ItemList
from forms.logic.program import (
    ENCRYPTED,
    ENTITIES,
    NO_FILE,
    NO_LIST,
    NOT_RECOMPUTED,
    TOO_LARGE,
    UNREADABLE,
    Expression,
)
from forms.logic.values import Undecidable
from forms.xform import Form
from server.actions import files, forms
from server.db import ask, now
from server.models import Blob, FormFile, FormVersion

# A list in memory takes some ten times its file.
_LARGEST = 8 * 2**20
_MOST_KEPT = 12 * 2**20
_FILE_OF = "file:"
_FILE = (
    select(FormFile.dataset_id, FormFile.blob_sha256, Blob.size)
    .outerjoin(Blob, Blob.sha256 == FormFile.blob_sha256)
    .where(FormFile.version_id == bindparam("version_id"), FormFile.name == bindparam("name"))
)
_read: OrderedDict[tuple[str, str], ItemList] = OrderedDict()
_sizes: dict[tuple[str, str], int] = {}  # of the files, in bytes
_reading = Lock()


def circumstances(version_id: int, time_zone: str, arrived: datetime | None = None) -> Circumstances:
    """Under what circumstances a submission for this version came; now, if nothing else is said."""
    known: dict[str, ItemList | Undecidable] = {}

    def file(name: str) -> ItemList:
        if name not in known:
            known[name] = _list(version_id, name)
        found = known[name]
        if isinstance(found, Undecidable):
            raise found.again()
        return found

    return Circumstances(arrived or now(), ZoneInfo(time_zone), file)


def missing(version_id: int, name: str) -> str:
    """Why the list in a file of this version cannot be asked; '' where it can. English, a key of the catalogue."""
    found = ask(_FILE, version_id=version_id, name=name)
    if not found or found[0].blob_sha256 is None:
        return ENTITIES if found and found[0].dataset_id is not None else NO_FILE
    if found[0].dataset_id is not None:
        return ENTITIES
    return TOO_LARGE if found[0].size > _LARGEST else ""


def report(version: FormVersion) -> list[Expression]:
    """Every expression of a version, but what the converter adds; those that are not checked on arrival say why."""
    form = forms.compiled(version)
    found = checks.plan_of(form).program.report(lambda source: _not_asked(version.id, form, source))
    if form.public_key:
        found = [replace(each, because=ENCRYPTED, named={}) for each in found]
    return [each for each in found if not each.path.endswith("/meta/instanceID")]


def _not_asked(version_id: int, form: Form, source: str) -> str:
    """Why a list cannot be asked, by its id in the form or as `file:<name>`; '' where it can."""
    known = source.removeprefix(_FILE_OF) if source.startswith(_FILE_OF) else form.lists.get(source)
    if isinstance(known, ItemList):
        return ""
    if not known:
        return NO_LIST if known is None else NOT_RECOMPUTED[PHONE]
    return missing(version_id, known) or ("" if isinstance(_list(version_id, known), ItemList) else UNREADABLE)


def _list(version_id: int, name: str) -> ItemList | Undecidable:
    reason = missing(version_id, name)
    if reason:
        return Undecidable(reason)
    found = ask(_FILE, version_id=version_id, name=name)[0]
    place = (found.blob_sha256, name.rpartition(".")[2].lower())
    with _reading:
        known = _read.get(place)
        if known is not None:
            _read.move_to_end(place)
            return known
    try:
        with files.read(found.blob_sha256) as stream:
            made = lists.from_file(name, stream.read())
    except Undecidable as unreadable:
        return unreadable
    with _reading:
        _read[place], _sizes[place] = made, found.size
        while len(_read) > 1 and sum(_sizes.values()) > _MOST_KEPT:
            del _sizes[_read.popitem(last=False)[0]]
    return made

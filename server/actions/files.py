"""Files by content, and the files that a form version expects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from sqlalchemy import bindparam, select

from schemas import problems
from server.actions import audits
from server.db import ask, db, end_read, insert_missing, now, writes
from server.models import Blob, Form, FormFile, FormVersion
from server.parts import storage
from server.permissions import Actor
from server.space import trouble
from sync.parts import Part

# So many files, of any age, are not all lost one by one.
SEVERAL = 5


def keep(parts: Iterable[Part]) -> None:
    """Put the bytes into storage, before any transaction begins. Raises BUSY, DISK_FULL."""
    for part in parts:
        try:
            storage().put(part.sha256, part.stream, part.md5)
        except OSError as error:
            raise trouble(error) from error


def record(parts: Iterable[Part]) -> None:
    """Rows for kept bytes, within the running write transaction. Repeats are harmless."""
    moment = now()
    unique = {part.sha256: part for part in parts}
    rows = [{"sha256": p.sha256, "md5": p.md5, "size": p.size, "created_at": moment} for p in unique.values()]
    insert_missing(Blob, rows)


def read(sha256: str) -> BinaryIO:
    """The bytes of a blob. Raises BUSY when the store cannot give them."""
    try:
        return storage().open(sha256)
    except OSError as error:
        raise problems.BUSY() from error


def require_store() -> None:
    """Raise STORE_AWAY unless the store answers: whoever gives away many files fails before the first, not between.

    One file may be lost, of which `manage check` says more. Where several are asked for and none is there, a disk is
    not mounted, or it is an empty one.
    """
    some = db.session.scalars(select(Blob.sha256).order_by(Blob.sha256).limit(SEVERAL)).all()
    end_read()
    for sha256 in some:
        try:
            storage().open(sha256).close()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise problems.STORE_AWAY() from error
        return
    if len(some) == SEVERAL:
        raise problems.STORE_AWAY()


def of_version(version_id: int) -> list[tuple[FormFile, Blob | None]]:
    """The files a form version expects, by name, with their blobs."""
    query = select(FormFile, Blob).outerjoin(Blob, Blob.sha256 == FormFile.blob_sha256)
    rows = db.session.execute(query.where(FormFile.version_id == version_id).order_by(FormFile.name))
    return [(row[0], row[1]) for row in rows]


_KEPT = (
    select(FormFile.name, Blob.md5)
    .join(Blob, Blob.sha256 == FormFile.blob_sha256)
    .where(FormFile.version_id == bindparam("version_id"))
    .order_by(FormFile.name)
)


def kept(version_id: int | None) -> list[tuple[str, str]]:
    """Names and MD5 of the files of a form version that are there, by name: all that a manifest needs."""
    return [(row.name, row.md5) for row in ask(_KEPT, version_id=version_id)]


def one_of_version(version_id: int, name: str) -> tuple[FormFile, Blob | None]:
    """One expected file. Raises NOT_FOUND."""
    for file, blob in of_version(version_id):
        if file.name == name:
            return file, blob
    raise problems.NOT_FOUND()


def put_form_file(actor: Actor, form: Form, draft: FormVersion, name: str, part: Part) -> tuple[FormFile, Blob | None]:
    """Fill the place of an expected file of the draft. Raises NOT_FOUND when the form expects no such file."""
    form_id, draft_id = form.id, draft.id
    one_of_version(draft_id, name)
    keep([part])
    return _attach(actor, form_id, draft_id, name, part)


@writes
def _attach(actor: Actor, form_id: int, draft_id: int, name: str, part: Part) -> tuple[FormFile, Blob | None]:
    form = db.session.get_one(Form, form_id)
    if form.draft_version_id != draft_id:
        raise problems.NOT_FOUND()
    record([part])
    file, _ = one_of_version(draft_id, name)
    log_change(actor, form, file, part.sha256)
    file.blob_sha256 = part.sha256
    file.dataset_id = None
    file.content_type = part.content_type or None
    file.updated_at = now()
    db.session.flush()
    return one_of_version(draft_id, name)


@writes
def clear_form_file(actor: Actor, form: Form, draft: FormVersion, name: str) -> None:
    """Empty the place of an expected file of the draft."""
    file, _ = one_of_version(draft.id, name)
    if file.blob_sha256 is None and file.dataset_id is None:
        raise problems.NOT_FOUND()
    log_change(actor, form, file, None)
    file.blob_sha256 = None
    file.dataset_id = None
    file.updated_at = now()


def log_change(actor: Actor, form: Form, file: FormFile, sha256: str | None, dataset_id: int | None = None) -> None:
    """What stood in a place, and what stands there now; files are told apart by their SHA-256."""
    audits.log(
        actor,
        "form.attachment.update",
        project_id=form.project_id,
        form_id=form.id,
        formDefId=file.version_id,
        name=file.name,
        oldBlobId=file.blob_sha256,
        newBlobId=sha256,
        oldDatasetId=file.dataset_id,
        newDatasetId=dataset_id,
    )


def blob(sha256: str) -> Blob:
    """What is known of a stored file. Raises NOT_FOUND."""
    found = db.session.get(Blob, sha256)
    if found is None:
        raise problems.NOT_FOUND()
    return found

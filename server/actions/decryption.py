"""What encrypted submissions hold, for who knows the passphrases of managed keys. In memory alone, row by row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select

from forms import checks, encryption
from forms import instance as instances
from forms.encryption import Undecryptable
from forms.exports.job import MISSING, SEALED
from schemas import problems
from server.actions import audits, files, forms, guesses
from server.db import db, end_read
from server.models import Form, FormVersion, ProjectKey, SubmissionFile, SubmissionVersion
from server.parts import storage
from server.permissions import Actor
from server.secrets import open_private_key
from sync.parts import MAX_XML

CHUNK = 256 * 1024


@dataclass(slots=True)
class Keyring:
    """Keys that were asked for by number, and those of them that were opened. `files`: how to read media later."""

    asked: frozenset[int] = frozenset()
    opened: dict[int, RSAPrivateKey] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An encrypted submission: where its files are, the answers last. `key` is its own, None where it stays shut."""

    instance_id: str
    names: tuple[str, ...]
    key: bytes | None

    def clear(self, name: str, parts: Iterable[bytes]) -> Iterator[bytes]:
        """The file of this name in clear. Raises Undecryptable."""
        if self.key is None or name not in self.names:
            raise Undecryptable
        return encryption.opened(self.key, self.instance_id, self.names.index(name), parts)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A row that was encrypted: the key it was encrypted for, its answers in clear, or why there are none."""

    key_id: int | None
    answers: dict[str, Any] | None = None
    status: str | None = SEALED
    envelope: Envelope | None = None


def keyring(actor: Actor, form: Form, passphrases: Mapping[int, str]) -> Keyring:
    """The managed keys that versions of a form have, as these passphrases open them. Slow on purpose.

    Other keys are not tried. Raises UNDECRYPTABLE if a passphrase is not the one, which is written down;
    PASSPHRASES_LOCKED_OUT after many such; STORE_AWAY where nothing encrypted could be read.
    """
    if not passphrases:
        return Keyring()
    files.require_store()
    place = {"project_id": form.project_id, "form_id": form.id}
    query = select(ProjectKey.id, ProjectKey.private_cipher).where(ProjectKey.managed).order_by(ProjectKey.id)
    own = select(FormVersion.key_id).where(FormVersion.form_id == form.id)
    # However many are named: the form has few.
    found = [row for row in db.session.execute(query.where(ProjectKey.id.in_(own))) if row.id in passphrases]
    end_read()
    made = Keyring(frozenset(passphrases))
    for number, cipher in found:
        guesses.begin(actor, number)
        private = open_private_key(cipher, passphrases[number]) if cipher else None
        if private is None:
            audits.note(actor, "form.submission.decrypt.failure", **place, keyId=number)
            raise problems.UNDECRYPTABLE()
        guesses.succeeded(actor, number)
        made.opened[number] = encryption.load_private_key(private)
    return made


def keys_of(numbers: Collection[int]) -> dict[int, int | None]:
    """The keys of the form versions that submissions were made with, by the number of the submission."""
    query = select(SubmissionVersion.submission_id, FormVersion.key_id)
    query = query.join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
    query = query.where(SubmissionVersion.submission_id.in_(numbers), SubmissionVersion.current.is_(True))
    return {row.submission_id: row.key_id for row in db.session.execute(query)}


def sealed(keys: Keyring, numbers: Collection[int]) -> dict[int, Sealed]:
    """Of encrypted submissions, which have been through `data.read`, what can be read of them.

    Raises OSError where the store does not answer: what is there must not pass for what nobody can read.
    """
    if not numbers:
        return {}
    current = (SubmissionVersion.submission_id.in_(numbers), SubmissionVersion.current.is_(True))
    columns = (SubmissionVersion.id, SubmissionVersion.submission_id, SubmissionVersion.form_version_id)
    query = select(*columns, FormVersion.key_id).join(FormVersion, FormVersion.id == SubmissionVersion.form_version_id)
    versions = db.session.execute(query.where(*current)).all()
    last = _last_files([row.id for row in versions])
    made = {}
    for row in versions:
        sha256 = last.get(row.id)
        private = keys.opened.get(row.key_id or 0)
        if sha256 is None or private is None:
            made[row.submission_id] = Sealed(row.key_id, status=SEALED if sha256 else MISSING)
        else:
            made[row.submission_id] = _open(private, row.key_id, row.id, row.form_version_id, sha256)
    return made


def _last_files(version_ids: Collection[int]) -> dict[int, str | None]:
    """The answers of encrypted versions: the file that is named last."""
    query = select(SubmissionFile.version_id, SubmissionFile.blob_sha256)
    query = query.where(SubmissionFile.version_id.in_(version_ids), SubmissionFile.expected.is_(True))
    rows = db.session.execute(query.order_by(SubmissionFile.version_id, SubmissionFile.position))
    return {row.version_id: row.blob_sha256 for row in rows}


def _open(private: RSAPrivateKey, key_id: int, version_id: int, form_version_id: int, sha256: str) -> Sealed:
    xml = db.session.scalars(select(SubmissionVersion.xml).where(SubmissionVersion.id == version_id)).one()
    form = forms.compiled(db.session.get_one(FormVersion, form_version_id))
    end_read()  # a store that takes its time holds no snapshot
    try:
        outside = instances.read(xml)
        names = tuple(outside.encrypted_files)
        if not names:
            raise Undecryptable
        key = encryption.submission_key(private, outside.encrypted_key)
        envelope = Envelope(outside.instance_id or "", names, key)
        inside = _whole(envelope.clear(names[-1], contents(sha256)))
        return Sealed(key_id, checks.find(form, instances.read(inside)).answers, None, envelope)
    except (Undecryptable, problems.Problem, FileNotFoundError):
        # One that is damaged is told of like one that nobody can read: the others are still given.
        return Sealed(key_id)


def _whole(parts: Iterable[bytes]) -> bytes:
    """Answers in clear, no longer than those that nobody encrypted may be. Raises Undecryptable."""
    made = bytearray()
    for part in parts:
        made += part
        if len(made) > MAX_XML:
            raise Undecryptable
    return bytes(made)


def contents(sha256: str) -> Iterator[bytes]:
    """A stored file, part by part. Raises FileNotFoundError where it is lost, OSError where the store is away."""
    with storage().open(sha256) as file:
        while part := file.read(CHUNK):
            yield part

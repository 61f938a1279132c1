"""The file of a backup: a plain tar that the standard tools `tar` and `age` open without this program."""

from __future__ import annotations

import io
import os
import tarfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyrage
from pyrage import x25519

from scripts.backup import BackupError

BLOCK = 512
README, KEY, DATA = "README.txt", "key.age", "data.age"
DAMAGED = "The file is damaged, cut off or no backup of Đồng Hành: use another one."
TEXT = """This is an encrypted backup of Đồng Hành (a server for ODK Collect).

With Đồng Hành, on an empty machine:
    python -m scripts.manage restore FILE

Without it, with the tools tar and age (age-encryption.org):
    tar -xf FILE
    age -d -i THE-FILE-WITH-YOUR-SECRET-KEY data.age | tar -x
or, where there is a file key.age, with the passphrase:
    age -d key.age > identity.txt
    age -d -i identity.txt data.age | tar -x

Inside: rows/TABLE/*.jsonl (a row a line; what is left out of a line is empty; bytes are in base64, times in UTC),
files/SHA-256 (attachments), secret.key (the SECRET_KEY), head.json and manifest.json (counts and hashes).
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """For whom a backup is encrypted: public keys (age1…), a passphrase, or both."""

    public: tuple[str, ...] = ()
    passphrase: str = ""

    def recipients(self) -> list[Any]:
        """Raises BackupError for what is no public key."""
        try:
            return [x25519.Recipient.from_str(key) for key in self.public]
        except pyrage.RecipientError:
            raise BackupError("That is no public key: it begins with age1…; “manage backup-key” makes one.") from None


def header(name: str, size: int, moment: int = 0) -> bytes:
    """What stands before a file of so many bytes in a tar."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, moment
    return info.tobuf(tarfile.GNU_FORMAT)


def padding(size: int) -> bytes:
    """What stands behind it."""
    return b"\0" * (-size % BLOCK)


END = b"\0" * (2 * BLOCK)


class _Source(io.RawIOBase):
    """Bytes as they are made, for whoever reads from a file. Keeps what went wrong."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._left = b""
        self.error: BaseException | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._left:
                self._left = next(self._chunks)
        except StopIteration:
            return b""
        except BaseException as error:
            self.error = error
            raise
        found, self._left = self._left[:size], self._left[size:]
        return found


def write(file: BinaryIO, chunks: Iterable[bytes], keys: Keys, moment: int) -> Any:
    """Write a backup of these bytes. A key that exists nowhere else is returned, so that it can be read back once."""
    recipients, witness = keys.recipients(), x25519.Identity.generate()
    file.write(header(README, len(TEXT.encode()), moment) + TEXT.encode() + padding(len(TEXT.encode())))
    if keys.passphrase:
        own = x25519.Identity.generate()
        sealed = pyrage.passphrase.encrypt(f"{own}\n".encode(), keys.passphrase)
        file.write(header(KEY, len(sealed), moment) + sealed + padding(len(sealed)))
        recipients.append(own.to_public())
    if not recipients:
        raise BackupError("A backup is always encrypted: a public key or a passphrase is needed.")
    start = file.tell()
    file.write(b"\0" * BLOCK)
    source = _Source(chunks)
    try:
        pyrage.encrypt_io(source, file, [*recipients, witness.to_public()])
    except pyrage.EncryptError as error:
        raise source.error or OSError(str(error)) from error
    size = file.tell() - start - BLOCK
    file.write(padding(size) + END)
    file.seek(start)
    file.write(header(DATA, size, moment))
    return witness


def identities(path: Path, passphrase: str) -> list[Any]:
    """The keys that a passphrase opens. Raises BackupError if it is wrong, or the backup has none."""
    with _member(path, KEY) as file:
        sealed = file.read() if file is not None else None
    if sealed is None:
        raise BackupError("This backup has no passphrase: it opens with the secret key (--identity).")
    try:
        return [x25519.Identity.from_str(pyrage.passphrase.decrypt(sealed, passphrase).decode().strip())]
    except (pyrage.DecryptError, pyrage.IdentityError, ValueError):
        raise BackupError("The passphrase is wrong, or the file is damaged.") from None


def has_passphrase(path: Path) -> bool:
    """Whether a passphrase opens the backup."""
    with _member(path, KEY) as file:
        return file is not None


def read_keys(path: Path) -> list[Any]:
    """The secret keys in a file, as `manage backup-key` or age-keygen writes it."""
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
        return [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (pyrage.IdentityError, ValueError):
        raise BackupError(f"{path}: there is no secret key in this file (AGE-SECRET-KEY-1…).") from None


@contextmanager
def _member(path: Path, name: str) -> Iterator[BinaryIO | None]:
    try:
        with tarfile.open(path, "r:") as tar:
            found = tar.extractfile(name) if name in tar.getnames() else None
            yield found  # type: ignore[misc]
    except (tarfile.TarError, EOFError):
        raise BackupError(DAMAGED) from None


@contextmanager
def reading(path: Path, keys: list[Any]) -> Iterator[BinaryIO]:
    """The decrypted bytes, as a stream. Raises BackupError for a wrong key and for a file that is not whole.

    Whoever stops before the end is not told of what is wrong behind it.
    """
    with _member(path, DATA) as sealed:
        if sealed is None:
            raise BackupError(DAMAGED)
        out, into = os.pipe()
        errors: list[BaseException] = []
        thread = threading.Thread(target=_decrypt, args=(sealed, into, keys, errors), daemon=True)
        thread.start()
        stopped = False
        try:
            with os.fdopen(out, "rb", 1 << 16) as stream:
                yield stream
                stopped = bool(stream.read(1))
        finally:
            thread.join()
            if any(isinstance(error, pyrage.DecryptError) for error in errors):
                raise BackupError("The backup does not open with this key.") from None
            if errors and not stopped and not _left_early(errors):
                raise BackupError(DAMAGED) from None


def _left_early(errors: list[BaseException]) -> bool:
    """Whether the reader had gone away, so that its own error is the one that counts."""
    return all("roken pipe" in str(error) for error in errors)


def _decrypt(sealed: BinaryIO, into: int, keys: list[Any], errors: list[BaseException]) -> None:
    try:
        with os.fdopen(into, "wb", 1 << 16) as pipe:
            pyrage.decrypt_io(sealed, pipe, keys)
    except BaseException as error:  # noqa: BLE001  (raised again by the thread that reads)
        errors.append(error)

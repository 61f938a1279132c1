"""Files by their content, in a folder."""

from __future__ import annotations

import hashlib
import os
import time
from io import BytesIO
from pathlib import Path

import pytest

from server.storage import Storage, open_storage

DATA = bytes(range(256)) * 1000
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """A storage in a folder with a space in its name."""
    return open_storage(f"file://{tmp_path}/a%20b")


def test_it_works(storage: Storage, tmp_path: Path) -> None:
    stream = BytesIO(DATA)
    stream.read()
    storage.put(SHA, stream)
    with storage.open(SHA) as file:
        assert file.read() == DATA
    assert storage.url(SHA) is None
    assert [path.name for path in (tmp_path / "a b").rglob("*") if path.is_file()] == [SHA]


def test_again_is_harmless(storage: Storage) -> None:
    for _ in range(2):
        storage.put(SHA, BytesIO(DATA))
    storage.delete(SHA)
    storage.delete(SHA)
    with pytest.raises(FileNotFoundError):
        storage.open(SHA)


def test_what_breaks_off_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    class Broken(BytesIO):
        def read(self, *_: object) -> bytes:
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        storage.put(SHA, Broken(DATA))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["", "a", "../../etc/passwd", "Z" * 64, "../" + "a" * 61, "A" * 64])
def test_only_hashes_are_names(storage: Storage, name: str) -> None:
    for use in (lambda: storage.put(name, BytesIO()), lambda: storage.open(name), lambda: storage.delete(name)):
        with pytest.raises(ValueError, match="SHA"):
            use()


def test_what_a_killed_process_left_is_removed_at_the_next_start(storage: Storage, tmp_path: Path) -> None:
    storage.put(SHA, BytesIO(DATA))
    place, yesterday = tmp_path / "a b" / SHA[:2], time.time() - 25 * 3600
    for path in (place / ".part-old", place / SHA, place / "other", tmp_path / "a b" / ".part-outside"):
        path.touch()
        os.utime(path, (yesterday, yesterday))
    (place / ".part-new").touch()
    (place / ".part-folder").mkdir()
    os.utime(place / ".part-folder", (yesterday, yesterday))
    open_storage(f"file://{tmp_path}/a%20b")
    left = {path.name for path in (tmp_path / "a b").rglob("*")}
    assert left == {SHA[:2], SHA, "other", ".part-outside", ".part-new", ".part-folder"}

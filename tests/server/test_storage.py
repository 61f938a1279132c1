"""Files by their content: in a folder and in a bucket alike, and what only one of them can go through."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from server.storage import Storage, open_storage
from tests.parts import ROOT
from tests.stores import DATA, SHA, Store, at_once, content, empty, names

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def in_bucket(store: Store) -> Storage:
    """A storage in a bucket, under a prefix with a space and a letter that is not ASCII."""
    return open_storage(store.url().replace("?", "%20b/%C4%91?"))


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty storage of either kind; the folder has a space in its name."""
    if request.param == "folder":
        return open_storage(f"file://{tmp_path}/a%20b")
    made: Storage = request.getfixturevalue("in_bucket")
    empty(made)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Storage:
    """A storage in a folder."""
    return open_storage(f"file://{tmp_path}/a%20b")


def test_it_works(storage: Storage) -> None:
    stream = BytesIO(DATA)
    stream.read()
    storage.put(SHA, stream)
    with storage.open(SHA) as file:
        assert file.read(1000) == DATA[:1000]
        assert file.read() == DATA[1000:]
        assert file.read(1) == b""
    assert storage.url(SHA) is None


def test_an_empty_file_is_a_file(storage: Storage) -> None:
    sha256 = hashlib.sha256(b"").hexdigest()
    storage.put(sha256, BytesIO())
    assert content(storage, sha256) == b""
    assert [(stored.sha256, stored.size) for stored in storage.walk()] == [(sha256, 0)]


def test_again_is_harmless(storage: Storage) -> None:
    for _ in range(2):
        storage.put(SHA, BytesIO(DATA), hashlib.md5(DATA).hexdigest())
    assert (names(storage), content(storage)) == ([SHA], DATA)
    for _ in range(2):
        storage.delete(SHA)
    assert names(storage) == []
    with pytest.raises(FileNotFoundError):
        storage.open(SHA)


def test_the_same_file_from_many_phones_at_once(storage: Storage) -> None:
    at_once(*[lambda: storage.put(SHA, BytesIO(DATA))] * 8)
    assert (names(storage), content(storage)) == ([SHA], DATA)


def test_what_breaks_off_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    class CutOff(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 1_000_000:
                raise OSError("cut off")
            return super().read(min(size or -1, 100_000))

    data = os.urandom(2_000_000)
    sha256 = hashlib.sha256(data).hexdigest()
    for md5 in ("", hashlib.md5(data).hexdigest()):
        with pytest.raises(OSError):
            storage.put(sha256, CutOff(data), md5)
    assert names(storage) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with pytest.raises(FileNotFoundError):
        storage.open(sha256)
    storage.put(sha256, BytesIO(data))
    assert content(storage, sha256) == data


@pytest.mark.parametrize("name", ["", "a", "../../etc/passwd", "Z" * 64, "../" + "a" * 61, "A" * 64])
def test_only_hashes_are_names(storage: Storage, name: str) -> None:
    for use in (lambda: storage.put(name, BytesIO()), *(lambda v=v: v(name) for v in (storage.open, storage.delete))):
        with pytest.raises(ValueError, match="SHA"):
            use()
    with pytest.raises(ValueError, match="SHA"):
        storage.set_aside(name)


def test_a_walk_shows_everything_with_size_and_time(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.storage.s3.PAGE", 2)
    files = {hashlib.sha256(data).hexdigest(): data for data in (b"%d" % n * n for n in range(1, 6))}
    for sha256, data in files.items():
        storage.put(sha256, BytesIO(data))
    found = {stored.sha256: stored for stored in storage.walk()}
    assert {sha256: stored.size for sha256, stored in found.items()} == {s: len(data) for s, data in files.items()}
    for stored in found.values():
        assert stored.modified.tzinfo is UTC and abs(datetime.now(UTC) - stored.modified) < DAY


def test_what_is_put_again_is_new(storage: Storage) -> None:
    storage.put(SHA, BytesIO(DATA))
    (first,) = storage.walk()
    time.sleep(1.1)  # stores count whole seconds
    storage.put(SHA, BytesIO(DATA))
    (second,) = storage.walk()
    assert second.modified > first.modified


@pytest.mark.parametrize("verb", ["open", "put"])
def test_what_was_set_aside_comes_back_whole(storage: Storage, verb: str) -> None:
    storage.put(SHA, BytesIO(DATA))
    storage.set_aside(SHA)
    storage.set_aside(SHA)
    assert names(storage) == []
    if verb == "put":
        storage.put(SHA, BytesIO(DATA))
        assert names(storage) == [SHA]
    assert content(storage) == DATA
    assert names(storage) == [SHA]
    storage.empty_aside(datetime.now(UTC) + DAY)
    assert content(storage) == DATA


def test_only_what_lay_aside_long_enough_is_removed(storage: Storage) -> None:
    storage.put(SHA, BytesIO(DATA))
    storage.set_aside(SHA)
    other = hashlib.sha256(b"stays").hexdigest()
    storage.put(other, BytesIO(b"stays"))
    assert storage.empty_aside(datetime.now(UTC) - DAY) == 0
    assert storage.empty_aside(datetime.now(UTC) + DAY) == 1
    assert storage.empty_aside(datetime.now(UTC) + DAY) == 0
    with pytest.raises(FileNotFoundError):
        storage.open(SHA)
    assert (names(storage), content(storage, other)) == ([other], b"stays")


def test_what_was_set_aside_twice_is_removed_by_the_first_time(storage: Storage) -> None:
    storage.put(SHA, BytesIO(DATA))
    storage.set_aside(SHA)
    storage.put(SHA, BytesIO(DATA))
    between = datetime.now(UTC)
    storage.set_aside(SHA)
    assert storage.empty_aside(between) == 1
    assert content(storage) == DATA


def test_a_sweep_loses_nothing_that_arrives_meanwhile(storage: Storage) -> None:
    """Every time, one phone sends a file and another reads it while it is set aside and what is old is removed."""
    for present in (True, False) * 10:
        empty(storage)
        if present:
            storage.put(SHA, BytesIO(DATA))
        at_once(
            lambda: storage.put(SHA, BytesIO(DATA)),
            lambda: storage.set_aside(SHA),
            lambda: storage.empty_aside(datetime.now(UTC) - DAY),
        )
        at_once(lambda: content(storage), lambda: storage.set_aside(SHA), lambda: content(storage))
        assert content(storage) == DATA
        assert names(storage) == [SHA]


def test_a_large_file_needs_little_memory(storage: Storage, tmp_path: Path) -> None:
    path, sha256 = tmp_path / "large", hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(40):
            block = os.urandom(1_000_000)
            sha256.update(block)
            file.write(block)
    name = sha256.hexdigest()
    tracemalloc.start()
    try:
        with path.open("rb") as file:
            storage.put(name, file)
        with storage.open(name) as stored, path.open("rb") as file:
            while block := stored.read(256 * 1024):
                assert block == file.read(len(block))
            assert file.read() == b""
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 6_000_000


def test_what_a_killed_process_left_is_removed_at_the_next_start(folder: Storage, tmp_path: Path) -> None:
    folder.put(SHA, BytesIO(DATA))
    place, yesterday = tmp_path / "a b" / SHA[:2], time.time() - 25 * 3600
    for path in (place / ".part-old", place / SHA, place / "other", tmp_path / "a b" / ".part-outside"):
        path.touch()
        os.utime(path, (yesterday, yesterday))
    (place / ".part-new").touch()
    (place / ".part-folder").mkdir()
    os.utime(place / ".part-folder", (yesterday, yesterday))
    again = open_storage(f"file://{tmp_path}/a%20b")
    left = {path.name for path in (tmp_path / "a b").rglob("*")}
    assert left == {SHA[:2], SHA, "other", ".part-outside", ".part-new", ".part-folder"}
    assert names(again) == [SHA]


def test_a_folder_holds_files_under_their_hashes_alone(folder: Storage, tmp_path: Path) -> None:
    folder.put(SHA, BytesIO(DATA))
    assert [path for path in (tmp_path / "a b").rglob("*") if path.is_file()] == [tmp_path / "a b" / SHA[:2] / SHA]


# Only in a bucket.


def python(program: str) -> str:
    """What a program of Python says."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_folder_needs_nothing_of_the_network(tmp_path: Path) -> None:
    program = f"""
import sys
from server.app import open_storage
open_storage("file://{tmp_path}/files")
print(sorted({{name.split(".")[0] for name in sys.modules}} & {{"boto3", "botocore", "urllib3"}}))
"""
    assert python(program) == "[]"


def test_processes_that_were_forked_share_no_connection(store: Store) -> None:
    """A server checks its store, and its workers are forked after that."""
    program = f"""
import hashlib, io, os
from server.storage import open_storage
storage = open_storage({store.url()!r})
data = os.urandom(200_000)
name = hashlib.sha256(data).hexdigest()
storage.put(name, io.BytesIO(data))
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        good = all(storage.open(name).read() == data for _ in range(20))
        os._exit(0 if good else 1)
    children.append(child)
good = all(storage.open(name).read() == data for _ in range(20))
print(good, [os.waitpid(child, 0)[1] for child in children])
"""
    assert python(program) == "True [0, 0, 0]"


def test_a_folder_that_is_gone_has_lost_nothing(folder: Storage, tmp_path: Path) -> None:
    """A disk that was not mounted: what lies there is away, and not lost."""
    folder.put(SHA, BytesIO(DATA))
    away = (tmp_path / "a b").rename(tmp_path / "away")
    with pytest.raises(NotADirectoryError):
        folder.open(SHA)
    away.rename(tmp_path / "a b")
    assert content(folder, SHA) == DATA

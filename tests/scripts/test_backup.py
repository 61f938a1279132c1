"""A backup from a running installation, and what it is worth: restored on an empty machine of either kind."""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
import threading
import time
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from scripts.backup import shelf
from scripts.backup.make import Source, make
from scripts.backup.sealed import Keys
from server import dialect
from server.storage import open_storage
from tests.conftest import Send
from tests.phone import Published
from tests.scripts.conftest import PHOTO, Place, Places, Restore

PASSPHRASE = "một câu đủ dài để giữ kín"
PHOTO_NAME = hashlib.sha256(PHOTO).hexdigest()
Pair = tuple[str, Path]


def test_restored_on_an_empty_machine_and_from_there_on_others(
    used: Place, place: Places, kept: Path, keys: Pair, restore: Restore, tmp_path: Path
) -> None:
    """From each kind to each: the next one gets what the one before has kept."""
    tables, files = used.tables(), used.files()
    made = tables["audits"].pop()  # written when the backup was there
    assert made["action"] == "backup.run"
    assert tables["submission_versions"] and PHOTO_NAME in files
    home, path = used, kept
    for number, kind in enumerate(("laptop", "province", "province", "laptop")):
        home = place(kind)
        done = restore(home, path)
        assert f"Restored from {path.name}" in done.stdout and "nothing wrong" in done.stderr
        assert (home.tables(), home.files()) == (tables, files)
        path = tmp_path / f"again-{number}.tar"
        home("backup", "--to", str(path), "--public-key", keys[0])
        assert (home.folder / "secret.key").read_text() == used.settings["SECRET_KEY"]
        home("project", "create", "Dự án mới")  # numbers go on where they stopped
        assert home.tables()["projects"][-1]["id"] == len(tables["projects"]) + 1


def test_beside_phones_that_send(
    used: Place, place: Places, keys: Pair, restore: Restore, tmp_path: Path, send: Send, visit: Published
) -> None:
    going, sent = threading.Event(), list[tuple[str, int]]()

    def phone() -> None:
        while not going.is_set():
            photo = (f"{len(sent)}.jpg", PHOTO[: len(sent) + 1], "image/jpeg")
            xml = visit.submission(f"<picture>{photo[0]}</picture>", instance_id=f"uuid:p{len(sent)}")
            sent.append((f"uuid:p{len(sent)}", send(xml, [photo]).status_code))

    thread = threading.Thread(target=phone)
    thread.start()
    try:
        while len(sent) < 5:
            time.sleep(0.01)
        before = [name for name, _ in sent]
        used("backup", "--to", str(tmp_path / "a.tar"), "--public-key", keys[0])
    finally:
        going.set()
        thread.join()
    assert {status for _, status in sent} == {201}
    home = place("province")
    assert "nothing wrong" in restore(home, tmp_path / "a.tar").stderr
    stored = {row["instance_id"] for row in home.tables()["submissions"]}
    assert set(before) <= stored < {name for name, _ in sent} | {f"uuid:{letter}" for letter in "abcde"}


def test_numbers_of_rows_that_are_gone_are_not_given_again(
    used: Place, place: Places, keys: Pair, restore: Restore, tmp_path: Path
) -> None:
    used.run("DELETE FROM comments")
    used("backup", "--to", str(tmp_path / "a.tar"), "--public-key", keys[0])
    home = place("laptop")
    restore(home, tmp_path / "a.tar")
    home.run(
        "INSERT INTO comments (project_id, submission_id, body, created_at) VALUES (1, 1, 'x', '2026-11-23 00:00:00')"
    )
    assert [row["id"] for row in home.tables()["comments"]] == [2]


def test_for_a_passphrase(used: Place, place: Places, tmp_path: Path, keys: Pair) -> None:
    told = used("backup", BACKUP_PASSPHRASE=PASSPHRASE).stdout
    (path,) = (used.folder / "backups").glob("*")
    assert shelf.NAME.fullmatch(path.name) and str(path) in told and "read back whole" in told
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    home = place("laptop")
    told = home("restore", str(path), BACKUP_PASSPHRASE="một câu khác cũng dài", fails=True).stderr
    assert "passphrase is wrong" in told
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    home("restore", str(path), "--passphrase-file", str(tmp_path / "passphrase"))
    assert home.files() == used.files()


def test_a_pair_of_keys(used: Place, tmp_path: Path) -> None:
    secret = tmp_path / "mine.key"
    done = used("backup-key", str(secret))
    assert done.stdout.startswith("BACKUP_PUBLIC_KEY=age1")
    assert "Keep it away from this machine" in done.stderr and "AGE-SECRET-KEY" not in done.output
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    before = secret.read_text()
    assert "is there already" in used("backup-key", str(secret), fails=True).stderr
    assert secret.read_text() == before


def test_standard_tools_open_it(kept: Path, keys: Pair, tmp_path: Path) -> None:
    with tarfile.open(kept) as tar:
        assert tar.getnames() == ["README.txt", "data.age"]
        tar.extractall(tmp_path, filter="data")
    identity = pyrage.x25519.Identity.from_str(keys[1].read_text().splitlines()[1])
    (tmp_path / "data.tar").write_bytes(pyrage.decrypt((tmp_path / "data.age").read_bytes(), [identity]))
    with tarfile.open(tmp_path / "data.tar") as tar:
        names = tar.getnames()
        photo = tar.extractfile(f"files/{PHOTO_NAME}")
        assert photo is not None and photo.read() == PHOTO
    assert names[:2] == ["head.json", "secret.key"] and names[-1] == "manifest.json"
    assert "rows/submissions/000001.jsonl" in names
    assert "Nguyễn Thị Ân".encode() not in kept.read_bytes()


def test_nothing_to_encrypt_it_with(used: Place) -> None:
    told = used("backup", fails=True).stderr
    assert "BACKUP_PUBLIC_KEY" in told and "BACKUP_PASSPHRASE" in told
    assert not (used.folder / "backups").exists()


def test_a_passphrase_that_is_too_short(used: Place, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("ngắn\n")
    assert "16 characters" in used("backup", "--passphrase-file", str(tmp_path / "short"), fails=True).stderr


def test_a_key_that_is_none(used: Place, tmp_path: Path) -> None:
    told = used("backup", "--to", str(tmp_path / "x.tar"), "--public-key", "age1nothing", fails=True).stderr
    assert "no public key" in told
    assert list(tmp_path.glob("x.tar*")) == []


def test_no_backup_is_overwritten(used: Place, kept: Path, keys: Pair) -> None:
    before = kept.read_bytes()
    assert "is there already" in used("backup", "--to", str(kept), "--public-key", keys[0], fails=True).stderr
    assert kept.read_bytes() == before


def test_what_a_killed_backup_left_is_in_nobodys_way(used: Place, tmp_path: Path, keys: Pair) -> None:
    (tmp_path / "a.tar.part").write_bytes(b"half")
    used("backup", "--to", str(tmp_path / "a.tar"), "--public-key", keys[0])
    assert [path.name for path in tmp_path.glob("a.tar*")] == ["a.tar"]


def test_what_cannot_be_written_leaves_nothing_behind(used: Place, tmp_path: Path, keys: Pair) -> None:
    (tmp_path / "file").write_text("không phải thư mục")
    told = used("backup", "--to", str(tmp_path / "file" / "a.tar"), "--public-key", keys[0], fails=True).stderr
    assert "Error: " in told and "Traceback" not in told


def test_the_room_that_phones_need_is_not_taken(used: Place, tmp_path: Path, keys: Pair) -> None:
    plenty = str(10**12)
    to = ["--to", str(tmp_path / "a.tar"), "--public-key", keys[0]]
    assert "too little room" in used("backup", *to, MIN_FREE_DISK=plenty, fails=True).stderr
    assert list(tmp_path.glob("a.tar*")) == []


def test_what_was_not_written_as_it_was_meant_is_removed(
    used: Place, tmp_path: Path, keys: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = tmp_path / "a.tar.part"
    sync = os.fsync

    def bad_disk(descriptor: int) -> None:
        sync(descriptor)
        if written.exists():
            data = bytearray(written.read_bytes())
            data[len(data) // 2] ^= 1
            written.write_bytes(data)

    monkeypatch.setattr(os, "fsync", bad_disk)
    told = used("backup", "--to", str(tmp_path / "a.tar"), "--public-key", keys[0], fails=True).stderr
    assert "could not be read back" in told
    assert list(tmp_path.glob("a.tar*")) == []


def test_a_missing_and_a_damaged_file_are_named_and_the_rest_is_kept(
    used: Place, place: Places, tmp_path: Path, keys: Pair, restore: Restore
) -> None:
    workbook = used.tables()["form_versions"][0]["workbook_sha256"]
    used.file(PHOTO_NAME).unlink()
    used.file(workbook).write_bytes(b"something else")
    told = used("backup", "--to", str(tmp_path / "part.tar"), "--public-key", keys[0], fails=True)
    assert PHOTO_NAME in told.stderr and workbook in told.stderr
    home = place("laptop")
    done = restore(home, tmp_path / "part.tar", fails=True)
    assert f"file {PHOTO_NAME}: it is missing" in done.stdout
    assert home.tables()["submissions"] == used.tables()["submissions"]
    assert home.files().keys() == used.files().keys() - {PHOTO_NAME, workbook}


def damaged(path: Path, how: str) -> Path:
    """The backup after something happened to it."""
    data = bytearray(path.read_bytes())
    if how == "cut off":
        del data[len(data) // 2 :]
    elif how == "its end is missing":
        del data[-20_000:]
    elif how == "a byte is flipped":
        data[len(data) // 2] ^= 1
    else:
        data = bytearray(b"something else altogether")
    path.with_name("damaged.tar").write_bytes(data)
    return path.with_name("damaged.tar")


@pytest.mark.parametrize("how", ["cut off", "its end is missing", "a byte is flipped", "it is no backup"])
def test_a_damaged_backup_changes_nothing(how: str, place: Places, kept: Path, restore: Restore) -> None:
    home = place("laptop")
    told = restore(home, damaged(kept, how), fails=True).stderr
    assert "damaged" in told and "Traceback" not in told
    assert home.tables() == {}
    restore(home, kept)


def test_a_wrong_key_and_none(used: Place, place: Places, kept: Path, tmp_path: Path) -> None:
    home = place("laptop")
    used("backup-key", str(tmp_path / "other.key"))
    told = home("restore", str(kept), "--identity", str(tmp_path / "other.key"), fails=True).stderr
    assert "does not open with this key" in told
    (tmp_path / "no.key").write_text("không phải khóa")
    assert "no secret key" in home("restore", str(kept), "--identity", str(tmp_path / "no.key"), fails=True).stderr
    assert "--identity FILE" in home("restore", str(kept), BACKUP_PASSPHRASE=PASSPHRASE, fails=True).stderr
    assert home.tables() == {}


def test_nothing_is_ever_overwritten(used: Place, kept: Path, restore: Restore) -> None:
    before = used.tables()
    assert "is not empty" in restore(used, kept, fails=True).stderr
    assert used.tables() == before


def test_a_migrated_database_in_which_nobody_is_counts_as_empty(
    used: Place, place: Places, kept: Path, restore: Restore
) -> None:
    home = place("laptop")
    home("migrate")
    restore(home, kept)
    assert home.tables()["submissions"] == used.tables()["submissions"]


def test_of_a_newer_version(used: Place, place: Places, keys: Pair, restore: Restore, tmp_path: Path) -> None:
    used.run("UPDATE alembic_version SET version_num = '9999'")
    engine = create_engine(used.settings["DATABASE_URL"], poolclass=NullPool)
    dialect.prepare(engine)
    source = Source(engine, open_storage(used.settings["STORAGE_URL"]), "a key")
    make(tmp_path / "newer.tar", source, Keys((keys[0],)))
    home = place("laptop")
    told = restore(home, tmp_path / "newer.tar", fails=True).stderr
    assert "newer version of Đồng Hành" in told and "9999" in told
    assert home.tables() == {} and home.files() == {}


def test_another_secret_key_is_told(place: Places, kept: Path, restore: Restore) -> None:
    home = place("laptop").with_settings(SECRET_KEY="another secret key than before")
    done = restore(home, kept, fails=True)  # the rows are there, and the check after it finds this
    told = done.stderr
    assert "SECRET_KEY does not open" in done.stdout
    assert "SECRET_KEY is set to another key" in told and str(home.folder / "secret.key") in told


def test_tables_of_another_program_are_left_alone(place: Places, kept: Path, restore: Restore) -> None:
    home = place("laptop")
    home("migrate")
    home.run("CREATE TABLE theirs (id INTEGER PRIMARY KEY)")
    assert "tables of another program" in restore(home, kept, fails=True).stderr
    assert "theirs" in home.tables()

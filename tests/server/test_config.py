"""Settings: read once, checked, with a sentence for what cannot work."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from server import config
from server.config import SettingsError, load
from server.storage import open_storage
from server.storage.disk import Disk


def test_nothing_needs_to_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({})
    folder = tmp_path / "data"
    assert settings.data_dir == folder
    assert settings.database_url == f"sqlite:///{folder}/donghanh.sqlite"
    assert settings.storage_url == f"file://{folder}/files"
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert (settings.accept_length, settings.max_body) == (5_000_000, 100_000_000)
    assert settings.testing is False and settings.secure_cookies is False


def test_the_fixed_names(tmp_path: Path) -> None:
    settings = load(
        {
            "HOST": "0.0.0.0",
            "PORT": "9000",
            "DATA_DIR": str(tmp_path / "d"),
            "DATABASE_URL": "sqlite:////srv/dh.sqlite",
            "STORAGE_URL": "file:///srv/files",
            "PUBLIC_URL": "https://dh.example.vn/",
            "SECRET_KEY": "k" * 32,
            "WEB_CONCURRENCY": "4",
            "ADMIN_EMAIL": " a@example.org ",
            "ADMIN_PASSWORD": "a long password",
        }
    )
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 9000, 4)
    assert settings.database_url == "sqlite:////srv/dh.sqlite"
    assert (settings.storage_url, settings.public_url) == ("file:///srv/files", "https://dh.example.vn")
    assert (settings.secret_key, settings.secure_cookies) == ("k" * 32, True)
    assert (settings.admin_email, settings.admin_password) == ("a@example.org", "a long password")
    assert not (tmp_path / "d" / "secret.key").exists()


def test_the_secret_key_is_made_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    first, second = load({"DATA_DIR": str(tmp_path)}), load({"DATA_DIR": str(tmp_path)})
    path = tmp_path / "secret.key"
    assert first.secret_key == second.secret_key == path.read_text() and len(first.secret_key) >= 48
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load({"DATA_DIR": str(tmp_path / "other")}).secret_key != first.secret_key
    assert stat.S_IMODE((tmp_path / "other").stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["a#b", "a?b", "a%20b", "dữ liệu"])
def test_a_data_folder_of_any_name(tmp_path: Path, name: str) -> None:
    settings = load({"DATA_DIR": str(tmp_path / name)})
    storage = open_storage(settings.storage_url)
    assert isinstance(storage, Disk) and storage.folder == tmp_path / name / "files"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("WEB_CONCURRENCY", "0"),
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "mysql://me@db/x"),
        ("DATABASE_URL", "postgresql://me@db/"),
        ("STORAGE_URL", "s3://?endpoint=https://store.example.vn"),
        ("STORAGE_URL", "s3://bucket?endpont=https://store.example.vn"),
        ("BACKUP_AT", "12:30"),
        ("BACKUP_PUBLIC_KEY", "AGE-SECRET-KEY-1"),
        ("BACKUP_PASSPHRASE", "short"),
        ("STORAGE_URL", "ftp://x"),
        ("STORAGE_URL", "files"),
        ("PUBLIC_URL", "dh.example.vn"),
        ("PUBLIC_URL", "ftp://dh.example.vn"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://dh.example.vn/?a=1"),
        ("SECRET_KEY", "short"),
        ("MAX_BODY", "1"),
        ("SMTP_URL", "mail.example.vn:587"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail.example.vn:port"),
        ("BREACHED_PASSWORDS", "/nowhere/at/all"),
    ],
)
def test_what_cannot_work_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: ") as caught:
        load({"DATA_DIR": str(tmp_path), name: value})
    if name == "SECRET_KEY":
        assert value not in str(caught.value)


def test_mail_needs_a_relay_and_a_sender(tmp_path: Path) -> None:
    url = "smtps://me:secret@mail.example.vn"
    settings = load({"DATA_DIR": str(tmp_path), "SMTP_URL": url, "MAIL_FROM": "Đồng Hành <dh@example.vn>"})
    assert (settings.smtp_url, settings.mail_from) == (url, "Đồng Hành <dh@example.vn>")
    with pytest.raises(SettingsError, match="^MAIL_FROM: ") as caught:
        load({"DATA_DIR": str(tmp_path), "SMTP_URL": url})
    assert "secret" not in str(caught.value)


def test_a_list_of_leaked_passwords(tmp_path: Path) -> None:
    file = tmp_path / "leaked"
    file.write_text("")
    assert load({"DATA_DIR": str(tmp_path), "BREACHED_PASSWORDS": str(file)}).breached_passwords == file


def test_a_data_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="^DATA_DIR: "):
        load({"DATA_DIR": str(tmp_path / "file")})


def test_a_cut_off_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("cut")
    with pytest.raises(SettingsError, match="^SECRET_KEY: "):
        load({"DATA_DIR": str(tmp_path)})
    assert (tmp_path / "secret.key").read_text() == "cut"


def test_a_crash_while_the_key_is_made_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as crashing:
        crashing.setattr(config.secrets, "token_urlsafe", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load({"DATA_DIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []
    assert len(load({"DATA_DIR": str(tmp_path)}).secret_key) >= 48


def test_of_two_first_starts_at_once_the_first_makes_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, others = config.secrets.token_urlsafe, []

    def late(length: int) -> str:
        monkeypatch.setattr(config.secrets, "token_urlsafe", make)
        others.append(load({"DATA_DIR": str(tmp_path)}).secret_key)
        return make(length)

    monkeypatch.setattr(config.secrets, "token_urlsafe", late)
    assert load({"DATA_DIR": str(tmp_path)}).secret_key == others[0]
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]

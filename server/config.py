"""Settings, read once from the environment and checked. Knows nothing of Flask or the database."""

from __future__ import annotations

import ipaddress
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

MIN_SECRET = 16
# A proxy is on the same machine, or beside it in a network of its own.
PROXIES = (
    "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10",
)  # fmt: skip


class SettingsError(ValueError):
    """A setting that cannot work. The message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decided. Sizes are bytes; `public_url` has no trailing slash, '' when not set."""

    data_dir: Path
    database_url: str
    storage_url: str
    secret_key: str
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    # Whose X-Forwarded-* headers are believed, when `public_url` is set: networks; "*" is anybody.
    proxies: tuple[str, ...] = PROXIES
    workers: int = 1
    admin_email: str = ""
    admin_password: str = ""
    # The address of a trial on the local network, over plain http; '' when this is none.
    lan_url: str = ""
    # Collect splits attachments by the first; the second is the true limit of a body.
    accept_length: int = 5_000_000
    max_body: int = 100_000_000
    session_hours: int = 24
    # Mail goes out by this server, from this address; '' when none is set: then an administrator hands over links.
    smtp_url: str = ""
    mail_from: str = ""
    # SHA-1 hashes of passwords that leaked somewhere, as “Pwned Passwords” has them: no new password may be one.
    breached_passwords: Path | None = None
    # So much of the disk stays free: beyond it, bodies are refused before they are read.
    min_free_disk: int = 500_000_000
    # Backups: where, for whom they are encrypted (age1… or a passphrase), when each day, for how many days.
    backup_dir: Path | None = None
    backup_recipients: tuple[str, ...] = ()
    backup_passphrase: str = ""
    backup_at: time | None = None
    backup_keep: int = 14
    testing: bool = False
    # What ODK Central insists on and the product need not: https from this machine too, and OpenRosa's own header.
    strict: bool = False

    @property
    def secure_cookies(self) -> bool:
        """Whether browsers reach the server over https."""
        return self.public_url.startswith("https://")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from environment variables. Raises SettingsError naming the variable."""
    env = os.environ if environ is None else environ
    data_dir = Path(env.get("DATA_DIR") or "data").expanduser().resolve()
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"DATA_DIR: the folder {data_dir} cannot be made ({error.strerror}).") from error
    _close_to_others(data_dir)
    if not os.access(data_dir, os.W_OK):
        raise SettingsError(f"DATA_DIR: the folder {data_dir} cannot be written to.")
    return Settings(
        data_dir=data_dir,
        database_url=_database_url(env.get("DATABASE_URL", ""), data_dir),
        storage_url=_storage_url(env.get("STORAGE_URL", ""), data_dir),
        secret_key=_secret_key(env.get("SECRET_KEY", ""), data_dir),
        host=env.get("HOST") or "127.0.0.1",
        port=_whole_number(env, "PORT", 8000, 1, 65535),
        public_url=_public_url(env.get("PUBLIC_URL", ""), "PUBLIC_URL"),
        proxies=_proxies(env.get("FORWARDED_ALLOW_IPS", "")),
        workers=_whole_number(env, "WEB_CONCURRENCY", 1, 1, 64),
        admin_email=env.get("ADMIN_EMAIL", "").strip(),
        admin_password=env.get("ADMIN_PASSWORD", ""),
        lan_url=_public_url(env.get("LAN_URL", ""), "LAN_URL"),
        accept_length=_whole_number(env, "ACCEPT_CONTENT_LENGTH", 5_000_000, 100_000, 1_000_000_000),
        max_body=_whole_number(env, "MAX_BODY", 100_000_000, 1_000_000, 4_000_000_000),
        min_free_disk=_whole_number(env, "MIN_FREE_DISK", 500_000_000, 0, 1_000_000_000_000),
        **_mail(env),
        breached_passwords=_breached(env.get("BREACHED_PASSWORDS", "")),
        **_backups(env, data_dir),
    )


def _close_to_others(folder: Path) -> None:
    """Make a folder that is ours nobody else's to read. The whole disk, a home and what many share are left alone."""
    with suppress(OSError, RuntimeError):
        found = folder.stat()
        shared = found.st_mode & stat.S_ISVTX or folder in (Path(folder.anchor), Path.home())
        if found.st_uid == os.geteuid() and found.st_mode & 0o077 and not shared:
            folder.chmod(0o700)


def _backups(env: Mapping[str, str], data_dir: Path) -> dict[str, Any]:
    recipients = tuple(env.get("BACKUP_PUBLIC_KEY", "").replace(",", " ").split())
    if any(not key.startswith("age1") for key in recipients):
        raise SettingsError("BACKUP_PUBLIC_KEY: must begin with age1…; “manage backup-key” makes one.")
    passphrase = env.get("BACKUP_PASSPHRASE", "")
    if passphrase and len(passphrase) < MIN_SECRET:
        raise SettingsError(f"BACKUP_PASSPHRASE: at least {MIN_SECRET} characters are needed.")
    at = env.get("BACKUP_AT", "").strip()
    if at and not (recipients or passphrase):
        raise SettingsError("BACKUP_AT: backups are encrypted: set BACKUP_PUBLIC_KEY or BACKUP_PASSPHRASE too.")
    try:
        moment = time.fromisoformat(at) if at else None
    except ValueError:
        raise SettingsError(f"BACKUP_AT: “{at}” is not a time of day such as 12:30.") from None
    return {
        "backup_dir": Path(env.get("BACKUP_DIR") or data_dir / "backups").expanduser().resolve(),
        "backup_recipients": recipients,
        "backup_passphrase": passphrase,
        "backup_at": moment,
        "backup_keep": _whole_number(env, "BACKUP_KEEP", 14, 1, 3650),
    }


def _mail(env: Mapping[str, str]) -> dict[str, Any]:
    url, sender = env.get("SMTP_URL", "").strip(), env.get("MAIL_FROM", "").strip()
    parts = urlsplit(url)
    if url and (parts.scheme not in ("smtp", "smtps") or not parts.hostname or not _is_port(url)):
        raise SettingsError("SMTP_URL: must be smtp://user:password@host:587 or smtps://user:password@host:465.")
    if url and "@" not in sender:
        raise SettingsError("MAIL_FROM: the address that mail is sent from is needed too.")
    return {"smtp_url": url, "mail_from": sender}


def _is_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _breached(text: str) -> Path | None:
    path = Path(text).expanduser().resolve() if text else None
    if path is not None and not os.access(path, os.R_OK):
        raise SettingsError(f"BREACHED_PASSWORDS: the file {path} cannot be read.")
    return path


def _whole_number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = (env.get(name) or "").strip()
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        raise SettingsError(f"{name}: “{text}” is not a whole number.") from None
    if not low <= number <= high:
        raise SettingsError(f"{name}: {number} is not between {low} and {high}.")
    return number


def _database_url(text: str, data_dir: Path) -> str:
    if not text:
        return f"sqlite:///{data_dir / 'donghanh.sqlite'}"
    kind, _, rest = text.partition("://")
    if kind in ("postgres", "postgresql", "postgresql+psycopg") and urlsplit(f"//{rest}").path.strip("/"):
        return f"postgresql+psycopg://{rest}"
    if not text.startswith("sqlite:///"):
        raise SettingsError(
            "DATABASE_URL: must be postgresql://user:password@host/database or sqlite:////absolute/path;"
            " unset, it is SQLite in DATA_DIR."
        )
    return text


def _storage_url(text: str, data_dir: Path) -> str:
    url = text or f"file://{quote(str(data_dir / 'files'))}"
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc and not parts.username:
        unknown = set(parse_qs(parts.query, keep_blank_values=True)) - {"endpoint", "region"}
        if unknown:
            raise SettingsError(
                f"STORAGE_URL: {', '.join(sorted(unknown))}: only endpoint and region can be set there."
            )
        return url
    if not url.startswith("file:///"):
        raise SettingsError(
            "STORAGE_URL: must be file:// and an absolute folder, for example file:///srv/donghanh/files,"
            " or s3://bucket?endpoint=https://…"
        )
    return url


def _public_url(text: str, name: str) -> str:
    url = text.strip().rstrip("/")
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise SettingsError(f"{name}: must be the address people type, for example https://donghanh.example.vn.")
    return url


def _proxies(text: str) -> tuple[str, ...]:
    given = tuple(text.replace(",", " ").split())
    for each in given:
        try:
            ipaddress.ip_network(each if each != "*" else "0.0.0.0/0")
        except ValueError:
            raise SettingsError(f"FORWARDED_ALLOW_IPS: “{each}” is no address or network, nor *.") from None
    return given or PROXIES


def _secret_key(text: str, data_dir: Path) -> str:
    """The key given, else the one kept in the data folder, made at the first start."""
    if text:
        if len(text) < MIN_SECRET:
            raise SettingsError(f"SECRET_KEY: at least {MIN_SECRET} characters are needed.")
        return text
    path = data_dir / "secret.key"
    if not path.exists():
        try:
            _make_key(path)
        except OSError as error:
            raise SettingsError(f"SECRET_KEY: the file {path} cannot be made ({error.strerror}).") from error
    key = path.read_text(encoding="ascii").strip()
    if len(key) < MIN_SECRET:
        raise SettingsError(f"SECRET_KEY: the file {path} is empty or cut off; restore it from a backup.")
    return key


def _make_key(path: Path) -> None:
    """A key under its name is whole; of several processes that start at once, the first decides."""
    descriptor, name = tempfile.mkstemp(prefix=".secret-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)

"""Where backups lie, what they are called, and for how long they are kept. Other files there are never touched."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scripts.backup.make import PART

NAME = re.compile(r"donghanh-(\d{8}-\d{6})(-before-\w+|-incomplete)?\.tar", re.ASCII)
STAMP = "%Y%m%d-%H%M%S"
ABANDONED = timedelta(days=1)


def name(moment: datetime, before: str = "") -> str:
    """What a backup of this moment is called (in UTC); `before`: the revision that a migration leads to."""
    return f"donghanh-{moment.astimezone(UTC):{STAMP}}{f'-before-{before}' if before else ''}.tar"


def path_in(place: Path, moment: datetime) -> Path:
    """Where to write: a file that is named, or one with the usual name in a folder."""
    return place if place.suffix == ".tar" else place / name(moment)


def incomplete(path: Path) -> Path:
    """What a backup is called that could not get all files; a name that somebody chose stays."""
    return path.with_name(f"{path.stem}-incomplete.tar") if NAME.fullmatch(path.name) else path


def _made(path: Path) -> tuple[datetime, bool] | None:
    """When a backup of ours was made, and whether it is a whole one."""
    found = NAME.fullmatch(path.name)
    if found is None:
        return None
    with suppress(ValueError):
        return datetime.strptime(found[1], STAMP).replace(tzinfo=UTC), not found[2]
    return None


def clear(folder: Path, keep: timedelta, moment: datetime) -> list[str]:
    """Remove backups of ours that are older, but never the newest whole one; and what killed processes left behind."""
    found = {path: made for path in sorted(folder.glob("donghanh-*.tar")) if (made := _made(path)) is not None}
    newest = max((path for path, (_, whole) in found.items() if whole), key=lambda path: found[path][0], default=None)
    removed = [path for path, (made_at, _) in found.items() if made_at < moment - keep and path != newest]
    for part in folder.glob(f"donghanh-*.tar{PART}"):
        with suppress(FileNotFoundError):
            if datetime.fromtimestamp(part.stat().st_mtime, UTC) < moment - ABANDONED:
                removed.append(part)
    for path in removed:
        path.unlink(missing_ok=True)
    return [path.name for path in removed]

"""How files are declared on their way out. What somebody sent must never run on the origin of the pages."""

from __future__ import annotations

import mimetypes
import re
from pathlib import PurePath
from urllib.parse import quote

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/avif")
AUDIO = (
    "audio/mpeg",
    "audio/mp4",
    "audio/aac",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "audio/amr",
    "audio/3gpp",
    "audio/flac",
)
VIDEO = ("video/mp4", "video/webm", "video/3gpp", "video/quicktime", "video/ogg")
# Shown in a page by the browser itself.
SHOWN = frozenset((*IMAGES, *AUDIO, *VIDEO))
# Told as what they are, and only ever downloaded.
SAVED = frozenset(
    (
        "application/pdf",
        "application/json",
        "application/geo+json",
        "application/zip",
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "image/heic",
        "image/tiff",
        "text/csv",
        "text/markdown",
        "text/plain",
    )
)
UNKNOWN = "application/octet-stream"
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_OTHER_NAMES = {
    ".m4a": "audio/mp4",
    ".amr": "audio/amr",
    ".3gp": "video/3gpp",
    ".3gpp": "video/3gpp",
    ".wav": "audio/wav",
}


def content_type(name: str, claimed: str | None = None) -> str:
    """The claimed type if it can do no harm, else that of the name's ending if that can do none.

    Texts are told to be in UTF-8, as ODK Central does, unless they were sent as something else.
    """
    kind, _, parameter = (part.strip().lower() for part in (claimed or "").partition(";"))
    if kind in SHOWN or kind in SAVED:
        return _with_charset(kind) if parameter in ("", "charset=utf-8") else kind
    suffix = PurePath(name).suffix.lower()
    guess = _OTHER_NAMES.get(suffix) or mimetypes.guess_type(f"x{suffix}")[0] or ""
    return _with_charset(guess) if guess in SHOWN or guess in SAVED else UNKNOWN


def _with_charset(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind == "application/json" else kind


def disposition(name: str, *, inline: bool = False) -> str:
    """Content-Disposition for any file name (RFC 6266).

    Plain ASCII for old clients, with a line for all else as ODK Central has it, the real name beside it: gunicorn
    refuses any other letter in a header.
    """
    plain = _NOT_ASCII.sub("-", name)
    plain = "".join(sign if " " <= sign <= "~" and sign not in '"\\%' else "_" for sign in plain)
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='!')}"

"""How requests to an S3-compatible store are signed: Amazon's Signature Version 4, for a file whose SHA-256 is known.

botocore signs the same way (a test compares), at five times the price: it serves whatever may be asked.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

METHOD = "AWS4-HMAC-SHA256"
DEFAULT_PORTS = {"http": 80, "https": 443}


class Credentials(Protocol):
    """An access key, as botocore finds it."""

    @property
    def access_key(self) -> str:
        """Its name."""

    @property
    def secret_key(self) -> str:
        """What must not be sent."""

    @property
    def token(self) -> str | None:
        """Sent beside a key that lives for hours."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes."""

    host: str
    region: str


def host(root: str) -> str:
    """Of an address, as clients name it in the header."""
    parts = urlsplit(root)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return name if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f"{name}:{parts.port}"


def sign(
    method: str, path: str, headers: Mapping[str, str], sha256: str, to: Place, key: Credentials, at: datetime
) -> dict[str, str]:
    """The headers of a request to `path` (quoted, without a query), those that sign it included.

    `headers`: names in lower case, values without blanks. `sha256`: of the body. `at`: UTC.
    """
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    all_headers = {**headers, "host": to.host, "x-amz-content-sha256": sha256, "x-amz-date": moment}
    if key.token:
        all_headers["x-amz-security-token"] = key.token
    ordered = sorted(all_headers.items())
    names = ";".join(header for header, _ in ordered)
    lines = "".join(f"{header}:{value}\n" for header, value in ordered)
    canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{sha256}"
    scope = f"{moment[:8]}/{to.region}/s3/aws4_request"
    told = f"{METHOD}\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = _hmac(_daily(key.secret_key, moment[:8], to.region), told).hex()
    credential = f"{key.access_key}/{scope}"
    all_headers["authorization"] = f"{METHOD} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return all_headers


@functools.lru_cache(maxsize=4)
def _daily(secret: str, day: str, region: str) -> bytes:
    """The key for one day."""
    return functools.reduce(_hmac, (day, region, "s3", "aws4_request"), f"AWS4{secret}".encode())


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")

"""Requests to a bucket of an S3-compatible store, and what its refusals mean.

Put, open and delete are signed in `signing` and go out over urllib3's connections, without botocore's layers above:
those cost more processor time than everything else. Rare requests go through its client (`Bucket.client`).
boto3 is imported with the first request: a server that keeps files in a folder has none of it in memory, and what
cannot be shared between processes is made after they were forked.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import parse_qs, quote, unquote, urlsplit

from server.storage import signing

# Seconds. A store that is gone is an answer to a phone soon; a slow one has time.
CONNECT, READ, READ_RARE = 3, 20, 60
PAUSE = 0.3
CONNECTIONS = 32
CHUNK = 512 * 1024
READ_AHEAD = 64 * 1024
EMPTY = hashlib.sha256(b"").hexdigest()
# Its own trouble, or too much to do: worth a second request.
BUSY = frozenset({429, 500, 502, 503, 504})
FULL = frozenset({"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"})
# What botocore says of an address that cannot be one.
MISTAKES = frozenset({"ValueError", "ParamValidationError", "InvalidRegionError"})
_CODE = re.compile(rb"<Code>(\w{1,60})</Code>")


@dataclass(frozen=True, slots=True)
class Address:
    """`s3://bucket/prefix?endpoint=…&region=…`. The prefix is empty or ends with a slash."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str | None

    @classmethod
    def of(cls, url: str) -> Address:
        """Taken apart."""
        parts = urlsplit(url)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        prefix = unquote(parts.path).strip("/")
        return cls(parts.netloc, f"{prefix}/" if prefix else "", options.get("endpoint"), options.get("region"))


class Bucket:
    """One bucket, for all threads of one process. Keys are without the prefix. Every failure is an OSError."""

    def __init__(self, address: Address) -> None:
        import boto3  # noqa: PLC0415
        from botocore import config, exceptions, session  # noqa: PLC0415
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError  # noqa: PLC0415

        self.name, self.prefix = address.bucket, address.prefix
        self._refusal, self._failures = exceptions.ClientError, (exceptions.BotoCoreError, HTTPError)
        self._cut_off = (ProtocolError, NewConnectionError, ConnectTimeoutError)
        core = session.get_session()
        self.region = address.region or core.get_config_variable("region") or "us-east-1"
        options = config.Config(
            connect_timeout=CONNECT,
            read_timeout=READ_RARE,
            retries={"total_max_attempts": 2, "mode": "standard"},
            # Checksums that follow the body are refused by many stores that speak the same language.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        with self.asking():
            self._credentials = core.get_credentials()
            made = boto3.session.Session(botocore_session=core)
            try:
                self.client = made.client("s3", endpoint_url=address.endpoint, region_name=self.region, config=options)
            except ValueError as error:
                raise _silent(error) from error
            self._connect(core.get_config_variable("ca_bundle") or True)

    def _connect(self, verify: str | bool) -> None:
        import urllib3  # noqa: PLC0415
        from botocore import httpsession, utils  # noqa: PLC0415

        # Where keys begin, the bucket in the host's name or in the path: as the client itself would ask.
        presigned = self.client.generate_presigned_url("get_object", Params={"Bucket": self.name, "Key": "k"})
        root = presigned.partition("?")[0].removesuffix("k")
        self._root, self._host = urlsplit(root).path, signing.host(root)
        proxies = httpsession.ProxyConfiguration(utils.get_environ_proxies(root))
        proxy = proxies.proxy_url_for(root)
        options: dict[str, Any] = {
            "timeout": urllib3.Timeout(connect=CONNECT, read=READ),
            "maxsize": CONNECTIONS,
            "ca_certs": httpsession.get_cert_path(verify),
            "cert_reqs": "CERT_REQUIRED",
            "blocksize": CHUNK,
            # Head and body go out one after the other: without this, a small body waits 40 ms.
            "socket_options": [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        }
        if proxy:
            known = proxies.proxy_headers_for(proxy)
            made: urllib3.PoolManager = urllib3.ProxyManager(proxy, proxy_headers=known, **options)
        else:
            made = urllib3.PoolManager(**options)
        self._connections = made.connection_from_url(root)
        # A proxy that sees the request is told the whole address.
        self._before = root[: -len(self._root)] if proxy and root.startswith("http:") else ""

    def make(self) -> None:
        """Make the bucket if it is missing. Raises OSError where that is not allowed."""
        try:
            self._call("HEAD", self._root)
        except PermissionError:
            return  # A key that may read and write files, but not ask about the bucket.
        except FileNotFoundError:
            # The oldest region is the one that must not be named.
            where = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
            try:
                with self.asking():
                    self.client.create_bucket(Bucket=self.name, **({} if self.region == "us-east-1" else where))
            except OSError as error:
                self._made_by_another(error)

    def _made_by_another(self, error: OSError) -> None:
        try:
            self._call("HEAD", self._root)
        except OSError:
            raise OSError(f"The bucket {self.name} is missing and cannot be made: {error}") from error

    def put(self, key: str, sha256: str, stream: BinaryIO, md5: str = "") -> None:
        """Store a stream from its beginning, up to 5 GB, in one request: all of it is stored or nothing."""
        # The store compares what arrives with both hashes. Not every one looks at the SHA-256 in the signature, and
        # many refuse the newer header for it.
        digest = base64.b64encode(bytes.fromhex(md5 or _md5(stream))).decode()
        headers = {"content-md5": digest, "content-type": "application/octet-stream"}
        stream.seek(0)
        first = stream.read(CHUNK)
        self._call("PUT", self._url(key), headers, first if len(first) < CHUNK else stream, sha256)

    def get(self, key: str) -> BinaryIO:
        """A stream of what is stored, read from the store little by little. Raises FileNotFoundError."""
        response = self._call("GET", self._url(key), stream=True)
        return io.BufferedReader(_Body(response, self), READ_AHEAD)

    def delete(self, key: str) -> None:
        """Nothing happens if it is not there."""
        with suppress(FileNotFoundError):
            self._call("DELETE", self._url(key))

    def copy(self, source: str, target: str) -> None:
        """Within the store. Raises FileNotFoundError."""
        with self.asking():
            origin = {"Bucket": self.name, "Key": self.prefix + source}
            self.client.copy_object(Bucket=self.name, Key=self.prefix + target, CopySource=origin)

    def listed(self, beginning: str, page: int) -> Iterator[tuple[str, int, datetime]]:
        """Key, size in bytes and moment (UTC) of all whose key so begins, by key, `page` in a request."""
        with self.asking():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=self.prefix + beginning, PaginationConfig={"PageSize": page}
            )
            for found in pages:
                for entry in found.get("Contents", ()):
                    key = entry["Key"].removeprefix(self.prefix)
                    yield key, entry["Size"], entry["LastModified"].astimezone(UTC)

    def _url(self, key: str) -> str:
        return self._root + quote(self.prefix + key, safe="/~")

    def _call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | BinaryIO = b"",
        sha256: str = EMPTY,
        stream: bool = False,
    ) -> Any:
        """The answer to a request that may be repeated, and is, once, where that may help."""
        for last in (False, True):
            try:
                response = self._sent(method, url, headers or {}, body, sha256)
                if response.status >= 300 or not stream:
                    response.read(cache_content=True)
            except self._cut_off as error:
                if last:
                    raise _silent(error) from error
            except self._failures as error:
                raise _silent(error) from error
            else:
                if response.status < 300:
                    return response
                if last or response.status not in BUSY:
                    raise self._refused(response.status, response.headers, response.data)
            time.sleep(PAUSE)
        raise AssertionError("the second request was the last")

    def _sent(self, method: str, url: str, headers: Mapping[str, str], body: bytes | BinaryIO, sha256: str) -> Any:
        if not isinstance(body, bytes):
            size = str(body.seek(0, io.SEEK_END))
            body.seek(0)
            headers = {**headers, "content-length": size}
        key = self._credentials.get_frozen_credentials()
        place = signing.Place(self._host, self.region)
        signed = signing.sign(method, url, headers, sha256, place, key, datetime.now(UTC))
        return self._connections.urlopen(
            method, self._before + url, body or None, signed, retries=False, redirect=False, assert_same_host=False,
            preload_content=False, decode_content=False, enforce_content_length=False,
        )  # fmt: skip

    @contextmanager
    def asking(self) -> Iterator[None]:
        """What botocore raises, as OSError."""
        try:
            yield
        except self._refusal as error:
            meta = error.response["ResponseMetadata"]
            content = f"<Code>{error.response['Error'].get('Code', '')}</Code>".encode()
            raise self._refused(meta["HTTPStatusCode"], meta["HTTPHeaders"], content) from error
        except self._failures as error:
            raise _silent(error) from error

    def _refused(self, status: int, headers: Mapping[str, str], content: bytes) -> OSError:
        """Of the answer only its code is told: the rest may hold what was signed."""
        found = _CODE.search(content)
        code = found[1].decode() if found else ""
        region = headers.get("x-amz-bucket-region", self.region)
        if status in (301, 307, 400) and region != self.region:
            return OSError(f"The bucket {self.name} is in another region: set region={region} in STORAGE_URL.")
        if status == 404 and code != "NoSuchBucket":
            return FileNotFoundError("The file store has no such file.")
        if status in (401, 403):
            return PermissionError(
                f"The file store refuses the access key ({code or status}): check AWS_ACCESS_KEY_ID,"
                f" AWS_SECRET_ACCESS_KEY and what the key may do in the bucket {self.name}."
            )
        if status == 507 or code in FULL:
            return OSError(errno.ENOSPC, f"The file store is full ({code or status}).")
        return OSError(f"The file store answered {status} {code}".rstrip() + ".")


def _md5(stream: BinaryIO) -> str:
    stream.seek(0)
    md5 = hashlib.md5(usedforsecurity=False)
    while chunk := stream.read(CHUNK):
        md5.update(chunk)
    return md5.hexdigest()


def _silent(error: Exception) -> OSError:
    kind = type(error).__name__
    if "Credential" in kind:
        return OSError("No access key for the file store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
    if kind in MISTAKES:
        return OSError(f"The file store cannot be asked: check bucket, endpoint and region in STORAGE_URL ({kind}).")
    return OSError(f"The file store does not answer ({kind}).")


class _Body(io.RawIOBase):
    """A file on its way from the store. What breaks off is an OSError, never a shorter file."""

    def __init__(self, response: Any, bucket: Bucket) -> None:
        self._raw, self._bucket = response, bucket
        self._left = int(response.headers.get("Content-Length", 0))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._bucket.asking():
            count = self._raw.readinto(buffer)
        self._left -= count
        if not count and len(buffer) and self._left > 0:
            raise OSError(f"The file store broke off, {self._left} bytes before the end.")
        return count

    def readall(self) -> bytes:
        # Without this, all of it comes in pieces of 8 KB.
        return b"".join(iter(lambda: self.read(CHUNK), b""))

    def close(self) -> None:
        # A connection that was not read to its end serves nobody else.
        if not self.closed:
            self._raw.close()
        super().close()

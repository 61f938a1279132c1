"""Signatures for a store: the same that botocore makes, whatever the address, the region and the key are."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from botocore import auth, awsrequest
from botocore.credentials import ReadOnlyCredentials

from server.storage.signing import Place, host, sign

BODY = b"a photo"
SHA = hashlib.sha256(BODY).hexdigest()
HEADERS = {"content-md5": "mFpDkHrMaCdGtHWU", "content-type": "application/octet-stream"}
ROOTS = ("https://files.s3.ap-southeast-1.amazonaws.com/", "http://127.0.0.1:9000/files/", "https://[::1]:443/b/")


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("method", ["PUT", "GET"])
@pytest.mark.parametrize("token", [None, "for some hours"], ids=["a key", "a key for some hours"])
def test_the_signature_is_that_of_the_library(root: str, method: str, token: str | None) -> None:
    key = ReadOnlyCredentials("AKIA", "a secret/of+some", token)
    headers = HEADERS if method == "PUT" else {}
    url = f"{root}b%20b/{SHA[:2]}/{SHA}"
    request = awsrequest.AWSRequest(method, url, dict(headers), BODY)
    signer = auth.S3SigV4Auth(key, "s3", "ap-southeast-1")
    signer.payload = lambda _: SHA
    signer.add_auth(request)
    at = datetime.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    path = "/" + url.split("/", 3)[3]
    signed = sign(method, path, headers, SHA, Place(host(root), "ap-southeast-1"), key, at)
    assert signed.pop("host") == host(root)
    assert signed == {name.lower(): value for name, value in request.headers.items()}


def test_a_port_is_named_where_it_is_not_the_usual_one() -> None:
    assert [host(root) for root in ROOTS] == ["files.s3.ap-southeast-1.amazonaws.com", "127.0.0.1:9000", "[::1]"]
    assert host("http://store:443/") == "store:443"


@pytest.mark.parametrize("changed", ["PUT", "path", "region", "secret", "day", "hash"])
def test_whatever_is_changed_changes_the_signature(changed: str) -> None:
    day = datetime(2026, 11, 23, tzinfo=UTC)

    def made(what: str) -> str:
        key = ReadOnlyCredentials("AKIA", "another" if what == "secret" else "secret", None)
        place = Place("store", "b" if what == "region" else "a")
        at = day.replace(day=24) if what == "day" else day
        sha256 = hashlib.sha256(b"" if what == "hash" else BODY).hexdigest()
        method, path = "PUT" if what == "PUT" else "GET", "/other" if what == "path" else "/file"
        return sign(method, path, {}, sha256, place, key, at)["authorization"].rpartition("=")[2]

    assert made(changed) != made("nothing") == made("nothing")

"""A bucket alone: a store that goes and comes back, keys that are refused, neighbours in the same bucket."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from server.storage import Storage, open_storage
from server.storage.bucket import Address, Bucket
from tests.stores import DATA, POOR_KEY, POOR_SECRET, SHA, Store, at_once, content, empty, make_store, names


@pytest.fixture(scope="module")
def in_bucket(store: Store) -> Storage:
    """A storage in a bucket, under a prefix with a space and a letter that is not ASCII."""
    return open_storage(store.url().replace("?", "%20b/%C4%91?"))


@pytest.fixture
def lonely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A server of the test's own, to be stopped."""
    made = make_store(tmp_path)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    made.start()
    yield made
    made.stop()


def test_a_store_that_goes_and_comes_back(lonely: Store) -> None:
    storage = open_storage(lonely.url())
    large = os.urandom(30_000_000)
    large_sha = hashlib.sha256(large).hexdigest()
    storage.put(SHA, BytesIO(DATA))
    storage.put(large_sha, BytesIO(large))
    half = storage.open(large_sha)
    assert half.read(1000) == large[:1000]
    lonely.stop()
    with half, pytest.raises(OSError):
        half.read()
    uses: list[Callable[[], object]] = [
        lambda: storage.put(SHA, BytesIO(DATA)),
        lambda: storage.open(SHA),
        lambda: storage.delete(SHA),
        lambda: list(storage.walk()),
        lambda: storage.set_aside(SHA),
        lambda: storage.empty_aside(datetime.now(UTC)),
        lambda: open_storage(lonely.url()).put(SHA, BytesIO(DATA)),
    ]
    for use in uses:
        with pytest.raises(OSError, match="does not answer") as caught:
            use()
        assert not isinstance(caught.value, FileNotFoundError)
    lonely.start()
    assert content(storage) == DATA
    assert content(storage, large_sha) == large
    storage.put(SHA, BytesIO(DATA))
    assert names(storage) == sorted([SHA, large_sha])


def test_a_wrong_key_is_told_and_not_shown(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong and secret")
    storage = open_storage(store.url())
    for use in (lambda: storage.put(SHA, BytesIO(DATA)), lambda: storage.open(SHA), lambda: list(storage.walk())):
        with pytest.raises(PermissionError, match="check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY") as caught:
            use()
        assert "wrong and secret" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_no_key_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(OSError, match="set AWS_ACCESS_KEY_ID"):
        open_storage(store.url()).put(SHA, BytesIO(DATA))


def test_a_missing_bucket_is_made(store: Store) -> None:
    url = store.url(bucket=f"new-{os.getpid()}")
    places = [open_storage(url) for _ in range(3)]
    at_once(*(lambda place=place: list(place.walk()) for place in places))  # type: ignore[misc]
    places[0].put(SHA, BytesIO(DATA))
    assert [content(place) for place in places] == [DATA] * 3


def test_a_bucket_that_cannot_be_made_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", POOR_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", POOR_SECRET)
    with pytest.raises(OSError, match="bucket never-made is missing and cannot be made"):
        open_storage(store.url(bucket="never-made")).put(SHA, BytesIO(DATA))


@pytest.mark.parametrize(
    "wrong", ["s3://files?endpoint=nowhere", "s3://a,b?endpoint={}", "s3://files?endpoint={}&region=_"]
)
def test_an_address_that_cannot_be_one_is_told(store: Store, wrong: str) -> None:
    with pytest.raises(OSError, match="check bucket, endpoint and region in STORAGE_URL"):
        open_storage(wrong.format(store.endpoint)).put(SHA, BytesIO(DATA))


def test_what_changed_on_its_way_is_refused(in_bucket: Storage) -> None:
    empty(in_bucket)
    with pytest.raises(OSError, match="BadDigest"):
        in_bucket.put(SHA, BytesIO(DATA[:-1] + b"?"), hashlib.md5(DATA).hexdigest())
    assert names(in_bucket) == []


def test_others_may_keep_things_in_the_same_bucket(store: Store) -> None:
    url = store.url()
    mine, beside = open_storage(url), open_storage(store.url())
    bucket = Bucket(Address.of(url))
    for key in ("readme.txt", f"{SHA[:2]}/{SHA}.txt", f"00/{SHA}", f"more/{SHA[:2]}/{SHA}", "aside/aa/notes"):
        bucket.put(key, SHA, BytesIO(DATA))
    beside.put(SHA, BytesIO(DATA))
    assert names(mine) == []
    assert mine.empty_aside(datetime.max.replace(tzinfo=UTC)) == 0
    with pytest.raises(FileNotFoundError):
        mine.open(SHA)

"""What an installation is cut off from for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from flask import Flask

from tests.homes import Home, Laptop, Province


@contextmanager
def cut_off(app: Flask, home: Home) -> Iterator[None]:
    """The store does not answer."""
    with ExitStack() as afterwards:
        if isinstance(home, Laptop):
            folder = home.settings.data_dir / "files"
            afterwards.callback(folder.rename(folder.with_name("kept")).rename, folder)
            folder.write_bytes(b"in its place")
            afterwards.callback(folder.unlink)
        else:
            assert isinstance(home, Province)
            home.store.stop()
            afterwards.callback(home.store.start)
        yield

"""The address in a QR code is one that phones can reach."""

from __future__ import annotations

import dataclasses

import pytest
from flask import Flask

from server.parts import NAME
from server.web import codes


@pytest.mark.parametrize(
    ("public_url", "lan_url", "address"),
    [
        ("", "", "http://127.0.0.1:8000"),
        ("", "http://192.0.2.7:8000", "http://192.0.2.7:8000"),
        ("https://donghanh.example.vn", "http://192.0.2.7:8000", "https://donghanh.example.vn"),
    ],
)
def test_the_address_for_phones(
    app: Flask, monkeypatch: pytest.MonkeyPatch, public_url: str, lan_url: str, address: str
) -> None:
    parts = app.extensions[NAME]
    chosen = dataclasses.replace(parts.settings, public_url=public_url, lan_url=lan_url)
    monkeypatch.setitem(app.extensions, NAME, dataclasses.replace(parts, settings=chosen))
    with app.test_request_context(base_url="http://127.0.0.1:8000"):
        assert codes.base_url() == address

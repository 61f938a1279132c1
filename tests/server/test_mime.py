"""How files are declared on their way out."""

from __future__ import annotations

import pytest

from server import mime


@pytest.mark.parametrize(
    ("name", "claimed", "told"),
    [
        ("a.jpg", "image/jpeg", "image/jpeg"),
        ("a.jpg", "IMAGE/JPEG; q=1", "image/jpeg"),
        ("a", "text/csv;charset=UTF-8", "text/csv; charset=utf-8"),
        ("a.csv", "text/csv", "text/csv"),
        ("a.csv", None, "text/csv"),
        ("a.m4a", "", "audio/mp4"),
        ("a.jpg", "text/html", "image/jpeg"),
        ("a.html", "image/jpeg", "image/jpeg"),
        ("a.html", "text/html", mime.UNKNOWN),
        ("a.svg", "image/svg+xml", mime.UNKNOWN),
        ("a.xml", "application/xml", mime.UNKNOWN),
        ("a.js", "text/javascript", mime.UNKNOWN),
        ("a.xhtml", None, mime.UNKNOWN),
        ("a", "image/ảnh", mime.UNKNOWN),
        ("a", "image/png\r\nX: y", mime.UNKNOWN),
        ("", ";", mime.UNKNOWN),
    ],
)
def test_only_what_can_do_no_harm_is_told(name: str, claimed: str | None, told: str) -> None:
    assert mime.content_type(name, claimed) == told

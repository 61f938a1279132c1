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
        ("a.csv", "text/csv", "text/csv; charset=utf-8"),
        ("a.csv", "text/csv; charset=utf-16", "text/csv"),
        ("a.csv", None, "text/csv; charset=utf-8"),
        ("a", "application/json", "application/json; charset=utf-8"),
        ("a.geojson", "application/geo+json", "application/geo+json"),
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


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a b.csv", "attachment; filename=\"a b.csv\"; filename*=UTF-8''a%20b.csv"),
        ("xã.csv", "attachment; filename=\"x-.csv\"; filename*=UTF-8''x%C3%A3.csv"),
        ("Thăm ảnh!.jpg", "attachment; filename=\"Th-m -nh!.jpg\"; filename*=UTF-8''Th%C4%83m%20%E1%BA%A3nh!.jpg"),
        ('a"\r\n%.csv', "attachment; filename=\"a____.csv\"; filename*=UTF-8''a%22%0D%0A%25.csv"),
    ],
)
def test_a_name_is_told_in_ascii_and_whole(name: str, told: str) -> None:
    assert mime.disposition(name) == told

"""Headers, assets and files that came from outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.http import parse_options_header
from werkzeug.test import TestResponse

from server.web import assets, downloads
from server.web.pages import NameConverter
from tests.cast import Cast
from tests.phone import Published
from tests.server.web import demo
from tests.server.web.conftest import FORMS, Visit, World, instance_id


@pytest.mark.parametrize("path", ["/login", "/projects/1", "/projects/99", "/nowhere"])
def test_headers_of_every_page(path: str, visit: Visit, cast: Cast) -> None:
    visitor = visit(None if path == "/login" else cast.bob)
    headers = visitor.get(path, headers={"Accept": "text/html"}).headers  # as browsers do; programs are told in JSON
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_api_keeps_its_own_headers(visit: Visit) -> None:
    headers = visit().get("/v1/users/current").headers
    assert headers["Content-Security-Policy"].startswith("sandbox;")
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_preview_alone_has_another_policy(visit: Visit, cast: Cast, publish: Callable[..., Published]) -> None:
    publish(demo.BARE, draft=True)
    first, second = (visit(cast.bob).get("/projects/1/forms/draft_form/draft/preview") for _ in range(2))
    policy = first.headers["Content-Security-Policy"]
    assert "'nonce-" in policy and "'wasm-unsafe-eval'" in policy and "form-action 'none'" in policy
    assert policy != second.headers["Content-Security-Policy"]


def test_own_assets_are_cached_by_their_content(visit: Visit) -> None:
    client = visit()
    page = client.get("/login").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    found = client.get(address)
    assert found.status_code == 200 and found.mimetype == "text/css"
    assert "max-age=31536000" in found.headers["Cache-Control"]
    assert "max-age=31536000" not in client.get("/assets/0/app.css").headers["Cache-Control"]
    assert client.get("/favicon.ico").mimetype == "image/svg+xml"


@pytest.mark.parametrize(
    "name",
    ["../pages.py", "app.css/../app.css", "web-forms/../package.json", "web-forms", "vue", "x.js", "htmx.js/x/y"],
)
def test_nothing_else_is_an_asset(name: str, visit: Visit) -> None:
    assert visit().get(f"/assets/0/{name}").status_code == 404


def test_pages_work_without_the_browser_packages(
    visit: Visit, cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, publish: Callable[..., Published]
) -> None:
    monkeypatch.setattr(assets, "PACKAGES", tmp_path)
    publish(demo.BARE, draft=True)
    assert "htmx.js" not in visit(cast.bob).get("/projects/1").text
    assert "not installed" in visit(cast.bob).get("/projects/1/forms/draft_form/draft/preview").text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jpg", "image"),
        ("A.PNG", "image"),
        ("x.m4a", "audio"),
        ("x.3gp", "video"),
        ("x.svg", "file"),
        ("x.html", "file"),
        ("x.pdf", "file"),
        ("x", "file"),
        ("x.xml", "file"),
        ("x.jpg.html", "file"),
    ],
)
def test_what_a_browser_may_show(name: str, kind: str) -> None:
    assert downloads.kind(name) == kind


def test_a_file_that_could_run_is_only_downloaded(
    visit: Visit, cast: Cast, publish: Callable[..., Published], send: Callable[..., TestResponse]
) -> None:
    publish(demo.FORM)
    xml = demo.filled(demo.answers(photo="x.html"))
    assert send(xml, [("x.html", b"<script>alert(1)</script>", "text/html")]).status_code == 201
    mine = instance_id(xml)
    found = visit(cast.bob).get(f"{FORMS}/submissions/{mine}/versions/{mine}/files/x.html")
    assert found.content_type == "application/octet-stream"
    assert found.headers["Content-Disposition"].startswith("attachment")
    assert found.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize("name", ["ảnh hẻm số 3.jpg", "写真1.jpg", 'a"b\\c%20.jpg', "x\u0301y.csv", "a\r\nb.jpg"])
def test_any_file_name_fits_in_a_header(name: str, app: Flask) -> None:
    with app.test_request_context():
        shown = downloads.data(name, b"x").headers["Content-Disposition"]
    assert shown.isascii() and shown.isprintable()
    assert parse_options_header(shown)[1]["filename"] == name


def test_a_photo_is_shown_whole_and_in_parts(visit: Visit, cast: Cast, world: World) -> None:
    address = f"{FORMS}/submissions/{world.good}/versions/{world.good}/files/phong.png"
    whole = visit(cast.bob).get(address)
    assert (whole.data, whole.content_type) == (demo.png(), "image/png")
    assert whole.headers["Content-Security-Policy"].startswith("sandbox")
    part = visit(cast.bob).get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, demo.png()[10:20])
    again = visit(cast.bob).get(address, headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304
    assert visit().get(address).location.startswith("/login")


@pytest.mark.parametrize("name", ["home_visit", "a/b", "~1", "a~b", "với dấu", "uuid:1", "a?b#c", ".."])
def test_a_name_is_one_step_of_an_address(name: str) -> None:
    converter = NameConverter.__new__(NameConverter)
    step = converter.to_url(name)
    assert "/" not in step and "?" not in step

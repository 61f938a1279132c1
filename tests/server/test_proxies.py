"""The headers of a proxy are believed from where a proxy is, and from nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from scripts import gunicorn_conf
from server import config
from server.app import create_app
from server.config import SettingsError
from tests.cast import PASSWORD, Cast
from tests.conftest import House
from tests.homes import close

SAID = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.77"}


@pytest.fixture
def behind(house: House, tmp_path: Path) -> Iterator[Flask]:
    """A server behind a proxy."""
    app = create_app(replace(house.home.copy("peopled", tmp_path), public_url="https://dh.example.vn"))
    yield app
    close(app)


@pytest.mark.parametrize(
    ("peer", "believed"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("172.18.0.2", True),
        ("::ffff:10.0.0.1", True),
        ("fd00::2", True),
        ("203.0.113.5", False),
        ("2001:db8::1", False),
        ("172.32.0.1", False),
    ],
)
def test_whose_word_counts(peer: str, believed: bool, behind: Flask, cast: Cast) -> None:
    pair = (cast.bob.email, PASSWORD)
    answer = behind.test_client(use_cookies=False).get(
        "/v1/projects", auth=pair, headers=SAID, environ_overrides={"REMOTE_ADDR": peer}
    )
    assert answer.status_code == (200 if believed else 401)  # a password with each request needs https


def test_another_proxy_is_named(tmp_path: Path) -> None:
    home = {"DATA_DIR": str(tmp_path)}
    assert config.load(home).proxies == config.PROXIES
    given = config.load(home | {"FORWARDED_ALLOW_IPS": "203.0.113.5, 2001:db8::/32"})
    assert given.proxies == ("203.0.113.5", "2001:db8::/32")
    assert config.load(home | {"FORWARDED_ALLOW_IPS": "*"}).proxies == ("*",)
    for wrong in ("proxy", "10.0.0.1/8"):
        with pytest.raises(SettingsError, match="FORWARDED_ALLOW_IPS"):
            config.load(home | {"FORWARDED_ALLOW_IPS": wrong})


def test_the_web_server_has_no_opinion_of_its_own() -> None:
    assert gunicorn_conf.secure_scheme_headers == {}
    assert gunicorn_conf.forwarder_headers == ""

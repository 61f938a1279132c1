"""Settings by QR code: base64 of zlib of JSON, with the keys that Collect demands."""

from __future__ import annotations

import base64
import json
import zlib

from sync import collect


def test_an_app_user() -> None:
    url = collect.app_user_address("https://x.example", 7, "a$b!c")
    assert url == "https://x.example/v1/key/a$b!c/projects/7"
    settings = collect.app_user_settings(url, "Hỗ trợ", "vi")
    assert settings.keys() == {"general", "admin", "project"}
    assert settings["general"] == {
        "server_url": url,
        "form_update_mode": "match_exactly",
        "autosend": "wifi_and_cellular",
        "delete_send": True,
        "app_language": "vi",
    }
    assert settings["project"] == {"name": "Hỗ trợ"}
    assert "app_language" not in collect.app_user_settings(url, "Hỗ trợ")["general"]


def test_a_draft() -> None:
    url = collect.draft_address("https://x.example", 7, "thăm nhà/1", "key")
    assert url == "https://x.example/v1/test/key/projects/7/forms/th%C4%83m%20nh%C3%A0%2F1/draft"
    settings = collect.draft_settings(url, "Thăm nhà")
    assert settings["general"]["server_url"] == url
    assert settings["admin"] == {}
    assert settings["project"] == {"name": "[Draft] Thăm nhà", "icon": "📝"}


def test_the_text_of_the_code() -> None:
    settings = collect.app_user_settings("https://x.example/v1/key/k/projects/1", "Hỗ trợ cộng đồng", "vi")
    text = collect.qr_text(settings)
    assert "\n" not in text and len(text) < 4000
    assert json.loads(zlib.decompress(base64.b64decode(text, validate=True))) == settings

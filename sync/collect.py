"""Settings that Collect takes from a QR code (Collect's SettingsImporter and CompressionUtils)."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any
from urllib.parse import quote


def app_user_settings(server_url: str, project_name: str, language: str | None = None) -> dict[str, Any]:
    """What a volunteer's phone needs: everything is fetched and sent by itself, no password.

    Sent forms are deleted from the phone (domain P10), and the app starts in the volunteer's language.
    """
    general: dict[str, Any] = {
        "server_url": server_url,
        "form_update_mode": "match_exactly",
        "autosend": "wifi_and_cellular",
        "delete_send": True,
    }
    if language:
        general["app_language"] = language
    return {"general": general, "admin": {}, "project": {"name": project_name}}


def draft_settings(server_url: str, form_title: str) -> dict[str, Any]:
    """For trying a draft on a phone, in a project of its own."""
    general = {"server_url": server_url, "form_update_mode": "match_exactly", "autosend": "wifi_and_cellular"}
    return {"general": general, "admin": {}, "project": {"name": f"[Draft] {form_title}", "icon": "📝"}}


def qr_text(settings: dict[str, Any]) -> str:
    """The text of the QR code: base64 of zlib of JSON."""
    data = json.dumps(settings, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(data, 9)).decode()


def app_user_address(base: str, project_id: int, key: str) -> str:
    """The server address of an app user: the key stands in it."""
    return f"{base}/v1/key/{key}/projects/{project_id}"


def draft_address(base: str, project_id: int, xml_form_id: str, key: str) -> str:
    """The server address for trying one draft."""
    return f"{base}/v1/test/{key}/projects/{project_id}/forms/{quote(xml_form_id, safe='')}/draft"

"""QR codes that phones scan, and the addresses in them."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from flask import request

from server.actions import access, drafts
from server.models import AppUser, Form, FormVersion, Project
from server.parts import settings
from sync import collect

_ONLY_HERE = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Code:
    """A picture as a data address. `trial`: over plain http; `unreachable`: the address means this computer only."""

    picture: str
    trial: bool
    unreachable: bool


def base_url() -> str:
    """The address by which phones reach the server, which need not be the one in this browser."""
    return settings().public_url or settings().lan_url or request.url_root.rstrip("/")


def picture_of(text: str) -> str:
    """A QR code as a data address."""
    return segno.make(text, error="l", micro=False).svg_data_uri(border=4, scale=4, dark="#000", light="#fff")


def _code(text: str) -> Code:
    base = base_url()
    host = base.partition("://")[2].partition("/")[0].rpartition(":")[0] or base.partition("://")[2]
    return Code(picture_of(text), trial=not base.startswith("https://"), unreachable=host in _ONLY_HERE)


def of_volunteer(app_user: AppUser, project: Project) -> Code | None:
    """What a volunteer's phone scans once; None when the key was revoked."""
    key = access.key_of(app_user)
    if key is None:
        return None
    address = collect.app_user_address(base_url(), project.id, key)
    language = app_user.actor.language or project.language
    return _code(collect.qr_text(collect.app_user_settings(address, project.name, language)))


def of_draft(form: Form, draft: FormVersion) -> Code | None:
    """For trying a draft on a phone."""
    key = drafts.key_of(draft)
    if key is None:
        return None
    address = collect.draft_address(base_url(), form.project_id, form.xml_form_id, key)
    return _code(collect.qr_text(collect.draft_settings(address, draft.title)))

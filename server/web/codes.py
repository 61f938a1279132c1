"""QR codes that phones scan, and the addresses in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import segno
from flask import request

from server.actions import access, drafts
from server.models import AppUser, Form, FormVersion, Project, PublicLink
from server.parts import settings
from server.permissions import Actor
from sync import collect

# Of the eight patterns one is taken for all: to try each costs four times as much, and what is compressed looks like
# noise, so that none is better for long.
MASK = 4
_ONLY_HERE = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Code:
    """A picture as a data address. `trial`: over plain http; `unreachable`: the address means this computer only.

    `address`: of the server, for who types it into the app instead.
    """

    picture: str
    trial: bool
    unreachable: bool
    address: str


def base_url() -> str:
    """The address by which phones reach the server, which need not be the one in this browser."""
    return settings().public_url or settings().lan_url or request.url_root.rstrip("/")


def picture_of(text: str) -> str:
    """A QR code as a data address."""
    made = segno.make(text, error="l", micro=False, mask=MASK)
    return made.svg_data_uri(border=4, scale=4, dark="#000", light="#fff")


def _code(settings_of: dict[str, Any]) -> Code:
    address = str(settings_of["general"]["server_url"])
    base = base_url()
    host = base.partition("://")[2].partition("/")[0].rpartition(":")[0] or base.partition("://")[2]
    picture = picture_of(collect.qr_text(settings_of))
    return Code(picture, trial=not base.startswith("https://"), unreachable=host in _ONLY_HERE, address=address)


def of_volunteer(actor: Actor, app_user: AppUser, project: Project) -> Code | None:
    """What a volunteer's phone scans once; None when the key was revoked, or is not shown to the actor."""
    key = access.shown_key(actor, app_user)
    if key is None:
        return None
    address = collect.app_user_address(base_url(), project.id, key)
    language = app_user.actor.language or project.language
    return _code(collect.app_user_settings(address, project.name, language))


def of_link(link: PublicLink, form: Form) -> Code | None:
    """For filling the one form of a public link; None when it was revoked."""
    key = access.key_of(link)
    if key is None:
        return None
    shown = form.current or form.draft
    title = shown.title if shown else form.xml_form_id
    return _code(collect.app_user_settings(collect.app_user_address(base_url(), form.project_id, key), title))


def web_address(link: PublicLink, form: Form) -> str | None:
    """Where a browser fills the form of a public link; None when it was revoked or nothing is published."""
    key, web_id = access.key_of(link), form.web_once_id if link.once else form.web_id
    return f"{base_url()}/f/{web_id}?st={quote(key, safe='')}" if key and web_id else None


def of_draft(form: Form, draft: FormVersion) -> Code | None:
    """For trying a draft on a phone."""
    key = drafts.key_of(draft)
    if key is None:
        return None
    address = collect.draft_address(base_url(), form.project_id, form.xml_form_id, key)
    return _code(collect.draft_settings(address, draft.title))

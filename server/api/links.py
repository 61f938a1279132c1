"""Public links of a form."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify

from schemas.access import NewPublicLink, PropertyChanges, PublicLinkShape
from server import identity
from server.actions import forms, links
from server.api import wire
from server.api.access import FORM, actor_dict
from server.models import PublicLink

api = wire.blueprint("links")
LINKS = f"{FORM}/public-links"
LINK = f"{LINKS}/<int:actor_id>"


def register(app: Flask) -> None:
    """Attach the routes."""
    app.register_blueprint(api, url_prefix="/v1")


def _dict(link: PublicLink, *, extended: bool) -> dict[str, Any]:
    return actor_dict(link, extended=extended) | {"once": link.once}


@api.get(LINKS)
def list_all(project_id: int, xml_form_id: str) -> Response:
    """The links of a form."""
    found = links.list_all(identity.actor(), project_id, xml_form_id)
    return wire.reply(PublicLinkShape, [_dict(link, extended=wire.extended()) for link in found])


@api.post(LINKS)
def create(project_id: int, xml_form_id: str) -> Response:
    """A new link, with its key."""
    forms.get(identity.actor(), project_id, xml_form_id, "public_link.create")
    given = wire.body(NewPublicLink)
    made = links.create(
        identity.actor(),
        project_id,
        xml_form_id,
        given["display_name"],
        once=given["once"],
        properties_given=given["properties"],
    )
    return wire.reply(PublicLinkShape, _dict(made, extended=False) | {"once": given["once"]})


@api.get(LINK)
def get(project_id: int, xml_form_id: str, actor_id: int) -> Response:
    """One link."""
    found = links.get(identity.actor(), project_id, xml_form_id, actor_id)
    return wire.reply(PublicLinkShape, _dict(found, extended=wire.extended()))


@api.patch(LINK)
def update(project_id: int, xml_form_id: str, actor_id: int) -> Response:
    """Set and unset properties of a link."""
    forms.get(identity.actor(), project_id, xml_form_id, "public_link.update")
    given = wire.body(PropertyChanges)
    changed = links.update(identity.actor(), project_id, xml_form_id, actor_id, given["properties"])
    return wire.reply(PublicLinkShape, _dict(changed, extended=True))


@api.delete(LINK)
def delete(project_id: int, xml_form_id: str, actor_id: int) -> Response:
    """Take a link away."""
    links.delete(identity.actor(), project_id, xml_form_id, actor_id)
    return jsonify(wire.SUCCESS)

"""Public links of a form: made, shown with the code to scan and the address, revoked."""

from __future__ import annotations

from flask import Response, request

from server.actions import access, links
from server.web import codes, pages
from server.web.forms import FORM, find

page = pages.blueprint("links")
LINKS = f"{FORM}/links"
LINK = f"{LINKS}/<int:actor_id>"


@page.get(LINKS)
def all_of(project_id: int, xml_form_id: str) -> Response:
    """The links of a form."""
    form = find(project_id, xml_form_id, "public_link.list")
    found = links.list_all(pages.actor(), project_id, xml_form_id)
    used = access.last_used(pages.actor(), [link.actor_id for link in found])
    return pages.show("links.html", form=form, links=found, used=used)


@page.post(LINKS)
def create(project_id: int, xml_form_id: str) -> Response:
    """A new link, then its code."""
    find(project_id, xml_form_id, "public_link.create")
    name, once = request.form.get("name", ""), "once" in request.form
    made = links.create(pages.actor(), project_id, xml_form_id, name, once=once)
    return pages.go("links.one", project_id=project_id, xml_form_id=xml_form_id, actor_id=made.actor_id, done="link")


@page.get(LINK)
def one(project_id: int, xml_form_id: str, actor_id: int) -> Response:
    """A link with its code and its address. The key is in the page only, never in the address of the page."""
    form = find(project_id, xml_form_id, "public_link.read")
    link = links.get(pages.actor(), project_id, xml_form_id, actor_id)
    return pages.show(
        "link.html", form=form, link=link, code=codes.of_link(link, form), web=codes.web_address(link, form)
    )


@page.post(f"{LINK}/revoke")
def revoke(project_id: int, xml_form_id: str, actor_id: int) -> Response:
    """Make the link worthless; in the list it stays, as revoked."""
    find(project_id, xml_form_id, "public_link.delete")
    links.revoke(pages.actor(), project_id, xml_form_id, actor_id)
    return pages.go("links.all_of", project_id=project_id, xml_form_id=xml_form_id, done="link_revoked")

"""A lost phone: one button makes its code worthless and shows what to look through; another makes a new card."""

from __future__ import annotations

from flask import Response

from server.actions import access, lost_phones
from server.web import pages
from server.web.people import VOLUNTEER, project_of

page = pages.blueprint("lost")
LOST = f"{VOLUNTEER}/lost"


@page.get(LOST)
def one(project_id: int, actor_id: int) -> Response:
    """While the code works, ask once more; then what the phone had sent and nobody has reviewed."""
    project, who = project_of(project_id, "field_key.delete"), pages.actor()
    person = access.get_app_user(who, project_id, actor_id, "field_key.delete")
    if person.key_hash is not None:
        return pages.show("lost_ask.html", project=project, person=person)
    sent = lost_phones.sent(who, project_id, actor_id)
    successor = lost_phones.successor(who, person)
    response = pages.show("lost.html", project=project, person=person, sent=sent, successor=successor)
    lost_phones.looked(who, sent)
    return response


@page.post(LOST)
def report(project_id: int, actor_id: int) -> Response:
    """Make the code worthless, at once."""
    lost_phones.report(pages.actor(), project_id, actor_id)
    return pages.go("lost.one", project_id=project_id, actor_id=actor_id, done="lost")


@page.post(f"{LOST}/replace")
def replace(project_id: int, actor_id: int) -> Response:
    """A new card for the same person."""
    made = lost_phones.replace(pages.actor(), project_id, actor_id)
    return pages.go("people.one", project_id=project_id, actor_id=made.actor_id, done="replaced")

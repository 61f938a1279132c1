"""Public links: a form that whoever has the address may fill."""

from __future__ import annotations

from sqlalchemy import select

from schemas import problems
from server.actions import access, audits, forms, properties
from server.db import db, now, writes
from server.models import Actor as ActorRow
from server.models import Assignment, Form, PublicLink
from server.parts import vault
from server.permissions import Actor
from server.secrets import new_token, token_hash

ROLE = "pub-link"


def list_all(actor: Actor, project_id: int, xml_form_id: str) -> list[PublicLink]:
    """The links of a form, newest first; then the revoked ones, which have no key."""
    form = forms.get(actor, project_id, xml_form_id, "public_link.list")
    query = select(PublicLink).join(ActorRow, ActorRow.id == PublicLink.actor_id)
    query = query.where(PublicLink.form_id == form.id, ActorRow.deleted_at.is_(None))
    order = (PublicLink.key_hash.is_(None), ActorRow.created_at.desc(), PublicLink.actor_id.desc())
    return list(db.session.scalars(query.order_by(*order)))


def get(actor: Actor, project_id: int, xml_form_id: str, actor_id: int) -> PublicLink:
    """One link of a form. Raises NOT_FOUND."""
    return _of(forms.get(actor, project_id, xml_form_id, "public_link.read"), actor_id)


def _of(form: Form, actor_id: int) -> PublicLink:
    found = db.session.get(PublicLink, actor_id)
    if found is None or found.form_id != form.id or found.actor.deleted_at is not None:
        raise problems.NOT_FOUND()
    return found


@writes
def create(
    actor: Actor,
    project_id: int,
    xml_form_id: str,
    display_name: str | None,
    *,
    once: bool | None = None,
    properties_given: object = None,
) -> PublicLink:
    """A new link with a key of its own. `once` tells the page that shows the form to let each person fill it once."""
    form = forms.get(actor, project_id, xml_form_id, "public_link.create")
    name, key = access.label(display_name), new_token()
    row = ActorRow(type="public_link", display_name=name, properties={}, created_at=now())
    db.session.add(row)
    db.session.flush()
    link = PublicLink(
        actor_id=row.id,
        form_id=form.id,
        once=bool(once),
        key_hash=token_hash(key),
        key_cipher=vault().encrypt(key),
        created_by=actor.id,
    )
    link.actor = row
    db.session.add(link)
    db.session.add(Assignment(actor_id=row.id, role=ROLE, form_id=form.id))
    db.session.flush()
    _log_new(actor, project_id, link, once)
    properties.put(actor, row, properties_given, project_id=project_id, form_id=form.id)
    return link


def _log_new(actor: Actor, project_id: int, link: PublicLink, once: bool | None) -> None:
    place = {"project_id": project_id, "form_id": link.form_id, "subject_id": link.actor_id}
    granted = access.place_id(project_id, link.form_id)
    role_id = access.role(ROLE).id
    audits.log(actor, "public_link.assignment.create", **place, roleId=role_id, grantedActeeId=granted)
    data = {"actorId": link.actor_id, "createdBy": actor.id, "formId": link.form_id, "once": once}
    audits.log(actor, "public_link.create", **place, data=data)


@writes
def update(actor: Actor, project_id: int, xml_form_id: str, actor_id: int, properties_given: object) -> PublicLink:
    """Set and unset properties of a link."""
    form = forms.get(actor, project_id, xml_form_id, "public_link.update")
    link = _of(form, actor_id)
    properties.put(actor, link.actor, properties_given, project_id=project_id, form_id=form.id)
    return link


@writes
def revoke(actor: Actor, project_id: int, xml_form_id: str, actor_id: int) -> None:
    """Make the key worthless at once; the link stays in the list."""
    form = forms.get(actor, project_id, xml_form_id, "public_link.delete")
    link = _of(form, actor_id)
    if link.key_hash is None:
        return
    link.key_hash = None
    link.key_cipher = None
    audits.log(actor, "public_link.session.end", project_id=project_id, form_id=form.id, subject_id=actor_id)


@writes
def delete(actor: Actor, project_id: int, xml_form_id: str, actor_id: int) -> None:
    """Take a link away; its key is worthless at once."""
    form = forms.get(actor, project_id, xml_form_id, "public_link.delete")
    link = _of(form, actor_id)
    link.key_hash = None
    link.key_cipher = None
    access.forget(link.actor)
    audits.log(actor, "public_link.delete", project_id=project_id, form_id=form.id, subject_id=actor_id)

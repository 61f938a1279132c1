"""A volunteer's phone is lost: its key is worthless at once, what it sent is looked through, she gets a new card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from schemas.roles import ROLES
from server import permissions
from server.actions import access, audits, properties, rows, unit_roles
from server.db import db, writes
from server.models import AppUser, Assignment, Form, Submission, SubmissionVersion
from server.permissions import Actor


@dataclass(frozen=True, slots=True)
class Sent:
    """What a phone sent and nobody has decided on: how many of which form, and the newest of them."""

    forms: list[tuple[Form, int]]
    newest: list[tuple[Form, Submission, SubmissionVersion]]

    @property
    def total(self) -> int:
        """How many in all."""
        return sum(number for _, number in self.forms)


def sent(actor: Actor, project_id: int, actor_id: int, *, limit: int = 100) -> Sent:
    """What waits for a review, of what the actor may list. Raises NOT_FOUND."""
    access.get_app_user(actor, project_id, actor_id)
    counted: Select[Any] = select(Submission.form_id, func.count()).group_by(Submission.form_id)
    counts = {row[0]: row[1] for row in db.session.execute(_waiting(actor, counted, project_id, actor_id, True))}
    with_titles = select(Form).options(selectinload(Form.current), selectinload(Form.draft))
    forms = {one.id: one for one in db.session.scalars(with_titles.where(Form.id.in_(counts)))}
    query: Select[Any] = select(Submission, SubmissionVersion).join(
        SubmissionVersion, SubmissionVersion.submission_id == Submission.id
    )
    query = query.where(SubmissionVersion.current.is_(True)).order_by(Submission.id.desc()).limit(limit)
    found = [(forms[one.form_id], one, version) for one, version in _rows(actor, query, project_id, actor_id)]
    return Sent(sorted(((forms[key], number) for key, number in counts.items()), key=lambda each: -each[1]), found)


def looked(actor: Actor, found: Sent) -> None:
    """Somebody was shown these: kept, when the page is made."""
    places = [rows.Place(form.project_id, form.id) for form, _, _ in found.newest]
    for place in dict.fromkeys(places):
        shown = audits.seen([one for form, one, _ in found.newest if form.id == place.id])
        audits.looked_through(actor, "submission.list.read", place, shown)


def _rows(actor: Actor, query: Select[Any], project_id: int, actor_id: int) -> list[Any]:
    return list(db.session.execute(_waiting(actor, query, project_id, actor_id, False)))


def _waiting(actor: Actor, query: Select[Any], project_id: int, actor_id: int, counting: bool) -> Select[Any]:
    query = query.where(
        Submission.project_id == project_id,
        Submission.submitter_id == actor_id,
        Submission.draft.is_(False),
        Submission.deleted_at.is_(None),
        Submission.review_state.is_(None) | (Submission.review_state == "edited"),
    )
    return permissions.visible(actor, query, *rows.LIST, counting=counting)


@writes
def report(actor: Actor, project_id: int, actor_id: int) -> None:
    """The phone is lost: from now on it gets nothing and can send nothing."""
    if access.get_app_user(actor, project_id, actor_id, "field_key.delete").key_hash is not None:
        access.revoke_app_user(actor, project_id, actor_id)
    audits.log(actor, "field_key.lost", project_id=project_id, subject_id=actor_id)


def successor(actor: Actor, app_user: AppUser) -> AppUser | None:
    """The card that was made instead of a lost one. Raises NOT_FOUND if it is none of the actor's any more."""
    found = db.session.scalar(select(AppUser.actor_id).where(AppUser.replaces == app_user.actor_id))
    row = access.actor_row(found)
    if found is None or row is None or row.deleted_at is not None:
        return None
    return access.get_app_user(actor, app_user.project_id, found)


@writes
def replace(actor: Actor, project_id: int, actor_id: int) -> AppUser:
    """A new card for the same person: her name, language, properties, forms and units; the old one holds no roles on
    units any more. A repeat gives the card that was made."""
    old = access.get_app_user(actor, project_id, actor_id, "field_key.replace")
    made = successor(actor, old)
    if made is not None:
        return made
    if old.key_hash is not None:
        report(actor, project_id, actor_id)
    made = _copy(actor, old)
    unit_roles.hand_over(actor, old, made)
    _forget_deleted(old)
    made.replaces = actor_id
    db.session.flush()
    audits.log(actor, "field_key.replace", project_id=project_id, subject_id=actor_id, replacement=made.actor_id)
    return made


def _copy(actor: Actor, old: AppUser) -> AppUser:
    """Nothing is given that the old one did not have, so that who may replace it need not be able to give it."""
    made = access.make_app_user(actor, old.project_id, old.actor.display_name, old.actor.language)
    properties.put(actor, made.actor, old.actor.properties or None, project_id=old.project_id)
    held = select(Assignment.form_id).where(Assignment.actor_id == old.actor_id, Assignment.role == access.FILLER)
    for form_id in access.living_forms(old.project_id, db.session.scalars(held.where(Assignment.form_id.is_not(None)))):
        access.give(actor, made.actor, ROLES[access.FILLER], old.project_id, form_id)
    return made


def _forget_deleted(old: AppUser) -> None:
    """A card that was made before and deleted since is none."""
    for before in db.session.scalars(select(AppUser).where(AppUser.replaces == old.actor_id)):
        before.replaces = None
    db.session.flush()

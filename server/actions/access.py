"""Roles held by actors, and the app users (volunteers' phones) of a project."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, delete, func, select

from schemas import problems, roles
from schemas.audits import actee_id
from schemas.roles import Role
from server import permissions
from server.actions import audits, properties
from server.db import db, now, writes
from server.models import Actor as ActorRow
from server.models import AppUser, Assignment, Form, Project, PublicLink, Submission, UnitReach
from server.parts import vault
from server.permissions import Actor
from server.secrets import new_token, token_hash

MAX_NAME = 64
# What a phone is on each form that it fills.
FILLER = "app-user"


def role(name: str) -> Role:
    """A role by its number or system name. Raises NOT_FOUND."""
    found = roles.named(name)
    if found is None:
        raise problems.NOT_FOUND()
    return found


def holder(actor_id: int) -> ActorRow:
    """The living actor. Raises NOT_FOUND."""
    found = db.session.get(ActorRow, actor_id)
    if found is None or found.deleted_at is not None:
        raise problems.NOT_FOUND()
    return found


def label(display_name: str | None) -> str:
    """The name of an app user or a public link. Raises MISSING_PARAMETER, VALUE_TOO_LONG."""
    if not (display_name or "").strip():
        raise problems.MISSING_PARAMETER(field="displayName")
    name = str(display_name).strip()
    if len(name) > MAX_NAME:
        raise problems.VALUE_TOO_LONG(maxLength=str(MAX_NAME))
    return name


def place_id(project_id: int | None, form_id: int | None) -> str:
    """What clients know a place by, where roles are held: `*` is everywhere."""
    if form_id is not None:
        return actee_id("form", form_id)
    return "*" if project_id is None else actee_id("project", project_id)


def _place(project_id: int | None, form_id: int | None) -> list[ColumnElement[bool]]:
    """Held exactly there, and on no unit."""
    place = (Assignment.project_id, project_id if form_id is None else None), (Assignment.form_id, form_id)
    exact = [column == value if value is not None else column.is_(None) for column, value in place]
    return [*exact, Assignment.unit_id.is_(None)]


def may_hand_on(
    actor: Actor, wanted: Role, project_id: int | None, form_id: int | None, unit_id: int | None = None
) -> bool:
    """Whether the actor holds all of the role in this very place: nobody gives, or takes over, more than that.

    To read units comes with each role on one.
    """
    above = select(UnitReach.unit_id).where(UnitReach.within_id == unit_id)
    units = frozenset(db.session.scalars(above)) if unit_id is not None else frozenset()
    held = actor.verbs_over(wanted, project_id, form_id, units)
    return roles.covers(held | {"unit.read"} if wanted.system in roles.UNIT_ROLES else held, wanted)


@writes
def grant(
    actor: Actor, actor_id: int, role_name: str, *, project_id: int | None = None, form_id: int | None = None
) -> None:
    """Give a role everywhere, on a project or on a form (then `project_id` is the form's). A repeat is refused."""
    wanted, target = role(role_name), holder(actor_id)
    permissions.require(actor, "assignment.create", project_id=project_id, form_id=form_id)
    if not may_hand_on(actor, wanted, project_id, form_id):
        raise problems.INSUFFICIENT_RIGHTS()
    give(actor, target, wanted, project_id, form_id)


def give(actor: Actor, target: ActorRow, wanted: Role, project_id: int | None, form_id: int | None) -> None:
    """As `grant`. Within a write; the caller has asked whether the actor may."""
    held = select(Assignment.id).where(
        Assignment.actor_id == target.id, Assignment.role == wanted.system, *_place(project_id, form_id)
    )
    acting_on = place_id(project_id, form_id)
    if db.session.scalar(held) is not None:
        raise problems.UNIQUENESS(
            fields=["actorId", "roleId", "acteeId"],
            values=[str(target.id), str(wanted.id), acting_on],
            table="assignments",
        )
    on_project = project_id if form_id is None else None
    db.session.add(Assignment(actor_id=target.id, role=wanted.system, project_id=on_project, form_id=form_id))
    place = {"project_id": project_id, "form_id": form_id, "subject_id": target.id}
    audits.log(actor, f"{target.type}.assignment.create", **place, roleId=wanted.id, grantedActeeId=acting_on)


@writes
def revoke(
    actor: Actor, actor_id: int, role_name: str, *, project_id: int | None = None, form_id: int | None = None
) -> None:
    """Take a role away. Raises NOT_FOUND when it was not held there."""
    wanted, target = role(role_name), holder(actor_id)
    permissions.require(actor, "assignment.delete", project_id=project_id, form_id=form_id)
    held = delete(Assignment).where(
        Assignment.actor_id == actor_id, Assignment.role == wanted.system, *_place(project_id, form_id)
    )
    if not db.session.execute(held).rowcount:  # type: ignore[attr-defined]
        raise problems.NOT_FOUND()
    place = {"project_id": project_id, "form_id": form_id, "subject_id": actor_id}
    gone_from = place_id(project_id, form_id)
    audits.log(actor, f"{target.type}.assignment.delete", **place, roleId=wanted.id, revokedActeeId=gone_from)


def assignments(
    actor: Actor, *, project_id: int | None = None, form_id: int | None = None, role_name: str | None = None
) -> list[tuple[Assignment, ActorRow]]:
    """Who holds which role exactly there (not above, and not on a unit)."""
    wanted = role(role_name) if role_name is not None else None
    permissions.require(actor, "assignment.list", project_id=project_id, form_id=form_id)
    query = select(Assignment, ActorRow).join(ActorRow, ActorRow.id == Assignment.actor_id)
    query = query.where(ActorRow.deleted_at.is_(None), *_place(project_id, form_id))
    query = query.where(Assignment.role.in_([wanted.system] if wanted else roles.ROLES))
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(Assignment.id))]


def form_assignments(
    actor: Actor, project_id: int, role_name: str | None = None
) -> list[tuple[Assignment, Form, ActorRow]]:
    """Roles held on the single forms of a project."""
    wanted = role(role_name) if role_name is not None else None
    permissions.require(actor, "assignment.list", project_id=project_id)
    query = select(Assignment, Form, ActorRow).join(Form, Form.id == Assignment.form_id)
    query = query.join(ActorRow, ActorRow.id == Assignment.actor_id).where(
        Form.project_id == project_id, Form.deleted_at.is_(None), ActorRow.deleted_at.is_(None)
    )
    query = query.where(Assignment.unit_id.is_(None), Assignment.role.in_([wanted.system] if wanted else roles.ROLES))
    return [(row[0], row[1], row[2]) for row in db.session.execute(query.order_by(Assignment.id))]


def forget(actor: ActorRow) -> None:
    """Mark an actor as deleted and take all its roles away."""
    actor.deleted_at = now()
    db.session.execute(delete(Assignment).where(Assignment.actor_id == actor.id))


def app_users(actor: Actor, project_id: int) -> list[AppUser]:
    """The app users of a project, newest first; then the revoked ones, which have no key. Of those that she reaches."""
    permissions.require(actor, "field_key.list", project_id=project_id)
    query = select(AppUser).join(ActorRow, ActorRow.id == AppUser.actor_id)
    query = query.where(AppUser.project_id == project_id, ActorRow.deleted_at.is_(None))
    order = (AppUser.key_hash.is_(None), ActorRow.created_at.desc(), AppUser.actor_id.desc())
    return list(db.session.scalars(permissions.visible(actor, query, "field_key.list").order_by(*order)))


def last_used(actor: Actor, actor_ids: list[int]) -> dict[int, object]:
    """When each of these app users last sent something, of what the actor may list."""
    query = select(Submission.submitter_id, func.max(Submission.created_at))
    query = query.where(Submission.submitter_id.in_(actor_ids)).group_by(Submission.submitter_id)
    query = permissions.visible(actor, query, "submission.list", counting=True)
    return {row[0]: row[1] for row in db.session.execute(query)}


def get_app_user(actor: Actor, project_id: int, actor_id: int, verb: str = "field_key.list") -> AppUser:
    """One app user of a project, on which the actor has the verb. Raises NOT_FOUND, INSUFFICIENT_RIGHTS."""
    permissions.require(actor, verb, project_id=project_id)
    query = select(AppUser).where(AppUser.actor_id == actor_id, AppUser.project_id == project_id)
    found = db.session.scalar(permissions.visible(actor, query, verb))
    if found is None or found.actor.deleted_at is not None:
        raise problems.NOT_FOUND()
    return found


def key_of(holder: AppUser | PublicLink) -> str | None:
    """The key, to be shown again; None when it was revoked, or the SECRET_KEY does not open it."""
    return vault().reveal(holder.key_cipher)


def shown_key(actor: Actor, holder: AppUser) -> str | None:
    """As `key_of`, for who makes cards; who only replaces them is shown those that she made herself.

    Whoever has a key can send in the name of the volunteer.
    """
    makes = permissions.can(actor, "field_key.create", project_id=holder.project_id)
    return key_of(holder) if makes or holder.created_by == actor.id else None


@writes
def create_app_user(
    actor: Actor,
    project_id: int,
    display_name: str | None,
    *,
    language: str | None = None,
    all_forms: bool = False,
    form_ids: Iterable[int] = (),
    properties_given: object = None,
) -> AppUser:
    """A new app user with a key of its own, for these forms; with `all_forms` for every form the project has now."""
    permissions.require(actor, "field_key.create", project_id=project_id)
    if db.session.get(Project, project_id) is None:
        raise problems.NOT_FOUND()
    app_user = make_app_user(actor, project_id, label(display_name), language)
    properties.put(actor, app_user.actor, properties_given, project_id=project_id)
    for form_id in living_forms(project_id, None if all_forms else form_ids):
        grant(actor, app_user.actor_id, FILLER, project_id=project_id, form_id=form_id)
    db.session.flush()
    return app_user


def make_app_user(actor: Actor, project_id: int, name: str, language: str | None) -> AppUser:
    """An app user with a key, and nothing else yet. Within a write; the caller has asked whether the actor may."""
    key = new_token()
    row = ActorRow(type="field_key", display_name=name, language=language, properties={}, created_at=now())
    db.session.add(row)
    db.session.flush()
    app_user = AppUser(
        actor_id=row.id,
        project_id=project_id,
        key_hash=token_hash(key),
        key_cipher=vault().encrypt(key),
        created_by=actor.id,
    )
    app_user.actor = row
    db.session.add(app_user)
    db.session.flush()
    audits.log(actor, "field_key.create", project_id=project_id, subject_id=row.id)
    return app_user


@writes
def update_app_user(actor: Actor, project_id: int, actor_id: int, properties_given: object) -> AppUser:
    """Set and unset properties of an app user."""
    app_user = get_app_user(actor, project_id, actor_id, "field_key.update")
    properties.put(actor, app_user.actor, properties_given, project_id=project_id)
    return app_user


def living_forms(project_id: int, wanted: Iterable[int] | None = None) -> list[int]:
    """The living forms of a project, or those wanted that are among them."""
    query = select(Form.id).where(Form.project_id == project_id, Form.deleted_at.is_(None))
    if wanted is not None:
        query = query.where(Form.id.in_(list(wanted)))
    return list(db.session.scalars(query.order_by(Form.id)))


@writes
def set_app_user_forms(actor: Actor, project_id: int, actor_id: int, form_ids: Iterable[int]) -> None:
    """Let an app user fill exactly these forms of its project."""
    permissions.require(actor, "assignment.create", project_id=project_id)
    app_user = get_app_user(actor, project_id, actor_id)
    for form_id in living_forms(project_id):
        _set_filler(actor, project_id, form_id, app_user, form_id in set(form_ids))


@writes
def set_form_app_users(actor: Actor, project_id: int, form_id: int, actor_ids: Iterable[int] | None = None) -> None:
    """Let exactly these app users of the project fill a form; without `actor_ids` all of them."""
    permissions.require(actor, "assignment.create", project_id=project_id)
    chosen = None if actor_ids is None else set(actor_ids)
    for app_user in app_users(actor, project_id):
        _set_filler(actor, project_id, form_id, app_user, chosen is None or app_user.actor_id in chosen)


def _set_filler(actor: Actor, project_id: int, form_id: int, app_user: AppUser, wanted: bool) -> None:
    held = select(Assignment.id).where(
        Assignment.actor_id == app_user.actor_id, Assignment.role == FILLER, Assignment.form_id == form_id
    )
    change = grant if wanted else revoke
    if (db.session.scalar(held) is not None) != wanted:
        change(actor, app_user.actor_id, FILLER, project_id=project_id, form_id=form_id)


@writes
def revoke_app_user(actor: Actor, project_id: int, actor_id: int, *, delete: bool = False) -> None:
    """Make the key worthless at once; with `delete` the app user also leaves the list, and loses its roles."""
    app_user = get_app_user(actor, project_id, actor_id, "field_key.delete")
    app_user.key_hash = None
    app_user.key_cipher = None
    if delete:
        forget(app_user.actor)
    action = "field_key.delete" if delete else "field_key.session.end"
    audits.log(actor, action, project_id=project_id, subject_id=actor_id)


def actor_row(actor_id: int | None) -> ActorRow | None:
    """An actor by number, to be named."""
    return db.session.get(ActorRow, actor_id) if actor_id is not None else None

"""Forms as they are read: by project and ID, their versions, what a phone is offered, and the compiled definition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import selectinload

from forms import xform
from schemas import problems
from server import permissions
from server.actions import audits, projects
from server.db import ask, db, now, writes
from server.models import Form, FormVersion, Project, PublicLink, Submission
from server.permissions import Actor

STATES = ("open", "closing", "closed")
READ = ("form.read", "open_form.read")


@dataclass(frozen=True, slots=True)
class Target:
    """A form as an arriving submission needs it, and the version to check against: `version_id` is None without one."""

    form_id: int
    project_id: int
    state: str
    version_id: int | None
    version: str
    sha256: str
    time_zone: str


def find(project_id: int, xml_form_id: str) -> Form:
    """The living form, whoever asks. Raises NOT_FOUND."""
    query = (
        select(Form)
        .join(Project, Project.id == Form.project_id)
        .where(
            Form.project_id == project_id,
            Form.xml_form_id == xml_form_id,
            Form.deleted_at.is_(None),
            Project.deleted_at.is_(None),
        )
    )
    form = db.session.scalar(query.options(selectinload(Form.current), selectinload(Form.draft)))
    if form is None:
        raise problems.NOT_FOUND()
    return form


def get(actor: Actor, project_id: int, xml_form_id: str, *verbs: str) -> Form:
    """A form on which the actor has one of the verbs (default: may read it). Raises NOT_FOUND, INSUFFICIENT_RIGHTS.

    Who may only read open forms does not see closed or unpublished ones.
    """
    form = find(project_id, xml_form_id)
    if verbs:
        permissions.require(actor, *verbs, project_id=project_id, form_id=form.id)
    else:
        require_read(actor.verbs_on(project_id, form.id), form.state, published=form.current is not None)
    return form


def require_read(held: frozenset[str], state: str, *, published: bool) -> None:
    """Raise INSUFFICIENT_RIGHTS unless these verbs allow to read a form in this state."""
    closed = state == "closed" or not published
    if not held.intersection(READ) or (closed and "form.read" not in held):
        raise problems.INSUFFICIENT_RIGHTS()
    if not published and "form.update" not in held:
        raise problems.INSUFFICIENT_RIGHTS()


def readable(actor: Actor, project_id: int, xml_form_id: str) -> Target:
    """As `get`, for what phones ask often: the published version, else the draft. Raises as `get` does."""
    found = target(project_id, xml_form_id)
    if found is None:
        raise problems.NOT_FOUND()
    require_read(actor.verbs_on(project_id, found.form_id), found.state, published=found.version_id is not None)
    return found if found.version_id is not None else target(project_id, xml_form_id, draft=True) or found


def list_all(actor: Actor, project_id: int, *, deleted: bool = False) -> list[Form]:
    """The forms of a project that the actor may see, by title; or those of them that were deleted."""
    projects.find(project_id)
    permissions.require(actor, "form.list", "open_form.list", project_id=project_id)
    query = select(Form).where(
        Form.project_id == project_id, Form.deleted_at.is_not(None) if deleted else Form.deleted_at.is_(None)
    )
    query = query.options(selectinload(Form.current), selectinload(Form.draft))
    rows = db.session.scalars(permissions.visible(actor, query, "form.list", "open_form.list"))
    shown = [form for form in rows if _is_shown(actor.verbs_on(project_id, form.id), form)]
    return sorted(shown, key=lambda form: shown_version(form).title.casefold())


def _is_shown(verbs: frozenset[str], form: Form) -> bool:
    try:
        require_read(verbs, form.state, published=form.current is not None)
    except problems.Problem:
        return False
    return True


def shown_version(form: Form) -> FormVersion:
    """The published version, else the draft."""
    version = form.current or form.draft
    if version is None:
        raise problems.NOT_FOUND()
    return version


def draft_of(form: Form) -> FormVersion:
    """The draft. Raises NOT_FOUND."""
    if form.draft is None:
        raise problems.NOT_FOUND()
    return form.draft


def versions(form: Form) -> list[FormVersion]:
    """The published versions, newest first."""
    query = select(FormVersion).where(FormVersion.form_id == form.id, FormVersion.published_at.is_not(None))
    return list(db.session.scalars(query.order_by(FormVersion.number.desc())))


def version_by_id(version_id: int) -> FormVersion:
    """The version that a submission of an actor's was checked against. The submission has been through `rows.get`."""
    return db.session.get_one(FormVersion, version_id)


def version_named(form: Form, version: str) -> FormVersion:
    """A published version by its version string (`___` stands for the empty one). Raises NOT_FOUND."""
    name = "" if version == "___" else version
    query = select(FormVersion).where(
        FormVersion.form_id == form.id, FormVersion.version == name, FormVersion.published_at.is_not(None)
    )
    found = db.session.scalar(query)
    if found is None:
        raise problems.NOT_FOUND()
    return found


def _target(joined: ColumnElement[bool]) -> Select[Any]:
    of_version = (FormVersion.id, FormVersion.version, FormVersion.sha256)
    return (
        select(Form.id, Form.project_id, Form.state, *of_version, Project.time_zone)
        .select_from(Form)
        .join(Project, Project.id == Form.project_id)
        .outerjoin(FormVersion, joined)
        .where(
            Form.project_id == bindparam("project_id"),
            Form.xml_form_id == bindparam("xml_form_id"),
            Form.deleted_at.is_(None),
        )
    )


_CURRENT = _target(FormVersion.id == Form.current_version_id)
_DRAFT = _target(FormVersion.id == Form.draft_version_id)
_NAMED = _target(
    (FormVersion.form_id == Form.id)
    & (FormVersion.version == bindparam("version"))
    & FormVersion.published_at.is_not(None)
)


def target(project_id: int, xml_form_id: str, *, draft: bool = False, version: str | None = None) -> Target | None:
    """The living form and its published version, the one with this version string, or its draft."""
    if version is not None:
        rows = ask(_NAMED, project_id=project_id, xml_form_id=xml_form_id, version=version)
    else:
        rows = ask(_DRAFT if draft else _CURRENT, project_id=project_id, xml_form_id=xml_form_id)
    return Target(*rows[0]) if rows else None


_XML = select(FormVersion.xml).where(FormVersion.id == bindparam("id"))
_compiled: dict[str, xform.Form] = {}
_compiling = Lock()


def compiled(version: FormVersion) -> xform.Form:
    """The definition as fields and rules, parsed once per process and definition."""
    return _compiled.get(version.sha256) or _compile(version.sha256, version.xml)


def compiled_target(target: Target) -> xform.Form:
    """As `compiled`, of what a submission is for; its XML is read only when this process has not seen it."""
    return _compiled.get(target.sha256) or _compile(target.sha256, ask(_XML, id=target.version_id)[0].xml)


def _compile(sha256: str, xml: bytes) -> xform.Form:
    made = xform.parse(xml)
    with _compiling:
        if len(_compiled) >= 256:
            _compiled.pop(next(iter(_compiled)))
        _compiled[sha256] = made
    return made


@dataclass(frozen=True, slots=True)
class Summary:
    """What the extended form of a form adds: counts of submissions, by review state, the latest; working links."""

    submissions: int
    last_submission: Any
    states: dict[str | None, int]
    public_links: int = 0


def _submissions(actor: Actor, query: Select[Any], form_ids: list[int]) -> Select[Any]:
    """A count, narrowed to living, real (not draft) submissions of these forms that the actor may list."""
    narrowed = query.where(
        Submission.form_id.in_(form_ids), Submission.draft.is_(False), Submission.deleted_at.is_(None)
    )
    return permissions.visible(actor, narrowed, "submission.list", counting=True)


def summaries(actor: Actor, form_ids: list[int]) -> dict[int, Summary]:
    """Counts of the submissions of each form that the actor may list."""
    query = select(Submission.form_id, Submission.review_state, func.count(), func.max(Submission.created_at))
    query = _submissions(actor, query, form_ids)
    found: dict[int, Summary] = {}
    for form_id, state, count, latest in db.session.execute(
        query.group_by(Submission.form_id, Submission.review_state)
    ):
        before = found.get(form_id, Summary(0, None, {}))
        last = max((moment for moment in (before.last_submission, latest) if moment is not None), default=None)
        found[form_id] = Summary(before.submissions + count, last, {**before.states, state: count})
    links = select(PublicLink.form_id, func.count()).where(PublicLink.key_hash.is_not(None))
    rows = db.session.execute(links.where(PublicLink.form_id.in_(form_ids)).group_by(PublicLink.form_id))
    working = {row[0]: row[1] for row in rows}
    return {
        form_id: replace(found.get(form_id, Summary(0, None, {})), public_links=working.get(form_id, 0))
        for form_id in form_ids
    }


def with_findings(actor: Actor, form_ids: list[int]) -> dict[int, int]:
    """How many submissions of each form, of those the actor may list, have findings."""
    query = _submissions(actor, select(Submission.form_id, func.count()).where(Submission.findings > 0), form_ids)
    return {row[0]: row[1] for row in db.session.execute(query.group_by(Submission.form_id))}


@writes
def set_state(actor: Actor, project_id: int, xml_form_id: str, state: str | None) -> Form:
    """Open, close or finally close a form."""
    form = get(actor, project_id, xml_form_id, "form.update")
    if state is None:
        raise problems.MISSING_PARAMETER(field="state")
    if state not in STATES:
        raise problems.UNEXPECTED_VALUE(field="state", value=state, reason="open, closing or closed was expected")
    form.state = state
    form.updated_at = now()
    audits.log(actor, "form.update", project_id=project_id, form_id=form.id, data={"state": state})
    return form


@writes
def touch(actor: Actor, project_id: int, xml_form_id: str) -> Form:
    """A change that changes nothing that is known here: written down as one, as clients expect."""
    form = get(actor, project_id, xml_form_id, "form.update")
    form.updated_at = now()
    audits.log(actor, "form.update", project_id=project_id, form_id=form.id, data={})
    return form


@writes
def delete(actor: Actor, project_id: int, xml_form_id: str) -> None:
    """Take a form away; its rows stay until they are purged."""
    form = get(actor, project_id, xml_form_id, "form.delete")
    form.deleted_at = now()
    # The lists that it wrote and read, so that they are there when it is restored. There are none yet.
    lists: dict[str, Any] = {"targetDatasets": [], "linkedDatasets": []}
    audits.log(actor, "form.delete", project_id=project_id, form_id=form.id, **lists)


def refuse_taken(project_id: int, xml_form_id: str) -> None:
    """Raise UNIQUENESS if a living form has this ID."""
    taken = (Form.project_id == project_id, Form.xml_form_id == xml_form_id, Form.deleted_at.is_(None))
    if db.session.scalar(select(Form.id).where(*taken)) is not None:
        fields, values = ["projectId", "xmlFormId"], [str(project_id), xml_form_id]
        raise problems.UNIQUENESS(fields=fields, values=values, table="forms")

"""Forms as they are read: by project and ID, their versions, what a phone is offered, and the compiled definition."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import joinedload

from forms import xform
from schemas import problems
from server import permissions
from server.actions import audits, projects
from server.db import ask, db, now, soon, writes
from server.models import Form, FormVersion, Project
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
    form = db.session.scalar(query.options(joinedload(Form.current), joinedload(Form.draft)))
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
    """The forms of a project that the actor may see, by title, else by ID; or those of them that were deleted."""
    projects.find(project_id)
    permissions.require(actor, "form.list", "open_form.list", project_id=project_id)
    query = select(Form).where(
        Form.project_id == project_id, Form.deleted_at.is_not(None) if deleted else Form.deleted_at.is_(None)
    )
    query = query.options(joinedload(Form.current), joinedload(Form.draft))
    rows = db.session.scalars(permissions.visible(actor, query, "form.list", "open_form.list"))
    shown = [form for form in rows if _is_shown(actor.verbs_on(project_id, form.id), form)]
    return sorted(shown, key=lambda form: (shown_version(form).title or form.xml_form_id).casefold())


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


# The form of each project that was sent here last. Volunteers send several of the same, one after the other.
_sent_last: dict[int, str] = {}


def expect_target(project_id: int) -> None:
    """`target` will be asked, perhaps for the form that was sent last, before it is known by whom."""
    guess = _sent_last.get(project_id)
    if guess is not None:
        soon(_CURRENT, project_id=project_id, xml_form_id=guess)


def target(project_id: int, xml_form_id: str, *, draft: bool = False, version: str | None = None) -> Target | None:
    """The living form and its published version, the one with this version string, or its draft."""
    if version is not None:
        rows = ask(_NAMED, project_id=project_id, xml_form_id=xml_form_id, version=version)
    else:
        rows = ask(_DRAFT if draft else _CURRENT, project_id=project_id, xml_form_id=xml_form_id)
    if rows and not draft:
        _sent_last[project_id] = xml_form_id
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


def set_state(actor: Actor, project_id: int, xml_form_id: str, state: str | None) -> Form:
    """Open, close or finally close a form."""
    return update(actor, project_id, xml_form_id, {"state": state})


@writes
def update(actor: Actor, project_id: int, xml_form_id: str, changes: dict[str, Any]) -> Form:
    """Open or close a form (`state`), say whether browsers fill it with ODK Web Forms (`webformsEnabled`).

    A change that changes nothing that is known here is written down as one, as clients expect.
    """
    form = get(actor, project_id, xml_form_id, "form.update")
    for name, value in changes.items():
        if value is None:
            raise problems.MISSING_PARAMETER(field=name)
    state = changes.get("state", form.state)
    if state not in STATES:
        raise problems.UNEXPECTED_VALUE(field="state", value=state, reason="open, closing or closed was expected")
    form.state = state
    form.web_forms = bool(changes.get("webformsEnabled", form.web_forms))
    form.updated_at = now()
    audits.log(actor, "form.update", project_id=project_id, form_id=form.id, data=changes)
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

"""Entity lists as forms declare them: what a form saves to them, and form files that are such lists."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from forms import declared, rules, xform
from schemas import problems
from server import permissions
from server.actions import files, forms, projects
from server.db import db, now, writes
from server.models import Blob, Dataset, Form, FormFile, FormVersion
from server.permissions import Actor

DATA_FILE = "file"


def list_all(actor: Actor, project_id: int, *, deleted: bool = False) -> list[dict[str, Any]]:
    """The lists of a project by name, with their counts; of deleted ones also their numbers.

    Raises NOT_FOUND, INSUFFICIENT_RIGHTS.
    """
    projects.get(actor, project_id, "dataset.list")
    found = projects.datasets(actor, [project_id], deleted=deleted)[project_id]
    names = ("name", "project_id", "approval_required", "owner_only", "created_at", "deleted_at")
    return [
        {name: getattr(dataset, name) for name in (*names, *(("id",) if deleted else ()))}
        | {"entities": entities, "last_entity": latest, "conflicts": conflicts}
        for dataset, entities, latest, conflicts in found
    ]


def changes(actor: Actor, form: Form, *, draft: bool) -> list[dict[str, Any]]:
    """The lists that a form saves to, with all their properties; of a draft also what of them is new.

    Raises NOT_FOUND without such a version, INSUFFICIENT_RIGHTS.
    """
    permissions.require(actor, "dataset.list", project_id=form.project_id)
    version = forms.draft_of(form) if draft else form.current
    if version is None:
        raise problems.NOT_FOUND()
    if not version.datasets:
        return []
    known = _published(form.project_id)
    saved = _saved(forms.compiled(version))
    return [_change(name, saved.get(name, []), known.get(name), draft) for name in version.datasets]


def _change(name: str, saved: list[str], known: list[str] | None, draft: bool) -> dict[str, Any]:
    before = [] if known is None else known
    others = [_property(each, False, False if draft else None) for each in before if each not in saved]
    own = [_property(each, True, each not in before if draft else None) for each in saved]
    told: dict[str, Any] = {"name": name, "properties": [*others, *own]}
    return told | ({"isNew": known is None} if draft else {})


def _property(name: str, in_form: bool, is_new: bool | None) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "inForm": in_form}
    return told | ({} if is_new is None else {"isNew": is_new})


def _published(project_id: int) -> dict[str, list[str]]:
    """Every list that a published version of a form of the project declares, and its properties, the oldest first."""
    query = select(FormVersion).where(FormVersion.project_id == project_id, FormVersion.published_at.is_not(None))
    known: dict[str, list[str]] = {}
    for version in db.session.scalars(query.order_by(FormVersion.published_at, FormVersion.id)):
        for name, saved in _saved(forms.compiled(version)).items() if version.datasets else ():
            properties = known.setdefault(name, [])
            properties.extend(each for each in saved if each not in properties)
    return known


def _saved(form: xform.Form) -> dict[str, list[str]]:
    return declared.properties(form.entities, rules.by_path(form).values())


@writes
def link(actor: Actor, form: Form, name: str, *, linked: bool) -> tuple[FormFile, Blob | None]:
    """Let a file of the draft be the entity list with its name, or leave its place empty.

    Raises NOT_FOUND without the list or the file, INSUFFICIENT_RIGHTS, DATASET_LINK_NOT_ALLOWED.
    """
    draft = forms.draft_of(form)
    wanted = name.removesuffix(".csv")
    query = select(Dataset).where(
        Dataset.project_id == form.project_id, Dataset.name == wanted, Dataset.published_at.is_not(None)
    )
    dataset = db.session.scalar(query.where(Dataset.deleted_at.is_(None)))
    if dataset is None:
        raise problems.NOT_FOUND()
    permissions.require(actor, "entity.list", project_id=form.project_id)
    file, _ = files.one_of_version(draft.id, name)
    if linked and file.type != DATA_FILE:
        raise problems.DATASET_LINK_NOT_ALLOWED()
    files.log_change(actor, form, file, None, dataset.id if linked else None)
    file.blob_sha256, file.dataset_id, file.updated_at = None, dataset.id if linked else None, now()
    db.session.flush()
    return file, None

"""What phones are offered: the forms to fill and their files. Asked often, so that each is one question."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, exists, select

from schemas import problems
from server.actions import forms
from server.db import ask, soon
from server.models import Blob, Form, FormFile, FormVersion
from server.permissions import Actor


@dataclass(frozen=True, slots=True)
class Offered:
    """A form as the form list needs it."""

    xml_form_id: str
    title: str
    version: str
    md5: str
    has_files: bool


# Also where none of them is there yet: then the manifest is empty.
_HAS_FILES = exists().where(FormFile.version_id == FormVersion.id)
_OFFERED = (
    select(Form.xml_form_id, FormVersion.title, FormVersion.version, FormVersion.md5, _HAS_FILES.label("has_files"))
    .add_columns(Form.id)
    .join(FormVersion, FormVersion.id == Form.current_version_id)
    .where(Form.project_id == bindparam("project_id"), Form.state == "open", Form.deleted_at.is_(None))
    .order_by(Form.id)
)


def expect_offered(project_id: int) -> None:
    """`offered` will be asked, before it is known by whom."""
    soon(_OFFERED, project_id=project_id)


def offered(actor: Actor, project_id: int, xml_form_id: str | None = None) -> list[Offered]:
    """The open, published forms of a project that the actor may fill, by title, without reading their XML."""
    found = [
        Offered(row.xml_form_id, row.title, row.version, row.md5, row.has_files)
        for row in ask(_OFFERED, project_id=project_id)
        if xml_form_id in (None, row.xml_form_id)
        and actor.filling(project_id, row.id, row.xml_form_id).intersection(forms.READ)
    ]
    return sorted(found, key=lambda form: (form.title.strip() or form.xml_form_id).casefold())


_MEDIA = (
    select(Form.id, Form.state, Form.current_version_id, FormFile.name, Blob.md5)
    .outerjoin(FormFile, (FormFile.version_id == Form.current_version_id) & FormFile.blob_sha256.is_not(None))
    .outerjoin(Blob, Blob.sha256 == FormFile.blob_sha256)
    .where(
        Form.project_id == bindparam("project_id"),
        Form.xml_form_id == bindparam("xml_form_id"),
        Form.deleted_at.is_(None),
    )
    .order_by(FormFile.name)
)


def expect_media(project_id: int, xml_form_id: str) -> None:
    """`media` will be asked, before it is known by whom."""
    soon(_MEDIA, project_id=project_id, xml_form_id=xml_form_id)


def media(actor: Actor, project_id: int, xml_form_id: str) -> list[tuple[str, str]] | None:
    """Names and MD5 of the files of the published version that are there, by name; None while there is a draft only.

    Raises as `get` does.
    """
    rows = ask(_MEDIA, project_id=project_id, xml_form_id=xml_form_id)
    if not rows:
        raise problems.NOT_FOUND()
    published = rows[0].current_version_id is not None
    forms.require_read(actor.verbs_on(project_id, rows[0].id), rows[0].state, published=published)
    return [(row.name, row.md5) for row in rows if row.name is not None] if published else None

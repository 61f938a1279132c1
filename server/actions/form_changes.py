"""What changed from one version of a form to another, by their version strings or by what came before."""

from __future__ import annotations

from sqlalchemy import select

from forms.changes import Changes, between
from server.actions import forms
from server.db import db
from server.models import Form, FormVersion


def base(form: Form, version: FormVersion, named: str | None = None) -> FormVersion | None:
    """What a version is held against: the published one with this version string, else the one published before it.

    None for the first. Raises NOT_FOUND.
    """
    if named is not None:
        return forms.version_named(form, named)
    if version.published_at is None:
        return form.current
    query = select(FormVersion).where(FormVersion.form_id == form.id, FormVersion.published_at.is_not(None))
    return db.session.scalar(
        query.where(FormVersion.number < version.number).order_by(FormVersion.number.desc()).limit(1)
    )


def since(before: FormVersion | None, version: FormVersion) -> Changes:
    """The changes from one version to the other."""
    return between(forms.compiled(before) if before is not None else None, forms.compiled(version))

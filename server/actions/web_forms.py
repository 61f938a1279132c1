"""Forms as browsers fill them: found by an ID of their own, which says neither project nor form."""

from __future__ import annotations

import secrets

from sqlalchemy import or_, select

from schemas import problems
from server.actions import forms
from server.db import db
from server.models import Form, FormVersion
from server.permissions import Actor


def new_id() -> str:
    """For a form that is published, or for a draft."""
    return secrets.token_hex(16)


def new_once_id() -> str:
    """For a form that each person fills once."""
    return secrets.token_hex(32)


def find(actor: Actor, web_id: str) -> tuple[Form, FormVersion]:
    """The published form or the draft with this ID. Raises NOT_FOUND, INSUFFICIENT_RIGHTS."""
    of_draft = select(FormVersion.form_id).where(FormVersion.web_id == web_id, FormVersion.published_at.is_(None))
    query = select(Form).where(or_(Form.web_id == web_id, Form.web_once_id == web_id, Form.id.in_(of_draft)))
    named = db.session.scalar(query)
    if named is None:
        raise problems.NOT_FOUND()
    living = forms.find(named.project_id, named.xml_form_id)
    if living.id != named.id:
        raise problems.NOT_FOUND()
    if web_id in (living.web_id, living.web_once_id):
        form = forms.get(actor, living.project_id, living.xml_form_id)
        return form, forms.shown_version(form)
    form = forms.get(actor, living.project_id, living.xml_form_id, "form.update")
    return form, forms.draft_of(form)

"""What edits changed, and where somebody goes to make one."""

from __future__ import annotations

from forms import diff
from schemas import problems
from server.actions import forms, rows
from server.models import Form, Submission
from server.permissions import Actor

EDIT = "submission.update"


def editable(actor: Actor, form: Form, instance_id: str) -> str:
    """The instance ID of a submission that the actor may edit now. Raises EDITING_CLOSED, NOT_FOUND."""
    if form.state != "open":
        raise problems.EDITING_CLOSED()
    return rows.get(actor, form, instance_id, EDIT)[0].instance_id


def changes(form: Form, submission: Submission) -> dict[str, list[diff.Change]]:
    """What each version changed of the one before, by its instance ID. `submission` has been through `rows.read`.

    Groups and repeats are those of the form as it is published, or of its draft.
    """
    shown = forms.draft_of(form) if submission.draft else forms.shown_version(form)
    versions = [(version.instance_id, version.xml) for version in rows.versions(submission)]
    return diff.between(forms.compiled(shown).fields, versions)

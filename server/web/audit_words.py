"""The audit in words: a sentence for each action that is known, the code for others. Never an answer of a person."""

from __future__ import annotations

from schemas import roles
from server import i18n
from server.models import Audit
from server.web import role_words

# Marked for translation by the name of this function.
N_ = str
KINDS = {
    "look": N_("Who looked at submissions"),
    "submission": N_("Submissions"),
    "user": N_("Users and signing in"),
    "field_key": N_("Volunteers' phones"),
    "public_link": N_("Public links"),
    "project": N_("Projects"),
    "form": N_("Forms"),
    "unit": N_("Units and their roles"),
    "server": N_("The server"),
}
GAVE, TOOK = N_("Gave the role “%(role)s”"), N_("Took away the role “%(role)s”")
SENTENCES = {
    "submission.read": N_("Looked at a submission"),
    "submission.attachment.read": N_("Looked at a file of a submission"),
    "submission.list.read": N_("Looked through submissions: %(count)s"),
    "submission.data.read": N_("Took the data of submissions: %(count)s"),
    "submission.create": N_("Sent a submission"),
    "submission.update": N_("Reviewed a submission"),
    "submission.update.version": N_("Sent a new version of a submission"),
    "submission.attachment.update": N_("Sent a file of a submission"),
    "submission.comment.create": N_("Wrote a comment on a submission"),
    "finding.dismiss": N_("Dismissed a problem of a submission"),
    "finding.restore": N_("Brought back a dismissed problem of a submission"),
    "submission.recheck": N_("Checked the submissions of a form again"),
    "submission.delete": N_("Deleted a submission"),
    "submission.restore": N_("Restored a submission"),
    "submission.purge": N_("Removed deleted submissions for good"),
    "user.create": N_("Made a user"),
    "user.update": N_("Changed a user"),
    "user.delete": N_("Deleted a user"),
    "user.session.create": N_("Signed in"),
    "user.session.end": N_("Signed out everywhere else"),
    "user.session.failure": N_("Failed to sign in"),
    "user.session.lockout": N_("Locked out after many failures"),
    "user.session.unlock": N_("Unlocked a user"),
    "user.password.link": N_("Made a link to choose a password"),
    "user.second_factor.create": N_("Turned the second factor on"),
    "user.second_factor.delete": N_("Turned the second factor off"),
    "user.second_factor.recover": N_("Signed in with a recovery code"),
    "user.app_password.create": N_("Made an app password"),
    "user.app_password.delete": N_("Revoked an app password"),
    "user.preference.update": N_("Changed a setting of the pages"),
    "user.preference.delete": N_("Removed a setting of the pages"),
    "user.assignment.create": GAVE,
    "user.assignment.delete": TOOK,
    "field_key.create": N_("Added a volunteer"),
    "field_key.delete": N_("Removed a volunteer"),
    "field_key.session.end": N_("Revoked the code of a volunteer"),
    "field_key.lost": N_("Reported the phone of a volunteer as lost"),
    "field_key.replace": N_("Made a new card instead of a lost one"),
    "field_key.property.set": N_("Changed the properties of a volunteer"),
    "field_key.assignment.create": GAVE,
    "field_key.assignment.delete": TOOK,
    "public_link.create": N_("Made a public link"),
    "public_link.delete": N_("Deleted a public link"),
    "public_link.session.end": N_("Closed a public link"),
    "public_link.property.set": N_("Changed the properties of a public link"),
    "public_link.assignment.create": GAVE,
    "public_link.assignment.delete": TOOK,
    "project.create": N_("Made a project"),
    "project.update": N_("Changed a project"),
    "project.delete": N_("Deleted a project"),
    "actor_property.create": N_("Added a property for volunteers"),
    "form.create": N_("Added a form"),
    "form.update": N_("Changed a form"),
    "form.delete": N_("Deleted a form"),
    "form.restore": N_("Restored a form"),
    "form.purge": N_("Removed a deleted form for good"),
    "form.attachment.update": N_("Changed a file of a form"),
    "form.submission.export": N_("Exported submissions"),
    "form.submission.decrypt.failure": N_("Gave a wrong passphrase for encrypted submissions"),
    "form.update.draft.set": N_("Saved a draft"),
    "form.update.draft.delete": N_("Deleted a draft"),
    "form.update.draft.replace": N_("Replaced a draft"),
    "form.update.publish": N_("Published a form"),
    "unit.create": N_("Added a unit"),
    "unit.update": N_("Changed a unit"),
    "unit.merge": N_("Merged units"),
    "unit.split": N_("Split a unit"),
    "unit.import": N_("Imported units"),
    "unit.level.create": N_("Added a level of units"),
    "unit.level.update": N_("Changed a level of units"),
    "unit.level.delete": N_("Deleted a level of units"),
    "unit.level.choose": N_("Chose the levels of units"),
    "unit.assignment.create": GAVE,
    "unit.assignment.delete": TOOK,
    "backup.run": N_("Made a backup"),
    "backup": N_("Made a backup"),
    "audit.export": N_("Downloaded the audit"),
    "config.set": N_("Changed the settings of the server"),
}


def what(entry: Audit) -> str:
    """What was done, as a sentence; the code of an action that is not known."""
    sentence = _of_a_session(entry) if entry.action == "user.session.end" else SENTENCES.get(entry.action)
    if sentence is None:
        return entry.action
    return i18n.gettext(sentence, role=_role(entry), count=str(entry.details.get("count", "?")))


def _of_a_session(entry: Audit) -> str:
    if entry.subject_id != entry.actor_id:
        return N_("Ended a session of a user")
    return N_("Signed out") if entry.details.get("one") else SENTENCES[entry.action]


def _role(entry: Audit) -> str:
    given = str(entry.details.get("role") or entry.details.get("roleId") or "?")
    role = roles.find(given) or roles.named(given)
    return role_words.name(role) if role is not None else given

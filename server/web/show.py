"""How things look in templates: words in the page's language, times in the project's zone, chips, notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g, request, url_for
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from server import i18n, permissions
from server.actions import free_text
from server.models import Form, Project, Submission, SubmissionVersion
from server.permissions import ANONYMOUS
from server.web import downloads, pages

# Texts by code. Marked for translation by the name of this function.
N_ = str
STATES = {
    "received": N_("Received"),
    "edited": N_("Edited"),
    "hasIssues": N_("Returned"),
    "approved": N_("Approved"),
    "rejected": N_("Rejected"),
}
NOTICES = {
    "approved": N_("Approved."),
    "hasIssues": N_("Returned with your comment."),
    "rejected": N_("Rejected."),
    "received": N_("Back to “received”."),
    "commented": N_("Comment added."),
    "edited": N_("Your version is stored. It is the present one now."),
    "decided": N_("Done. Submissions decided on: %(count)s."),
    "deleted": N_("Deleted: %(count)s. They lie in the trash, and can be restored there."),
    "restored": N_("Restored: %(count)s."),
    "dismissed": N_("The problem is dismissed. It stands below, folded."),
    "brought_back": N_("The problem counts again."),
    "draft": N_("The draft is saved. Try it, then publish it."),
    "files": N_("The files are saved."),
    "no_match": N_("No file was saved: none of the names is one the form expects."),
    "some_match": N_("Saved, but some files were left out: the form expects no files with their names."),
    "file_removed": N_("The file is removed."),
    "published": N_("Published. Phones get this version the next time they ask."),
    "draft_deleted": N_("The draft is deleted."),
    "state": N_("Saved."),
    "volunteer": N_("The volunteer is added. Let the phone scan this code."),
    "volunteer_forms": N_("Saved. The phone sees the change the next time it asks."),
    "revoked": N_("The code is revoked. It no longer works on any phone."),
    "password": N_("Your new password is saved."),
    "password_chosen": N_("Your new password is saved. Sign in with it."),
    "project": N_("The project is made. Now add a form."),
    "volunteers": N_("The volunteers are added. Print their cards, or open one to show the code."),
    "unit": N_("The unit is saved."),
    "unit_merged": N_("The units are merged."),
    "unit_split": N_("The unit is split. Now say who works for the new ones."),
    "unit_given": N_("%(who)s now has the role %(role)s on %(unit)s."),
    "unit_taken": N_("%(who)s no longer has the role %(role)s on %(unit)s."),
    "units": N_("Saved: %(added)s new units, %(changed)s changed."),
    "volunteer_unit": N_("Saved. What the phone sends from now on belongs to %(unit)s."),
    "volunteer_no_unit": N_("Saved. What the phone sends from now on belongs to no unit."),
    "saved": N_("Saved."),
    "second_off": N_("The second factor is off."),
    "app_password_revoked": N_("The app password is revoked. It no longer works."),
    "signed_out_elsewhere": N_("You are signed out everywhere else."),
    "invited": N_("The person is invited: a mail with a link to choose a password is on its way."),
    "role_given": N_("The role is given. It holds from now on."),
    "role_taken": N_("The role is taken away."),
    "unlocked": N_("The account is unlocked."),
    "reset_mailed": N_("A mail with a link to choose a new password is on its way."),
    "lost": N_("The code no longer works on any phone. Look through what the lost phone had sent."),
    "replaced": N_("The new card is made. Let the new phone scan this code."),
    "link": N_("The link is made. Whoever scans this code can fill the form."),
    "link_revoked": N_("The link is revoked. It no longer works."),
    "level": N_("The level is saved."),
    "level_removed": N_("The level is deleted."),
    "levels": N_("The levels are those that you chose."),
    "user_deleted": N_("The user is deleted."),
    "signed_out": N_("You are signed out."),
}
WARNINGS = frozenset(("no_match", "some_match"))
FORM_STATES = {"open": N_("Open"), "closing": N_("Closing"), "closed": N_("Closed")}
ACTIONS = {
    "submission.create": N_("Arrived"),
    "submission.update.version": N_("A new version arrived"),
    "submission.attachment.update": N_("A file arrived"),
    "submission.update": N_("Reviewed"),
    "submission.delete": N_("Deleted"),
}


def register(app: Flask) -> None:
    """Give templates their functions and filters."""
    env = app.jinja_env
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(moment=moment, day=day, lines=lines, size=size, state=state_text, kind=downloads.kind, runs=runs)
    env.globals.update(
        FORM_STATES=FORM_STATES, ACTIONS=ACTIONS, STATES=STATES, to=to, title_of=title_of, name_of=name_of
    )
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    who = g.get("visitor", ANONYMOUS)
    if "language" not in g:
        i18n.use(i18n.choose(request))
    return {
        "actor": who,
        "language": i18n.language(),
        "csrf": pages.csrf,
        "may": may,
        "notice": notice,
        "project": g.get("project"),
        "here": request.full_path.rstrip("?"),
    }


def in_project(project: Project) -> Project:
    """Show times in this project's zone, and its name above the page."""
    g.zone = ZoneInfo(project.time_zone)
    g.project = project
    return project


def to(endpoint: str, thing: Form | Project, **more: Any) -> str:
    """The address of a page about a form or a project."""
    if isinstance(thing, Form):
        return url_for(endpoint, project_id=thing.project_id, xml_form_id=thing.xml_form_id, **more)
    return url_for(endpoint, project_id=thing.id, **more)


def title_of(form: Form) -> str:
    """What people call the form."""
    version = form.current or form.draft
    return (version.title if version else "") or form.xml_form_id


def name_of(submission: Submission, version: SubmissionVersion) -> str:
    """What people call a submission. Its number only to who sees all: others would learn how many there are."""
    who = g.get("visitor", ANONYMOUS)
    whole = permissions.whole(who, "submission.list", submission.project_id, submission.form_id)
    number = submission.id if whole else f"…{submission.instance_id[-6:]}"
    name = version.instance_name if free_text.sees(who, submission) else ""
    return name or i18n.gettext("Submission %(number)s", number=number)


def may(verb: str, project_id: int | None = None, form_id: int | None = None) -> bool:
    """Whether the person looking may do this there: what she may not do is not offered."""
    return permissions.can(g.get("visitor", ANONYMOUS), verb, project_id=project_id, form_id=form_id)


def notice() -> tuple[str, bool]:
    """What was done just before, once, and whether it was done as wished."""
    done, named = pages.done()
    text = NOTICES.get(done)
    if pages.NOTICE in request.cookies:
        g.notice_shown = True
    return (i18n.gettext(text, **named) if text else "", done not in WARNINGS)


def state_text(state: str | None) -> str:
    """The word for a review state."""
    word = STATES[state or "received"]
    return i18n.gettext(word)


def moment(value: datetime | None) -> str:
    """Day and time, as they are written in Vietnam: 23/11/2026 08:30."""
    if value is None:
        return ""
    return value.astimezone(g.get("zone") or ZoneInfo("Asia/Ho_Chi_Minh")).strftime("%d/%m/%Y %H:%M")


def day(value: datetime | None) -> str:
    """The day alone."""
    return moment(value)[:10]


@pass_eval_context
def lines(_context: EvalContext, text: str) -> Markup:
    """Text with its line breaks."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def runs(parts: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """The parts of a section for HTML: answers that follow each other as one list, groups one by one."""
    waiting: list[Any] = []
    for part in parts:
        if hasattr(part, "parts"):
            if waiting:
                yield {"answers": waiting}
            waiting = []
            yield {"section": part}
        else:
            waiting.append(part)
    if waiting:
        yield {"answers": waiting}


def size(number: int) -> str:
    """Bytes for people."""
    if number < 1000:
        return f"{number} B"
    text = f"{number / 1000:.0f} kB" if number < 1_000_000 else f"{number / 1_000_000:.1f} MB"
    return text.replace(".", ",") if i18n.language() == "vi" else text

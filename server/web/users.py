"""Users: a list with search, invite, and one user: name and address, roles, unlock, a new password, delete."""

from __future__ import annotations

from flask import Response, request, url_for

from schemas import problems
from schemas.problems import Problem
from schemas.roles import Role
from server import errors, permissions
from server.actions import (
    accounts,
    app_passwords,
    attempts,
    held_roles,
    invitations,
    mail,
    passwords,
    projects,
    second_factor,
    user_search,
)
from server.actions.accounts import Changes
from server.i18n import gettext
from server.models import Project, User
from server.web import lists, pages, role_words

page = pages.blueprint("users")
USERS = "/users"
USER = f"{USERS}/<int:actor_id>"
PAGE = 50


@page.before_request
def _may() -> None:
    for verb in ("user.list", "user.read"):
        permissions.require(pages.actor(), verb)


@page.get(USERS)
def all_of() -> Response:
    """All users by address, or those that the search finds."""
    search = lists.remembered_search()
    number = lists.number(request.args.get("page", "")) or 1
    found = user_search.list_users(pages.actor(), search, limit=PAGE + 1, offset=(number - 1) * PAGE)
    shown = found[:PAGE]
    return pages.show(
        "users.html",
        users=shown,
        roles=held_roles.of(pages.actor(), [one.actor_id for one in shown]),
        role_name=role_words.name,
        unit_name=role_words.unit,
        locked={one.actor_id for one in shown if attempts.is_locked(one.email)},
        second=second_factor.is_on,
        search=search,
        number=number,
        further=len(found) > PAGE,
    )


@page.post(f"{USERS}/search")
def search() -> Response:
    """Look for a name or an address. It goes into an encrypted cookie and not into the address of the page."""
    response = pages.go("users.all_of")
    lists.remember(response, USERS, request.form.get("search", ""))
    return response


def _projects() -> list[Project]:
    """The projects on which the person looking may give roles."""
    who = pages.actor()
    return [one for one in projects.list_all(who) if permissions.can(who, "assignment.create", project_id=one.id)]


def _roles_on_projects() -> list[Role]:
    found = _projects()
    return held_roles.offered(pages.actor(), found[0].id) if found else []


def _ask_invite(status: int = 200, problem: str = "") -> Response:
    permissions.require(pages.actor(), "user.create")
    everywhere = [role for role in held_roles.offered(pages.actor()) if role.system == "admin"]
    return pages.show(
        "user_invite.html",
        status,
        everywhere=everywhere,
        on_projects=_roles_on_projects(),
        projects=_projects(),
        role_name=role_words.name,
        mail=mail.is_set(),
        problem=problem,
        written=request.form,
    )


@page.get(f"{USERS}/invite")
def ask_invite() -> Response:
    """Who is to be invited, as what."""
    return _ask_invite()


@page.post(f"{USERS}/invite")
def invite() -> Response:
    """Make the account. The person gets a mail; where there is none, the link is shown, to be handed over."""
    role = request.form.get("role", "")
    project_id = request.form.get("project", type=int) if role in held_roles.ON_PROJECT else None
    try:
        if role and role != "admin" and project_id is None:
            raise problems.MISSING_PARAMETER(field=gettext("Project"))
        given = request.form.get("email", ""), request.form.get("name", "")
        user, link = invitations.invite(pages.actor(), *given, role or None, project_id)
    except Problem as problem:
        return _ask_invite(problem.status, _refusal(problem))
    if link is not None:
        return _hand_over(user, link)
    return pages.go("users.one", actor_id=user.actor_id, done="invited")


def _hand_over(user: User, link: str) -> Response:
    """The link, this once: the button of the language leads to the user."""
    return pages.show("user_link.html", user=user, link=link, here=url_for("users.one", actor_id=user.actor_id))


def _refusal(problem: Problem) -> str:
    """What is wrong with a name or an address, without the names of columns."""
    if problem.kind is problems.UNIQUENESS:
        return gettext("There is a user with this address already.")
    if problem.kind is problems.UNEXPECTED_VALUE or problem.details.get("field") == "email":
        return gettext("This is no e-mail address.")
    return errors.sentence(problem)


def _show(user: User, status: int = 200, **wrong: str) -> Response:
    """The page of a user. `wrong`: what went wrong, by the part of the page."""
    may_help = permissions.can(pages.actor(), "user.password.invalidate")
    return pages.show(
        "user.html",
        status,
        user=user,
        roles=held_roles.of(pages.actor(), [user.actor_id]).get(user.actor_id, []),
        everywhere=held_roles.offered(pages.actor()),
        on_projects=_roles_on_projects(),
        projects=_projects(),
        role_name=role_words.name,
        unit_name=role_words.unit,
        locked=attempts.is_locked(user.email),
        second=second_factor.is_on(user),
        mail=mail.is_set(),
        app_passwords=app_passwords.list_of(pages.actor(), user.actor_id) if may_help else [],
        oneself=user.actor_id == pages.actor().id,
        wrong=wrong,
        here=url_for("users.one", actor_id=user.actor_id),
    )


@page.get(USER)
def one(actor_id: int) -> Response:
    """A user."""
    return _show(accounts.get_user(pages.actor(), actor_id))


@page.post(USER)
def save(actor_id: int) -> Response:
    """Change name and address. For one's own address the password is asked once more."""
    changes = Changes(email=request.form.get("email", ""), display_name=request.form.get("name", ""))
    user = accounts.get_user(pages.actor(), actor_id)
    if changes.email == user.email:
        changes = Changes(display_name=changes.display_name)
    try:
        proved = changes.email is not None and actor_id == pages.actor().id
        if proved:
            accounts.prove(user, request.form.get("password", ""), pages.actor().source)
        accounts.update_user(pages.actor(), actor_id, changes, proved=proved)
    except Problem as problem:
        if problem.status == 403:
            raise
        if problem.status == 401:
            said = gettext("The present password is wrong.")
            return _show(accounts.get_user(pages.actor(), actor_id), 400, name=said)
        return _show(accounts.get_user(pages.actor(), actor_id), problem.status, name=_refusal(problem))
    return pages.go("users.one", actor_id=actor_id, done="saved")


@page.post(f"{USER}/roles")
def add_role(actor_id: int) -> Response:
    """Give a role, on a project or everywhere."""
    accounts.get_user(pages.actor(), actor_id)
    try:
        held_roles.give(pages.actor(), actor_id, request.form.get("role", ""), request.form.get("project", type=int))
    except Problem as problem:
        if problem.kind is not problems.UNIQUENESS:
            raise
        said = gettext("This role is held there already.")
        return _show(accounts.get_user(pages.actor(), actor_id), problem.status, roles=said)
    return pages.go("users.one", actor_id=actor_id, done="role_given")


@page.post(f"{USER}/roles/<int:number>/remove")
def remove_role(actor_id: int, number: int) -> Response:
    """Take a role away."""
    held_roles.take(pages.actor(), accounts.get_user(pages.actor(), actor_id).actor_id, number)
    return pages.go("users.one", actor_id=actor_id, done="role_taken")


@page.post(f"{USER}/unlock")
def unlock(actor_id: int) -> Response:
    """Let a user who was locked out sign in again."""
    accounts.unlock(pages.actor(), actor_id)
    return pages.go("users.one", actor_id=actor_id, done="unlocked")


@page.post(f"{USER}/password")
def new_password(actor_id: int) -> Response:
    """Mail the way to a new password, or show it, to be handed over."""
    if request.form.get("way") == "mail" and mail.is_set():
        invitations.mail_reset(pages.actor(), actor_id)
        return pages.go("users.one", actor_id=actor_id, done="reset_mailed")
    link = passwords.reset_link(pages.actor(), actor_id)
    return _hand_over(accounts.get_user(pages.actor(), actor_id), link)


@page.post(f"{USER}/second-factor")
def turn_off_second_factor(actor_id: int) -> Response:
    """Turn it off for who has lost phone and recovery codes."""
    second_factor.reset(pages.actor(), actor_id)
    return pages.go("users.one", actor_id=actor_id, done="second_off")


@page.post(f"{USER}/app-passwords/<int:number>/revoke")
def revoke_app_password(actor_id: int, number: int) -> Response:
    """Make one of a user's worthless."""
    app_passwords.revoke_of(pages.actor(), actor_id, number)
    return pages.go("users.one", actor_id=actor_id, done="app_password_revoked")


def _other(actor_id: int) -> User:
    """Somebody else, who may be deleted. Raises INSUFFICIENT_RIGHTS for oneself, NOT_FOUND."""
    permissions.require(pages.actor(), "user.delete")
    if actor_id == pages.actor().id:
        raise problems.INSUFFICIENT_RIGHTS()
    return accounts.find_user(actor_id)


@page.get(f"{USER}/delete")
def ask_delete(actor_id: int) -> Response:
    """Ask once more."""
    return pages.show("user_delete.html", user=_other(actor_id))


@page.post(f"{USER}/delete")
def delete(actor_id: int) -> Response:
    """End the account."""
    accounts.delete_user(pages.actor(), _other(actor_id).actor_id)
    return pages.go("users.all_of", done="user_deleted")

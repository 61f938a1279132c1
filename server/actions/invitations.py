"""People who are invited: the account, a first role and the way to choose a password, at once or not at all."""

from __future__ import annotations

from server import permissions
from server.actions import access, accounts, credentials, mail, passwords, projects
from server.db import writes
from server.models import User
from server.permissions import Actor


def invite(
    actor: Actor, email: str, display_name: str, role_name: str | None = None, project_id: int | None = None
) -> tuple[User, str | None]:
    """A new user with a role (on a project, or else everywhere), or with none.

    She is told by mail; where there is none, the address at which she chooses a password is given back, to be handed
    over. It works for a day.
    """
    user, token = _make(actor, email, display_name, role_name, project_id)
    link = mail.reset_url(token)
    mail.post(user.email, user.actor.language, "invited", link=link)
    return user, None if mail.is_set() else link


@writes
def _make(
    actor: Actor, email: str, display_name: str, role_name: str | None, project_id: int | None
) -> tuple[User, str]:
    if project_id is not None:
        projects.find(project_id)
    user, _ = accounts.create_user(actor, email, None, display_name)  # nobody learns this one-time password
    if role_name is not None:
        access.grant(actor, user.actor_id, role_name, project_id=project_id)
    return user, credentials.new_reset(user)


def mail_reset(actor: Actor, actor_id: int) -> None:
    """Mail a user the way to a new password. The present one counts until then. Raises NOT_FOUND."""
    permissions.require(actor, "user.password.invalidate")
    passwords.initiate(actor, accounts.find_user(actor_id).email)

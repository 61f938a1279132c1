"""A project put as a whole: its name, the states of its forms and who holds roles on them. All or nothing."""

from __future__ import annotations

from typing import Any

from schemas import problems, roles
from server.actions import access, audits, forms, projects
from server.db import writes
from server.models import Form, Project
from server.permissions import Actor

Pair = tuple[int, int]


@writes
def put(actor: Actor, project_id: int, given: dict[str, Any]) -> Project:
    """What is not given becomes null; `forms` and their `assignments` stay as they are where they are not given.

    Raises UNEXPECTED_FORMS unless exactly the forms of the project are given, KEY_UNKNOWN for roles and actors.
    """
    projects.get(actor, project_id, "project.update")
    sent = given.get("forms")
    pairs = _match(forms.list_all(actor, project_id), sent) if isinstance(sent, list) else []
    wanted = {form.id: _wanted(entry["assignments"]) for form, entry in pairs if _is_list(entry, "assignments")}
    project = projects.update(actor, project_id, given, whole=True)
    for form, entry in pairs:
        if "state" in entry:
            forms.set_state(actor, project_id, form.xml_form_id, entry["state"])
        else:
            audits.log(actor, "form.update", project_id=project_id, form_id=form.id, data={})
    _assign(actor, project_id, wanted)
    return project


def _is_list(entry: dict[str, Any], name: str) -> bool:
    return isinstance(entry.get(name), list)


def _match(there: list[Form], sent: list[Any]) -> list[tuple[Form, dict[str, Any]]]:
    """Each form with what was sent of it."""
    by_id = {form.xml_form_id: form for form in there}
    entries = [entry if isinstance(entry, dict) else {} for entry in sent]
    names = [entry.get("xmlFormId") for entry in entries]
    if len(names) != len(there):
        raise problems.UNEXPECTED_FORMS()
    for number, name in enumerate(names):
        if name in names[:number]:
            raise problems.UNEXPECTED_VALUE(field="xmlFormId", value=name, reason="it is there twice")
        if not isinstance(name, str) or name not in by_id:
            raise problems.UNEXPECTED_FORMS()
    return [(by_id[str(entry["xmlFormId"])], entry) for entry in entries]


def _wanted(sent: list[Any]) -> list[Pair]:
    """Numbers of actor and role of each assignment."""
    pairs = []
    for entry in sent:
        held = entry if isinstance(entry, dict) else {}
        for name in ("actorId", "roleId"):
            if held.get(name) is None:
                raise problems.MISSING_PARAMETER(field=f"assignment {name}")
        actor_id, role_id = _number(held["actorId"]), _number(held["roleId"])
        if role_id is None or roles.named(str(role_id)) is None:
            raise problems.KEY_UNKNOWN(field="roleId", value=held["roleId"], table="roles")
        if actor_id is None:
            raise problems.KEY_UNKNOWN(field="actorId", value=held["actorId"], table="actors")
        pairs.append((actor_id, role_id))
    return pairs


def _number(sent: object) -> int | None:
    """A number as clients send it, be it as text; None for all else."""
    if isinstance(sent, str) and sent.isdecimal() and len(sent) < 10:
        return int(sent)
    return sent if isinstance(sent, int) and not isinstance(sent, bool) else None


def _assign(actor: Actor, project_id: int, wanted: dict[int, list[Pair]]) -> None:
    """Take and give roles on forms, until exactly those wanted are held; those for the system itself stay."""
    held: dict[int, list[Pair]] = {form_id: [] for form_id in wanted}
    for assignment, form, _ in access.form_assignments(actor, project_id) if wanted else ():
        if form.id in held:
            held[form.id].append((assignment.actor_id, roles.ROLES[assignment.role].id))
    exempt = {roles.ROLES[name].id for name in roles.EXEMPT}
    for form_id, pairs in wanted.items():
        place = {"project_id": project_id, "form_id": form_id}
        for actor_id, role_id in held[form_id]:
            if (actor_id, role_id) not in pairs and role_id not in exempt:
                access.revoke(actor, actor_id, str(role_id), **place)
        for actor_id, role_id in pairs:
            if (actor_id, role_id) not in held[form_id]:
                _give(actor, actor_id, role_id, place)


def _give(actor: Actor, actor_id: int, role_id: int, place: dict[str, int]) -> None:
    try:
        access.holder(actor_id)
    except problems.Problem:
        raise problems.KEY_UNKNOWN(field="actorId", value=actor_id, table="actors") from None
    access.grant(actor, actor_id, str(role_id), **place)

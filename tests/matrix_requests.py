"""What is asked of every route: its address within scope and outside, who asks, and a body that it takes."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Rule

from schemas.roles import UNIT_ROLES
from tests import phone
from tests.cast import PASSWORD
from tests.matrix_world import OF_B, World

NEW_USER = {"email": "moi@example.org", "displayName": "Mới", "password": "mot mat khau dai"}
UNIT = {"code": "X", "levelCode": "commune", "nameVi": "X", "validFrom": "2010-01-01"}
LEVEL = {"code": "hamlet", "rank": 5, "nameVi": "Thôn"}
# What is sent, so that it is not refused for its own sake: JSON to the API, fields to pages.
BODIES: dict[str, Any] = {
    "api_reviews.review": {"reviewState": "approved"},
    "api_bulk.review": {"ids": [], "reviewState": "approved"},
    "api_bulk.delete": {"ids": []},
    "api_bulk.restore": {"ids": []},
    "api_findings.dismiss": {"reason": "Đúng"},
    "draft_findings.dismiss": {"reason": "Đúng"},
    "api_reviews.add_comment": {"body": "Chào"},
    "api_projects.create": {"name": "Mới"},
    "api_projects.update": {"name": "Tên"},
    "api_projects.put": {"name": "Tên", "forms": []},
    "api_access.create_property": {"name": "worker_code"},
    "api_access.create_app_user": {"displayName": "Máy"},
    "api_links.create": {"displayName": "Liên kết"},
    "api_forms.update": {"state": "closing"},
    "api_accounts.create_user": NEW_USER,
    "api_accounts.update_user": {"displayName": "Tên"},
    "api_accounts.change_password": {"old": PASSWORD, "new": "mot mat khau khac"},
    "login.enter": {"email": "alice@example.org", "password": PASSWORD},
    "login.change_password": {"old": PASSWORD, "new": "mot mat khau khac", "again": "mot mat khau khac"},
    "api_sessions.sign_in": {"email": "alice@example.org", "password": PASSWORD},
    "api_preferences.put": {"propertyValue": "1"},
    "api_app_passwords.create": {"name": "Máy", "password": PASSWORD},
    "api_units.create": UNIT,
    "api_units.update": {"nameVi": "Tên"},
    "unit_people.add": {"role": "volunteer"},
    "api_unit_levels.add": LEVEL,
    "api_unit_levels.change": {"nameVi": "Tên"},
    "links.create": {"name": "Liên kết"},
    "users.add_role": {"role": "viewer", "project": "1"},
    "review.decide": {"decision": "approved"},
    "review.comment": {"comment": "Chào"},
    "bulk.decide": {"decision": "approved", "ids": "uuid:none"},
    "review.dismiss": {"reason": "Đúng"},
    "forms.set_state": {"state": "closing"},
    "projects.create": {"name": "Mới"},
    "levels.choose": {"preset": "vn_two_tier"},
    "people.create": {"name": "Máy"},
    "profile.save": {"name": "Tên"},
    "profile.turn_off": {"password": PASSWORD},
    "profile.add_app_password": {"name": "Máy", "password": PASSWORD},
    "users.search": {"search": "Lan"},
    "users.invite": {"name": "Mới", "email": "moi@example.org"},
    "users.save": {"name": "Tên", "email": "charlie@example.org"},
}
# What a name in an address is of, where it is no file's.
NAMES = {"api_unit_levels.choose": "vn_two_tier"}
MULTIPART = ("api_openrosa.submit", "api_openrosa.submit_draft", "api_openrosa_test.test_submit")
# What of an address can lie outside.
SCOPED = {"project_id", "instance_id", "unit_id"}


# About a phone: outside, for who works in a unit, is the phone of another one.
OF_PHONES = (
    "people.",
    "lost.",
    "api_access.get_app",
    "api_access.update_app",
    "api_access.delete_app",
    "api_access.report_lost",
    "api_access.replace_app",
)


def actor_for(world: World, endpoint: str, project_id: int) -> int:
    """Whom an address is about."""
    if endpoint.startswith(("api_links.", "links.")):
        return world.links[project_id]
    if endpoint.endswith(".revoke") and not endpoint.startswith("people."):
        return world.ids["held"]
    if endpoint.startswith(OF_PHONES):
        return (world.house.cast.device if project_id == 1 else world.house.cast.other_device).id
    return world.house.cast.charlie.id


def address(world: World, rule: Rule, who: str, here: bool) -> str:
    """The address of a route: of what `who` reaches, or of what lies outside."""
    on_rows = "instance_id" in rule.arguments
    of_b = rule.endpoint.startswith(OF_PHONES) and "actor_id" in rule.arguments and who in UNIT_ROLES and not here
    project_id = 1 if here or on_rows or of_b else 2
    rows = world.draft_rows if "draft" in rule.rule and on_rows else world.rows
    own = rows.get(who, rows["team_lead" if who in UNIT_ROLES else "admin"])
    instance_id, photo = (own, "p.jpg") if here else (rows["elsewhere"], OF_B["photo"])
    whole = "partner" if rule.endpoint == "api_units.role" else "privacy_officer"
    role = "viewer" if rule.endpoint.startswith("api_access") else "volunteer"
    values: dict[str, Any] = {
        "project_id": project_id,
        "xml_form_id": "visit",
        "instance_id": instance_id,
        "version_id": instance_id,
        "version": "1",
        "unit_id": world.units["A" if here else "B"],
        "actor_id": world.ids["phone_of_b"] if of_b else actor_for(world, rule.endpoint, project_id),
        "role_name": whole if "/unit-roles/" in rule.rule else role,
        "name": photo if on_rows else NAMES.get(rule.endpoint, "admin" if "roles" in rule.rule else "x.csv"),
        "kind": "md",
        "code": "team",
        "table": "Submissions",
        "draft_key": world.draft_key,
        "token": "x",
        "number": world.dismissed.get(instance_id, 0) if on_rows else 1,
        "digest": "x",
        "unknown": "nothing",
        "inside": "visits",
        "key": "login-appearance",
        "web_id": world.web_ids[project_id],
    }
    made = rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)
    assert made is not None
    return made[1]


def sent_with(world: World, rule: Rule, method: str, who: str, path: str) -> dict[str, Any]:
    """What goes along: who asks, and the body."""
    api, given = rule.rule.startswith("/v1/"), BODIES.get(rule.endpoint, {})
    by_header = world.people if api else world.cookies
    sent: dict[str, Any] = {"headers": by_header.get(who, {})}
    if method in ("GET", "DELETE"):
        return sent
    if rule.endpoint in ("edit.store", "edit.store_beside"):
        xml = phone.submission("visit", version="1", deprecated_id=path.split("/")[-2])
        mark = {"X-CSRF-Token": world.csrf.get(who, "")}
        return {"headers": sent["headers"] | mark, "data": phone.body(xml), "content_type": phone.CONTENT_TYPE}
    if not api:
        given = given | {"person": world.ids["stranger"]} if rule.endpoint == "unit_people.add" else given
        return sent | {"data": given | {"csrf": world.csrf.get(who, "")}}
    if rule.endpoint.endswith(("submissions.create", "submissions.edit")):
        edited = path.rpartition("/")[2] if method == "PUT" else ""
        return sent | {"data": phone.submission("visit", version="1", deprecated_id=edited)}
    if rule.endpoint in MULTIPART:
        return sent | {"data": phone.body(phone.submission("visit", version="1")), "content_type": phone.CONTENT_TYPE}
    return sent | {"json": given}

"""Two communes and a province above them: who works there, what each commune sent, and who sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.actions import access, accounts, links, reviews, sessions, unit_files, unit_roles, units
from server.actions import forms as form_actions
from server.models import Session
from server.permissions import CONSOLE
from tests import phone
from tests.cast import PASSWORD, Headers
from tests.phone import Published

TREE = """code,parent_code,level_code,name_vi,valid_from
P,,province,Tỉnh,2010-01-01
A,P,commune,Xã A,2010-01-01
B,P,commune,Xã B,2010-01-01
"""
VISIT = """
| survey   |              |        |        |
|          | type         | name   | label  |
|          | text         | who    | Ai?    |
|          | image        | photo  | Ảnh?   |
|          | begin_repeat | visits | Lần    |
|          | text         | note   | Ghi    |
|          | end_repeat   |        |        |
| settings |              |        |        |
|          | form_title   | form_id | version |
|          | Thăm nhà     | visit   | 1       |
"""
ANSWERS = "<who>{0}</who><photo>{0}.jpg</photo><visits><note>{0}-1</note></visits><visits><note>{0}-2</note></visits>"
JPEG = "image/jpeg"
PHOTO = b"\xff\xd8\xff a photo of nobody"

Post = Callable[..., TestResponse]


@dataclass
class Country:
    """Who sees what: people by what they are, the rows of each commune, phones of each commune."""

    form: Published
    people: dict[str, Headers] = field(default_factory=dict)
    cookies: dict[str, Headers] = field(default_factory=dict)
    csrf: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[str]] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{self.form.url}/submissions"


def person(country: Country, name: str, role: str, unit: str) -> None:
    email = f"{name}@example.org"
    made, _ = accounts.create_user(CONSOLE, email, PASSWORD, name.title())
    token, session = sessions.sign_in(email, PASSWORD)
    assert isinstance(session, Session)
    country.people[name] = {"Authorization": f"Bearer {token}"}
    country.cookies[name] = {"Cookie": f"session={token}"}
    country.csrf[name] = session.csrf
    country.ids[name] = made.actor_id
    unit_roles.grant(CONSOLE, role, made.actor_id, country.units[unit])


def a_phone(country: Country, unit: str) -> None:
    made = access.create_app_user(CONSOLE, 1, f"Máy {unit}", form_ids=[country.form.id])
    unit_roles.grant(CONSOLE, "volunteer", made.actor_id, country.units[unit])
    country.ids[f"phone_{unit.lower()}"] = made.actor_id
    country.phones[unit] = f"/v1/key/{access.key_of(made)}/projects/1/submission"


def a_link(country: Country) -> str:
    """An address to which whoever holds the link's key sends."""
    made = links.create(CONSOLE, 1, "visit", "Liên kết")
    return f"/v1/key/{access.key_of(made)}/projects/1/submission"


def people(country: Country) -> None:
    """Units, who works in them, and a phone in each commune. Within a write transaction."""
    unit_files.load(CONSOLE, TREE.encode())
    country.units = {placed.unit.code: placed.id for placed in units.list_all(CONSOLE)}
    for name, role, unit in (
        ("an", "area_supervisor", "A"),
        ("binh", "area_supervisor", "B"),
        ("phuc", "province_manager", "P"),
        ("van", "volunteer", "A"),
    ):
        person(country, name, role, unit)
    for unit in "AB":
        a_phone(country, unit)


def fill(country: Country, post: Post) -> None:
    """Commune A sends two, commune B three."""
    for unit, many in (("A", 2), ("B", 3)):
        country.rows[unit] = [phone.new_id() for _ in range(many)]
        for number, instance_id in enumerate(country.rows[unit]):
            name = f"{unit}{number}"
            xml = country.form.submission(ANSWERS.format(name), instance_id=instance_id)
            assert post(country.phones[unit], xml, [(f"{name}.jpg", PHOTO, JPEG)]).status_code == 201


def return_one(country: Country) -> None:
    """The second of B's has problems and a comment."""
    reviews.review(CONSOLE, form_actions.find(1, "visit"), country.rows["B"][1], "hasIssues", "Xin xem lại")


def seen(client: FlaskClient, country: Country, who: str) -> list[str]:
    return [row["instanceId"] for row in client.get(country.url, headers=country.people[who]).json]


def newest_first(country: Country, *names: str) -> list[str]:
    return [instance_id for name in names for instance_id in country.rows[name]][::-1]


def same(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    kept = sorted((name, value) for name, value in answer.headers.items() if name != "X-Request-ID")
    return answer.status_code, answer.data, kept

"""Exports hold the rows, words and files that somebody is shown, and say nothing of others."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from server.db import db
from server.models import Audit
from tests import phone
from tests.country import ANSWERS, PHOTO, Country, Post, newest_first
from tests.downloads import files, table


def get(client: FlaskClient, country: Country, who: str, ending: str, query: str = "", **more: str) -> Any:
    """What somebody is answered."""
    headers = country.people[who] | {name.replace("_", "-"): value for name, value in more.items()}
    return client.get(f"{country.form.url}/submissions.{ending}{query}", headers=headers, buffered=True)


def test_a_supervisor_gets_the_rows_of_her_commune(client: FlaskClient, country: Country) -> None:
    found = files(get(client, country, "an", "csv.zip"))
    rows = table(found["visit.csv"])
    assert [row["KEY"] for row in rows] == newest_first(country, "A")
    assert {row["PARENT_KEY"] for row in table(found["visit-visits.csv"])} == set(country.rows["A"])
    assert sorted(name for name in found if name.startswith("media/")) == ["media/A0.jpg", "media/A1.jpg"]
    assert found["media/A0.jpg"] == PHOTO


def test_who_is_not_shown_free_text_gets_none_and_no_files(client: FlaskClient, country: Country) -> None:
    found = files(get(client, country, "phuc", "csv.zip"))
    assert list(found) == ["visit.csv", "visit-visits.csv"]
    rows = table(found["visit.csv"])
    assert [row["KEY"] for row in rows] == newest_first(country, "A", "B")
    assert {row["who"] for row in rows} | {row["photo"] for row in rows} == {""}
    assert {row["note"] for row in table(found["visit-visits.csv"])} == {""}


def test_the_unit_beside_each_row(client: FlaskClient, country: Country) -> None:
    rows = table(get(client, country, "an", "csv", "?unit=true").data)
    assert {(row["UnitCode"], row["UnitName"]) for row in rows} == {("A", "Xã A")}


def test_nothing_tells_that_another_commune_sent_something(client: FlaskClient, country: Country, post: Post) -> None:
    tags = {name: get(client, country, name, "csv").headers["ETag"] for name in ("an", "binh")}
    xml = country.form.submission(ANSWERS.format("B9"), instance_id=phone.new_id())
    assert post(country.phones["B"], xml, [("B9.jpg", PHOTO, "image/jpeg")]).status_code == 201
    assert get(client, country, "an", "csv", If_None_Match=tags["an"]).status_code == 304
    assert get(client, country, "binh", "csv", If_None_Match=tags["binh"]).status_code == 200


def test_the_audit_tells_whose_rows_were_taken(client: FlaskClient, country: Country) -> None:
    get(client, country, "an", "xlsx")
    query = select(Audit).where(Audit.action == "submission.data.read", Audit.actor_id == country.ids["an"])
    with client.application.app_context():
        (entry,) = db.session.scalars(query)
        assert (entry.unit_id, entry.details["count"]) == (country.units["A"], 2)

"""Whoever looks at submissions is told of which unit they are."""

from __future__ import annotations

from flask import Flask

from server.actions import unit_files, unit_roles, units
from server.permissions import CONSOLE
from tests import expect
from tests.cast import Cast
from tests.conftest import VISIT, Publish, Send
from tests.server.web.conftest import Visit
from tests.server.web.test_units import TABLE

LIST = "/projects/1/forms/visit/submissions"


def test_the_unit_stands_in_the_list_and_on_the_page(
    app: Flask, publish: Publish, send: Send, visit: Visit, cast: Cast
) -> None:
    form = publish(VISIT)
    expect.told(send(form.submission()), 201)
    before = visit(cast.bob).get(LIST).text
    assert ">Unit<" not in before  # nothing is of any
    with app.app_context():
        unit_files.load(CONSOLE, TABLE.encode())
        codes = {each.unit.code: each.id for each in units.list_all(CONSOLE)}
        unit_roles.grant(CONSOLE, "volunteer", cast.device.id, codes["C1"])
        unit_roles.grant(CONSOLE, "area_supervisor", cast.charlie.id, codes["C1"], project_id=1)
    expect.told(send(form.submission()), 201)
    for person, lines in ((cast.bob, 2), (cast.charlie, 1)):
        visitor = visit(person)
        page = visitor.get(LIST).text
        assert page.count("/submissions/uuid:") == lines and page.partition("<tbody>")[2].count("Commune One") == 1
        newest = page.partition(f'href="{LIST}/uuid:')[2].partition('"')[0]
        assert "Commune One" in visitor.get(f"{LIST}/uuid:{newest}").text
    assert "Xã Một" in visit(cast.charlie, "vi").get(LIST).text


def test_narrowed_to_a_unit_and_all_below_it(
    app: Flask, publish: Publish, send: Send, visit: Visit, cast: Cast
) -> None:
    form = publish(VISIT)
    expect.told(send(form.submission()), 201)
    with app.app_context():
        unit_files.load(CONSOLE, TABLE.encode())
        codes = {each.unit.code: each.id for each in units.list_all(CONSOLE)}
        unit_roles.grant(CONSOLE, "volunteer", cast.device.id, codes["C1"])
        unit_roles.grant(CONSOLE, "area_supervisor", cast.charlie.id, codes["C1"], project_id=1)
    expect.told(send(form.submission()), 201)
    visitor = visit(cast.bob)
    for code, said in (("C1", "1 submission found"), ("P1", "1 submission found"), ("C2", "0 submissions found")):
        page = visitor.get(f"{LIST}?unit={codes[code]}").text
        assert said in page
    assert f'<option value="{codes["P1"]}" >Province One (P1)</option>' in page
    assert f'value="{codes["P1"]}"' not in visit(cast.charlie).get(LIST).text
    assert visit(cast.charlie).get(f"{LIST}?unit={codes['P1']}").status_code == 404

"""Public links of a form: made, shown, used by a phone, revoked."""

from __future__ import annotations

import html
import re

from flask.testing import FlaskClient

from tests.cast import Cast
from tests.conftest import VISIT, Publish
from tests.phone import CONTENT_TYPE, OPENROSA, body
from tests.server.web.conftest import Visit

LINKS = "/projects/1/forms/visit/links"


def test_a_link_is_made_used_and_revoked(visit: Visit, cast: Cast, publish: Publish, client: FlaskClient) -> None:
    form, bob = publish(VISIT), visit(cast.bob)
    assert "No public links" in bob.get(LINKS).text and f'href="{LINKS}"' in bob.get("/projects/1/forms/visit").text
    one = bob.post(LINKS, {"name": "Bảng tin xã", "once": "on"}).location
    page = bob.get(one).text
    assert "Bảng tin xã" in page and "once each" in page and "data-print" in page and 'class="qr"' in page
    (address,) = re.findall(r'class="secret" id="server">([^<]+)<', page)
    path = "/v1/" + html.unescape(address).partition("/v1/")[2]
    assert "<formID>visit</formID>" in client.get(f"{path}/formList", headers=OPENROSA).text
    sent = {"data": body(form.submission()), "content_type": CONTENT_TYPE, "headers": OPENROSA}
    assert client.post(f"{path}/submission", **sent).status_code == 201
    listed = bob.get(LINKS).text
    assert "Bảng tin xã" in listed and "nothing yet" not in listed and path not in listed
    assert bob.post(f"{one}/revoke").location == LINKS
    page = bob.get(LINKS).text
    assert "The link is revoked." in page and "Bảng tin xã" in page and ">Revoked<" in page
    page = bob.get(one).text
    assert "This link no longer works" in page and "Revoke the link" not in page and path not in page
    assert bob.post(f"{one}/revoke").location == LINKS  # twice is as once
    assert client.get(f"{path}/formList", headers=OPENROSA).status_code == 403


def test_a_link_needs_a_name(visit: Visit, cast: Cast, publish: Publish) -> None:
    publish(VISIT)
    assert visit(cast.bob).post(LINKS, {"name": " "}).status_code == 400


def test_who_may(visit: Visit, cast: Cast, publish: Publish) -> None:
    publish(VISIT)
    made = visit(cast.bob).post(LINKS, {"name": "Một"}).location
    for person in (cast.vy, cast.minh, cast.charlie, cast.dung):
        other = visit(person)
        answers = [other.get(LINKS), other.get(made), other.post(LINKS, {"name": "x"}), other.post(f"{made}/revoke")]
        assert [answer.status_code for answer in answers] == [403] * 4
    assert "Public links" not in visit(cast.vy).get("/projects/1/forms/visit").text
    assert visit(cast.bob).get(made).status_code == 200
    assert visit().get(LINKS).status_code == 303

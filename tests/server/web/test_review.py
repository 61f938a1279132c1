"""The list of submissions and one submission, and what a supervisor does with it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from server.db import db
from server.models import Audit
from tests.cast import Cast
from tests.server.web.conftest import FORMS, Visit, World


def _words(html: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html.split("<main", 1)[1])))


def test_counts_of_a_form(visit: Visit, cast: Cast, world: World) -> None:
    text = _words(visit(cast.bob).get("/projects/1").text)
    assert "Submissions 3 With problems 1 To review 3" in text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "01 02 03"),
        ("?findings=yes", "02"),
        ("?findings=no", "01 03"),
        ("?state=edited", "03"),
        ("?state=waiting", "01 02 03"),
        ("?state=received", "01 02"),
        ("?state=approved", ""),
        ("?since=2020-01-01", "01 02 03"),
        ("?since=2099-01-01", ""),
        ("?until=2020-01-01", ""),
        ("?until=31/12/2098", "01 02 03"),
        ("?since=nonsense", "01 02 03"),
        ("?volunteer={device}", "01 02 03"),
        ("?volunteer=999", ""),
        ("?volunteer=x", "01 02 03"),
        ("?page=2", ""),
        ("?page=-1", "01 02 03"),
        ("?page=x", "01 02 03"),
    ],
)
def test_filters(query: str, names: str, visit: Visit, cast: Cast, world: World) -> None:
    page = visit(cast.bob).get(f"{FORMS}/submissions{query.format(device=cast.device.id)}").text
    assert sorted(set(re.findall(r"VP-TD-(\d\d)", page))) == names.split()


def test_a_search_stays_out_of_addresses(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    answer = visitor.post(f"{FORMS}/submissions/search", {"search": "TD-02", "findings": "yes"})
    assert answer.location == f"{FORMS}/submissions?findings=yes"
    page = visitor.get(answer.location).text
    assert "VP-TD-02" in page and "VP-TD-01" not in page and "1 submission found for “TD-02”" in _words(page)
    assert "TD-02" not in str(visitor.client.get_cookie("search", path=f"{FORMS}/submissions"))
    visitor.post(f"{FORMS}/submissions/search", {"search": ""})
    assert "VP-TD-01" in visitor.get(f"{FORMS}/submissions").text


def test_an_empty_list_says_what_to_do(visit: Visit, cast: Cast, publish: object) -> None:
    publish("| survey | | | |\n| | type | name | label |\n| | text | a | A |\n")  # type: ignore[operator]
    assert "Give a volunteer the QR code." in visit(cast.bob).get("/projects/1/forms/visit/submissions").text


@pytest.mark.parametrize(
    ("language", "read"),
    [
        (
            "vi",
            [
                "Buổi thăm",
                "Ngày thăm 23/11/2026",
                "Hình thức Tại điểm tư vấn",
                "Nội dung đã trao đổi Kế hoạch điều trị",
                "Quãng đường (km) 12,5",
                "Bắt đầu lúc 08:30",
                "10.034100, 105.787600 (± 5 m)",
                "Trang thiết bị 2",
                "Tên thiết bị Tủ có khóa",
                "Phòng sạch, có tủ khóa. Cần thêm ghế.",
            ],
        ),
        (
            "en",
            [
                "The visit",
                "Visit date 23/11/2026",
                "Mode At the point",
                "Topics discussed Treatment plan",
                "12.5",
                "Equipment 2",
                "Thing Tủ có khóa",
            ],
        ),
    ],
)
def test_answers_in_the_words_of_the_form(
    language: str, read: list[str], visit: Visit, cast: Cast, world: World
) -> None:
    text = _words(visit(cast.bob, language).get(f"{FORMS}/submissions/{world.good}").text)
    assert [part for part in read if part not in text] == []


def test_findings_first_and_beside_their_question(visit: Visit, cast: Cast, world: World) -> None:
    page = visit(cast.bob).get(f"{FORMS}/submissions/{world.bad}").text
    text = _words(page)
    assert text.index("3 problems to look at") < text.index("Answers")
    assert "The visit Mode This choice is not in the form's list. Sent: “by_drone”" in text
    assert "Minutes nhiều Not a whole number." in text
    assert "lost The form has no such question. Sent: “?”" in text
    assert "1 file has not arrived yet: mat.jpg" in text
    anchors = re.findall(r'href="#(q-[^"]+)"', page)
    assert len(anchors) == 2 and all(f'id="{anchor}"' in page for anchor in anchors)


def test_versions_and_what_changed(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    page = visitor.get(f"{FORMS}/submissions/{world.edited}").text
    assert "Minutes 45 60" in _words(page)
    old = visitor.get(f"{FORMS}/submissions/{world.edited}/versions/{world.edited}").text
    assert "This is an older version." in old and "Minutes 45" in _words(old)
    assert visitor.get(f"{FORMS}/submissions/{world.edited}/versions/nix").status_code == 404


def test_the_xml_as_it_came(visit: Visit, cast: Cast, world: World) -> None:
    address = f"{FORMS}/submissions/{world.good}/versions/{world.good}/submission.xml"
    sent = visit(cast.bob).get(address)
    assert sent.headers["Content-Disposition"].startswith("attachment") and world.good.encode() in sent.data
    seen = visit(cast.bob).get(f"{address}?view=1")
    assert (seen.mimetype, seen.data) == ("text/plain", sent.data)


@pytest.mark.parametrize(
    ("decision", "said", "state"),
    [
        ("approved", "Approved.", "Approved"),
        ("hasIssues", "Returned with your comment.", "Returned"),
        ("rejected", "Rejected.", "Rejected"),
        ("received", "Back to", "Received"),
    ],
)
def test_a_decision(decision: str, said: str, state: str, visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    address = f"{FORMS}/submissions/{world.bad}"
    answer = visitor.post(f"{address}/review", {"decision": decision, "comment": "Ghi số phút\nbằng chữ số."})
    assert (answer.status_code, answer.location) == (303, f"{address}#notices")
    page = visitor.get(address).text
    assert said in page and "Ghi số phút<br>bằng chữ số." in page
    assert f"Reviewed: {state} Bob" in _words(page)
    assert said not in _words(visitor.get(address).text).split("Your decision")[0].replace(state, "", 1)


def test_returning_needs_a_comment(visit: Visit, cast: Cast, world: World) -> None:
    answer = visit(cast.bob).post(f"{FORMS}/submissions/{world.bad}/review", {"decision": "hasIssues", "comment": " "})
    assert answer.status_code == 400 and "Write a comment first" in answer.text
    answer = visit(cast.bob).post(f"{FORMS}/submissions/{world.bad}/review", {"decision": "burn"})
    assert answer.status_code == 400


def test_a_comment_without_a_decision(visit: Visit, cast: Cast, world: World) -> None:
    visitor = visit(cast.bob)
    visitor.post(f"{FORMS}/submissions/{world.good}/comments", {"comment": "<b>Tốt</b>"})
    page = visitor.get(f"{FORMS}/submissions/{world.good}").text
    assert "&lt;b&gt;Tốt&lt;/b&gt;" in page and "chip-received" in page


def test_a_problem_for_htmx_is_a_part_that_goes_to_the_notices(visit: Visit, cast: Cast, world: World) -> None:
    answer = visit(cast.vy).post(
        f"{FORMS}/submissions/{world.bad}/review", {"decision": "approved"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 403 and "<html" not in answer.text
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reselect"]) == ("#notices", "#problem")


def test_who_looked_is_kept(app: Flask, visit: Visit, cast: Cast, world: World) -> None:
    visit(cast.vy).get(f"{FORMS}/submissions/{world.good}")
    with app.app_context():
        looks = db.session.query(Audit).filter_by(action="submission.read", actor_id=cast.vy.id).all()
        assert [look.details for look in looks] == [{"instanceId": world.good}]
    assert "submission.read" not in visit(cast.bob).get(f"{FORMS}/submissions/{world.good}").text


def test_steps_to_the_neighbours(visit: Visit, cast: Cast, world: World) -> None:
    page = visit(cast.bob).get(f"{FORMS}/submissions/{world.good}").text
    assert f'rel="prev" href="{FORMS}/submissions/{world.bad}"' in page
    assert f'rel="next" href="{FORMS}/submissions/{world.edited}"' in page

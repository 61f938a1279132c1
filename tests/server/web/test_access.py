"""Who may open and do what: each page works, a stranger is shown the way in, a viewer sees and does not act."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.cast import Cast
from tests.phone import Published
from tests.server.web import demo
from tests.server.web.conftest import FORMS, Visit, World

VIEWED = [
    "/projects/1",
    FORMS,
    f"{FORMS}/submissions",
    f"{FORMS}/submissions/{{bad}}",
    f"{FORMS}/submissions/{{edited}}",
]
MANAGED = [
    "/projects/1/add-form",
    f"{FORMS}/draft",
    "/projects/1/volunteers",
    "/projects/1/volunteers/print",
    "/projects/1/volunteers/{device}",
    "/projects/1/volunteers/{device}/print",
    "/projects/1/volunteers/{device}/revoke",
    "/projects/1/volunteers/{device}/lost",
    f"{FORMS}/links",
]
DRAFTS = ["", "/preview", "/form.xml", "/workbook.md", "/workbook.xlsx"]
DONE = [
    "/projects/1/add-form",
    f"{FORMS}/state",
    f"{FORMS}/volunteers",
    f"{FORMS}/draft",
    f"{FORMS}/draft/publish",
    f"{FORMS}/draft/files",
    f"{FORMS}/draft/delete",
    f"{FORMS}/submissions/{{bad}}/review",
    f"{FORMS}/submissions/{{bad}}/comments",
    "/projects/1/volunteers",
    "/projects/1/volunteers/{device}/forms",
    "/projects/1/volunteers/{device}/revoke",
    "/projects/1/volunteers/{device}/lost",
    "/projects/1/volunteers/{device}/lost/replace",
    f"{FORMS}/links",
]


def _filled(path: str, world: World, cast: Cast) -> str:
    return path.format(bad=world.bad, edited=world.edited, device=cast.device.id)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", [*VIEWED, *MANAGED])
def test_a_manager_opens_every_page(path: str, language: str, visit: Visit, cast: Cast, world: World) -> None:
    answer = visit(cast.bob, language).get(_filled(path, world, cast))
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text


@pytest.mark.parametrize("path", DRAFTS)
def test_a_manager_opens_everything_of_a_draft(
    path: str, visit: Visit, cast: Cast, publish: Callable[..., Published]
) -> None:
    publish(demo.BARE, draft=True)
    assert visit(cast.bob).get(f"/projects/1/forms/draft_form/draft{path}").status_code == 200


@pytest.mark.parametrize("path", [*VIEWED, *MANAGED])
def test_a_stranger_is_shown_the_way_in(path: str, visit: Visit, cast: Cast, world: World) -> None:
    answer = visit().get(_filled(path, world, cast))
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login")


@pytest.mark.parametrize("path", [*VIEWED, *MANAGED])
def test_someone_without_a_role_is_refused(path: str, visit: Visit, cast: Cast, world: World) -> None:
    assert visit(cast.charlie).get(_filled(path, world, cast)).status_code == 403


@pytest.mark.parametrize("path", VIEWED)
def test_a_viewer_sees(path: str, visit: Visit, cast: Cast, world: World) -> None:
    assert visit(cast.vy).get(_filled(path, world, cast)).status_code == 200


@pytest.mark.parametrize("path", MANAGED)
def test_a_viewer_does_not_manage(path: str, visit: Visit, cast: Cast, world: World) -> None:
    assert visit(cast.vy).get(_filled(path, world, cast)).status_code == 403


@pytest.mark.parametrize("path", DONE)
def test_a_viewer_cannot_act(path: str, visit: Visit, cast: Cast, world: World) -> None:
    answer = visit(cast.vy).post(_filled(path, world, cast), {"decision": "approved", "comment": "x", "name": "x"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", DONE)
@pytest.mark.parametrize("csrf", ["", "wrong"])
def test_a_forged_post_is_refused(path: str, csrf: str, visit: Visit, cast: Cast, world: World) -> None:
    answer = visit(cast.bob).post(_filled(path, world, cast), {"csrf": csrf, "decision": "approved", "name": "x"})
    assert answer.status_code == 403
    assert "open too long" in answer.text


@pytest.mark.parametrize("who", ["bob", "dung"])
def test_another_project_is_another_world(who: str, visit: Visit, cast: Cast, world: World) -> None:
    expected = {"bob": 200, "dung": 403}[who]
    visitor = visit(getattr(cast, who))
    assert visitor.get(f"{FORMS}/submissions/{world.good}").status_code == expected
    assert visitor.get(f"/projects/1/volunteers/{cast.device.id}").status_code == expected
    assert visitor.get(f"/projects/2/volunteers/{cast.device.id}").status_code == {"bob": 403, "dung": 404}[who]


def test_a_viewer_is_not_offered_what_she_may_not(visit: Visit, cast: Cast, world: World) -> None:
    seen = [visit(cast.vy).get(_filled(path, world, cast)) for path in VIEWED]
    assert [_offers(page) for page in seen] == [set()] * len(seen)
    acting = [visit(cast.bob).get(_filled(path, world, cast)) for path in VIEWED]
    assert all(_offers(page) for page in (acting[0], acting[3]))


def _offers(page: TestResponse) -> set[str]:
    parts = ("add-form", 'name="decision"', "/draft", "/volunteers", "/state", "/comments")
    return {part for part in parts if part in page.text}


def test_basic_and_bearer_are_no_sign_in_for_pages(visit: Visit, cast: Cast) -> None:
    for headers in (cast.bob.bearer, cast.bob.basic):
        assert visit().get("/projects/1", headers=headers).location.startswith("/login")
        assert visit().post("/projects", {"name": "x", "csrf": cast.bob.csrf}, headers=headers).status_code == 403


def test_who_only_collects_sees_the_forms_and_no_more(visit: Visit, cast: Cast, world: World) -> None:
    page = visit(cast.minh).get("/projects/1").text
    assert "Thăm điểm tư vấn" in page and FORMS not in page and "With problems" not in page
    assert visit(cast.minh).get(f"{FORMS}/submissions").status_code == 403

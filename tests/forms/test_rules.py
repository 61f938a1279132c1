"""What a form must be at upload and at publish, and what people are warned of."""

from __future__ import annotations

import pytest

from forms import rules, xform
from schemas import problems

PLAIN = {"name": "string", "age": "int"}
META = "<meta><instanceID/></meta>"
GROUPED = (
    '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title/><model>'
    f'<instance><data id="visit"><name/><home><roof/></home>{META}</data></instance>'
    '<bind nodeset="/data/name" type="string"/><bind nodeset="/data/home/roof" type="string"/></model></h:head>'
    "<h:body/></h:html>"
)


def form(
    questions: dict[str, str] | None = None,
    *,
    form_id: str = "visit",
    meta: str = META,
    action: str = "",
    root: str = "data",
) -> xform.Form:
    """A form with these questions: name to type."""
    asked = PLAIN if questions is None else questions
    nodes = "".join(f"<{name}/>" for name in asked)
    binds = "".join(f'<bind nodeset="/{root}/{name}" type="{kind}"/>' for name, kind in asked.items())
    submission = f'<submission action="{action}" method="post"/>' if action else ""
    return xform.parse(
        f'<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title/>'
        f'<model><instance><{root} id="{form_id}">{nodes}{meta}</{root}></instance>{binds}{submission}</model></h:head>'
        f"<h:body/></h:html>".encode()
    )


def refused(kind: problems.Kind, found: xform.Form, *previous: xform.Form) -> problems.Problem:
    with pytest.raises(problems.Problem) as caught:
        rules.check(found, previous=previous)
    assert caught.value.kind is kind
    assert caught.value.message
    return caught.value


def test_a_good_form_passes() -> None:
    assert rules.check(form(), public_url="https://here.example") == []
    assert rules.check(form(), previous=[form()], public_url="https://here.example") == []


@pytest.mark.parametrize("ending", [".xls", ".xlsx", ".xml", ".md", ".svc"])
def test_an_id_must_not_look_like_a_file(ending: str) -> None:
    assert refused(problems.UNEXPECTED_VALUE, form(form_id="visit" + ending)).details["field"] == "formId"
    assert rules.check(form(form_id="visit.v1")) == []


@pytest.mark.parametrize("meta", ["", "<meta/>"])
def test_a_submission_must_have_a_place_for_its_id(meta: str) -> None:
    refused(problems.MISSING_META, form(meta=meta))


def test_a_form_without_the_id_itself_is_told() -> None:
    (warning,) = rules.check(form(meta="<meta><instanceName/></meta>"))
    assert (warning["type"], warning["details"]) == ("missingInstanceId", {})
    assert "gets one made of its content" in warning["reason"] and "refused" not in warning["reason"]
    assert rules.warning_details([], [warning]) == {}


@pytest.mark.parametrize(
    "action",
    [
        "https://here.example/v1/projects/1/submission",
        "https://HERE.example:443/x",
        "https://here.example",
        "  https://here.example/",
    ],
)
def test_an_address_of_ours_is_no_news(action: str) -> None:
    assert rules.check(form(action=action), public_url="https://here.example") == []


@pytest.mark.parametrize(
    "action",
    [
        "https://there.example/submission",
        "http://here.example/v1",
        "https://here.example.evil/",
        "https://here.example:8443/",
        "https://[bad/",
    ],
)
def test_an_address_elsewhere_is_told(action: str) -> None:
    (warning,) = rules.check(form(action=action), public_url="https://here.example")
    assert (warning["type"], warning["details"]) == ("submissionElsewhere", {"url": action.strip()})
    assert action.strip() in warning["reason"]


def test_under_a_path_of_the_same_server() -> None:
    elsewhere = form(action="https://here.example/other/submission")
    assert rules.check(elsewhere, public_url="https://here.example/donghanh/")
    assert not rules.check(
        form(action="https://here.example/donghanh/v1/x"), public_url="https://here.example/donghanh/"
    )


def test_a_field_keeps_its_type_or_becomes_text() -> None:
    problem = refused(problems.FIELD_TYPE_CONFLICT, form({"name": "int", "age": "int"}), form())
    assert problem.details == {"path": "/name", "type": "string"}
    assert rules.check(form({"name": "string", "age": "string"}), previous=[form()]) == []


def test_the_root_may_be_renamed_but_types_still_count() -> None:
    assert rules.check(form(root="visit"), previous=[form()]) == []
    refused(problems.FIELD_TYPE_CONFLICT, form({"name": "date", "age": "int"}, root="visit"), form())


def test_a_field_that_is_gone_is_told() -> None:
    (warning,) = rules.check(form({"name": "string", "years": "int"}), previous=[form()])
    assert (warning["type"], warning["details"]) == ("structureChanged", ["age"])


def test_a_type_of_any_version_that_was_published_counts() -> None:
    without = form({"name": "string"})
    problem = refused(problems.FIELD_TYPE_CONFLICT, form({"name": "string", "age": "date"}), form(), without)
    assert problem.details == {"path": "/age", "type": "int"}
    changed = form({"name": "string", "age": "string"})
    assert rules.check(form({"name": "string", "age": "string"}), previous=[form(), changed]) == []
    refused(problems.FIELD_TYPE_CONFLICT, form(), form(), changed)


def test_a_group_does_not_become_text() -> None:
    grouped = xform.parse(GROUPED.encode())
    problem = refused(problems.FIELD_TYPE_CONFLICT, form({"name": "string", "home": "string"}), grouped)
    assert problem.details == {"path": "/home", "type": "structure"}


def test_groups_that_are_gone_are_told_by_their_names() -> None:
    (warning,) = rules.check(form({"name": "string"}), previous=[xform.parse(GROUPED.encode())])
    assert warning == {"type": "structureChanged", "details": ["home", "roof"]}


def searching(appearance: str) -> xform.Form:
    """A form with a choice of this appearance."""
    body = f'<h:body><select1 ref="/data/name" appearance="{appearance}"><label/></select1></h:body>'
    return xform.parse(GROUPED.replace("<h:body/>", body).encode())


def test_a_search_must_close_the_name_of_its_list() -> None:
    for appearance in ("search('towns)", "minimal search( &quot;towns, 'a')", "search('towns'x)"):
        details = refused(problems.UNEXPECTED_VALUE, searching(appearance)).details
        assert details["field"] == "search() appearance"
        assert details["value"] == appearance.replace("&quot;", '"')


def test_a_search_may_ask_for_what_it_likes() -> None:
    asked = (
        "search('towns')",
        "minimal search('a, b', 'matches', 'c', concat('d', /data/name))",
        "search",
        "research('x)",
    )
    for appearance in (*asked, "search('Sáu''s towns' , 'contains')"):
        assert rules.check(searching(appearance)) == []


def test_what_the_machine_adds_to_meta_is_no_news() -> None:
    before = form(meta="<meta><instanceID/><entity><label/></entity></meta>")
    assert rules.check(form(), previous=[before]) == []


def test_details_as_centrals_clients_read_them() -> None:
    found = rules.check(form({"name": "string"}, action="https://there.example/x"), previous=[form()])
    warnings = rules.warning_details(["[row : 3] On the survey sheet …"], found)["warnings"]
    assert [warning["type"] for warning in warnings["workflowWarnings"]] == ["structureChanged"]
    assert len(warnings["xlsFormWarnings"]) == 2
    assert rules.warning_details([], []) == {}
    problem = problems.FORM_WARNINGS(**rules.warning_details(["odd"], []))
    assert problem.details == {"warnings": {"xlsFormWarnings": ["odd"]}} and problem.message

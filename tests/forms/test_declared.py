"""Which entity lists a form writes to, and what of that cannot be."""

from __future__ import annotations

import pytest

from forms import rules, xform
from forms.declared import Declared
from schemas import problems

ENTITY = '<entity dataset="people" id="" create="1"><label/></entity>'


def form(
    entity: str = ENTITY,
    version: str = "2024.1.0",
    saveto: str = "first_name",
    *,
    repeat: str = "",
    in_repeat: str = "",
    key: str = "",
) -> xform.Form:
    """A form that saves a name; with `repeat` also what is asked for each child."""
    children = f"<children><age/>{repeat}</children>" if in_repeat or repeat else ""
    binds = f'<bind nodeset="/data/children/age" type="int" entities:saveto="{in_repeat}"/>' if in_repeat else ""
    declared = f' entities:entities-version="{version}"' if version else ""
    return xform.parse(
        f'<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" '
        f'xmlns:entities="http://www.opendatakit.org/xforms/entities"><h:head><h:title/><model{declared}><instance>'
        f'<data id="people"><name/>{children}<meta><instanceID/>{entity}</meta></data></instance>'
        f'<bind nodeset="/data/name" type="string" entities:saveto="{saveto}"/>{binds}{key}</model></h:head>'
        '<h:body><group ref="/data/children"><repeat nodeset="/data/children">'
        '<input ref="/data/children/age"/></repeat></group></h:body></h:html>'.encode()
    )


def refused(found: xform.Form) -> None:
    with pytest.raises(problems.Problem) as caught:
        rules.check(found)
    assert caught.value.kind is problems.INVALID_ENTITY_FORM
    assert caught.value.details["reason"] in caught.value.message


def test_a_form_says_its_list_and_what_it_does() -> None:
    found = form('<entity dataset=" people " id="" create="" update=""/>')
    assert found.entities == (Declared("", "people", ("create", "update")),)
    assert rules.check(found) == [] and rules.of_new(found) == []


def test_a_repeat_says_it_once_for_its_template_and_its_first_instance() -> None:
    one = '<meta><entity dataset="children" id="" create=""><label/></entity></meta>'
    found = form("", "2025.1.0", "x", repeat=one, in_repeat="age")
    assert found.entities == (Declared("/children", "children", ("create",)),)
    assert rules.check(found) == []


@pytest.mark.parametrize("version", ["", "1", "2021.1.0", "2025.2.0", "2026.1.0", "2024.1", "2024.1.0-beta", "x"])
def test_a_version_that_is_not_known_is_refused(version: str) -> None:
    refused(form(version=version))


@pytest.mark.parametrize("version", ["2022.1.0", "2023.1.0", "2024.1.0", "2025.1.0", "2025.1.9"])
def test_versions_that_are_known(version: str) -> None:
    assert rules.check(form(version=version)) == []


def test_an_old_version_is_told_of_a_new_form() -> None:
    (told,) = rules.of_new(form(version="2023.1.0"))
    assert (told["type"], told["details"]) == ("oldEntityVersion", {"version": "2023.1.0"}) and told["reason"]
    assert rules.warning_details([], [told]) == {"warnings": {"workflowWarnings": [told]}}


@pytest.mark.parametrize("name", ["people", "hộ_dân", "a:b", "_x", "a-1"])
def test_names_of_lists(name: str) -> None:
    assert rules.check(form(f'<entity dataset="{name}" create=""/>')) == []


@pytest.mark.parametrize("name", ["", "a.b", "__people", "1st", "-a", "hộ dân", "a·b"])
def test_names_that_no_list_can_have(name: str) -> None:
    refused(form(f'<entity dataset="{name}" create=""/>'))


@pytest.mark.parametrize("entity", ['<entity create=""/>', '<entity dataset="people"/>'])
def test_an_entity_needs_its_list_and_something_to_do(entity: str) -> None:
    refused(form(entity))


@pytest.mark.parametrize("name", ["tuổi", "a.b-c_1", "_x"])
def test_names_of_properties(name: str) -> None:
    assert rules.check(form(saveto=name)) == []


@pytest.mark.parametrize("name", ["name", "Label", "__x", "1a", "a b", "a:b"])
def test_names_that_no_property_can_have(name: str) -> None:
    refused(form(saveto=name))


def test_what_is_asked_in_a_repeat_cannot_be_saved_outside_of_it() -> None:
    refused(form(version="2025.1.0", in_repeat="age"))


def test_several_lists_need_a_later_version() -> None:
    one = '<meta><entity dataset="children" id="" create=""><label/></entity></meta>'
    refused(form("", "2024.1.0", "x", repeat=one))
    refused(form(version="2024.1.0", repeat=one))
    assert rules.check(form(version="2025.1.0", repeat=one)) == []


def test_a_form_that_encrypts_makes_no_entities() -> None:
    sealed = form(version="", key='<submission base64RsaPublicKey="abc"/>')
    assert rules.check(sealed) == [] and rules.of_new(sealed) == []

"""Binds whose address is relative: ODK Collect knows them, ODK Web Forms does not."""

from __future__ import annotations

from forms import checks, instance, xform
from forms.checks import Checked

FORM = """<html><head><model><instance><data id="t"><sick/><age/><what/><place/><home><street/></home>
    <twice/></data></instance>
    <bind nodeset="sick" required="true()"/><bind nodeset="age" type="int" constraint=". &lt; 120"/>
    <bind nodeset="what" relevant="/data/sick = 'y'"/><bind nodeset="place" type="geopoint"/>
    <bind nodeset="home/street" relevant="/data/sick = 'y'"/>
    %s</model></head><body><input ref="/data/sick"/><input ref="/data/age"/><input ref="/data/what"/>
    <input ref="/data/place"/><group ref="/data/home"><input ref="/data/home/street"/></group></body></html>"""
TWICE = '<bind nodeset="twice" calculate="/data/age * 2"/>'
WEB = "<sick>{}</sick><age>{}</age><what>{}</what><place>{}</place><home><street/></home><twice/>"


def found(inside: str, more: str = "") -> Checked:
    form = xform.parse((FORM % more).encode())
    return checks.find(form, instance.read(f'<data id="t">{inside}</data>'.encode()))


def codes(inside: str, more: str = "") -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in found(inside, more).findings]


def test_an_app_that_did_not_know_them_is_not_held_to_them():
    assert codes(WEB.format("n", "old", "Ho", "here"), TWICE) == []
    assert codes(WEB.format("", "130", "", ""), TWICE) == []


def test_what_does_not_fit_a_type_that_the_app_did_not_know_is_kept_as_it_is():
    answers = found(WEB.format("n", "old", "Ho", "21 105")).answers
    assert (answers["age"], answers["what"]) == ("old", "Ho")
    assert answers["place"]["type"] == "Point"


def test_who_leaves_out_what_is_not_asked_knew_them():
    assert codes("<sick>n</sick><age>7</age><place/>") == []
    assert codes("<sick>n</sick><age>old</age><place/>") == [("type.integer", "/data/age")]
    assert codes("<sick/><age>130</age><place/>") == [
        ("required.empty", "/data/sick"),
        ("constraint.broken", "/data/age"),
    ]
    assert codes("<sick>n</sick><age>7</age><what>Ho</what><home><x/></home>") == [
        ("relevant.answered", "/data/what"),
        ("structure.unknown", "/data/home/x"),
    ]


def test_who_calculated_knew_them():
    filled = WEB.format("n", "old", "Ho", "").replace("<twice/>", "<twice>14</twice>")
    assert ("type.integer", "/data/age") in codes(filled, TWICE)
    assert codes(filled) == []


def test_absolute_addresses_beside_them_always_count():
    bind = '<bind nodeset="/data/twice" required="true()"/>'
    form = FORM.replace('<bind nodeset="age" type="int"', '<bind nodeset="/data/age" type="int"')
    sent = f'<data id="t">{WEB.format("n", "old", "Ho", "")}</data>'
    checked = checks.find(xform.parse((form % bind).encode()), instance.read(sent.encode()))
    assert [(one.code, one.path) for one in checked.findings] == [("type.integer", "/data/age")]


def test_a_bind_of_a_form_as_it_is_made_from_a_workbook_is_not_loose(published):
    form = published("| survey | | | |\n| | type | name | label |\n| | integer | age | Age |\n")
    assert form.loose == frozenset()

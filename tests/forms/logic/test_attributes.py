"""Attributes that the form calculates: entities are made and changed by them. What JavaRosa and ODK Web Forms do."""

from __future__ import annotations

import pytest

from forms import checks, instance, xform
from forms.instance import Instance
from forms.logic.program import ENTITIES, Expression
from forms.xform import Form
from tests.conftest import converted

SURVEY = """
| survey | | | | | |
| | type | name | label | calculation | save_to |
| | text | who | Ai? | | ten |
| | integer | age | Tuổi? | | |
| | csv-external | people | | | |
| | calculate | pid | | string(${age} * 7) | |
| entities | | | | |
"""
CREATE = "| | list_name | label | create_if |\n| | people | ${who} | ${age} > 3 |\n"
UPDATE = "| | list_name | label | update_if | entity_id |\n| | people | ${who} | ${age} > 3 | ${pid} |\n"
BOTH = (
    "| | list_name | label | create_if | update_if | entity_id |\n"
    "| | people | ${who} | ${age} > 3 | ${age} < 4 | ${pid} |\n"
)
REPEAT = """
| survey | | | | |
| | type | name | label | save_to |
| | begin_repeat | child | Con | |
| | integer | age | Tuổi? | years |
| | end_repeat | | | |
| entities | |
| | list_name | label | create_if |
| | people | ${age} | ${age} > 3 |
"""
ID = "uuid:0c2e2b38-1f67-4c94-9a4b-3c7ad35b8b4b"


def form_of(entities: str, survey: str = SURVEY) -> Form:
    return converted(survey + entities, "attributes").form


def entity(attributes: str, age: int = 5) -> str:
    named = f'dataset="people" {attributes}'
    return (
        f"<who>Lan</who><age>{age}</age><pid>{age * 7}</pid>"
        f"<meta><entity {named}><label>Lan</label></entity><instanceID>{ID}</instanceID></meta>"
    )


def report(form: Form) -> list[Expression]:
    """All at attributes; the list of people is an entity list."""
    found = checks.plan_of(form).program.report(lambda name: ENTITIES if name == "people" else "")
    return [each for each in found if "@" in each.path]


def reasons(form: Form) -> dict[str, str]:
    """Of what is calculated there, by name."""
    return {
        each.path.rpartition("/")[2]: each.reason for each in report(form) if each.kind in ("calculate", "setvalue")
    }


@pytest.mark.parametrize("create", ["1", "true"])
def test_what_phones_and_browsers_send_of_a_new_entity_is_right(found, create):
    assert found(form_of(CREATE), entity(f'create="{create}" id="{ID}"')) == []


@pytest.mark.parametrize("create", ["0", "false", ""])
def test_an_entity_that_should_have_been_created(arrive, create):
    (one,) = arrive(form_of(CREATE), entity(f'create="{create}" id="{ID}"'))
    assert (one.code, one.path, one.value) == ("calculate.differs", "/data/meta/entity/@create", create)
    assert one.args == {"computed": "true"}


def test_an_entity_that_should_not_have_been_created(found):
    form = form_of(CREATE)
    assert found(form, entity('create="0" id=""', age=2)) == []
    assert found(form, entity('create="1" id=""', age=2)) == [("calculate.differs", "/data/meta/entity/@create")]


def test_which_entity_is_changed_and_whether(found):
    form, versions = form_of(UPDATE), 'baseVersion="3" trunkVersion="" branchId=""'
    assert found(form, entity(f'update="1" id="35" {versions}')) == []
    assert found(form, entity(f'update="0" id="36" {versions}')) == [
        ("calculate.differs", "/data/meta/entity/@update"),
        ("calculate.differs", "/data/meta/entity/@id"),
    ]


def test_created_or_changed_by_the_same_form(found):
    form, rest = form_of(BOTH), 'id="35" baseVersion="" trunkVersion="" branchId=""'
    assert found(form, entity(f'create="1" update="0" {rest}')) == []
    assert found(form, entity(f'create="1" update="1" {rest}')) == [("calculate.differs", "/data/meta/entity/@update")]


def test_entities_of_a_repeat(found):
    def row(age: int, create: int) -> str:
        inside = f'<meta><entity dataset="people" create="{create}" id="x"><label>{age}</label></entity></meta>'
        return f"<child><age>{age}</age>{inside}</child>"

    form = form_of("", REPEAT)
    assert found(form, row(5, 1) + row(2, 0)) == []
    assert found(form, row(5, 1) + row(2, 1)) == [("calculate.differs", "/data/child[2]/meta/entity/@create")]


def test_attributes_that_were_not_sent_are_not_missed(found):
    assert found(form_of(BOTH), entity('id="35"')) == []


def test_what_is_checked_of_a_new_entity_and_what_not():
    assert reasons(form_of(CREATE)) == {"@create": "", "@id": "chance decides what it gives"}
    assert reasons(form_of("", REPEAT)) == {"@create": "", "@id": "chance decides what it gives"}


def test_what_is_checked_of_a_changed_entity_and_what_not():
    assert reasons(form_of(BOTH)) == {
        "@create": "",
        "@update": "",
        "@id": "",
        "@baseVersion": ENTITIES,
        "@trunkVersion": ENTITIES,
        "@branchId": ENTITIES,
    }


def test_a_list_that_the_form_writes_to_is_the_phone_s_own_even_if_a_file_was_uploaded(found):
    form, versions = form_of(UPDATE), 'baseVersion="9" trunkVersion="" branchId=""'
    sent = entity(f'update="1" id="35" {versions}')
    assert found(form, sent, files={"people.csv": b"name,label,__version\n35,Lan,3\n"}) == []
    others = UPDATE.replace("people", "families")
    assert found(form_of(others, SURVEY.replace("people", "families")), sent.replace("people", "families")) == []


def test_attributes_are_no_fields():
    assert [each.path for each in form_of(BOTH).fields if "@" in each.path] == []
    assert list(checks.find(form_of(BOTH), _instance(entity('create="1" update="0" id="35"'))).answers) == [
        "who",
        "age",
        "pid",
        "meta",
    ]


def _instance(inside: str) -> Instance:
    return instance.read(f'<data id="attributes">{inside}</data>'.encode())


def by_hand(binds: str) -> Form:
    """An element `e` with the attributes a (`init`), b (`B1`), n (`7`) and a calculated question r."""
    return xform.parse(
        f"""<html><head><model><instance><data id="t" version="7" extra="E"><n/><e a="init" b="B1" n="7"><x/></e><r/>
        <g><y z=""/></g></data></instance><bind nodeset="/data/n" type="int"/>{binds}</model></head>
        <body><input ref="/data/n"/></body></html>""".encode()
    )


@pytest.mark.parametrize(
    ("calculate", "computed"),
    [
        ("concat(/data/@version, '|', /data/@id, '|', /data/@extra)", "7|t|E"),
        ("../e/@b", "B1"),
        ("/data/e[@b = 'B1']/@a", "init"),
        ("/data/e/@n = '7.0'", "0"),  # a text, whatever the bind says
        ("/data/e/@n + 1", "8"),
        ("count(/data/e/@n)", "1"),
        ("count(/data/e/@zz)", "0"),
        ("count(/data/e/*)", "1"),
        ("concat('[', /data/e/@zz, ']')", "[]"),
    ],
)
def test_expressions_read_attributes_as_text(arrive, calculate, computed):
    form = by_hand(f'<bind nodeset="/data/r" calculate="{calculate}"/><bind nodeset="/data/e/@n" type="int"/>')
    sent = '<n>5</n><e a="init" b="B1" n="7"><x/></e><r>{}</r><g><y z=""/></g>'
    whole = '<data id="t" version="7" extra="E">{}</data>'

    def codes(value: str) -> list[str]:
        xml = whole.format(sent.format(value))
        return [one.code for one in checks.find(form, instance.read(xml.encode())).findings]

    assert codes(computed) == []
    assert codes("other") == ["calculate.differs"]


def test_an_attribute_that_was_not_sent_decides_nothing(found):
    form = by_hand('<bind nodeset="/data/r" calculate="concat(/data/e/@b, /data/@extra)"/>')
    assert found(form, "<e><x/></e><r>what</r>") == []


def test_an_attribute_that_is_not_relevant_is_sent_all_the_same(found):
    form = by_hand(
        '<bind nodeset="/data/e/@a" calculate="/data/n" relevant="/data/n &gt; 3"/>'
        "<bind nodeset=\"/data/r\" calculate=\"concat('[', /data/e/@a, ']')\"/>"
    )
    assert found(form, '<n>5</n><e a="5"/><r>[5]</r>') == []
    assert found(form, '<n>2</n><e a="2"/><r>[]</r>') == []
    assert found(form, '<n>2</n><e a=""/><r>[]</r>') == []
    assert found(form, '<n>2</n><e a="2"/><r>[2]</r>') == [("calculate.differs", "/data/r")]


def test_an_attribute_of_a_node_that_is_not_relevant(found):
    form = by_hand(
        '<bind nodeset="/data/e" relevant="/data/n &gt; 3"/><bind nodeset="/data/e/@a" calculate="/data/n"/>'
    )
    assert found(form, '<n>5</n><e a="5" b="B1"/>') == []
    assert found(form, '<n>2</n><e a="2" b="B1"/>') == [("relevant.answered", "/data/e/@a")]
    assert found(form, '<n>2</n><e a="" b="B1"/>') == []


def test_an_attribute_of_an_answer(found):
    form = by_hand('<bind nodeset="/data/g/y/@z" type="int" calculate="/data/n * 2"/>')
    assert found(form, '<n>5</n><g><y z="10">a</y></g>') == []
    assert found(form, '<n>5</n><g><y z="11">a</y></g>') == [("calculate.differs", "/data/g/y/@z")]


def test_phones_do_not_insist_where_nobody_is_asked(found):
    form = by_hand('<bind nodeset="/data/e/@a" required="true()" constraint="false()" relevant="true()"/>')
    assert found(form, '<e a=""/>') == found(form, '<e a="1"/>') == []
    not_asked = "phones insist on it at questions only"
    assert [(each.kind, each.reason) for each in report(form)] == [
        ("relevant", ""),
        ("required", not_asked),
        ("constraint", not_asked),
    ]

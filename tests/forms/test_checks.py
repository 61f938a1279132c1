"""Submissions held against their form: every kind of breach, and what must never be called one."""

import json

import pytest

from forms import checks, instance, xform

VISIT = """
    | survey   |                    |         |                  |           |          |              |             |
    |          | type               | name    | label::vi        | label::en | required | relevant     | calculation |
    |          | start              | start   |                  |           |          |              |             |
    |          | audit              | audit   |                  |           |          |              |             |
    |          | text               | who     | Ai?              | Who?      | yes      |              |             |
    |          | note               | hello   | Chào             | Hello     | yes      |              |             |
    |          | calculate          | total   |                  |           |          |              | 1 div 0     |
    |          | begin_group        | g       | Nhóm             | Group     |          | ${who} != '' |             |
    |          | select_one yn      | ok      | Được?            | OK?       | yes      |              |             |
    |          | select_multiple yn | many    | Nhiều?           | Many?     |          |              |             |
    |          | end_group          |         |                  |           |          |              |             |
    |          | begin_group        | h       | Nhà              | Home      |          |              |             |
    |          | date               | day     | Ngày             | Day       | true     |              |             |
    |          | text               | why     | Vì sao?          | Why?      | yes      | ${who} = 'x' |             |
    |          | end_group          |         |                  |           |          |              |             |
    |          | begin_repeat       | visits  | Lần              | Visit     |          |              |             |
    |          | integer            | age     | Tuổi             | Age       | yes      |              |             |
    |          | begin_repeat       | photos  | Ảnh              | Photos    |          |              |             |
    |          | image              | photo   | Ảnh              | Photo     |          |              |             |
    |          | end_repeat         |         |                  |           |          |              |             |
    |          | end_repeat         |         |                  |           |          |              |             |
    | choices  |                    |         |                  |           |          |              |             |
    |          | list_name          | name    | label::vi        | label::en |          |              |             |
    |          | yn                 | y       | Có               | Yes       |          |              |             |
    |          | yn                 | n       | Không            | No        |          |              |             |
    | settings |                    |         |                  |           |          |              |             |
    |          | form_id            | version | default_language |           |          |              |             |
    |          | visit              | 7       | en               |           |          |              |             |
"""
WHOLE = """<start>2026-11-22T08:00:00.000+07:00</start><who>Lan</who><hello/><total>Infinity</total>
    <g><ok>y</ok><many>y n</many></g><h><day>2026-11-22</day></h>
    <visits><age>3</age><photos><photo>a.jpg</photo></photos><photos><photo/></photos></visits>
    <visits><age>4</age><photos><photo>b.jpg</photo></photos></visits>
    <meta><audit>audit.csv</audit><instanceID>uuid:1</instanceID></meta>"""


@pytest.fixture
def visit(published):
    return published(VISIT)


@pytest.fixture
def found(visit, send):
    """The findings of a submission, as (code, path, label, value)."""

    def find(inside):
        return [(one.code, one.path, one.label, one.value) for one in send(visit, inside).findings]

    return find


def test_it_works(visit, send):
    checked = send(visit, WHOLE)
    assert checked.findings == ()
    assert checked.files == ("a.jpg", "b.jpg", "audit.csv")
    assert checked.answers == {
        "start": "2026-11-22T08:00:00.000+07:00",
        "who": "Lan",
        "hello": None,
        "total": "Infinity",
        "g": {"ok": "y", "many": "y n"},
        "h": {"day": "2026-11-22"},
        "visits": [
            {"age": 3, "photos": [{"photo": "a.jpg"}, {"photo": None}]},
            {"age": 4, "photos": [{"photo": "b.jpg"}]},
        ],
        "meta": {"audit": "audit.csv", "instanceID": "uuid:1"},
    }
    json.dumps(checked.answers, allow_nan=False)


def test_prefixes_namespaces_comments_and_blanks_do_not_matter(visit):
    xml = f"""<v:data xmlns:v="urn:v" xmlns:orx="urn:o" id="visit" version="7"><!-- x -->
        {WHOLE.replace("<meta>", "<orx:meta>").replace("</meta>", "</orx:meta>")}</v:data>"""
    assert checks.find(visit, instance.read(xml.encode())).findings == ()


def test_positions_stand_at_every_repeat_on_the_way(found):
    inside = WHOLE.replace("<age>4</age>", "<age>four</age>").replace("b.jpg", "x/b.jpg")
    assert found(inside) == [
        ("type.integer", "/data/visits[2]/age", "Age", "four"),
        ("type.binary", "/data/visits[2]/photos[1]/photo", "Photo", "x/b.jpg"),
    ]


def test_a_value_that_does_not_fit_is_kept_only_where_the_column_is_text(visit, send):
    checked = send(visit, WHOLE.replace("<age>4</age>", "<age>four</age>").replace("<ok>y</ok>", "<ok>maybe</ok>"))
    assert checked.answers["visits"][1]["age"] is None
    assert checked.answers["g"]["ok"] == "maybe"
    assert [(one.code, one.value) for one in checked.findings] == [
        ("choice.unknown", "maybe"),
        ("type.integer", "four"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ("<ok>y</ok>", "<ok>z</ok>", ("choice.unknown", "/data/g/ok", "OK?", "z")),
        ("<many>y n</many>", "<many>y z</many>", ("choice.unknown", "/data/g/many", "Many?", "y z")),
        ("<many>y n</many>", "<many>y y</many>", ("choice.repeated", "/data/g/many", "Many?", "y y")),
        ("<day>2026-11-22</day>", "<day>22/11/2026</day>", ("type.date", "/data/h/day", "Day", "22/11/2026")),
        ("<day>2026-11-22</day>", "<day>2026-02-30</day>", ("type.date", "/data/h/day", "Day", "2026-02-30")),
        ("<day>2026-11-22</day>", "<day/>", ("required.empty", "/data/h/day", "Day", None)),
        ("<day>2026-11-22</day>", "<day> </day>", ("required.empty", "/data/h/day", "Day", None)),
        ("<ok>y</ok>", "<ok></ok>", ("required.empty", "/data/g/ok", "OK?", None)),
        ("<ok>y</ok>", "<ok><b>y</b></ok>", ("structure.children", "/data/g/ok", "OK?", None)),
        ("<ok>y</ok>", "<ok>y</ok><ok>n</ok>", ("structure.repeated", "/data/g/ok", "OK?", None)),
        ("<h>", "<h/><h>", ("structure.repeated", "/data/h", "Home", None)),
        ("<ok>y</ok>", "y<ok>y</ok>", ("structure.text", "/data/g", "", "y")),
        ("<who>Lan</who>", "<who>Lan</who>Mai", ("structure.text", "/data", "", "Mai")),
        ("<who>Lan</who>", "\n  <who>Lan</who>Mai", ("structure.text", "/data", "", "Mai")),
        ("<who>Lan</who>", "<who>Lan</who><pin>1</pin>", ("structure.unknown", "/data/pin", "", "1")),
    ],
)
def test_each_breach(found, before, after, finding):
    assert before in WHOLE
    assert finding in found(WHOLE.replace(before, after, 1))


def test_the_unknown_is_named_once_and_at_its_top(found):
    inside = WHOLE + "<box><a>1</a><b><c>2</c></b></box><box/>"
    assert found(inside) == [("structure.unknown", "/data/box", "", None)]


def test_a_required_answer_is_missed_where_nothing_could_have_hidden_it(found):
    assert found(WHOLE.replace("<start>2026-11-22T08:00:00.000+07:00</start><who>Lan</who>", "<who/>"))[0] == (
        "required.empty",
        "/data/who",
        "Who?",
        None,
    )
    assert found(WHOLE.replace("<who>Lan</who>", ""))[0] == ("required.missing", "/data/who", "Who?", None)
    assert found(WHOLE.replace("<age>3</age>", "")) == [("required.missing", "/data/visits[1]/age", "Age", None)]


def test_a_group_that_nothing_could_have_hidden_takes_its_required_answers_with_it(found):
    assert found(WHOLE.replace("<h><day>2026-11-22</day></h>", "")) == [
        ("required.missing", "/data/h/day", "Day", None)
    ]


def test_what_is_relevant_by_the_other_answers_is_missed(found):
    without_group = WHOLE.replace("<g><ok>y</ok><many>y n</many></g>", "")
    assert found(without_group) == [("required.missing", "/data/g/ok", "OK?", None)]
    assert found(WHOLE.replace("<ok>y</ok>", "")) == [("required.missing", "/data/g/ok", "OK?", None)]


def test_what_is_not_relevant_is_not_missed(found):
    assert found(WHOLE.replace("<why>", "<why>")) == []
    nobody = WHOLE.replace("<who>Lan</who>", "<who>x</who>").replace("</day></h>", "</day><why>Mưa</why></h>")
    assert found(nobody) == []


def test_no_repeat_instance_no_question(found):
    assert found(WHOLE[: WHOLE.index("<visits>")] + WHOLE[WHOLE.index("<meta>") :]) == []


@pytest.mark.parametrize("question", ["<hello/>", "<start/>", "<total/>"])
def test_what_nobody_can_answer_is_never_required(found, question):
    name = question[1:-2]
    assert found(WHOLE.replace(f"<{name}>", "<!--").replace(f"</{name}>", "-->") if name != "hello" else WHOLE) == []


def test_meta_may_hold_more_than_the_form_says(found):
    more = (
        "<deprecatedID>uuid:0</deprecatedID><instanceName>x</instanceName><entity dataset='d'><label>l</label></entity>"
    )
    assert found(WHOLE.replace("<instanceID>", f"{more}<instanceID>")) == []
    assert found(WHOLE.replace("</meta>", "<mood>x</mood></meta>")) == [
        ("structure.unknown", "/data/meta/mood", "", "x")
    ]
    assert found(WHOLE + "<orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta>") == []


def test_a_blank_template_that_was_left_in_is_no_answer(visit, send):
    checked = send(visit, WHOLE.replace("<visits>", '<visits template=""><age/></visits><visits>', 1))
    assert checked.findings == ()
    assert [row["age"] for row in checked.answers["visits"]] == [3, 4]


def test_a_template_with_answers_is_an_instance(visit, send):
    checked = send(visit, WHOLE.replace("<visits>", '<visits template="">', 1))
    assert [row["age"] for row in checked.answers["visits"]] == [3, 4]


def test_a_calculated_choice_is_not_judged(published, send):
    form = published(
        """
        | survey  |               |      |       |             |         |
        |         | type          | name | label | calculation | default |
        |         | select_one yn | a    | A     | 'what'      |         |
        |         | select_one yn | b    | B     |             | old     |
        | choices |               |      |       |             |         |
        |         | list_name     | name | label |             |         |
        |         | yn            | y    | Yes   |             |         |
        """
    )
    assert send(form, "<a>what</a><b>old</b>").findings == ()


def test_an_expression_decides_whether_an_answer_is_required(published, send):
    form = published(
        """
        | survey |      |      |       |           |          |
        |        | type | name | label | required  | readonly |
        |        | text | a    | A     | ${b} = '' |          |
        |        | text | b    | B     | no        |          |
        |        | text | c    | C     | yes       | ${b} = 1 |
        """
    )
    assert [(one.code, one.path) for one in send(form, "<a/><b/><c/>").findings] == [
        ("required.empty", "/data/a"),
        ("required.empty", "/data/c"),
    ]
    assert [(one.code, one.path) for one in send(form, "<b>1</b>").findings] == []
    assert [one.path for one in send(form, "").findings] == ["/data/a", "/data/c"]


def test_a_picture_that_the_form_puts_there_is_no_file_of_the_submission(published, send):
    form = published(
        """
        | survey |       |      |       |           |
        |        | type  | name | label | default   |
        |        | image | map  | Map   | empty.png |
        """
    )
    checked = send(form, "<map>jr://images/empty.png</map>")
    assert (checked.findings, checked.files) == ((), ())


def test_only_the_part_that_the_form_sends_is_expected():
    form = xform.parse(
        b"""<html><head><model><instance><data id="a"><x/><g><b/><c/></g></data></instance><submission ref="/data/g"/>
        <bind nodeset="/data/x" required="true()"/><bind nodeset="/data/g/b" required="true()"/></model></head>
        <body><input ref="/data/x"/><input ref="/data/g/b"/><input ref="/data/g/c"/></body></html>"""
    )
    part = checks.find(form, instance.read(b'<g id="a"><c>1</c></g>'))
    assert part.answers == {"c": "1"}
    assert [(one.code, one.path) for one in part.findings] == [("required.missing", "/data/g/b")]
    whole = checks.find(form, instance.read(b'<data id="a"><g><b>1</b></g></data>'))
    assert whole.findings == ()


@pytest.mark.parametrize(("default", "found"), [("", True), ("y", True), ("gone", False)])
def test_a_required_select_whose_default_is_no_choice_is_sent_empty_by_javarosa(default, found):
    form = xform.parse(
        f"""<html><head><model><instance><data id="a"><x>{default}</x></data></instance>
        <bind nodeset="/data/x" required="true()"/></model></head><body><select ref="/data/x">
        <item><label>Y</label><value>y</value></item></select></body></html>""".encode()
    )
    checked = checks.find(form, instance.read(b'<data id="a"><x></x></data>'))
    assert [one.code for one in checked.findings] == (["required.empty"] if found else [])


def test_an_encrypted_submission_cannot_be_checked(visit):
    xml = b"""<data id="visit" encrypted="yes" xmlns="http://www.opendatakit.org/xforms/encrypted">
        <media><file>a.jpg.enc</file></media><encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"""
    checked = checks.find(visit, instance.read(xml))
    assert [one.code for one in checked.findings] == ["origin.encrypted"]
    assert (checked.answers, checked.files) == ({}, ("a.jpg.enc", "submission.xml.enc"))


def test_a_long_value_is_cut_and_the_number_of_findings_is_bounded(visit, send):
    checked = send(
        visit, WHOLE.replace("<age>3</age>", f"<age>{'x' * 1000}</age>") + "<visits><age>a</age></visits>" * 3000
    )
    assert len(checked.findings) == checks.MAX_FINDINGS
    assert len(checked.findings[0].value) == 255
    assert len(checked.answers["visits"]) == 3002

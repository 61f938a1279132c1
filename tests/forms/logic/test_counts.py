"""How many rows a repeat has: what the form counts. Phones add rows when the count grows and keep them when it
shrinks, so that too many are only wrong where the count cannot ever have been higher."""

from __future__ import annotations

import pytest

from forms import checks, instance, xform

ROWS = """
    | survey |              |       |       |              |
    |        | type         | name  | label | repeat_count |
    |        | integer      | n     | N     |              |
    |        | begin_repeat | outer | Outer | ${n}         |
    |        | integer      | m     | M     |              |
    |        | begin_repeat | inner | Inner | ${m}         |
    |        | text         | x     | X     |              |
    |        | end_repeat   |       |       |              |
    |        | end_repeat   |       |       |              |
"""
ALWAYS = """
    | survey |              |       |       |              |           |
    |        | type         | name  | label | repeat_count | relevant  |
    |        | integer      | n     | N     |              |           |
    |        | begin_group  | g     | G     |              | ${n} > 0  |
    |        | begin_repeat | child | Child | %s           |           |
    |        | text         | x     | X     |              |           |
    |        | end_repeat   |       |       |              |           |
    |        | end_group    |       |       |              |           |
"""


@pytest.mark.parametrize(
    ("n", "rows", "expected"),
    [
        ("2", ["0", "0"], []),
        ("2", ["0"], [("repeat.count", "/data/outer", "1", "2")]),
        ("1", [], [("repeat.count", "/data/outer", "0", "1")]),
        ("0", [], []),
        ("-3", [], []),
        ("", ["0", "0"], []),
        ("", [], []),
    ],
)
def test_a_repeat_has_at_least_as_many_rows_as_the_form_counts(published, arrive, n, rows, expected):
    inside = "".join(f"<outer><m>{m}</m></outer>" for m in rows)
    findings = arrive(published(ROWS), f"<n>{n}</n>{inside}")
    assert [(one.code, one.path, one.value, one.args["expected"]) for one in findings] == expected


def test_each_row_counts_its_own_rows(published, found):
    rows = "<outer><m>1</m><inner><x>a</x></inner></outer><outer><m>2</m><inner><x>a</x></inner></outer>"
    assert found(published(ROWS), f"<n>2</n>{rows}") == [("repeat.count", "/data/outer[2]/inner")]


def test_a_count_that_is_no_number_is_not_judged(published, found):
    assert found(published(ROWS), "<n>two</n><outer><m>0</m></outer>") == [("type.integer", "/data/n")]


def test_rows_are_kept_where_an_answer_was_a_higher_number_before(published, found):
    assert found(published(ROWS), "<n>1</n><outer><m>0</m></outer><outer><m>0</m></outer>") == []
    assert found(published(ROWS), "<n>0</n><outer><m>0</m></outer>") == []


def of_children(count: int, more: str = "") -> str:
    return f"<n>1</n><g><child_count>3</child_count>{'<child><x>a</x></child>' * count}</g>{more}"


@pytest.mark.parametrize("count", ["3", "1 + 2", "if(2 > 1, 3, 5)"])
@pytest.mark.parametrize(("rows", "is_found"), [(2, True), (3, False), (4, True)])
def test_a_count_that_depends_on_no_answer_was_always_the_same(published, arrive, count, rows, is_found):
    findings = arrive(published(ALWAYS % count), of_children(rows))
    told = [(one.code, one.path, one.value, one.args["expected"]) for one in findings]
    assert told == ([("repeat.count", "/data/g/child", str(rows), "3")] if is_found else [])


@pytest.mark.parametrize("count", ["if(${n} = 1, 3, 5)", "once(3)", "3 + 0 * random()", "count(${x}) * 0 + 3"])
def test_a_count_that_may_have_been_another_before(published, found, count):
    assert [code for code, _ in found(published(ALWAYS % count), of_children(4))] == []


def test_a_submission_that_was_edited_may_have_its_rows_from_another_version(published, found):
    meta = "<meta><instanceID>uuid:b</instanceID><deprecatedID>uuid:a</deprecatedID></meta>"
    assert found(published(ALWAYS % "3"), of_children(4, meta)) == []
    assert found(published(ALWAYS % "3"), of_children(2, meta)) == [("repeat.count", "/data/g/child")]


def by_hand(count: str, *, rows: str = "<r><x/></r>", binds: str = "", default: str = "", more: str = "") -> list[str]:
    """The codes found in a submission with three rows."""
    form = xform.parse(
        f"""<html><head><model><instance><data id="t"><a>{default}</a>{rows}</data></instance>
        {binds}{more}</model></head><body><group ref="/data/r"><repeat nodeset="/data/r" count="{count}">
        <input ref="/data/r/x"/></repeat></group></body></html>
        """.encode()
    )
    sent = f'<data id="t"><a>2</a>{"<r><x>1</x></r>" * 3}</data>'
    return [one.code for one in checks.find(form, instance.read(sent.encode())).findings]


TWO = '<bind nodeset="/data/a" calculate="2"/>'


def test_a_count_by_hand():
    assert by_hand("2") == ["repeat.count"]
    assert by_hand("/data/a", binds=TWO) == by_hand("../a", binds=TWO) == ["repeat.count"]
    assert by_hand("/data/a") == []


def test_rows_that_the_form_itself_begins_with_are_kept():
    assert by_hand("2", rows="<r><x/></r><r><x/></r>") == ["repeat.count"]
    assert by_hand("2", rows="<r><x/></r><r><x/></r><r><x/></r>") == []


def test_a_count_that_begins_with_another_number():
    assert by_hand("/data/a", binds=TWO, default="3") == []
    put = '<setvalue ref="/data/a" event="odk-instance-first-load" value="3"/>'
    assert by_hand("/data/a", binds=TWO, more=put) == []


def test_a_count_that_people_may_change():
    shown = '<bind nodeset="/data/a" calculate="2"/><bind nodeset="/data/r/x" type="string"/>'
    form = f"""<html><head><model><instance><data id="t"><a/><r><x/></r></data></instance>{shown}</model></head><body>
        <input ref="/data/a"/><group ref="/data/r"><repeat nodeset="/data/r" count="/data/a"/></group></body></html>"""
    sent = f'<data id="t"><a>2</a>{"<r><x>1</x></r>" * 3}</data>'
    assert list(checks.find(xform.parse(form.encode()), instance.read(sent.encode())).findings) == []

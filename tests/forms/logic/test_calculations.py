"""Calculated values that were stored, held against what the form calculates."""

import pytest

PLACE = "21.0285 105.8542 10.0 5.0"


@pytest.mark.parametrize(
    ("kind", "expression", "same", "other"),
    [
        ("int", "2 + 3", "5", "6"),
        ("int", "7 div 2", "3", "5"),
        ("decimal", "0.1 + 0.2", "0.3", "0.31"),
        ("decimal", "10000000.5 * 2", "2.0000001E7", "20000002"),
        ("string", "concat('a', 1.5)", "a1.5", "a1.6"),
        ("string", "3 > 2", "1", "0"),
        ("string", "3 > 2", "true", "false"),
        ("boolean", "3 < 2", "0", "true"),
        ("date", "date(date('2024-02-28') + 1)", "2024-02-29", "2024-03-01"),
        ("dateTime", "date-time('2024-02-29T10:30:00')", "2024-02-29T10:30:00.000+07:00", "2024-02-29T11:30:00+07:00"),
        ("string", "''", "", "x"),
        ("string", "number('')", "", "0"),
        ("geopoint", "'21.0285 105.8542 10 5'", PLACE, "21.0 105.8542 10.0 5.0"),
    ],
)
def test_the_type_of_the_node_says_what_is_the_same(by_hand, found, kind, expression, same, other):
    nodes = {"x": {"calc": expression, "t": kind}}
    end = "<end>2026-11-23T20:00:00.000+07:00</end>"
    form = by_hand(nodes)
    assert found(form, f"<x>{same}</x>{end}") == []
    assert ("calculate.differs", "/data/x") in found(form, f"<x>{other}</x>{end}")


def test_what_differs_is_told_with_what_the_form_calculates(by_hand, arrive):
    (finding,) = arrive(by_hand({"x": {"calc": "2 + 3"}}), "<x>6</x>")
    assert (finding.code, finding.value, dict(finding.args)) == ("calculate.differs", "6", {"computed": "5"})
    (finding,) = arrive(by_hand({"x": {"calc": "''"}}), "<x>6</x>")
    assert dict(finding.args) == {"computed": ""}


@pytest.mark.parametrize(
    "expression",
    [
        "today()",
        "now()",
        "random()",
        "uuid()",
        "once('a')",
        "once(today())",
        "concat('a', uuid())",
        "property('deviceid')",
    ]
    + ["format-date('2024-02-29', '%b')", "format-date('2024-02-29', '%a')", "unheard-of(1)", "/data/x + 1", "../x"],
)
def test_what_nobody_can_recompute_is_never_found(by_hand, found, expression):
    assert found(by_hand({"x": {"calc": expression}}), "<x>anything</x>") == []


def test_what_people_may_change_is_never_found(published, found):
    form = published(
        """
        | survey |         |      |       |             |          |
        |        | type    | name | label | calculation | readonly |
        |        | integer | a    | A     | 2 + 3       |          |
        |        | integer | b    | B     | 2 + 3       | yes      |
        """
    )
    assert found(form, "<a>7</a><b>7</b>") == [("calculate.differs", "/data/b")]


@pytest.mark.parametrize(("stored", "is_found"), [("Bình", False), ("Bình EN", False), ("An", True), ("b", True)])
@pytest.mark.parametrize("expression", ["jr:choice-name(/data/sel1, '/data/sel1')", "jr:itext('list-b')"])
def test_a_label_may_be_in_any_language_of_the_form(by_hand, found, expression, stored, is_found):
    form = by_hand({"x": {"calc": expression}})
    codes = found(form, f"<x>{stored}</x><sel1>b</sel1>")
    assert codes == ([("calculate.differs", "/data/x")] if is_found else [])


def test_rows_of_a_repeat_are_counted_and_asked(by_hand, found):
    row = {"n": "", "p": {"calc": "position(..)"}, "s": {"calc": "sum(../../r/n)"}}
    nodes = {"r": [row], "x": {"calc": "indexed-repeat(/data/r/n, /data/r, 2)"}}
    form = by_hand(nodes)
    rows = "<r><n>4</n><p>1</p><s>9</s></r><r><n>5</n><p>2</p><s>9</s></r>"
    assert found(form, f"{rows}<x>5</x>") == []
    assert found(form, f"{rows.replace('<p>2', '<p>1')}<x>4</x>") == [
        ("calculate.differs", "/data/r[2]/p"),
        ("calculate.differs", "/data/x"),
    ]


def test_data_is_pulled_from_a_file(by_hand, found):
    form = by_hand({"k": "", "x": {"calc": "pulldata('prices', 'price', 'key', /data/k)"}})
    files = {"prices.csv": b"key,price\nrice,20\nfish,90\n"}
    for key, stored in (("rice", "20"), ("fish", "90"), ("salt", ""), ("", "")):
        assert found(form, f"<k>{key}</k><x>{stored}</x>", files=files) == []
    assert found(form, "<k>rice</k><x>21</x>", files=files) == [("calculate.differs", "/data/x")]
    assert found(form, "<k>rice</k><x>21</x>") == []


@pytest.mark.parametrize("kept", ["2026-11-01T00:00:00.000+07:00", "0", "false", "10:30:00.000+07:00"])
def test_a_kept_value_whose_kind_is_not_known_decides_nothing(by_hand, found, kept):
    nodes = {"k": {"calc": "once(today())"}, "a": {"relevant": "/data/k > date('2026-10-01')"}}
    nodes["b"] = {"relevant": "not(/data/k)"}
    assert found(by_hand(nodes), f"<k>{kept}</k><a>x</a><b>x</b>") == []

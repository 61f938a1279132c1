"""What must never end in a finding, in an error, or in a long wait."""

import random

import pytest

from forms import checks, instance
from forms.logic import circumstances, grammar, program, verdicts
from forms.logic.syntax import Unsupported
from forms.logic.values import Undecidable

DEEP = "(" * 10_000 + "1" + ")" * 10_000
LONG = "1" + " + 1" * 12_000
LONGER = "1" + " + 1" * 20_000
ODD = ["", "0", "1e400", "9" * 5000, "inf", "nan", "1_0", "-", ".", "9999-12-31T23:59:59.999-14:00", "٣", "(?V0)a"]
ODD += ["0001-01-01T00:00:00.000+14:00", "2024-01-01T10:30:.", "2024-01-01T10:30:00+99:99", "10:30:.", "inf inf", "😀"]
ODD += ["9" * 5000 + "-01-01", "21 105; 22 106; inf 1", "a{99999999}", "(?au)x", "[[:alpha:]]", "(?L)x", "%Y%"]


@pytest.mark.parametrize(
    "expression", [DEEP, LONG, LONGER, "-" * 3000 + "1", "not(" * 3000 + "1" + ")" * 3000, "((", ""]
)
def test_an_endless_expression_decides_nothing(by_hand, found, expression):
    form = by_hand({"x": {"calc": expression or "("}, "y": {"relevant": expression or ")"}})
    assert [code for code, path in found(form, "<x>2</x><y>a</y>") if path == "/data/y"] == []


def test_an_expression_beyond_all_measure_is_not_read():
    with pytest.raises(Unsupported, match="too long"):
        grammar.parse("1" * 50_001)


@pytest.mark.parametrize("pattern", ["(a|a|aa)+(b|%s)+", "a*a*a*a*a*a*[b%s]", "a{1,}a{1,}a{1,}a{1,}a?a?[b%s]"])
def test_a_pattern_that_never_ends_is_given_up(by_hand, found, pattern):
    nodes = {"a": "", "x": {"calc": f"regex(/data/a, '{pattern % 'c'}')"}}
    nodes["r"] = [{"y": {"calc": f"regex(/data/a, '{pattern % 'd'}')"}}]
    rows = "<r><y>1</y></r>" * 200
    assert found(by_hand(nodes), f"<a>{'a' * 4000}</a><x>1</x>{rows}") == []


def test_forty_thousand_rows_are_summed(by_hand, found):
    form = by_hand({"r": [{"q": [{"n": "1"}]}], "x": {"calc": "sum(/data/r/q/n)"}})
    row = f"<r>{'<q><n>1</n></q>' * 200}</r>"
    assert found(form, f"{row * 200}<x>40000</x>") == []
    assert found(form, f"{row * 10}<x>2001</x>") == [("calculate.differs", "/data/x")]


def test_where_each_of_many_rows_asks_all_the_others_most_are_not_checked(by_hand, arrive):
    form = by_hand({"r": [{"q": [{"n": {"calc": "count(/data/r[position() > 0]/q)"}}]}]})
    findings = arrive(form, f"<r>{'<q><n>1</n></q>' * 100}</r>" * 100)
    assert 0 < len(findings) < 200


def test_a_long_list_is_asked_by_its_key(by_hand, found):
    data = b"key,price\n" + b"".join(b"k%d,%d\n" % (number, number) for number in range(50_000))
    form = by_hand({"r": [{"k": "", "x": {"calc": "pulldata('p', 'price', 'key', ../k)"}}]})
    rows = "".join(f"<r><k>k{number}</k><x>{number}</x></r>" for number in range(0, 50_000, 100))
    assert found(form, rows, files={"p.csv": data}) == []
    assert found(form, rows.replace("<x>100<", "<x>1<"), files={"p.csv": data}) == [
        ("calculate.differs", "/data/r[2]/x")
    ]


def test_conditions_that_depend_on_each_other_decide_nothing(by_hand, found):
    nodes = {"a": {"relevant": "/data/b = ''"}, "b": {"relevant": "/data/a = ''"}, "c": {"relevant": "/data/c = 1"}}
    assert found(by_hand(nodes), "<a>1</a><b>1</b><c>2</c>") == []


def test_a_long_chain_of_calculations_backwards(by_hand, found):
    nodes = {f"x{n}": {"calc": f"/data/x{n + 1} + 1"} for n in range(600)}
    inside = "".join(f"<x{n}>{600 - n}</x{n}>" for n in range(600))
    assert found(by_hand({**nodes, "x600": "0"}), f"{inside}<x600>0</x600>") == []


def test_a_condition_that_climbs_out_of_its_list_decides_nothing(by_hand, found):
    climbing = "count(instance('list')/root/item[../../../../../x = 'a'])"
    keyed = "count(instance('list')/root/item[name = once('a')])"
    assert found(by_hand({"x": {"calc": climbing}, "y": {"calc": keyed}}), "<x>9</x>") == []


@pytest.mark.parametrize("seed", range(3))
def test_odd_answers_never_fail(by_hand, arrive, seed):
    chance = random.Random(seed)
    two = ("date(/data/a) < date(/data/b)", "area(/data/a)", "distance(/data/a, /data/b)", "regex(/data/a, /data/b)")
    one = (
        "date-time(/data/a)",
        "decimal-date-time(/data/a)",
        "format-date(/data/a, /data/b)",
        "round(/data/a, /data/b)",
    )
    kinds = ("string", "int", "decimal", "date", "dateTime", "time", "geopoint", "geotrace", "boolean")
    for _ in range(12):
        nodes = {name: {"t": chance.choice(kinds)} for name in "ab"}
        nodes |= {f"x{place}": {"calc": each, "t": chance.choice(kinds)} for place, each in enumerate((*two, *one))}
        form = by_hand(nodes)
        for _ in range(10):
            answers = "".join(f"<{name}>{chance.choice(ODD)}</{name}>" for name in nodes)
            arrive(form, f"{answers}<end>{chance.choice(ODD)}</end>")


def test_a_mistake_of_ours_is_told_without_any_answer(by_hand, arrive, caplog, monkeypatch):
    def broken(*_values):
        raise KeyError("Nguyen Van A")

    monkeypatch.setattr(verdicts, "same", broken)
    form = by_hand({"x": {"calc": "'a'"}})
    assert arrive(form, "<x>Nguyen Van A</x>") == []
    assert "KeyError" in caplog.text
    assert "/data/x" in caplog.text
    assert "Nguyen" not in caplog.text
    caplog.clear()


def test_a_mistake_of_ours_before_anything_is_asked_costs_no_answer(by_hand, caplog, monkeypatch):
    def broken(*_values):
        raise KeyError("Nguyen Van A")

    monkeypatch.setattr(circumstances, "_phone", broken)
    form, sent = by_hand({"x": {"calc": "'a'"}, "y": {"t": "int"}}), "<x>b</x><y>Nguyen Van A</y>"
    checked = checks.find(form, instance.read(f'<data id="t" version="7">{sent}</data>'.encode()))
    assert checked.answers == {"x": "b", "y": None}
    assert [(one.code, one.path) for one in checked.findings] == [("type.integer", "/data/y")]
    assert "KeyError" in caplog.text
    assert "Nguyen" not in caplog.text
    caplog.clear()


@pytest.mark.parametrize("where", [(grammar, "parse"), (program, "_Maker")])
def test_a_form_that_we_fail_to_compile_is_checked_without_its_logic(by_hand, arrive, caplog, monkeypatch, where):
    def broken(*_values):
        raise KeyError("Nguyen Van A")

    monkeypatch.setattr(*where, broken)
    form = by_hand({"x": {"calc": "'a'"}, "y": {"t": "int", "relevant": "/data/x = 'a'"}})
    assert [one.code for one in arrive(form, "<x>b</x><y>c</y>")] == ["type.integer"]
    told = checks.plan_of(form).program.report(lambda _name: "")
    assert {(each.path, each.reason) for each in told} == {
        (path, "the server cannot work it out") for path in ("/data/x", "/data/y")
    }
    assert "KeyError" in caplog.text
    assert "Nguyen" not in caplog.text
    caplog.clear()


def test_the_findings_of_one_submission_are_bounded(by_hand, arrive):
    form = by_hand({"r": [{"x": {"calc": "1"}}]})
    assert len(arrive(form, "<r><x>2</x></r>" * 3000)) == checks.MAX_FINDINGS


def test_a_file_that_cannot_be_read_is_undecidable_for_all_who_ask(by_hand, arrive):
    def gone(_name):
        raise Undecidable("gone")

    form = by_hand(
        {"x": {"calc": "pulldata('p', 'a', 'b', 'c')"}, "y": {"relevant": "pulldata('p', 'a', 'b', 'c') = 1"}}
    )
    assert arrive(form, "<x>1</x><y>1</y>", files={}) == []


def test_a_text_of_many_digits_is_soon_known_to_be_no_number(by_hand, found):
    nodes = {"a": "", "b": {"relevant": "sum(/data/a) > 0 and /data/a > 1"}}
    assert found(by_hand(nodes), f"<a>{'9' * 100_000}-01-01</a><b>x</b>") == [("relevant.answered", "/data/b")]

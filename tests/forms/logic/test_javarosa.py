"""What JavaRosa, the engine inside Collect, gave for an expression, and what we make of it.

`javarosa.jsonl`: lines `{"form": …, "nodes": …}` give the answers; the others are measurements. `gives` is what
JavaRosa stored (a list: in each instance of the repeat `r`), `utc` the same on a phone in UTC where that differs; it is
left out where JavaRosa fails. `undecided` is a promise: nothing is ever found by that expression.
"""

import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ZONES = {"gives": "+07:00", "utc": "Z"}
WRONG = "not this"
_AT_ONCE = 150
_RESULT = re.compile(r"/x(\d+)$")


@cache
def measured():
    lines = [json.loads(line) for line in Path(__file__).with_name("javarosa.jsonl").read_text("utf-8").splitlines()]
    forms = {line["form"]: line["nodes"] for line in lines if "nodes" in line}
    return forms, [line for line in lines if "expr" in line]


def chunks(facts):
    """Those of one form together, so many that the findings of one submission suffice."""
    by_form = defaultdict(list)
    for fact in facts:
        by_form[fact["form"]].append(fact)
    for form, same in by_form.items():
        for start in range(0, len(same), _AT_ONCE):
            yield form, same[start : start + _AT_ONCE]


def with_results(nodes, facts, stored):
    """The nodes of a form with a node for each expression, that holds `stored(fact, row)`."""
    nodes = {**nodes, "r": [dict(row) for row in nodes.get("r", ())]} if "r" in nodes else dict(nodes)
    for number, fact in enumerate(facts):
        rows = nodes["r"] if fact.get("at") == "r" else [nodes]
        for place, row in enumerate(rows):
            row[f"x{number}"] = {"v": stored(fact, place), "t": fact.get("type", "string"), "calc": fact["expr"]}
    return nodes


def result(fact, zone, place):
    gives = fact.get(zone, fact.get("gives", ""))
    return gives[place] if isinstance(gives, list) else gives


@pytest.fixture
def differing(by_hand, inside, arrive):
    """Where a calculation is found to differ when its node holds `stored(fact, row)`: (fact, what we compute)."""

    def find(facts, zone, stored):
        for form, same in chunks(facts):
            held = with_results(measured()[0][form], same, stored)
            end = f"<end>2026-11-23T21:00:00.000{ZONES[zone]}</end>"
            for each in arrive(by_hand(held), inside(held) + end):
                place = _RESULT.search(each.path)
                if each.code == "calculate.differs" and place:
                    yield same[int(place.group(1))], each.args.get("computed", "")

    return find


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("first", range(4))
def test_we_compute_what_javarosa_stores(first, zone, differing):
    known = [fact for fact in measured()[1] if "gives" in fact][first::4]
    found = differing(known, zone, lambda fact, row: result(fact, zone, row))
    assert [(fact["expr"], result(fact, zone, 0), ours) for fact, ours in found] == []


def test_whatever_else_is_stored_is_found_unless_we_promised_not_to_look(differing):
    facts = measured()[1]
    found = {id(fact) for fact, _ in differing(facts, "gives", lambda fact, row: WRONG)}
    assert [fact["expr"] for fact in facts if (id(fact) in found) == fact.get("undecided", False)] == []

"""The text of `$filter` and `$orderby` as a tree, and what of it is refused."""

from __future__ import annotations

import pytest

from forms.odata import filter as syntax
from forms.odata import orderby
from forms.odata.filter import Compared, Joined, Literal, Name, Negated
from forms.odata.orderby import Order
from schemas import problems
from schemas.problems import Problem


def shown(node: syntax.Node) -> str:
    """A tree in brackets."""
    if isinstance(node, (Literal, Name)):
        return node.text
    if isinstance(node, Compared):
        return f"({shown(node.left)} {node.operator} {shown(node.right)})"
    if isinstance(node, Joined):
        return f"[{f' {node.operator} '.join(map(shown, node.parts))}]"
    if isinstance(node, Negated):
        return f"!{shown(node.inner)}"
    return f"{node.function}<{', '.join(map(shown, node.arguments))}>"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a eq 1", "(a eq 1)"),
        ("a eq 1 and b eq 2 or c eq 3", "[[(a eq 1) and (b eq 2)] or (c eq 3)]"),
        ("a eq 1 and (b eq 2 or c eq 3)", "[(a eq 1) and [(b eq 2) or (c eq 3)]]"),
        ("a eq 1 and b eq 2 and c eq 3", "[(a eq 1) and (b eq 2) and (c eq 3)]"),
        ("not a eq 1 and b eq 2", "[!(a eq 1) and (b eq 2)]"),
        ("not not true", "!!true"),
        ("year(now()) eq -1.5e3", "(year<now<>> eq -1.5e3)"),
        ("who eq 'it''s'", "(who eq it's)"),
        ("orange eq android", "(orange eq android)"),
        ("nullable eq truest", "(nullable eq truest)"),
        ("$root/Submissions/g/a_b ne null", "($root/Submissions/g/a_b ne null)"),
        ("d lt 2020-01-31", "(d lt 2020-01-31)"),
        ("d lt 2020-01-31T01:02:03.004+07:00", "(d lt 2020-01-31T01:02:03.004+07:00)"),
        ("t ge 08:30", "(t ge 08:30)"),
        ("  a   eq\t1 ", "(a eq 1)"),
    ],
)
def test_trees(text: str, tree: str) -> None:
    assert shown(syntax.parse(text)) == tree


def test_names() -> None:
    assert syntax.names(syntax.parse("not (a eq 1) or contains(b/c, d)")) == {"a", "b/c", "d"}


@pytest.mark.parametrize(
    "text",
    ["", " ", "a eq", "eq 1", "a eq 1 b", "(a eq 1", "a eq 1)", "a = 1", "a eq 'x", "nothing(a)", "now(1)", "a eq #"]
    + ["a eq 2020-01-31T01:02:03", "a.b.", "contains(a)", "contains(a, 'b', 'c')", "\0"],
)
def test_nonsense(text: str) -> None:
    with pytest.raises(Problem) as refused:
        syntax.parse(text)
    assert refused.value.kind is problems.UNPARSEABLE_ODATA


@pytest.mark.parametrize(
    ("text", "kind", "at", "part"),
    [
        ("a eq 1 and toupper(b) eq 'x'", "MethodCallExpression", 11, "toupper(b)"),
        ("a add 1 eq 2", "AddExpression", 0, "a add 1"),
        ("(a) mul 2 eq 2", "MulExpression", 1, "a) mul 2"),
        ("- a eq 2", "NegateExpression", 1, " a"),
    ],
)
def test_odata_that_is_not_supported(text: str, kind: str, at: int, part: str) -> None:
    with pytest.raises(Problem) as refused:
        syntax.parse(text)
    assert refused.value.kind is problems.UNSUPPORTED_ODATA
    assert refused.value.details == {"type": kind, "at": at, "text": part}


@pytest.mark.parametrize("text", ["(" * 9000 + "a" + ")" * 9000, "not " * 9000 + "a", " or ".join(["a"] * 500)])
def test_what_is_endless_is_no_trouble(text: str) -> None:
    try:
        assert shown(syntax.parse(text)) == "a"  # brackets alone add nothing
    except Problem as refused:
        assert refused.kind is problems.UNPARSEABLE_ODATA


def test_what_is_too_deep_for_a_database_is_not_understood() -> None:
    def deep(levels: int) -> str:
        return "(".join(["true eq "] * levels) + "true" + ")" * (levels - 1)

    syntax.parse(deep(19))
    with pytest.raises(Problem) as refused:
        syntax.parse(deep(20))
    assert refused.value.kind is problems.UNPARSEABLE_ODATA


def test_orders() -> None:
    assert orderby.read("__id") == (Order("__id"),)
    assert orderby.read(" __system/updatedAt DESC ,$root/Submissions/__id asc") == (
        Order("__system/updatedAt", True),
        Order("__id"),
    )
    for text in ("age", "__id down", "__id,", ","):
        with pytest.raises(Problem) as refused:
            orderby.read(text)
        assert refused.value.kind is problems.UNSUPPORTED_ODATA_FIELD

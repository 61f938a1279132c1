"""Small forms for the logic: written by hand where an expression is the point, and submissions with their time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

import pytest

from forms import checks, instance, xform
from forms.logic import lists, mistakes
from forms.logic.circumstances import Circumstances
from forms.logic.values import Undecidable
from forms.xform import Form
from schemas.findings import Finding

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
ARRIVED = datetime.fromisoformat("2026-11-23T21:00:00+07:00")
_LIST = "".join(
    f"<item><name>{name}</name><itextId>list-{name}</itextId><g>{group}</g><n>{number}</n></item>"
    for name, group, number in (("a", "x", 1), ("b", "x", 2), ("c", "y", 10))
)
_ITEMSET = (
    "<itemset nodeset=\"instance('list')/root/item\"><value ref='name'/><label ref='jr:itext(itextId)'/></itemset>"
)


def _translation(language: str, default: str, hello: str, ending: str) -> str:
    names = (("a", "An"), ("b", "Bình"), ("c", "Chi"))
    texts = "".join(f'<text id="list-{key}"><value>{name}{ending}</value></text>' for key, name in names)
    return (
        f'<translation lang="{language}"{default}><text id="hello"><value>{hello}</value></text>{texts}</translation>'
    )


_ITEXT = _translation("Tiếng Việt (vi)", ' default="true()"', "xin chào", "") + _translation(
    "English (en)", "", "hello", " EN"
)


class Tree:
    """A form's nodes given as JSON → the XML of its instance, of its binds and of its body.

    A value is a text, `{"v": value, "t": type, "calc": expression, "relevant": expression}`, a group as other objects,
    or a list of rows."""

    def __init__(self, nodes: Mapping[str, Any]) -> None:
        self.binds: dict[str, str] = {}
        self.body: dict[str, str] = {}
        self.instance = "".join(self._node(name, value, f"/data/{name}") for name, value in nodes.items())

    def _node(self, name: str, value: Any, path: str) -> str:
        if isinstance(value, list):
            self.body[path] = f'<group ref="{path}"><repeat nodeset="{path}"/></group>'
            return "".join(f"<{name}>{self._inside(row, path)}</{name}>" for row in value)
        if isinstance(value, dict) and not value.keys() & {"v", "t", "calc", "relevant"}:
            return f"<{name}>{self._inside(value, path)}</{name}>"
        said = value if isinstance(value, dict) else {"v": value}
        words = {"type": said.get("t"), "calculate": said.get("calc"), "relevant": said.get("relevant")}
        attributes = "".join(f" {word}={quoteattr(text)}" for word, text in words.items() if text)
        self.binds[path] = f'<bind nodeset="{path}"{attributes}/>'
        return f"<{name}>{escape(str(said.get('v', '')))}</{name}>"

    def _inside(self, nodes: Mapping[str, Any], path: str) -> str:
        return "".join(self._node(name, value, f"{path}/{name}") for name, value in nodes.items())


def _selects() -> str:
    inline = "".join(f"<item><label>{label}</label><value>{n}</value></item>" for n, label in ((1, "Một"), (2, "Hai")))
    return (
        f'<select1 ref="/data/sel1">{_ITEMSET}</select1><select ref="/data/selm">{_ITEMSET}</select>'
        f'<select1 ref="/data/stat">{inline}</select1>'
    )


def _whole(tree: Tree) -> str:
    return f"""<html><head><model><itext>{_ITEXT}</itext>
        <instance><data id="t" version="7">{tree.instance}<end/></data></instance>
        <instance id="list"><root>{_LIST}</root></instance>{"".join(tree.binds.values())}
        <bind nodeset="/data/end" type="dateTime" preload="timestamp" preloadParams="end"/>
        </model></head><body>{"".join(tree.body.values())}{_selects()}</body></html>"""


@pytest.fixture(autouse=True)
def no_mistakes(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An expression that fails here costs a submission nothing but the check; in tests it is an error."""
    yield
    assert [record.getMessage() for record in caplog.records if record.name == mistakes.__name__] == []


@pytest.fixture
def by_hand() -> Callable[[Mapping[str, Any]], Form]:
    """A form from its nodes (`Tree`), with a list of choices a, b, c and the texts of two languages."""
    return lambda nodes: xform.parse(_whole(Tree({"sel1": "", "selm": "", "stat": "", **nodes})).encode())


@pytest.fixture
def inside() -> Callable[[Mapping[str, Any]], str]:
    """The answers of a submission from the same nodes."""
    return lambda nodes: Tree(nodes).instance


@cache
def _file(name: str, data: bytes) -> lists.ItemList:
    return lists.from_file(name, data)


@pytest.fixture
def arrive() -> Callable[..., list[Finding]]:
    """What is found when a submission arrives: the answers inside its root, when, in a project of which zone, and the
    form's files."""

    def check(
        form: Form,
        inside: str,
        *,
        at: datetime | None = ARRIVED,
        zone: ZoneInfo | None = VIETNAM,
        files: Mapping[str, bytes] | None = None,
    ) -> list[Finding]:
        def file(name: str) -> lists.ItemList:
            if files is None or name not in files:
                raise Undecidable("the file is not there")
            return _file(name, files[name])

        xml = f'<{form.root} id="{form.form_id}" version="{form.version}">{inside}</{form.root}>'
        return list(checks.find(form, instance.read(xml.encode()), Circumstances(at, zone, file)).findings)

    return check


@pytest.fixture
def found(arrive: Callable[..., list[Finding]]) -> Callable[..., list[tuple[str, str]]]:
    """The same as (code, path)."""
    return lambda *args, **named: [(one.code, one.path) for one in arrive(*args, **named)]

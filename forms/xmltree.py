"""Safe XML reading: the only use of an XML parser. Knows nothing of forms or submissions.

No DTD, so no entities and nothing fetched; depth and number of nodes are counted while parsing, so that a hostile
document is refused before it takes memory. Whatever is wrong with the input becomes the Problem UNPARSEABLE.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from schemas import problems

_DECLARED = re.compile(rb"""^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_UNKNOWN_ENCODING = 18
_UNBOUND_PREFIX = 27


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a document is accepted. Its size in bytes is the caller's to bound."""

    depth: int = 200
    nodes: int = 1_000_000


FORM = Limits()
SUBMISSION = Limits(nodes=200_000)


class _RefusedError(Exception):
    """Well-formed perhaps, but not accepted."""


def parse(data: bytes, *, limits: Limits = FORM, what: str = "XML") -> Element:
    """The root element. Names with a namespace are `{uri}local`; comments and instructions are dropped."""
    body = data.lstrip(b" \t\r\n") if data[:1].isspace() else data
    try:
        return _parse(body, limits)
    except expat.ExpatError as error:
        if error.code != _UNBOUND_PREFIX:
            raise _unparseable(data, what, str(error)) from None
    except (_RefusedError, ValueError, LookupError) as error:
        raise _unparseable(data, what, str(error)) from None
    return _parse_without_namespaces(body, limits, what)


def local(tag: str) -> str:
    """`{uri}name` or `prefix:name` without what is before the name."""
    return tag[tag.rfind("}") + 1 :].rpartition(":")[2]


def namespace(tag: str) -> str:
    """The `uri` of `{uri}name`, '' without one."""
    return tag[1:].partition("}")[0] if tag[:1] == "{" else ""


def children(element: Element, name: str) -> Iterator[Element]:
    """The children with this local name, whatever their namespace."""
    return (child for child in element if local(child.tag) == name)


def child(element: Element | None, *names: str) -> Element | None:
    """The first child with this local name; with more names, its child, and so on."""
    for name in names:
        if element is None:
            return None
        element = next(children(element, name), None)
    return element


def attribute(element: Element | None, name: str) -> str:
    """The attribute with this local name: the one without a namespace before any other; '' if there is none."""
    if element is None:
        return ""
    plain = element.get(name)
    if plain is not None:
        return plain
    return next((value for key, value in element.attrib.items() if local(key) == name), "")


def text(element: Element | None) -> str:
    """The element's own text, trimmed; '' without an element."""
    return (element.text or "").strip() if element is not None else ""


def decode(data: bytes) -> tuple[str, str]:
    """The document as text and the name of its encoding, by byte order mark or declaration."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(name), name
    declared = _DECLARED.match(data.lstrip())
    name = declared.group(1).decode("ascii") if declared else "utf-8"
    if not getattr(codecs.lookup(name), "_is_text_encoding", True):
        raise LookupError(f"{name} is not an encoding of text")
    return data.decode(name), name


def offset(data: bytes, wanted: Callable[[tuple[str, ...]], bool]) -> int:
    """Where in UTF-8 bytes the first element starts whose path of local names is `wanted`; -1 if there is none."""
    parser = expat.ParserCreate("utf-8")
    path: list[str] = []
    found = -1

    def start(tag: str, _attributes: dict[str, str]) -> None:
        nonlocal found
        path.append(local(tag))
        if len(path) > FORM.depth:
            raise _RefusedError("nested too deeply")
        if found < 0 and wanted(tuple(path)):
            found = parser.CurrentByteIndex

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _tag: path.pop()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)
    except (_RefusedError, expat.ExpatError) as error:
        raise _unparseable(data, "XML", str(error)) from None
    return found


def _parse(data: bytes, limits: Limits, *, namespaces: bool = True) -> Element:
    try:
        return _build(data, limits, None, namespaces)
    except expat.ExpatError as error:
        if error.code != _UNKNOWN_ENCODING:
            raise
    except (ValueError, LookupError):  # an encoding of several bytes, which expat cannot read by itself
        pass
    return _build(decode(data)[0].encode(), limits, "utf-8", namespaces)


def _parse_without_namespaces(data: bytes, limits: Limits, what: str) -> Element:
    """For documents that use a prefix they never declare: well-formed, and local names are all that is asked."""
    try:
        root = _parse(data, limits, namespaces=False)
    except (expat.ExpatError, _RefusedError, ValueError, LookupError) as error:
        raise _unparseable(data, what, str(error)) from None
    for element in root.iter():
        if ":" in element.tag:
            element.tag = local(element.tag)
    return root


def _build(data: bytes, limits: Limits, encoding: str | None, namespaces: bool) -> Element:
    parser = expat.ParserCreate(encoding, "}") if namespaces else expat.ParserCreate(encoding)
    builder: TreeBuilder = TreeBuilder()
    parser.buffer_text = True
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    _count_nodes(parser, builder, limits)
    parser.Parse(data, True)
    return builder.close()


def _count_nodes(parser: Any, builder: TreeBuilder, limits: Limits) -> None:
    """Hands starts and ends on to the builder, refusing what is too deep or too much."""
    depth, nodes = 0, 0
    max_depth, max_nodes = limits.depth, limits.nodes
    open_element, close_element = builder.start, builder.end

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, nodes
        depth += 1
        nodes += 1 + len(attributes)
        if depth > max_depth:
            raise _RefusedError("nested too deeply")
        if nodes > max_nodes:
            raise _RefusedError("too many elements")
        if attributes:
            attributes = {"{" + key if "}" in key else key: value for key, value in attributes.items()}
        open_element("{" + tag if "}" in tag else tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        close_element(tag)

    parser.StartElementHandler = start
    parser.EndElementHandler = end


def _refuse_doctype(*_: Any) -> None:
    raise _RefusedError("a document type declaration is not accepted")


def _unparseable(data: bytes, what: str, reason: str) -> problems.Problem:
    return problems.UNPARSEABLE(format=what, rawLength=len(data), reason=reason)

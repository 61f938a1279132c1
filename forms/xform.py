"""XForm XML → `Form`: its identity, its fields in document order, its languages and the files it needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from itertools import chain
from xml.etree.ElementTree import Element

from forms import attributes, beginnings, binds, body, declared, labels, tree, xmltree
from forms.choices import Lists
from forms.expected import ExpectedFile
from forms.expected import find as find_files
from forms.logic import lists
from forms.logic.lists import ItemList
from schemas import problems
from schemas.fields import GROUP, REPEAT, Field

__all__ = ["ExpectedFile", "Form", "parse", "set_version"]

_NOT_AN_ID = ("", "http://www.w3.org/2002/xforms", "http://www.w3.org/1999/xhtml")
_TRUE = ("true", "true()", "1")
_START_TAG = re.compile(r"""<[^\s/>]+(?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*""")
_ATTRIBUTE = re.compile(r"""\s([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")


@dataclass(frozen=True, eq=False)
class Form:
    """What an XForm declares. `fields` are in document order, groups and repeats included, the root left out.

    `version` is '' where the form has none. `submission_ref` is the path of the part that is sent, '' for all of it.
    `lists` are the secondary instances that expressions ask: those inside the form, and the names of files for the
    others ('' for what only the phone has). `texts` are the translations by id, if expressions ask for any.
    `attributes` are those of its nodes that the logic is about, `entities` the lists that it writes to.
    `events` is what phones put into nodes and attributes when something happens, `rows` how many of one name stand side
    by side from the beginning (`beginnings`), `loose` the nodes that binds name by a relative address.
    Two forms are the same only if they are one object, so that what is compiled from one can be kept by it.
    """

    form_id: str
    version: str
    title: str
    root: str
    fields: tuple[Field, ...]
    languages: tuple[str, ...] = ()
    default_language: str = ""
    files: tuple[ExpectedFile, ...] = ()
    submission_url: str = ""
    submission_ref: str = ""
    public_key: str = ""
    client_editable: bool = False
    entities_version: str = ""
    lists: Mapping[str, ItemList | str] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    attributes: tuple[Field, ...] = ()
    events: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    loose: frozenset[str] = frozenset()
    entities: tuple[declared.Declared, ...] = ()

    def field(self, path: str) -> Field | None:
        """The field at a path that begins with the root's name."""
        return self._by_path.get(path)

    @cached_property
    def _by_path(self) -> Mapping[str, Field]:
        return {field.path: field for field in self.fields}

    @cached_property
    def clocks(self) -> tuple[Field, ...]:
        """The fields where the phone puts when the form was opened (`start`) and finished (`end`)."""
        return tuple(field for field in self.fields if field.preload in ("start", "end") and field.type == "dateTime")


def parse(xml: bytes) -> Form:
    """Read a form. What is not XML is UNPARSEABLE; a form without an id is MISSING_PARAMETER."""
    document = xmltree.parse(xml)
    head = xmltree.child(document, "head")
    model = xmltree.child(head, "model")
    instance = xmltree.child(model, "instance")
    root = next(iter(instance), None) if instance is not None else None
    form_id = _form_id(root)
    if model is None or root is None or not form_id:
        raise problems.MISSING_PARAMETER(field="formId")
    body_element = xmltree.child(document, "body")
    itext = labels.read(model)
    submission = xmltree.child(model, "submission")
    root_path = "/" + xmltree.local(root.tag)
    said = binds.read(model, root_path)
    fields = _fields(model, root, body_element, itext, said)
    asking = [*(text for each in fields for text in expressions(each)), *said.at_attributes()]
    events = beginnings.events(model, body_element, root_path)
    return Form(
        form_id=form_id,
        version=xmltree.attribute(root, "version").strip(),
        title=xmltree.text(xmltree.child(head, "title")),
        root=root_path[1:],
        fields=fields,
        languages=itext.languages,
        default_language=itext.default,
        files=find_files(model, body_element),
        submission_url=xmltree.attribute(submission, "action").strip(),
        submission_ref=_sent_part(submission, root_path),
        public_key=xmltree.attribute(submission, "base64RsaPublicKey").strip(),
        client_editable=xmltree.attribute(submission, "client-editable").strip() in _TRUE,
        entities_version=xmltree.attribute(model, "entities-version").strip(),
        lists=_asked_lists(model, chain(asking, *events.values())),
        texts=itext.texts if any("itext(" in text for text in asking) else {},
        attributes=attributes.read(root, said, asking),
        events=events,
        rows=beginnings.rows(root),
        loose=said.loose,
        entities=declared.find(root),
    )


def _sent_part(submission: Element | None, root: str) -> str:
    """The path of the part that is sent, '' for all of it."""
    ref = xmltree.attribute(submission, "ref").strip()
    sent = tree.resolve(ref, root) if ref else ""
    return "" if sent in ("/", root) else sent


def _asked_lists(model: Element, asking: Iterable[str]) -> dict[str, ItemList | str]:
    """The secondary instances that expressions name. Choices that are decided beforehand need none."""
    asked = {text for text in asking if "instance" in text}
    found: dict[str, ItemList | str] = {}
    for instance in list(xmltree.children(model, "instance"))[1:]:
        name, source = instance.get("id", ""), instance.get("src")
        if any(f"'{name}'" in text or f'"{name}"' in text for text in asked):
            inside = lists.from_element(next(iter(instance), None))
            found[name] = inside if source is None else _file_name(source)
    return found


def _file_name(source: str) -> str:
    """`jr://file-csv/people.csv` → `people.csv`; '' for what is no file."""
    kind, _, name = source.removeprefix("jr://").partition("/")
    return name if kind.startswith("file") else ""


def expressions(source: Field) -> Iterator[str]:
    """The expressions of a field, whatever they are for."""
    yield from (source.relevant, source.required, source.constraint, source.calculate, source.readonly, source.count)
    if source.itemset is not None:
        yield source.itemset.nodeset


def set_version(xml: bytes, version: str) -> bytes:
    """The same document with another version on the root of its primary instance, all else byte for byte."""
    try:
        document, encoding = xmltree.decode(xml)
    except (ValueError, LookupError) as error:
        raise problems.UNPARSEABLE(format="XML", rawLength=len(xml), reason=str(error)) from None
    blank = len(document) - len(document.lstrip())
    data = document[blank:].encode()
    start = xmltree.offset(data, _is_instance_root)
    if start < 0:
        raise problems.MISSING_PARAMETER(field="formId")
    tag = _START_TAG.match(data[start:].decode())
    text = tag.group() if tag else ""
    changed = data[:start] + _with_version(text, version).encode() + data[start + len(text.encode()) :]
    return (document[:blank] + changed.decode()).encode(encoding, "xmlcharrefreplace")


def _with_version(tag: str, version: str) -> str:
    value = '"' + escape(version).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;") + '"'
    attributes = {match.group(1): match for match in _ATTRIBUTE.finditer(tag)}
    found = attributes.get("version") or next(
        (attributes[name] for name in attributes if name.endswith(":version")), None
    )
    if found is None:
        return f"{tag} version={value}"
    return tag[: found.start(2)] + value + tag[found.end(2) :]


def _is_instance_root(path: tuple[str, ...]) -> bool:
    return len(path) == 5 and path[1:4] == ("head", "model", "instance")


def _form_id(root: Element | None) -> str:
    if root is None:
        return ""
    uri = xmltree.namespace(root.tag)
    return root.get("id", "").strip() or ("" if uri in _NOT_AN_ID else uri)


def _fields(
    model: Element, root: Element, body_element: Element | None, itext: labels.Itext, said: binds.Binds
) -> tuple[Field, ...]:
    root_path = "/" + xmltree.local(root.tag)
    asked = body.read(body_element, root_path, said.ids, itext, Lists(model, itext))
    return tuple(_walk([root], root_path, _Said(said, asked, itext)))


@dataclass(frozen=True, slots=True)
class _Said:
    """What a form says of its nodes, outside of them."""

    binds: binds.Binds
    body: body.Body
    itext: labels.Itext


def _walk(copies: list[Element], path: str, said: _Said) -> Iterator[Field]:
    """The fields below a node. A repeat may stand there several times (template and first instance): taken together."""
    below: dict[str, list[Element]] = {}
    for element in copies:
        for child in element:
            below.setdefault(xmltree.local(child.tag), []).append(child)
    for name, elements in below.items():
        field = _field(f"{path}/{name}", name, elements, said)
        yield field
        if field.is_container:
            yield from _walk(elements, field.path, said)


def _field(path: str, name: str, elements: list[Element], said: _Said) -> Field:
    bind, asked = said.binds.of(path), said.body
    field = Field(
        path,
        name,
        type=_container_type(path, name, elements, asked, bind.calculate) or bind.type or "string",
        required=bind.required,
        relevant=bind.relevant,
        constraint=bind.constraint,
        calculate=bind.calculate,
        readonly=bind.readonly,
        saveto=bind.saveto,
        preload=bind.preload,
        declared=bind.declared,
        constraint_message=said.itext.message(bind.constraint_message),
        required_message=said.itext.message(bind.required_message),
    )
    control = asked.controls.get(path)
    if field.is_container:
        count = asked.repeats.get(path, "")
        labels, appearance = asked.groups.get(path, {}), asked.appearances.get(path, "")
        return replace(field, labels=labels, appearance=appearance, count=count)
    if control is None:
        return replace(field, default=elements[0].text or "")
    return replace(
        field,
        control=control.kind,
        choices=control.choices,
        options=control.options,
        labels=control.labels,
        appearance=control.appearance,
        media_type=control.media_type,
        default=elements[0].text or "",
        itemset=control.itemset,
    )


def _container_type(path: str, name: str, elements: list[Element], asked: body.Body, calculate: str) -> str:
    """`repeat`, `structure`, or '' for a node that holds an answer.

    A calculated node without children holds one even where a group of the body refers to it.
    """
    if path in asked.repeats or any(xmltree.local(key) == "template" for element in elements for key in element.attrib):
        return REPEAT
    if any(len(element) for element in elements):
        return GROUP
    if path in asked.groups and path not in asked.controls and not calculate:
        return GROUP
    return GROUP if name == "entity" and path.endswith("/meta/entity") else ""

"""The OData service document, and the metadata document (EDMX): which tables and columns there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import quoteattr

from forms import tables
from forms.odata.names import identifier, parent_key, steps, table
from forms.tables import MAIN, Node
from schemas.fields import GROUP, REPEAT, Field

_USER = "org.opendatakit.user"
_COMMON = "org.opendatakit.submission"
_CAPABILITIES = "Org.OData.Capabilities.V1"
_TYPES = {
    "int": "Edm.Int64",
    "decimal": "Edm.Decimal",
    "boolean": "Edm.Boolean",
    "geopoint": "Edm.GeographyPoint",
    "geotrace": "Edm.GeographyLineString",
    "geoshape": "Edm.GeographyPolygon",
    "date": "Edm.Date",
    "dateTime": "Edm.DateTimeOffset",
}
_SYSTEM = (
    ("submissionDate", "Edm.DateTimeOffset"),
    ("updatedAt", "Edm.DateTimeOffset"),
    ("deletedAt", "Edm.DateTimeOffset"),
    ("submitterId", "Edm.String"),
    ("submitterName", "Edm.String"),
    ("attachmentsPresent", "Edm.Int64"),
    ("attachmentsExpected", "Edm.Int64"),
    ("status", f"{_COMMON}.Status"),
    ("reviewState", f"{_COMMON}.ReviewState"),
    ("deviceId", "Edm.String"),
    ("edits", "Edm.Int64"),
    ("formVersion", "Edm.String"),
)
_FINDINGS = (("findings", "Edm.Int64"), ("findingCodes", "Edm.String"))
_ENUMS = (
    ("Status", ("notDecrypted", "missingEncryptedFormData")),
    ("ReviewState", ("hasIssues", "edited", "rejected", "approved")),
)


@dataclass
class _Type:
    """An entity type (a table) or a complex type (a group): its name and its properties."""

    name: str
    properties: list[tuple[str, str]] = field(default_factory=list)


def service_document(fields: Iterable[Field], service_url: str, query: str = "") -> dict[str, Any]:
    """The tables of a form. `service_url` is absolute and ends in `.svc`; `query` goes behind each address."""
    names = [MAIN, *(table(one) for one in fields if one.type == REPEAT)]
    return {
        "@odata.context": f"{service_url}/$metadata{query}",
        "value": [{"name": name, "kind": "EntitySet", "url": f"{name}{query}"} for name in names],
    }


def metadata(form_id: str, fields: Iterable[Field], *, findings: bool = False) -> str:
    """The metadata document of a form. `findings`: with the columns of what is wrong with each submission."""
    base = f"{_USER}.{identifier(form_id)}"
    entities = [_Type(MAIN)]
    groups: list[_Type] = []
    _describe(tables.nodes(fields), [], entities[0], entities, groups, base)
    system = (*_SYSTEM, *_FINDINGS) if findings else _SYSTEM
    return "\n".join(_document(form_id, base, entities, groups, system))


def _describe(
    node: Node, way: Sequence[Node], into: _Type, entities: list[_Type], groups: list[_Type], base: str
) -> None:
    """Add the properties of what is below a node, and a type for each group and repeat on the way."""
    for child in node.children:
        if child.source is None:
            continue
        name = identifier(child.name)
        if child.type == GROUP:
            group = _Type(".".join(steps(child.source.path)))
            groups.append(group)
            into.properties.append((name, f"{base}.{group.name}"))
            _describe(child, [*way, child], group, entities, groups, base)
        elif child.type == REPEAT:
            repeat = _Type(table(child.source), [(parent_key([*way, child]), "Edm.String")])
            entities.append(repeat)
            into.properties.append((name, f"Collection({base}.{repeat.name})"))
            _describe(child, [*way, child], repeat, entities, groups, base)
        else:
            into.properties.append((name, _TYPES.get(child.type, "Edm.String")))


def _document(
    form_id: str, base: str, entities: list[_Type], groups: list[_Type], system: Iterable[tuple[str, str]]
) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">'
    yield "  <edmx:DataServices>"
    yield from _common_schema(system)
    yield f'    <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace={quoteattr(base)}>'
    for entity in entities:
        yield from _entity_type(entity)
    for group in groups:
        yield f"      <ComplexType Name={quoteattr(group.name)}>"
        yield from _properties(group.properties)
        yield "      </ComplexType>"
    yield f"      <EntityContainer Name={quoteattr(form_id)}>"
    for entity in entities:
        yield from _entity_set(entity, base)
    yield "      </EntityContainer>"
    yield "    </Schema>"
    yield "  </edmx:DataServices>"
    yield "</edmx:Edmx>"


def _common_schema(system: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f'    <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="{_COMMON}">'
    yield '      <ComplexType Name="metadata">'
    yield from _properties(system)
    yield "      </ComplexType>"
    for name, members in _ENUMS:
        yield f'      <EnumType Name="{name}">'
        yield from (f'        <Member Name="{member}"/>' for member in members)
        yield "      </EnumType>"
    yield "    </Schema>"


def _entity_type(entity: _Type) -> Iterator[str]:
    yield f"      <EntityType Name={quoteattr(entity.name)}>"
    yield '        <Key><PropertyRef Name="__id"/></Key>'
    yield from _properties([("__id", "Edm.String")])
    if entity.name == MAIN:
        yield from _properties([("__system", f"{_COMMON}.metadata")])
    yield from _properties(entity.properties)
    yield "      </EntityType>"


def _properties(properties: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, kind in properties:
        element = "NavigationProperty" if kind.startswith("Collection(") else "Property"
        yield f"        <{element} Name={quoteattr(name)} Type={quoteattr(kind)}/>"


def _entity_set(entity: _Type, base: str) -> Iterator[str]:
    name, kind = quoteattr(entity.name), quoteattr(f"{base}.{entity.name}")
    yield f"        <EntitySet Name={name} EntityType={kind}>"
    if entity.name == MAIN:
        yield from _abilities(entity.properties)
    yield "        </EntitySet>"


def _abilities(properties: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What may be asked of the table: counted, filtered by our own columns, not by answers, nor sorted or expanded.

    Laid out as ODK Central lays it out: there are clients that compare it as a text.
    """
    level = f"{_CAPABILITIES}.ConformanceLevel"
    yield f'          <Annotation Term="{level}" EnumMember="{level}Type/Minimal"/>'
    yield f'          <Annotation Term="{_CAPABILITIES}.BatchSupported" Bool="false"/>'
    yield from _able("CountRestrictions", "Countable", "true")
    yield from _record("FilterFunctions", _collection("NonCountableProperties", ["<String>eq</String>"]))
    paths = [f"<PropertyPath>{name}</PropertyPath>" for name, _ in properties]
    filtering = ['<PropertyValue Property="Filterable" Bool="true"/>']
    filtering += ['<PropertyValue Property="RequiresFilter" Bool="false"/>']
    yield from _record("FilterFunctions", [*filtering, *_collection("NonFilterableProperties", paths)])
    yield from _able("SortRestrictions", "Sortable", "false")
    yield from _able("ExpandRestrictions", "Expandable", "false")


def _able(term: str, name: str, value: str) -> Iterator[str]:
    yield f'          <Annotation Term="{_CAPABILITIES}.{term}">'
    yield f'            <Record><PropertyValue Property="{name}" Bool="{value}"/></Record>'
    yield "          </Annotation>"


def _record(term: str, values: Iterable[str]) -> Iterator[str]:
    yield f'          <Annotation Term="{_CAPABILITIES}.{term}">'
    yield "            <Record>"
    yield from (f"              {value}" for value in values)
    yield "            </Record>"
    yield "          </Annotation>"


def _collection(name: str, members: Iterable[str]) -> list[str]:
    inner = [f"    {member}" for member in members]
    return [f'<PropertyValue Property="{name}">', "  <Collection>", *inner, "  </Collection>", "</PropertyValue>"]

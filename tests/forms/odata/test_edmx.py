"""The documents that tell an OData client what there is."""

from xml.etree import ElementTree

import pytest

from forms.odata import edmx, names

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"

HOUSE = """
    | survey   |                    |        |       |
    |          | type               | name   | label |
    |          | audit              | audit  |       |
    |          | integer            | a.b    | A     |
    |          | decimal            | dec    | D     |
    |          | geoshape           | shape  | S     |
    |          | dateTime           | at     | T     |
    |          | time               | clock  | C     |
    |          | image              | photo  | P     |
    |          | select_multiple yn | many   | M     |
    |          | rank yn            | order  | O     |
    |          | begin_group        | g      | G     |
    |          | begin_repeat       | people | P     |
    |          | date               | born   | B     |
    |          | begin_repeat       | pets   | P     |
    |          | text               | kind   | K     |
    |          | end_repeat         |        |       |
    |          | end_repeat         |        |       |
    |          | end_group          |        |       |
    | choices  |                    |        |       |
    |          | list_name          | name   | label |
    |          | yn                 | y      | Yes   |
    | settings |                    |        |       |
    |          | form_id            |        |       |
    |          | nhà-1              |        |       |
"""


@pytest.fixture
def form(published):
    return published(HOUSE)


@pytest.fixture
def schema(form):
    document = ElementTree.fromstring(edmx.metadata(form.form_id, form.fields))
    return list(document.iter(f"{EDM}Schema"))[1]


def properties(schema, element, name):
    found = next(part for part in schema.iter(f"{EDM}{element}") if part.get("Name") == name)
    return {part.get("Name"): part.get("Type") for part in found if part.tag.endswith("Property")}


def test_columns_have_types(schema):
    base = schema.get("Namespace")
    assert base == "org.opendatakit.user.nh_1"
    assert properties(schema, "EntityType", "Submissions") == {
        "__id": "Edm.String",
        "__system": "org.opendatakit.submission.metadata",
        "a_b": "Edm.Int64",
        "dec": "Edm.Decimal",
        "shape": "Edm.GeographyPolygon",
        "at": "Edm.DateTimeOffset",
        "clock": "Edm.String",
        "photo": "Edm.String",
        "many": "Edm.String",
        "order": "Edm.String",
        "g": f"{base}.g",
        "meta": f"{base}.meta",
    }


def test_repeats_are_tables_with_a_key_to_the_row_around_them(schema):
    base = schema.get("Namespace")
    assert properties(schema, "ComplexType", "g") == {"people": f"Collection({base}.Submissions.g.people)"}
    assert properties(schema, "EntityType", "Submissions.g.people") == {
        "__id": "Edm.String",
        "__Submissions-id": "Edm.String",
        "born": "Edm.Date",
        "pets": f"Collection({base}.Submissions.g.people.pets)",
    }
    assert properties(schema, "EntityType", "Submissions.g.people.pets") == {
        "__id": "Edm.String",
        "__Submissions-g-people-id": "Edm.String",
        "kind": "Edm.String",
    }


def test_the_container_lists_every_table(schema):
    container = next(schema.iter(f"{EDM}EntityContainer"))
    assert container.get("Name") == "nhà-1"
    assert [(part.get("Name"), part.get("EntityType")) for part in container.iter(f"{EDM}EntitySet")] == [
        (name, f"org.opendatakit.user.nh_1.{name}")
        for name in ("Submissions", "Submissions.g.people", "Submissions.g.people.pets")
    ]


def test_a_form_id_is_escaped(form):
    document = ElementTree.fromstring(edmx.metadata('a"<&>', form.fields))
    assert next(document.iter(f"{EDM}EntityContainer")).get("Name") == 'a"<&>'


def test_service_document(form):
    assert edmx.service_document(form.fields, "https://example.org/v1/projects/1/forms/f.svc") == {
        "@odata.context": "https://example.org/v1/projects/1/forms/f.svc/$metadata",
        "value": [
            {"name": name, "kind": "EntitySet", "url": name}
            for name in ("Submissions", "Submissions.g.people", "Submissions.g.people.pets")
        ],
    }


def test_fields(form):
    listed = {field["path"]: field for field in names.fields_json(form.fields)}
    assert list(listed)[:2] == ["/a.b", "/dec"]
    assert listed["/g/people/pets"] == {
        "path": "/g/people/pets",
        "name": "pets",
        "type": "repeat",
        "binary": None,
        "selectMultiple": None,
    }
    assert listed["/photo"]["binary"] is True
    assert listed["/meta/audit"]["binary"] is True
    assert listed["/many"]["selectMultiple"] is True
    assert listed["/order"]["type"] == "odk:rank"
    assert names.fields_json(form.fields, odata=True)[0] | {"type": None} == {
        "path": "/a_b",
        "name": "a_b",
        "type": None,
        "binary": None,
        "selectMultiple": None,
    }


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("age", "age"),
        ("_x", "_x"),
        ("9lives", "_9lives"),
        ("a-b.c", "a_b_c"),
        ("tuổi", "tu_i"),
        ("Đà", "__"),
        ("a--b", "a_b"),
    ],
)
def test_identifiers(name, identifier):
    assert names.identifier(name) == identifier


def test_it_is_laid_out_as_clients_know_it_as_a_text(form):
    lines = edmx.metadata(form.form_id, form.fields).split("\n")
    assert (lines[0], lines[-1]) == ('<?xml version="1.0" encoding="UTF-8"?>', "</edmx:Edmx>")
    record = '            <Record><PropertyValue Property="Countable" Bool="true"/></Record>'
    assert lines[lines.index(record) + 1] == "          </Annotation>"
    start = lines.index('              <PropertyValue Property="NonFilterableProperties">')
    assert lines[start + 1] == "                <Collection>"
    assert lines[start + 2].startswith("                  <PropertyPath>")
    name = "Submissions.g.people"
    opened = f'        <EntitySet Name="{name}" EntityType="org.opendatakit.user.nh_1.{name}">'
    assert lines[lines.index(opened) + 1] == "        </EntitySet>"

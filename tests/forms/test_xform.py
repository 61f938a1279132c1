"""What pyxform makes of an XLSForm, read as a Form."""

import pytest

from forms import xform
from forms.xform import ExpectedFile
from schemas.fields import GROUP, REPEAT
from schemas.problems import MISSING_PARAMETER, UNPARSEABLE, Problem

VISIT = """
    | survey   |                    |         |              |                  |           |             |            |
    |          | type               | name    | label::vi    | label::en        | required  | relevant    | appearance |
    |          | start              | start   |              |                  |           |             |            |
    |          | text               | who     | Ai?          | Who?             | yes       |             |            |
    |          | begin_group        | g       | Nhóm         | Group            |           | ${who} = '' |            |
    |          | select_one yn      | ok      | Được ${who}? | OK ${who}?       | yes       |             | minimal    |
    |          | select_multiple yn | many    | Nhiều?       | Many?            |           |             |            |
    |          | rank yn            | order   | Thứ tự       | Order            |           |             |            |
    |          | end_group          |         |              |                  |           |             |            |
    |          | begin_repeat       | visits  | Lần thăm     | Visit            |           |             |            |
    |          | integer            | age     | Tuổi         | Age              |           |             |            |
    |          | image              | photo   | Ảnh          | Photo            |           |             |            |
    |          | end_repeat         |         |              |                  |           |             |            |
    |          | note               | bye     | Hết          | The end          |           |             |            |
    | choices  |                    |         |              |                  |           |             |            |
    |          | list_name          | name    | label::vi    | label::en        | image::en |             |            |
    |          | yn                 | y       | Có           | Yes              | yes.png   |             |            |
    |          | yn                 | n       | Không        | No               |           |             |            |
    | settings |                    |         |              |                  |           |             |            |
    |          | form_id            | version | form_title   | default_language |           |             |            |
    |          | visit              | 7       | Thăm         | en               |           |             |            |
"""


def test_identity(published):
    form = published(VISIT)
    assert (form.form_id, form.version, form.title, form.root) == ("visit", "7", "Thăm", "data")
    assert (form.languages, form.default_language) == (("vi", "en"), "en")
    assert (form.submission_url, form.submission_ref, form.public_key) == ("", "", "")
    assert form.files == (ExpectedFile("yes.png", "image"),)
    assert not form.client_editable


def test_fields_stand_in_document_order_groups_and_meta_included(published):
    assert [(field.path, field.type, field.control) for field in published(VISIT).fields] == [
        ("/data/start", "dateTime", ""),
        ("/data/who", "string", "input"),
        ("/data/g", GROUP, ""),
        ("/data/g/ok", "string", "select1"),
        ("/data/g/many", "string", "select"),
        ("/data/g/order", "rank", "rank"),
        ("/data/visits", REPEAT, ""),
        ("/data/visits/age", "int", "input"),
        ("/data/visits/photo", "binary", "upload"),
        ("/data/bye", "string", "input"),
        ("/data/meta", GROUP, ""),
        ("/data/meta/instanceID", "string", ""),
    ]


def test_what_is_said_about_a_field(published):
    form = published(VISIT)
    assert form.field("/data/who").required == "true()"
    assert form.field("/data/g").relevant == "/data/who  = ''"
    assert form.field("/data/g/ok").appearance == "minimal"
    assert form.field("/data/visits/photo").media_type == "image/*"
    assert form.field("/data/bye").readonly == "true()"


def test_labels_in_every_language_and_answers_within_them_as_an_ellipsis(published):
    form = published(VISIT)
    assert form.field("/data/g/ok").labels == {"vi": "Được …?", "en": "OK …?"}
    assert form.field("/data/g").labels == {"vi": "Nhóm", "en": "Group"}
    assert form.field("/data/visits").labels == {"vi": "Lần thăm", "en": "Visit"}
    choices = form.field("/data/g/many").choices
    assert [(choice.name, choice.labels) for choice in choices] == [
        ("y", {"vi": "Có", "en": "Yes"}),
        ("n", {"vi": "Không", "en": "No"}),
    ]


def test_a_form_without_languages(published):
    form = published(
        """
        | survey  |               |      |       |
        |         | type          | name | label |
        |         | select_one yn | ok   | OK?   |
        | choices |               |      |       |
        |         | list_name     | name | label |
        |         | yn            | y    | Yes   |
        """
    )
    assert (form.languages, form.default_language) == ((), "")
    assert form.field("/data/ok").labels == {"": "OK?"}
    assert form.field("/data/ok").choices[0].labels == {"": "Yes"}


def test_a_missing_translation_is_missing_and_not_a_dash(published):
    form = published(
        """
        | survey |      |      |           |           |
        |        | type | name | label::vi | label::en |
        |        | text | a    | Tên       |           |
        |        | text | b    |           | Name      |
        """
    )
    assert form.field("/data/a").labels == {"vi": "Tên"}
    assert form.field("/data/b").labels == {"en": "Name"}


SELECTS = """
    | survey  |              |      |       |               |              |              |
    |         | type         | name | label | choice_filter | parameters   | appearance   |
    |         | begin_repeat | rep  | R     |               |              |              |
    |         | text         | word | W     |               |              |              |
    |         | end_repeat   |      |       |               |              |              |
    |         | {type}       | ok   | OK?   | {filter}      | {parameters} | {appearance} |
    | choices |              |      |       |               |              |              |
    |         | list_name    | name | label | kind          |              |              |
    |         | yn           | y    | Yes   | a             |              |              |
    |         | yn           | n    | No    | b             |              |              |
"""


def select(published, type, filter="", parameters="", appearance=""):
    form = published(SELECTS.format(type=type, filter=filter, parameters=parameters, appearance=appearance))
    field = form.field("/data/ok")
    names = None if field.choices is None else [choice.name for choice in field.choices]
    return names, [choice.name for choice in field.options]


@pytest.mark.parametrize("type", ["select_one yn", "select_multiple yn", "rank yn"])
def test_choices_that_the_form_decides(published, type):
    assert select(published, type) == (["y", "n"], ["y", "n"])


def test_shuffled_choices_are_decided_all_the_same(published):
    assert select(published, "select_one yn", parameters="randomize=true")[0] == ["y", "n"]
    assert select(published, "select_one yn", parameters="randomize=true, seed=7")[0] == ["y", "n"]


def test_other_is_a_choice(published):
    assert select(published, "select_one yn or_other")[0] == ["y", "n", "other"]


def test_a_filter_leaves_the_choice_open_but_the_labels_known(published):
    assert select(published, "select_one yn", filter="kind = 'a'") == (None, ["y", "n"])


@pytest.mark.parametrize(
    "type", ["select_one_from_file towns.csv", "select_one_from_file towns.geojson", "select_one ${word}"]
)
def test_what_lies_outside_or_in_a_repeat_is_not_decided(published, type):
    assert select(published, type) == (None, [])


def test_a_search_is_not_decided_and_its_file_is_expected(published):
    assert select(published, "select_one yn", appearance="minimal search('towns')") == (None, [])
    form = published(SELECTS.format(type="select_one yn", filter="", parameters="", appearance="search('towns')"))
    assert form.files == (ExpectedFile("towns.csv", "file"),)


def test_an_external_select_expects_itemsets_csv(published):
    form = published(
        """
        | survey           |                          |      |       |               |
        |                  | type                     | name | label | choice_filter |
        |                  | text                     | town | T     |               |
        |                  | select_one_external farm | farm | F     | town=${town}  |
        | external_choices |                          |      |       |               |
        |                  | list_name                | name | label | town          |
        |                  | farm                     | f    | F     | t             |
        """
    )
    assert form.field("/data/farm").control == "input"
    assert form.field("/data/farm").choices is None
    assert ExpectedFile("itemsets.csv", "file") in form.files


def test_expected_files(published):
    form = published(
        """
        | survey |                                |      |       |       |       |       |           |                 |
        |        | type                           | name | label | image | audio | video | big-image | default         |
        |        | select_one_from_file t.csv     | a    | A     | a.png | a.mp3 | a.mp4 | big.png   |                 |
        |        | select_one_from_file x.xml     | b    | B     | a.png |       |       |           |                 |
        |        | select_one_from_file g.geojson | c    | C     |       |       |       |           |                 |
        |        | image                          | d    | D     |       |       |       |           | d.jpg           |
        |        | text                           | e    | E     |       |       |       |           | ${last-saved#e} |
        |        | csv-external                   | u    |       |       |       |       |           |                 |
        """
    )
    assert {(file.name, file.type) for file in form.files} == {
        ("t.csv", "file"),
        ("x.xml", "file"),
        ("g.geojson", "file"),
        ("u.csv", "file"),
        ("a.png", "image"),
        ("big.png", "image"),
        ("a.mp3", "audio"),
        ("a.mp4", "video"),
        ("d.jpg", "image"),
    }
    assert len(form.files) == 9


def test_an_entity_and_its_properties(published):
    form = published(
        """
        | survey   |           |         |       |         |
        |          | type      | name    | label | save_to |
        |          | text      | code    | Code  | code    |
        | entities |           |         |       |         |
        |          | list_name | label   |       |         |
        |          | clients   | ${code} |       |         |
        """
    )
    assert form.entities_version.startswith("2024.1")
    assert form.field("/data/code").saveto == "code"
    assert form.field("/data/meta/entity").type == GROUP
    assert form.field("/data/meta/entity/label").type == "string"


def test_submission_settings(published):
    form = published(
        """
        | survey   |         |                       |            |                 |
        |          | type    | name                  | label      |                 |
        |          | text    | a                     | A          |                 |
        | settings |         |                       |            |                 |
        |          | form_id | submission_url        | public_key | client_editable |
        |          | x       | https://example.org/s | KEY        | yes             |
        """
    )
    assert (form.submission_url, form.public_key) == ("https://example.org/s", "KEY")


@pytest.mark.parametrize(
    ("xml", "kind"),
    [
        (b"", UNPARSEABLE),
        (b"PK\x03\x04", UNPARSEABLE),
        (b"<html><head>", UNPARSEABLE),
        (b'<!DOCTYPE html [<!ENTITY a "b">]><html/>', UNPARSEABLE),
        (b"<html/>", MISSING_PARAMETER),
        (b"<html><head><model/></head><body/></html>", MISSING_PARAMETER),
        (b"<html><head><model><instance/></model></head></html>", MISSING_PARAMETER),
        (b"<html><head><model><instance><data/></instance></model></head></html>", MISSING_PARAMETER),
        (
            b"<html xmlns='http://www.w3.org/2002/xforms'><head><model><instance><data/></instance></model></head></html>",
            MISSING_PARAMETER,
        ),
    ],
)
def test_refusals(xml, kind):
    with pytest.raises(Problem) as caught:
        xform.parse(xml)
    assert caught.value.kind is kind

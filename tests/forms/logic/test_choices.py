"""Choices that a filter, a file or a repeat decides."""

import pytest

FILTERED = """
    | survey  |                          |         |          |               |                          |
    |         | type                     | name    | label    | choice_filter | appearance               |
    |         | select_one city          | city    | City     |               |                          |
    |         | select_one ward          | ward    | Ward     | city=${city}  |                          |
    |         | select_multiple ward     | wards   | Wards    | city=${city}  |                          |
    | choices |                          |         |          |               |                          |
    |         | list_name                | name    | label    | city          |                          |
    |         | city                     | hanoi   | Hà Nội   |               |                          |
    |         | city                     | hue     | Huế      |               |                          |
    |         | ward                     | badinh  | Ba Đình  | hanoi         |                          |
    |         | ward                     | dongda  | Đống Đa  | hanoi         |                          |
    |         | ward                     | phuhoi  | Phú Hội  | hue           |                          |
"""
ROWS = """
    | survey |                              |        |        |               |
    |        | type                         | name   | label  | choice_filter |
    |        | begin_repeat                 | person | Person |               |
    |        | text                         | name   | Name   |               |
    |        | integer                      | age    | Age    |               |
    |        | end_repeat                   |        |        |               |
    |        | select_one ${name}           | head   | Head   | ${age} > 17   |
"""
CSV = b"name,label,city\nbadinh,Ba Dinh,hanoi\nphuhoi,Phu Hoi,hue\n"
XML = b"<root><item><name>badinh</name><label>x</label><city>hanoi</city></item></root>"
GEOJSON = b"""{"type": "FeatureCollection", "features": [{"type": "Feature", "id": "badinh",
    "properties": {"city": "hanoi"}, "geometry": {"type": "Point", "coordinates": [105.8, 21.0]}}]}"""


def from_file(name):
    return f"""
    | survey |                              |      |       |               |
    |        | type                         | name | label | choice_filter |
    |        | text                         | city | City  |               |
    |        | select_one_from_file {name}  | ward | Ward  | city=${{city}} |
    """


@pytest.mark.parametrize(
    ("city", "ward", "code"),
    [
        ("hanoi", "badinh", None),
        ("hanoi", "phuhoi", "choice.filtered"),
        ("hanoi", "nowhere", "choice.unknown"),
        ("hue", "phuhoi", None),
        ("", "badinh", "choice.filtered"),
        ("hanoi", "", None),
    ],
)
def test_a_choice_must_pass_the_filter(published, found, city, ward, code):
    inside = f"<city>{city}</city><ward>{ward}</ward>"
    assert found(published(FILTERED), inside) == ([(code, "/data/ward")] if code else [])


@pytest.mark.parametrize(
    ("wards", "code"),
    [("badinh dongda", None), ("badinh phuhoi", "choice.filtered"), ("badinh nowhere", "choice.unknown")],
)
def test_so_must_each_of_several(published, found, wards, code):
    inside = f"<city>hanoi</city><wards>{wards}</wards>"
    assert found(published(FILTERED), inside) == ([(code, "/data/wards")] if code else [])


@pytest.mark.parametrize(("name", "data"), [("w.csv", CSV), ("w.xml", XML), ("w.geojson", GEOJSON)])
def test_choices_in_a_file(published, found, name, data):
    form, files = published(from_file(name)), {name: data}
    assert found(form, "<city>hanoi</city><ward>badinh</ward>", files=files) == []
    hue = found(form, "<city>hue</city><ward>badinh</ward>", files=files)
    assert hue == [("choice.filtered", "/data/ward")]


@pytest.mark.parametrize("name", ["w.csv", "w.xml", "w.geojson"])
@pytest.mark.parametrize("files", [{}, {"w.csv": b'"', "w.xml": b"<root><item>", "w.geojson": b'{"features": [1]}'}])
def test_a_file_that_is_not_there_or_broken_decides_nothing(published, found, name, files):
    inside = "<city>hue</city><ward>badinh</ward>"
    codes = found(published(from_file(name)), inside, files={key: files[key] for key in files if key != "w.csv"})
    assert codes == []


def test_choices_are_answers_of_a_repeat(published, found):
    people = (
        "<person><name>Lan</name><age>40</age></person><person><name>An</name><age>4</age></person>"
        "<person><name>Minh</name><age/></person>"
    )
    form = published(ROWS)
    assert found(form, f"{people}<head>Lan</head>") == []
    for head in ("An", "Minh", "Hoa"):
        assert found(form, f"{people}<head>{head}</head>") == [("choice.filtered", "/data/head")]


def test_a_list_with_numbers_is_asked_as_javarosa_asks_it(by_hand, arrive):
    nodes = {"a": {"t": "decimal"}, "b": "", "x": {"calc": "instance('list')/root/item[n = /data/a]/name"}}
    nodes["y"] = {"calc": "count(instance('list')/root/item[n = number(/data/b)])"}
    form = by_hand(nodes)
    for a, x in (("10", "c"), ("10.0000000000001", "c"), ("10.1", ""), ("1", "a")):
        assert arrive(form, f"<a>{a}</a><b/><x>{x}</x><y>0</y>") == []


def test_a_list_with_an_item_that_has_a_cell_twice_decides_nothing(published, found):
    twice = b"<root><item><name>a</name><city>x</city><city>y</city></item></root>"
    inside = "<city>hue</city><ward>badinh</ward>"
    assert found(published(from_file("w.xml")), inside, files={"w.xml": twice}) == []

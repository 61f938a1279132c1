"""The documents a phone reads, parsed as Collect does: by local name, in order."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from sync.documents import ListedForm, MediaFile, form_list, manifest

FORM = ListedForm("visit", "Thăm nhà", "3", "0" * 32, "https://x.example/visit.xml", "https://x.example/manifest")
LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"


def fields(text: str) -> list[dict[str, str | None]]:
    """Each entry as its elements by local name."""
    root = ElementTree.fromstring(text.encode())
    return [{child.tag.partition("}")[2]: child.text for child in entry} for entry in root]


def test_form_list() -> None:
    assert form_list([FORM]).startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    root = ElementTree.fromstring(form_list([FORM]).encode())
    assert root.tag == f"{LIST}xforms" and root[0].tag == f"{LIST}xform"
    assert fields(form_list([FORM])) == [
        {
            "formID": "visit",
            "name": "Thăm nhà",
            "version": "3",
            "hash": "md5:" + "0" * 32,
            "downloadUrl": "https://x.example/visit.xml",
            "manifestUrl": "https://x.example/manifest",
        }
    ]


def test_nothing_to_offer_is_a_list_too() -> None:
    assert fields(form_list([])) == []


def test_no_files_are_left_out_a_blank_version_is_empty_and_a_blank_name_is_replaced() -> None:
    (entry,) = fields(form_list([ListedForm("visit", "  ", " ", "0" * 32, "https://x.example/visit.xml")]))
    assert entry.keys() == {"formID", "name", "version", "hash", "downloadUrl"}
    assert (entry["name"], entry["version"]) == ("visit", None)


def test_the_text_is_as_clients_know_it() -> None:
    unnamed = ListedForm("visit", "Visit", "", "0" * 32, "https://x.example/visit.xml")
    assert form_list([unnamed]) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '  <xforms xmlns="http://openrosa.org/xforms/xformsList">\n'
        "    <xform>\n"
        "      <formID>visit</formID>\n"
        "      <name>Visit</name>\n"
        "      <version></version>\n"
        f"      <hash>md5:{'0' * 32}</hash>\n"
        "      <downloadUrl>https://x.example/visit.xml</downloadUrl>\n"
        "    </xform>\n"
        "  </xforms>"
    )


def test_texts_are_escaped() -> None:
    (entry,) = fields(form_list([ListedForm("a&b", "<Thăm> & hỏi", "1<2", "0" * 32, "https://x.example/?a=1&b=2")]))
    assert (entry["formID"], entry["name"], entry["version"]) == ("a&b", "<Thăm> & hỏi", "1<2")
    assert entry["downloadUrl"] == "https://x.example/?a=1&b=2"


def test_manifest() -> None:
    text = manifest([MediaFile("xã & phường.csv", "1" * 32, "https://x.example/x.csv")])
    root = ElementTree.fromstring(text.encode())
    assert root.tag == f"{MANIFEST}manifest" and root[0].tag == f"{MANIFEST}mediaFile"
    assert root[0].attrib == {}
    assert fields(text) == [
        {"filename": "xã & phường.csv", "hash": "md5:" + "1" * 32, "downloadUrl": "https://x.example/x.csv"}
    ]


def test_an_entity_list_says_so() -> None:
    listed = MediaFile("people.csv", "1" * 32, "https://x.example/p", "entityList", "https://x.example/integrity")
    root = ElementTree.fromstring(manifest([listed]).encode())
    assert root[0].attrib == {"type": "entityList"}
    assert fields(manifest([listed]))[0]["integrityUrl"] == "https://x.example/integrity"


def test_names_are_escaped_as_clients_know_it_and_addresses_stay_readable() -> None:
    named = replace(FORM, form_id="a/b=1", name='Bà Sáu\'s "`phiếu`" <1> & 2', version="1/2", manifest_url=None)
    text = form_list([named])
    for line in (
        "<formID>a&#x2F;b&#x3D;1</formID>",
        "<name>Bà Sáu&#39;s &quot;&#x60;phiếu&#x60;&quot; &lt;1&gt; &amp; 2</name>",
        "<version>1&#x2F;2</version>",
        "<downloadUrl>https://x.example/visit.xml</downloadUrl>",
    ):
        assert f"      {line}\n" in text
    (entry,) = fields(text)
    assert (entry["formID"], entry["name"], entry["version"]) == (named.form_id, named.name, named.version)

import tracemalloc

import pytest

from forms import xmltree
from schemas.problems import UNPARSEABLE, Problem


def refused(data: bytes, limits: xmltree.Limits = xmltree.SUBMISSION) -> str:
    with pytest.raises(Problem) as caught:
        xmltree.parse(data, limits=limits)
    assert caught.value.kind is UNPARSEABLE
    assert caught.value.details["rawLength"] == len(data)
    return str(caught.value.details["reason"])


def test_elements_have_their_namespace_and_text():
    root = xmltree.parse(b'<a xmlns="urn:x" xmlns:j="urn:j" j:template=""><b>x<!-- no -->y</b><j:c/></a>')
    assert [element.tag for element in root.iter()] == ["{urn:x}a", "{urn:x}b", "{urn:j}c"]
    assert root.attrib == {"{urn:j}template": ""}
    assert root[0].text == "xy"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-15", "windows-1258", "big5"])
def test_encodings(encoding):
    text = "Hà" if encoding != "big5" else "中文"
    declared = encoding.removesuffix("-sig")
    root = xmltree.parse(f'<?xml version="1.0" encoding="{declared}"?><a>{text}</a>'.encode(encoding))
    assert root.text == text


def test_a_blank_line_before_the_declaration_is_forgiven():
    assert xmltree.parse(b'\n  <?xml version="1.0"?><a/>').tag == "a"


def test_a_prefix_that_is_never_declared_is_forgiven():
    root = xmltree.parse(b'<data id="x"><orx:meta><orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>')
    assert xmltree.text(xmltree.child(root, "meta", "instanceID")) == "uuid:1"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"not xml",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a b=1/>",
        b"<a>\x00</a>",
        b"<a>\xff\xfe</a>",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b'<?xml version="1.0" encoding="rot13"?><a/>',
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        b"<a>&nbsp;</a>",
        b"<a>&#0;</a>",
        b'<a b="1" b="2"/>',
        b"\xef\xbb\xbf",
        b"\xff\xfe<",
        b'{"id": "x"}',
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_not_xml_is_unparseable(data):
    assert refused(data)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE a>",
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_a_document_type_is_refused_whatever_is_in_it(doctype):
    assert "document type" in refused(f"{doctype}<a>&x;</a>".encode())


def test_depth_and_number_are_bounded_with_flat_memory():
    deep = b"<a>" * 10_000 + b"</a>" * 10_000
    few = xmltree.Limits(nodes=1000)
    attributes = b"<a " + b" ".join(b'x%d=""' % number for number in range(1000)) + b"/>"
    tracemalloc.start()
    assert "deeply" in refused(deep)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    assert "too many" in refused(b"<a>" + b"<b/>" * 1000 + b"</a>", few)
    assert "too many" in refused(attributes, few)
    assert xmltree.parse(b"<a>" * 200 + b"</a>" * 200) is not None


def test_a_long_text_is_kept_whole():
    text = "ấ&amp;" * 500_000
    assert xmltree.parse(f"<a>{text}</a>".encode()).text == "ấ&" * 500_000

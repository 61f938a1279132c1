import pytest

from forms import xform
from schemas.problems import MISSING_PARAMETER, UNPARSEABLE, Problem

FORM = """<?xml version="1.0"?>
<!-- version="0" --><h:html xmlns:h="http://www.w3.org/1999/xhtml" xmlns="http://www.w3.org/2002/xforms">
<h:head><h:title>T</h:title><model version="9"><instance>{root}</instance></model></h:head><h:body/></h:html>\n"""


@pytest.mark.parametrize(
    ("root", "changed"),
    [
        ('<data id="a" version="1"><x/></data>', '<data id="a" version="2"><x/></data>'),
        ("<data id='a' version = '1' ><x/></data>", "<data id='a' version = \"2\" ><x/></data>"),
        ('<data id="a"><x version="1"/></data>', '<data id="a" version="2"><x version="1"/></data>'),
        ('<data id="a"/>', '<data id="a" version="2"/>'),
        ("<data\n  id=\"version='7'\"\n/>", '<data\n  id="version=\'7\'" version="2"\n/>'),
        ('<d:data xmlns:d="urn:d" id="ấ>"/>', '<d:data xmlns:d="urn:d" id="ấ>" version="2"/>'),
        ('<data id="a" orx:version="1" xmlns:orx="urn:o"/>', '<data id="a" orx:version="2" xmlns:orx="urn:o"/>'),
        (
            '<data orx:version="1" xmlns:orx="urn:o" version="0"/>',
            '<data orx:version="1" xmlns:orx="urn:o" version="2"/>',
        ),
    ],
)
def test_only_the_version_changes(root, changed):
    assert xform.set_version(FORM.format(root=root).encode(), "2") == FORM.format(root=changed).encode()


def test_any_text_can_be_a_version():
    version = "1 \"<&>' ấ\n2"
    xml = xform.set_version(FORM.format(root='<data id="a" version="1"/>').encode(), version)
    assert xform.parse(xml).version == version


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_the_encoding_stays(encoding):
    text = FORM.replace("?>", f' encoding="{encoding.removesuffix("-sig")}"?>', 1).format(root='<data id="é"/>')
    xml = xform.set_version(text.encode(encoding), "ấ")
    assert xml.startswith(text.encode(encoding)[:60])
    assert (xform.parse(xml).form_id, xform.parse(xml).version) == ("é", "ấ")


def test_refusals():
    with pytest.raises(Problem) as caught:
        xform.set_version(b"<html/>", "2")
    assert caught.value.kind is MISSING_PARAMETER
    for data in (b"<html>", b'<?xml version="1.0" encoding="nope"?><a/>', b"<!DOCTYPE a><a/>"):
        with pytest.raises(Problem) as caught:
            xform.set_version(data, "2")
        assert caught.value.kind is UNPARSEABLE

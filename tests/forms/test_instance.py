import pytest

from forms import instance
from schemas.problems import MISSING_PARAMETER, UNEXPECTED_VALUE, UNPARSEABLE, Problem


def test_it_says_what_it_answers():
    found = instance.read(
        b"""<?xml version='1.0' ?><data id="visit" version="3" xmlns:orx="http://openrosa.org/xforms"><age>3</age>
        <orx:meta><orx:deprecatedID>uuid:0</orx:deprecatedID><orx:instanceID> uuid:1 </orx:instanceID>
        <orx:instanceName>TG 7</orx:instanceName></orx:meta></data>"""
    )
    assert (found.form_id, found.version) == ("visit", "3")
    assert (found.instance_id, found.deprecated_id, found.instance_name) == ("uuid:1", "uuid:0", "TG 7")
    assert not found.encrypted
    assert found.encrypted_files == ()


def test_a_bare_one():
    found = instance.read(b'<data id="visit"/>')
    assert (found.version, found.instance_id, found.deprecated_id, found.instance_name) == ("", None, None, None)


@pytest.mark.parametrize(
    "xml",
    [
        b'<data id="v"><meta><instanceID>uuid:1</instanceID></meta></data>',
        b'<data id="v" instanceID="uuid:1"/>',
        b'<data id="v"><meta/><orx:meta xmlns:orx="urn:o"><orx:instanceID>uuid:1</orx:instanceID></orx:meta></data>',
        b'<data id="v"><g><meta><instanceID>uuid:1</instanceID></meta></g></data>',
    ],
)
def test_where_the_instance_id_may_stand(xml):
    assert instance.read(xml).instance_id == "uuid:1"


def test_the_form_by_namespace():
    assert instance.read(b'<data xmlns="http://example.org/visit"/>').form_id == "http://example.org/visit"
    assert instance.read(b'<data xmlns="http://example.org/visit" id="v"/>').form_id == "v"


def test_an_encrypted_envelope():
    found = instance.read(
        b"""<data xmlns="http://www.opendatakit.org/xforms/encrypted" id="v" version="1" encrypted="yes">
        <base64EncryptedKey>a2V5</base64EncryptedKey>
        <orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>uuid:1</orx:instanceID></orx:meta>
        <media><file>a.jpg.enc</file></media><media><file>b.jpg.enc</file></media>
        <encryptedXmlFile>submission.xml.enc</encryptedXmlFile>
        <base64EncryptedElementSignature>c2ln</base64EncryptedElementSignature></data>"""
    )
    assert found.encrypted
    assert (found.form_id, found.instance_id) == ("v", "uuid:1")
    assert found.encrypted_files == ("a.jpg.enc", "b.jpg.enc", "submission.xml.enc")
    assert (found.encrypted_key, found.signature) == ("a2V5", "c2ln")


@pytest.mark.parametrize(
    ("xml", "kind"),
    [
        (b"", UNPARSEABLE),
        (b"<data", UNPARSEABLE),
        (b"<data/>", MISSING_PARAMETER),
        (b'<data id=" "/>', MISSING_PARAMETER),
        (b'<data id="v"><meta><instanceID>' + b"a" * 501 + b"</instanceID></meta></data>", UNEXPECTED_VALUE),
        (b'<data id="v"><meta><deprecatedID>' + b"a" * 501 + b"</deprecatedID></meta></data>", UNEXPECTED_VALUE),
    ],
)
def test_refusals(xml, kind):
    with pytest.raises(Problem) as caught:
        instance.read(xml)
    assert caught.value.kind is kind

"""The key of a project in the definitions of its forms."""

from datetime import UTC, datetime

import pytest

from forms import encryption, xform
from schemas.problems import UNPARSEABLE, Problem

FORM = """<?xml version="1.0"?>
<h:html xmlns:h="http://www.w3.org/1999/xhtml" xmlns="http://www.w3.org/2002/xforms">
<h:head><h:title>T</h:title><model>{before}<instance>{root}</instance>{after}</model></h:head>
<h:body><input ref="/a/model"/></h:body></h:html>\n"""
ROOT, SEALED = '<a id="f" version="1"><model></model></a>', '<a id="f" version="1[e]"><model></model></a>'
KEY = 'base64RsaPublicKey="AB+/"'


@pytest.mark.parametrize(
    ("before", "after", "sealed_before", "sealed_after"),
    [
        ("", "<bind nodeset='/a'/>", "", f"<bind nodeset='/a'/><submission {KEY}/>"),
        ("<submission action='x'/>", "", f"<submission action='x' {KEY}/>", ""),
        ("", "<submission></submission>", "", f"<submission {KEY}></submission>"),
        ('<o:submission\n b=">" xmlns:o="urn:o" />', "", f'<o:submission\n b=">" xmlns:o="urn:o" {KEY} />', ""),
    ],
)
def test_only_key_and_version_change(before: str, after: str, sealed_before: str, sealed_after: str) -> None:
    xml = FORM.format(root=ROOT, before=before, after=after).encode()
    sealed = encryption.with_key(xml, "AB+/", "[e]")
    assert sealed == FORM.format(root=SEALED, before=sealed_before, after=sealed_after).encode()
    assert xform.parse(sealed).public_key == "AB+/"


def test_in_an_encoding_of_its_own_and_with_prefixes() -> None:
    xml = """<?xml version="1.0" encoding="utf-16"?><html xmlns="http://www.w3.org/1999/xhtml" xmlns:x="urn:x">
        <head><x:model><x:instance><d id="f"/></x:instance></x:model ></head></html>""".encode("utf-16")
    sealed = encryption.with_key(xml, "AB", "[e]")
    assert f"<x:submission {KEY.replace('AB+/', 'AB')}/></x:model >" in sealed.decode("utf-16")
    assert xform.parse(sealed).version == "[e]"


def test_the_ending_tells_the_moment() -> None:
    assert encryption.suffix(datetime.fromtimestamp(1.5, UTC)) == "[encrypted:AAAAAAXc]"
    assert encryption.suffix(datetime.fromtimestamp(2, UTC)) == "[encrypted:AAAAAAfQ]"


def test_what_is_no_form() -> None:
    with pytest.raises(Problem) as refused:
        encryption.with_key(b"<html>", "AB", "[e]")
    assert refused.value.kind is UNPARSEABLE

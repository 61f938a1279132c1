"""The message document, read as Collect reads it: the first element called `message`."""

from __future__ import annotations

from xml.etree import ElementTree

from sync import openrosa


def test_message() -> None:
    root = ElementTree.fromstring(openrosa.message(openrosa.RECEIVED, "submit_success"))
    assert root.tag == "{http://openrosa.org/http/response}OpenRosaResponse"
    assert root[0].tag.endswith("message")
    assert root[0].attrib == {"nature": "submit_success"}
    assert root[0].text == "full submission upload was successful!"


def test_a_sentence_is_escaped_and_not_prefixed() -> None:
    text = openrosa.message("Không có biểu mẫu “<a & b>”", 'error"')
    assert "<message " in text
    assert ElementTree.fromstring(text)[0].text == "Không có biểu mẫu “<a & b>”"

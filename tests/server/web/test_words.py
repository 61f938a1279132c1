"""Vietnamese and English are equal: nothing that a person is told is without a translation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.i18n import catalogue
from tests.server.web import words

TEMPLATES = words.ROOT / "server" / "web" / "templates"
FILLED = re.compile(r"%\((\w+)\)s|\{(\w+)}")
NEVER = re.compile(r"đối tượng", re.IGNORECASE)
# Words that stand in pages as they are, in every language.
NAMES = {"Đồng Hành", "English", "Tiếng Việt", "·", "–", ":", "/", "‹", "›", ".", ","}


def test_every_sentence_has_a_translation() -> None:
    known = catalogue("vi")
    assert {text: place for text, place in words.used().items() if not known.get(text)} == {}


def test_the_catalogue_has_nothing_else() -> None:
    assert set(catalogue("vi")) - set(words.used()) == set()


def test_a_translation_fills_in_the_same() -> None:
    texts = catalogue("vi")
    assert [text for text in texts if sorted(FILLED.findall(texts[text])) != sorted(FILLED.findall(text))] == []


def test_words_never_to_print() -> None:
    assert [text for text in catalogue("vi").values() if NEVER.search(text)] == []


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_templates_have_no_words_of_their_own(path: Path) -> None:
    text = re.sub(r"\{% block body_class %}.*?\{% endblock %}", "", path.read_text("utf-8"))
    text = re.sub(r"\{%.*?%}|\{\{.*?}}|<script.*?</script>|<[^>]*>", "\n", text, flags=re.DOTALL)
    words_left = {line.strip() for line in text.splitlines() if re.search(r"[^\W\d_]", line)}
    assert {line for line in words_left if line.strip(" ·–.:") not in NAMES} - {"&quot;"} <= {".xlsx", ".xml", "."}


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_script_or_style_in_pages(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert [tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag and "importmap" not in tag] == []

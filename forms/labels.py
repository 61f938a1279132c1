"""The words of an XForm: its translations and the labels of questions and choices. Media are not words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from forms import xmltree

_LITERAL = re.compile(r"""^\s*(?:jr:)?itext\(\s*(["'])(.*?)\1\s*\)\s*$""", re.DOTALL)
_BY_NODE = re.compile(r"^\s*(?:jr:)?itext\(\s*(?:\./)?([\w.:-]+)\s*\)\s*$")
_TEXT_FORMS = ("", "long", "short")
_OUTPUT = "…"
_UNTRANSLATED = "-"
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_MARKS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_HEADING = re.compile(r"^#{1,6}\s+", re.MULTILINE)
_NAMES = {"vi": ("(vi)", "vi", "tiếng việt", "vietnamese"), "en": ("(en)", "en", "english")}


@dataclass(frozen=True)
class Itext:
    """The translations of a form: text id → language → text."""

    languages: tuple[str, ...] = ()
    default: str = ""
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def by_id(self, text_id: str) -> Mapping[str, str]:
        """A text in its languages; pyxform's `-` for a missing translation counts as missing."""
        texts = self.texts.get(text_id, {})
        said = {language: text for language, text in texts.items() if text != _UNTRANSLATED}
        return said or texts

    def same_in_all(self, text: str) -> Mapping[str, str]:
        """A text that the form gives once, outside its translations."""
        if not text:
            return {}
        return dict.fromkeys(self.languages or ("",), text)

    def label(self, parent: Element | None) -> Mapping[str, str]:
        """The label of a control, group or inline choice."""
        element = xmltree.child(parent, "label")
        if element is None:
            return {}
        literal = _LITERAL.match(element.get("ref", ""))
        if literal and literal.group(2) in self.texts:
            return self.by_id(literal.group(2))
        return self.same_in_all(words(element))

    def message(self, said: str) -> Mapping[str, str]:
        """The sentence of a bind: a text of its own, or one of the translations by its id."""
        literal = _LITERAL.match(said)
        return self.by_id(literal.group(2)) if literal else self.same_in_all(said)

    def item_label(self, ref: str, item: Element) -> Mapping[str, str]:
        """The label of an item of a secondary instance, by the `ref` of the itemset's label."""
        by_node = _BY_NODE.match(ref)
        name = xmltree.local(by_node.group(1) if by_node else ref.strip().removeprefix("./"))
        text = xmltree.text(xmltree.child(item, name))
        return self.by_id(text) if by_node else self.same_in_all(text)


def read(model: Element) -> Itext:
    """The translations of a model."""
    languages: list[str] = []
    default = ""
    texts: dict[str, dict[str, str]] = {}
    for translation in xmltree.children(model, "itext"):
        for element in xmltree.children(translation, "translation"):
            language = element.get("lang", "")
            languages.append(language)
            if element.get("default") is not None:
                default = language
            for entry in xmltree.children(element, "text"):
                text = _plain_value(entry)
                if text:
                    texts.setdefault(entry.get("id", ""), {})[language] = text
    unique = tuple(dict.fromkeys(languages))
    return Itext(unique, default or (unique[0] if unique else ""), texts)


def words(element: Element) -> str:
    """The text of a label; answers that it shows (`output`) become an ellipsis."""
    parts = [element.text or ""]
    for part in element:
        parts.append(_OUTPUT if xmltree.local(part.tag) == "output" else "".join(part.itertext()))
        parts.append(part.tail or "")
    return "".join(parts).strip()


def _plain_value(entry: Element) -> str:
    found: dict[str, str] = {}
    for value in xmltree.children(entry, "value"):
        found.setdefault(value.get("form", ""), words(value))
    return next((found[form] for form in _TEXT_FORMS if found.get(form)), "")


def spoken(languages: Iterable[str], language: str) -> str:
    """Which of a form's languages is `vi` or `en`, by what forms call them; '' if none is."""
    wanted = _NAMES[language]
    for name in languages:
        low = name.casefold().strip()
        if low.endswith(wanted[0]) or low in wanted or low.startswith(wanted[2]):
            return name
    return ""


def shown(labels: Mapping[str, str], language: str) -> str:
    """A label in this language, else in any; without the marks of Markdown and HTML."""
    text = labels.get(language) or next((label for label in labels.values() if label), "")
    text = _TAG.sub("", text)
    return _HEADING.sub("", _MARKS.sub(r"\2", text)).strip()

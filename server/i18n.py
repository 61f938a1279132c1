"""Vietnamese or English: which one to speak, and the sentences. English texts are the keys of the catalogue."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from babel.messages import pofile
from flask import Request

from server.here import this_g

LANGUAGES = ("vi", "en")
COOKIE = "language"
CATALOGUES = Path(__file__).parent / "web" / "translations"


@functools.cache
def catalogue(language: str) -> dict[str, str]:
    """Message to translation, plural forms by their first. Empty for English, whose texts are the keys."""
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        messages = pofile.read_po(file, locale=language)
    return {
        (message.id if isinstance(message.id, str) else message.id[0]): (
            message.string if isinstance(message.string, str) else message.string[0]
        )
        for message in messages
        if message.id and message.string and not message.fuzzy
    }


def translate(text: str, language: str) -> str:
    """The text in a language; the text itself where the catalogue has none."""
    return catalogue(language).get(text) or text


def choose(request: Request, preferred: str | None = None) -> str:
    """The language of a page: as chosen, else the person's own, else as the browser asks, else Vietnamese."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return str(chosen)
    if preferred in LANGUAGES:
        return str(preferred)
    return request.accept_languages.best_match(LANGUAGES, "vi") or "vi"


def use(language: str) -> None:
    """Speak this language for the rest of the request."""
    this_g().language = language


def language() -> str:
    """The language of this request; English where nobody chose (REST)."""
    return str(this_g().get("language", "en"))


def gettext(text: str, **args: Any) -> str:
    """The text in the language of this request, with `%(name)s` filled in."""
    found = translate(text, language())
    return found % args if args else found


def ngettext(one: str, many: str, number: int) -> str:
    """As `gettext` for a number of things, its places left open. Vietnamese has one form."""
    text = one if number == 1 or language() != "en" else many
    return gettext(text)

"""How alike two texts are, by the groups of three letters they share: for searches that forgive a slip.

The measure is that of the `pg_trgm` extension, which ODK Central's lists of users are ordered by.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 64
WORDS = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Without case and accents; đ as d."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def _groups(text: str) -> list[str]:
    return [
        padded[start : start + 3]
        for word in WORDS.findall(text)
        for padded in [f"  {word} "]
        for start in range(len(padded) - 2)
    ]


def _share(one: set[str], other: set[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def _in_part(text: set[str], wanted: list[str]) -> float:
    """How alike the text is to that part of the wanted one which is most like it."""
    places = [at for at, group in enumerate(wanted) if group in text]
    parts = ((first, last) for at, first in enumerate(places) for last in places[at:])
    return max((_share(text, set(wanted[first : last + 1])) for first, last in parts), default=0.0)


def score(text: str, wanted: str) -> float:
    """From 0 to 2. Both are folded."""
    groups, sought = set(_groups(text)), _groups(wanted[:LONGEST])
    return _in_part(groups, sought) + _share(groups, set(sought))

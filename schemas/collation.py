"""The order of Vietnamese words: ă and â after a, đ after d; tones only tell words apart that are the same without."""

from __future__ import annotations

import unicodedata

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_PLACES = {letter: at for at, letter in enumerate(_LETTERS)}
# As dictionaries have them: none, huyền, hỏi, ngã, sắc, nặng.
_TONES = {sign: at for at, sign in enumerate("\u0300\u0309\u0303\u0301\u0323", 1)}

Key = tuple[list[tuple[int, int]], list[int], str]


def key(text: str) -> Key:
    """What `sorted` puts in the order of a Vietnamese dictionary; numbers before letters, other signs by themselves."""
    letters, tones = [], []
    for sign in unicodedata.normalize("NFC", text.casefold()):
        tone = 0
        bare = ""
        for part in unicodedata.normalize("NFD", sign):
            tone = _TONES.get(part, tone)
            bare += "" if part in _TONES else part
        letter = unicodedata.normalize("NFC", bare)
        letters.append((1, _PLACES[letter]) if letter in _PLACES else (0, ord(letter[0])) if letter else (0, 0))
        tones.append(tone)
    return letters, tones, text

"""Which passwords are guessed at once, however long: pure, and far from complete (a list of leaked ones does more)."""

from __future__ import annotations

import re

FEW = 4
ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb")
WORDS = re.compile(
    r"p[a@4]ssw[o0]rd|m[aậ]t ?kh[aẩ]u|qwerty|admin|welcome|letmein|iloveyou|football|baseball|dragon|monkey|"
    r"anhyeuem|emyeuanh|vietnam|donghanh"
)


def is_weak(password: str) -> bool:
    """A few characters over and over, a run along the alphabet or the keyboard, or a first guess with a tail."""
    text = password.casefold()
    if len(set(text)) <= FEW:
        return True
    rest = re.sub(r"[\W\d_]", "", WORDS.sub("", text))
    return (bool(WORDS.search(text)) and not rest) or _runs(text)


def _runs(text: str) -> bool:
    rows = [row * 3 for row in ROWS]
    rows += [row[::-1] for row in rows]
    return any(text in row for row in rows)

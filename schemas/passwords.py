"""Which passwords are guessed at once, however long: pure, and far from complete (a list of leaked ones does more)."""

from __future__ import annotations

import re

FEW = 4
ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
)
WORDS = re.compile(
    r"p[a@4]ssw[o0]rd|m[aậ]t ?kh[aẩ]u|qwerty|admin|welcome|letmein|iloveyou|football|baseball|dragon|monkey|"
    r"anhyeuem|emyeuanh|vietnam|donghanh"
)
# Two of these, or one with a first guess, are tried soon.
COMMON = re.compile(
    r"hello|world|test|new|my|the|love|secret|master|super|user|login|change|me|default|sunshine|princess|man|cool|"
    r"reset|top|token|weak|strong|simple|open|sesame|computer|basketball|trustno|january"
)
DATE = re.compile(r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}")
TAIL = re.compile(r"[\d\W]{1,3}$")
# So many characters, over and over, are as good as these alone.
SHORT = 7


def is_weak(password: str) -> bool:
    """A few characters over and over, a date, a run along alphabet or keyboard, or first guesses with a tail."""
    text = password.casefold()
    if len(set(text)) <= FEW or _repeats(text) or DATE.fullmatch(text):
        return True
    others, found = COMMON.subn("", WORDS.sub("", text))
    guessed = bool(WORDS.search(text))
    return (guessed + found > 0 and found <= 2 - guessed and not _letters(others)) or _runs(TAIL.sub("", text) or text)


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]", "", text)


def _repeats(text: str) -> bool:
    return any(len(text) % size == 0 and text == text[:size] * (len(text) // size) for size in range(1, SHORT + 1))


def _runs(text: str) -> bool:
    rows = [row * 3 for row in ROWS]
    rows += [row[::-1] for row in rows]
    return any(text in row for row in rows)

"""The list of leaked passwords, in a file of hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from server.actions import breached


def hashes(words: list[str]) -> list[str]:
    """As “Pwned Passwords” writes them."""
    return [hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest().upper() for word in words]


WORDS = [f"mật khẩu {number}" for number in range(500)]


@pytest.mark.parametrize("ending", ["\n", ":17\r\n", ":3\n"])
@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("lower", [True, False])
def test_a_list_is_searched(tmp_path: Path, ending: str, in_order: bool, lower: bool) -> None:
    file, lines = tmp_path / "leaked", hashes(WORDS)
    text = "".join(line + ending for line in (sorted(lines) if in_order else lines))
    file.write_bytes((text.lower() if lower else text).encode())
    assert all(breached.contains(file, word) for word in WORDS)
    assert not any(breached.contains(file, f"{word}!") for word in WORDS)


@pytest.mark.parametrize("text", ["", "\n", "no hash\n"])
def test_a_file_without_any(tmp_path: Path, text: str) -> None:
    file = tmp_path / "leaked"
    file.write_text(text)
    assert not breached.contains(file, "mật khẩu")


@pytest.mark.parametrize("number", range(1, 12))
def test_every_line_of_a_sorted_list_is_found(tmp_path: Path, number: int) -> None:
    words = WORDS[:number]
    file = tmp_path / "leaked"
    file.write_text("\n".join(f"{line}:{'9' * place}" for place, line in enumerate(sorted(hashes(words)))))
    assert all(breached.contains(file, word) for word in words)
    assert not any(breached.contains(file, word) for word in WORDS[number:])

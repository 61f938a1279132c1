"""Lists of names stand in the order of a Vietnamese dictionary."""

from __future__ import annotations

import unicodedata

from schemas import collation


def test_d_with_a_stroke_comes_after_d() -> None:
    names = ["Xã Em", "Xã Đại Đình", "Xã Dũng", "Xã Đào", "Xã Doãn"]
    assert sorted(names, key=collation.key) == ["Xã Doãn", "Xã Dũng", "Xã Đại Đình", "Xã Đào", "Xã Em"]


def test_letters_of_the_alphabet_before_tones() -> None:
    assert sorted("uơăaâơô", key=collation.key) == list("aăâôơơu")
    assert sorted(["ma", "mạ", "mã", "mà", "má", "mả", "mab"], key=collation.key) == [
        "ma", "mà", "mả", "mã", "má", "mạ", "mab"
    ]  # fmt: skip


def test_however_it_is_written() -> None:
    apart = unicodedata.normalize("NFD", "Đặng")
    assert collation.key(apart)[:2] == collation.key("đặng")[:2]
    assert sorted(["Tổ 2", "Tổ", "", "123"], key=collation.key) == ["", "123", "Tổ", "Tổ 2"]
    assert collation.key("\u0323") > collation.key("")

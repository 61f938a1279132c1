"""Which passwords are guessed at once."""

from __future__ import annotations

import pytest

from schemas.passwords import is_weak


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaa",
        "abababababab",
        "1234567890",
        "0987654321",
        "qwertyuiop",
        "Password123!",
        "matkhau2026",
        "mật khẩu 1",
        "newpassword",
        "weak password!",
        "12345678901234",
        "asdfghjkl1",
        "2024-01-01",
        "helloworld",
        "mypassword1",
        "chelseachelsea",
    ],
)
def test_first_guesses(password: str) -> None:
    assert is_weak(password)


@pytest.mark.parametrize(
    "password",
    [
        "mot mat khau dai",
        "password4alice",
        "ba bốn từ dễ nhớ",
        "kx7-9fq-22m",
        "donghanh cung toi",
        "my new test password",
    ],
)
def test_others(password: str) -> None:
    assert not is_weak(password)

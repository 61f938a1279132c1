"""Passwords, tokens and keys."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
from cryptography.fernet import InvalidToken

from schemas import problems
from schemas.problems import Problem
from server import secrets
from server.secrets import (
    KEYS,
    SEARCH,
    TICKET,
    Vault,
    app_password,
    new_token,
    one_time_password,
    recovery_code,
    token_hash,
)


@pytest.fixture
def vault() -> Vault:
    """A vault with cheap hashes."""
    return Vault("a secret key", cheap_hashes=True)


def test_tokens_need_no_escaping_and_differ() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9$!]{64}", token) for token in tokens)
    assert token_hash("a") == token_hash("a") != token_hash("b") and len(token_hash("a")) == 64


def test_one_time_passwords_can_be_read_aloud() -> None:
    assert re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}", one_time_password())


def test_codes_and_passwords_that_are_shown_once() -> None:
    assert re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){2}[a-hjkmnp-z2-9]{4}", recovery_code())
    made = {app_password() for _ in range(100)}
    assert len(made) == 100 and all(re.fullmatch(r"dh-app-[A-Za-z0-9_-]{40}", one) for one in made)


def test_what_stands_for_a_text_depends_on_the_secret_key(vault: Vault) -> None:
    mark = vault.fingerprint("account", "a@example.org")
    assert mark == Vault("a secret key", cheap_hashes=True).fingerprint("account", "a@example.org")
    others = {vault.fingerprint("source", "a@example.org"), vault.fingerprint("account", "b@example.org")}
    others.add(Vault("another secret key", cheap_hashes=True).fingerprint("account", "a@example.org"))
    assert len(others | {mark}) == 4 and "example" not in mark


def test_what_is_for_one_purpose_is_not_read_for_another(vault: Vault) -> None:
    for purpose, other in ((SEARCH, TICKET), (TICKET, KEYS), (KEYS, SEARCH)):
        with pytest.raises(InvalidToken):
            vault.decrypt(vault.encrypt("bob@example.org", purpose), other)
    assert vault.decrypt_fresh(vault.encrypt("bob@example.org", SEARCH), 60) is None


def test_what_is_stale_is_not_read(vault: Vault) -> None:
    cipher = vault.encrypt("vé", TICKET)
    assert vault.decrypt_fresh(cipher, 60) == "vé"
    assert vault.decrypt_fresh(cipher, -1) is None
    assert vault.decrypt_fresh("vé", 60) is vault.decrypt_fresh("", 60) is None


def test_keys_are_shown_again_only_with_the_secret_key(vault: Vault) -> None:
    cipher = vault.encrypt("khoá")
    assert "khoá" not in cipher and vault.decrypt(cipher) == "khoá"
    assert Vault("a secret key", cheap_hashes=True).decrypt(cipher) == "khoá"
    with pytest.raises(InvalidToken):
        Vault("another secret key", cheap_hashes=True).decrypt(cipher)


def test_passwords(vault: Vault) -> None:
    known = vault.hash_password("mật khẩu")
    assert known.startswith("$argon2id$")
    assert vault.verify(known, "mật khẩu") is True
    assert vault.verify(known, "mat khau") is False
    assert vault.verify(None, "mật khẩu") is False
    assert vault.verify("no hash", "mật khẩu") is False


def test_a_pair_that_was_right_is_remembered_for_a_minute(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    known, moment, asked = vault.hash_password("pw"), [1000.0], []
    verify = vault.verify
    monkeypatch.setattr(secrets.time, "monotonic", lambda: moment[0])
    monkeypatch.setattr(vault, "verify", lambda *pair: asked.append(pair) or verify(*pair))
    assert [vault.verify_often("a@b", "pw", known) for _ in range(3)] == [True] * 3
    assert len(asked) == 1
    assert vault.verify_often("a@b", "wrong", known) is False
    assert vault.verify_often("c@d", "pw", vault.hash_password("other")) is False
    moment[0] += secrets.REMEMBER_SECONDS + 1
    assert vault.verify_often("a@b", "pw", known) is True
    assert len(asked) == 4


def test_what_is_remembered_ends_with_the_password(vault: Vault) -> None:
    assert vault.verify_often("a@b", "pw", vault.hash_password("pw")) is True
    assert vault.verify_often("a@b", "pw", vault.hash_password("new")) is False
    assert vault.verify_often("a@b", "pw", None) is False


def test_few_passwords_are_hashed_at_once_and_the_rest_are_told_to_wait(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "WAIT_SECONDS", 0)
    known = vault.hash_password("mật khẩu")
    with ExitStack() as waiting:
        for _ in range(secrets.AT_ONCE):
            waiting.enter_context(vault._one_of_few())
        with pytest.raises(Problem) as refused:
            vault.verify(known, "mật khẩu")
    assert refused.value.kind is problems.SIGN_IN_BUSY
    assert vault.verify(known, "mật khẩu")

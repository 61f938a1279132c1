"""Passwords, tokens and keys: how they are made, hashed, kept and compared (design 5.9)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets as random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from schemas import problems

REMEMBER_SECONDS = 60
# Hashes made at the same moment, and how long another one waits for its turn.
AT_ONCE = 2
WAIT_SECONDS = 5
APP_PREFIX = "dh-app-"
# What texts are encrypted for. What a browser brings back must not pass for something else.
KEYS, SEARCH, TICKET, NOTICE = "keys", "search", "ticket", "notice"

log = logging.getLogger("donghanh.secrets")


def new_token() -> str:
    """A new secret of 256 random bits in 64 characters that need no escaping in addresses."""
    return base64.urlsafe_b64encode(random.token_bytes(48)).decode().replace("-", "$").replace("_", "!")


def new_key_pair(passphrase: str) -> tuple[str, str]:
    """An RSA key: its public half in base64, as forms have it; the private one as only the passphrase opens it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt = random.token_bytes(16)
    sealed = _passphrase_box(passphrase, salt).encrypt(private).decode()
    return base64.b64encode(public).decode(), f"{salt.hex()}.{sealed}"


def open_private_key(sealed: str, passphrase: str) -> bytes | None:
    """The private half in PKCS #8; None if the passphrase is another one."""
    salt, _, token = sealed.partition(".")
    try:
        return _passphrase_box(passphrase, bytes.fromhex(salt)).decrypt(token.encode())
    except InvalidToken:
        return None


def _passphrase_box(passphrase: str, salt: bytes) -> Fernet:
    """Slow and large on purpose (32 MiB): whoever has the database tries passphrases one by one."""
    key = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def token_hash(token: str) -> str:
    """What is stored instead of a token, and what it is found by."""
    return hashlib.sha256(token.encode()).hexdigest()


def one_time_password() -> str:
    """A password that can be read aloud: four groups of four, without letters that look alike."""
    return _readable(4)


def recovery_code() -> str:
    """A code to write down: as a one-time password, with three groups."""
    return _readable(3)


def _readable(groups: int) -> str:
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(random.choice(letters) for _ in range(4)) for _ in range(groups))


def app_password() -> str:
    """A password for a machine: known as such by its beginning, and found by its hash, since nobody can guess it."""
    return APP_PREFIX + random.token_urlsafe(30)


class Vault:
    """Keeps secrets that must be shown again, and remembers Basic pairs that were right a moment ago."""

    def __init__(self, secret_key: str, *, cheap_hashes: bool = False) -> None:
        self._key = secret_key.encode()
        self._boxes = {purpose: self._box(purpose) for purpose in (KEYS, SEARCH, TICKET, NOTICE)}
        # OWASP's figures for Argon2id with little memory: 19 MiB each, and few at once, on an old office machine.
        cost = (1, 8) if cheap_hashes else (2, 19 * 1024)
        self._hasher = PasswordHasher(time_cost=cost[0], memory_cost=cost[1], parallelism=1)
        self._turn = BoundedSemaphore(AT_ONCE)
        self._remembered: dict[str, float] = {}
        self._lock = Lock()
        self._decoy = self._hasher.hash(new_token())

    def _box(self, purpose: str) -> Fernet:
        derived = HKDF(SHA256(), 32, salt=None, info=f"donghanh {purpose}".encode()).derive(self._key)
        return Fernet(base64.urlsafe_b64encode(derived))

    def encrypt(self, text: str, purpose: str = KEYS) -> str:
        """The text, readable only with the secret key, and for this purpose."""
        return self._boxes[purpose].encrypt(text.encode()).decode()

    def decrypt(self, cipher: str, purpose: str = KEYS) -> str:
        """The text again. Raises cryptography's InvalidToken when the secret key has changed."""
        return self._boxes[purpose].decrypt(cipher.encode()).decode()

    def decrypt_fresh(self, cipher: str, seconds: int, purpose: str = TICKET) -> str | None:
        """The text again, if it was encrypted here no longer ago."""
        try:
            return self._boxes[purpose].decrypt(cipher.encode(), ttl=seconds).decode()
        except InvalidToken:
            return None

    def reveal(self, cipher: str | None) -> str | None:
        """The text again; None where there is none, and where the secret key does not open it, which is logged."""
        try:
            return self.decrypt(cipher) if cipher else None
        except InvalidToken:
            log.warning("the SECRET_KEY does not open a stored key; “manage check” says more")
            return None

    def hash_password(self, password: str) -> str:
        """An Argon2id hash. Raises SIGN_IN_BUSY as `verify` does."""
        with self._one_of_few():
            return self._hasher.hash(password)

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one hashed. Without a hash it takes as long and is false.

        Raises SIGN_IN_BUSY when too many wait already: hashing is dear on purpose, and anybody may ask for it.
        """
        try:
            with self._one_of_few():
                self._hasher.verify(password_hash or self._decoy, password)
            return password_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    @contextmanager
    def _one_of_few(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise problems.SIGN_IN_BUSY()
        try:
            yield
        finally:
            self._turn.release()

    def fingerprint(self, kind: str, text: str) -> str:
        """What stands for a text that is not to be read from the database, and is found by."""
        return hmac.new(self._key, f"{kind}\0{text}".encode(), hashlib.sha256).hexdigest()

    def _pair(self, email: str, password: str, password_hash: str) -> str:
        text = "\0".join((email, password, password_hash)).encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def verify_often(self, email: str, password: str, password_hash: str | None) -> bool:
        """As `verify`, but a pair that was right within the last minute costs nothing: phones send it each time."""
        pair = self._pair(email, password, password_hash or "")
        moment = time.monotonic()
        with self._lock:
            if self._remembered.get(pair, 0) > moment:
                return True
        if not self.verify(password_hash, password):
            return False
        with self._lock:
            self._remembered = {key: until for key, until in self._remembered.items() if until > moment}
            self._remembered[pair] = moment + REMEMBER_SECONDS
        return True

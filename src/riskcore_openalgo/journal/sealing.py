"""Rows of an encrypted journal that wait in its spool are encrypted there too: AES-256-GCM, the key by scrypt."""

from __future__ import annotations

import hashlib
import os
from functools import cached_property
from typing import Any, Final

SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
CHECK_BYTES: Final = NONCE_BYTES + 16
"""The length of an empty body, encrypted: what tells the right key from a wrong one."""


class Seal:
    """What encrypts and decrypts under a key and a salt. The costly derivation waits until it is needed."""

    def __init__(self, key: str, salt: bytes) -> None:
        self._key, self._salt = key, salt

    def shut(self, body: bytes) -> bytes:
        """The body, encrypted under a number used once."""
        nonce = os.urandom(NONCE_BYTES)
        sealed: bytes = self._cipher.encrypt(nonce, body, None)
        return nonce + sealed

    def opened(self, sealed: bytes) -> bytes:
        """The body again; `ValueError` when it was encrypted under another key, or changed."""
        from cryptography.exceptions import InvalidTag

        try:
            body: bytes = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
        except InvalidTag:
            raise ValueError("encrypted under another key, or changed") from None
        return body

    def fits(self, check: bytes) -> bool:
        """Whether this key made the check, an empty body."""
        try:
            return self.opened(check) == b""
        except ValueError:
            return False

    @cached_property
    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(hashlib.scrypt(self._key.encode("utf-8"), salt=self._salt, n=1 << 14, r=8, p=1, dklen=32))

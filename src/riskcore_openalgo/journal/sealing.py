"""Rows of an encrypted journal that wait in its spool are encrypted there too: AES-256-GCM, the key by scrypt."""

from __future__ import annotations

import hashlib
import os
from typing import Final

SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
CHECK_BYTES: Final = NONCE_BYTES + 16
"""The length of an empty body, encrypted: what tells the right key from a wrong one."""


class Seal:
    """What encrypts and decrypts under a key and a salt."""

    def __init__(self, key: str, salt: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(hashlib.scrypt(key.encode("utf-8"), salt=salt, n=1 << 14, r=8, p=1, dklen=32))

    def shut(self, body: bytes) -> bytes:
        """The body, encrypted under a number used once."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, body, None)

    def opened(self, sealed: bytes) -> bytes:
        """The body again; `ValueError` when it was encrypted under another key, or changed."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
        except InvalidTag:
            raise ValueError("encrypted under another key, or changed") from None

    def fits(self, check: bytes) -> bool:
        """Whether this key made the check, an empty body."""
        try:
            return self.opened(check) == b""
        except ValueError:
            return False

"""Passwords of the control page: kept as scrypt hashes, and compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from typing import Final

SHORTEST: Final = 10
LONGEST: Final = 512
N, R, P = 1 << 14, 8, 1
MEMORY: Final = 64 * 1024 * 1024
FORM: Final = re.compile(r"scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9+/=]{8,64})\$([A-Za-z0-9+/=]{16,128})")


def hashed(password: str) -> str:
    """The line that stands for a password in the credentials file: `scrypt$N$r$p$salt$hash`.

    Raises `ValueError` for a password that is too short to be guessed slowly.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise ValueError(f"a password has {SHORTEST} to {LONGEST} characters; a sentence is a good one")
    salt = secrets.token_bytes(16)
    made = _scrypt(password, salt, N, R, P)
    return f"scrypt${N}${R}${P}${_text(salt)}${_text(made)}"


def checked_hash(value: object) -> str:
    """A line as `hashed` makes it; `ValueError`, without repeating it, for anything else."""
    found = FORM.fullmatch(value) if isinstance(value, str) else None
    if found is None or not _affordable(int(found[1]), int(found[2]), int(found[3])):
        raise ValueError("must be the line that `riskcore control password NAME` prints")
    return found[0]


def is_right(password: str, line: str) -> bool:
    """Whether a password is the one of a line. Takes as long for a wrong one as for a right one."""
    found = FORM.fullmatch(line)
    if found is None or len(password) > LONGEST:
        return False
    try:
        salt, known = base64.b64decode(found[4], validate=True), base64.b64decode(found[5], validate=True)
        made = _scrypt(password, salt, int(found[1]), int(found[2]), int(found[3]), length=len(known))
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(made, known)


def _affordable(n: int, r: int, p: int) -> bool:
    """Whether the numbers are ones that a login may cost, and not fewer than these."""
    return n >= N and n & (n - 1) == 0 and r >= 1 and p >= 1 and 128 * n * r * p < MEMORY


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int, *, length: int = 32) -> bytes:
    return hashlib.scrypt(password.encode("utf-8"), salt=salt, n=n, r=r, p=p, maxmem=MEMORY, dklen=length)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

"""What opens the secrets of api_credentials.yaml: Fernet keys, or a passphrase. Asked for when one is needed first.

An encrypted secret stands in the file as `fernet:TOKEN` or, under a passphrase, as `scrypt:SALT:TOKEN`. Its key comes
from the first of these that is there:

1. `RISKCORE_KEY` in the environment: one Fernet key, or several with commas (the first encrypts, all open);
2. the same in a file `.env` in the folder of the configuration, or in the one riskcore is started in;
3. the file that `RISKCORE_KEY_FILE` names, else `.riskcore.key` in the folder of the configuration, a key a line;
4. for `scrypt:` a passphrase: `RISKCORE_PASSPHRASE`, in the environment or `.env`, or asked for at the keyboard.
"""

from __future__ import annotations

import base64
import functools
import getpass
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

KEY: Final = "RISKCORE_KEY"
PASSPHRASE: Final = "RISKCORE_PASSPHRASE"  # noqa: S105 - the name of a variable
NAMED_FILE: Final = "RISKCORE_KEY_FILE"
KEY_FILE: Final = ".riskcore.key"
FERNET: Final = "fernet:"
SCRYPT: Final = "scrypt:"
SALT_BYTES: Final = 16
COST: Final = 2**15
SHORTEST: Final = 12
MISSING: Final = 'encrypted credentials need cryptography: pip install "riskcore[runner]"'
NO_KEY: Final = f"is encrypted, and no key is there: set {KEY}, or put the key into {KEY_FILE} beside this file"
NO_PASSPHRASE: Final = f"is encrypted under a passphrase: set {PASSPHRASE}, or start riskcore at a keyboard"
WRONG_KEY: Final = "cannot be opened with the key that is there: it was encrypted with another, or was changed"
WRONG_PASSPHRASE: Final = "cannot be opened: another passphrase encrypted it, or it was changed"  # noqa: S105 - a message


class Keys:
    """The keys of one configuration folder. Nothing is read before it is needed; nothing of them is shown."""

    def __init__(self, folder: Path, *, ask: Callable[[str], str] | None = None) -> None:
        """`ask` puts a question to somebody at the keyboard; by default only where there is one."""
        self.folder, self._ask = Path(folder), ask or _at_the_keyboard
        self._passphrase: str | None = None

    def __repr__(self) -> str:
        return f"Keys({str(self.folder)!r})"

    def opened(self, sealed: str) -> str:
        """The secret; `ValueError` saying why it cannot be opened, without repeating it."""
        if sealed.startswith(SCRYPT):
            salt, _, token = sealed.removeprefix(SCRYPT).partition(":")
            return _opened(token, [self._derived(_bytes(salt))], WRONG_PASSPHRASE)
        keys = self.found()
        if not keys:
            raise ValueError(NO_KEY)
        return _opened(sealed.removeprefix(FERNET), keys, WRONG_KEY)

    def sealed(self, secret: str) -> str:
        """The secret, encrypted under the first key; `ValueError` where there is none."""
        keys = self.found()
        if not keys:
            raise ValueError(f"no key is there: set {KEY}, or let `riskcore credentials set` make {self.key_file}")
        token: bytes = _fernet(keys).encrypt(secret.encode())
        return FERNET + token.decode("ascii")

    def sealed_by_passphrase(self, secret: str, *, salt: bytes) -> str:
        """The secret, encrypted under the passphrase and a salt."""
        token = _fernet([self._derived(salt)]).encrypt(secret.encode()).decode("ascii")
        return f"{SCRYPT}{base64.urlsafe_b64encode(salt).decode('ascii')}:{token}"

    def found(self) -> list[str]:
        """The Fernet keys that are there, the one that encrypts first; `ValueError` naming what is wrong with them."""
        text = self._variable(KEY)
        where = KEY
        if not text:
            text, where = self._from_file(), str(self.key_file)
        keys = [key for key in text.replace(",", "\n").split() if key]
        if not all(_is_key(key) for key in keys):
            raise ValueError(f"{where}: holds what is no Fernet key (44 letters, as `riskcore credentials set` makes)")
        return keys

    @property
    def key_file(self) -> Path:
        """The file of keys."""
        named = os.environ.get(NAMED_FILE)
        return Path(named) if named else self.folder / KEY_FILE

    @property
    def in_a_file(self) -> bool:
        """Whether the keys are those of the file: then we may write it."""
        return not self._variable(KEY)

    def write(self, keys: list[str]) -> None:
        """Put keys into the file, for its owner's eyes only, whole or not at all."""
        path = self.key_file
        write_private(path, "".join(f"{key}\n" for key in keys))

    def _from_file(self) -> str:
        path = self.key_file
        try:
            mode = path.stat().st_mode
            if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ValueError(f"{path}: others may read it; chmod 600 it, and rotate the key")
            return path.read_text(encoding="ascii")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as problem:
            raise ValueError(f"{path}: cannot be read: {type(problem).__name__}") from problem

    def _variable(self, name: str) -> str:
        if os.environ.get(name):
            return os.environ[name]
        for folder in (self.folder, Path()):
            path = folder / ".env"
            if path.is_file():
                value = _dotenv(path).get(name)
                if value:
                    return value
        return ""

    def _derived(self, salt: bytes) -> str:
        if self._passphrase is None:
            self._passphrase = self._variable(PASSPHRASE) or self._ask("Passphrase of the credentials: ")
        if not self._passphrase:
            raise ValueError(NO_PASSPHRASE)
        return derived(self._passphrase, salt)

    def use_passphrase(self, passphrase: str) -> None:
        """Use this one; `ValueError` where it is too short to keep anybody out."""
        if len(passphrase) < SHORTEST:
            raise ValueError(f"the passphrase must have at least {SHORTEST} letters")
        self._passphrase = passphrase


def new_key() -> str:
    """A fresh Fernet key."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode("ascii")


@functools.lru_cache(maxsize=8)
def derived(passphrase: str, salt: bytes) -> str:
    """The Fernet key of a passphrase: scrypt with n = 2^15, r = 8, p = 1."""
    try:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
    except ImportError as missing:
        raise ImportError(MISSING) from missing
    key = Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode())
    return base64.urlsafe_b64encode(key).decode("ascii")


def write_private(path: Path, text: str) -> None:
    """A file for its owner's eyes only, from the first byte; the one that was there stays until this one is whole."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(text.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _opened(token: str, keys: list[str], otherwise: str) -> str:
    from cryptography.fernet import InvalidToken

    try:
        secret: bytes = _fernet(keys).decrypt(token.encode())
        return secret.decode()
    except (InvalidToken, UnicodeDecodeError) as problem:
        raise ValueError(otherwise) from problem


def _fernet(keys: list[str]) -> Any:
    try:
        from cryptography.fernet import Fernet, MultiFernet
    except ImportError as missing:
        raise ImportError(MISSING) from missing
    made: Any = MultiFernet([Fernet(key) for key in keys])
    return made


def _is_key(text: str) -> bool:
    return len(_bytes(text)) == 32


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode())
    except ValueError:
        return b""


def _dotenv(path: Path) -> dict[str, str | None]:
    """What a .env file says; it changes nothing in the environment."""
    try:
        from dotenv import dotenv_values
    except ImportError:
        return {}
    return dict(dotenv_values(path, encoding="utf-8"))


def _at_the_keyboard(question: str) -> str:
    return getpass.getpass(question) if sys.stdin is not None and sys.stdin.isatty() else ""

"""`riskcore credentials set | encrypt | rotate | check`: secrets into api_credentials.yaml, and never onto a screen."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterable

from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.config.credentials_file import CredentialsFile, readable_by_others
from riskcore_openalgo.config.keys import SALT_BYTES, SCRYPT, Keys, new_key
from riskcore_openalgo.config.loader import load_settings

FINE = "encrypted, opens"
TWICE = "the two were not the same; nothing was written"


def set_secret(arguments: argparse.Namespace) -> int:
    """Ask for a secret, encrypt it, write it. A running runner takes a new OpenAlgo key within seconds."""
    keys, file = Keys(arguments.config), CredentialsFile(arguments.config)
    file.check(arguments.name)
    secret = _asked(f"{arguments.name}: ")
    if not secret:
        raise ValueError(f"{arguments.name}: nothing was given; nothing was written")
    file.put(arguments.name, _seal(keys, file, by_passphrase=arguments.passphrase)(secret))
    file.write(keys=keys)
    say(
        arguments,
        {"file": file.path, "written": arguments.name},
        f"{file.path}: {arguments.name} is written, encrypted",
    )
    return 0


def encrypt(arguments: argparse.Namespace) -> int:
    """Encrypt every secret that stands there in plain text."""
    keys, file = Keys(arguments.config), CredentialsFile(arguments.config)
    plain = [entry for entry in file.secrets() if not entry.encrypted]
    if plain:
        seal = _seal(keys, file, by_passphrase=arguments.passphrase)
        for entry in plain:
            file.put(entry.name, seal(entry.text))
        file.write(keys=keys)
    told = f"{len(plain)} secrets encrypted" if plain else "nothing is in plain text"
    say(arguments, {"file": file.path, "encrypted": [entry.name for entry in plain]}, f"{file.path}: {told}")
    return 0


def rotate(arguments: argparse.Namespace) -> int:
    """Encrypt everything anew, under a new key or passphrase. Killed half-way, what is written can still be opened."""
    keys, file = Keys(arguments.config), CredentialsFile(arguments.config)
    opened = {entry.name: keys.opened(entry.text) if entry.encrypted else entry.text for entry in file.secrets()}
    if any(entry.text.startswith(SCRYPT) for entry in file.secrets()):
        new = Keys(arguments.config)
        new.use_passphrase(_twice())
        salt = os.urandom(SALT_BYTES)
        for name, secret in opened.items():
            file.put(name, new.sealed_by_passphrase(secret, salt=salt))
        file.write(keys=new)
        return _rotated(arguments, file, opened, "under the new passphrase; set it where the runner finds it")
    old = keys.found()
    fresh = new_key()
    if keys.in_a_file:
        keys.write([fresh, *old])
    for name, secret in opened.items():
        file.put(name, keys.sealed(secret))
    file.write(keys=keys)
    if keys.in_a_file:
        keys.write([fresh])
        under = f"under a new key in {keys.key_file}; the old one opens nothing more"
    else:
        under = "under the first key of RISKCORE_KEY; the others can go"
    return _rotated(arguments, file, opened, under)


def _rotated(arguments: argparse.Namespace, file: CredentialsFile, names: Iterable[str], under: str) -> int:
    rotated = list(names)
    say(
        arguments,
        {"file": file.path, "rotated": rotated, "told": under},
        f"{file.path}: {len(rotated)} secrets {under}",
    )
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Whether every secret is encrypted and can be opened; 1 where something is to be done."""
    keys, file = Keys(arguments.config), CredentialsFile(arguments.config)
    secrets: dict[str, str] = {}
    for entry in file.secrets():
        said = FINE if entry.encrypted else "PLAIN TEXT: riskcore credentials encrypt"
        if entry.encrypted:
            try:
                keys.opened(entry.text)
            except ValueError as problem:
                said = f"WRONG: {problem}"
        secrets[entry.name] = said
    others = readable_by_others(file.path)
    wrong = sum(said != FINE for said in secrets.values()) + others
    load_settings(arguments.config, keys=keys)
    lines = [f"{name:<28} {said}" for name, said in secrets.items()]
    lines += [f"{file.path}: others on this machine may read it; chmod 600 it"] if others else []
    lines.append(f"{file.path}: " + (f"{wrong} to mend" if wrong else "all is well"))
    content = {"file": file.path, "secrets": secrets, "readable_by_others": others, "to_mend": wrong}
    say(arguments, content, "\n".join(lines))
    return 1 if wrong else 0


def _seal(keys: Keys, file: CredentialsFile, *, by_passphrase: bool) -> Callable[[str], str]:
    """How a secret is encrypted here: as those that stand there already, else as asked for, else by a key of a file."""
    under = [entry.text for entry in file.secrets() if entry.text.startswith(SCRYPT)]
    if under or by_passphrase:
        salt = os.urandom(SALT_BYTES)
        if under:
            keys.opened(under[0])  # the passphrase that opens the others, and no second one
        else:
            keys.use_passphrase(os.environ.get("RISKCORE_PASSPHRASE") or _twice())
        return lambda secret: keys.sealed_by_passphrase(secret, salt=salt)
    if not keys.found():
        keys.write([new_key()])
        told = f"{keys.key_file}: a new key; keep a copy where nobody else finds it, without it nothing can be opened"
        print(told, file=sys.stderr)  # the answer is one line, or one object
    return keys.sealed


def _asked(question: str) -> str:
    """A secret from the keyboard, unseen, or from a pipe; never from the command line, which everybody can read."""
    return getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _twice() -> str:
    first = _asked("New passphrase: ")
    if sys.stdin.isatty() and _asked("Once more: ") != first:
        raise ValueError(TWICE)
    return first

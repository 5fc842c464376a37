"""`riskcore credentials set | encrypt | rotate | check`: secrets into api_credentials.yaml, and never onto a screen."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable

from riskcore_openalgo.config.credentials_file import CredentialsFile, readable_by_others
from riskcore_openalgo.config.keys import SALT_BYTES, SCRYPT, Keys, new_key
from riskcore_openalgo.config.loader import load_settings

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
    print(f"{file.path}: {arguments.name} is written, encrypted")
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
    print(f"{file.path}: {len(plain)} secrets encrypted" if plain else f"{file.path}: nothing is in plain text")
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
        print(f"{file.path}: {len(opened)} secrets under the new passphrase; set it where the runner finds it")
        return 0
    old = keys.found()
    fresh = new_key()
    if keys.in_a_file:
        keys.write([fresh, *old])
    for name, secret in opened.items():
        file.put(name, keys.sealed(secret))
    file.write(keys=keys)
    if keys.in_a_file:
        keys.write([fresh])
        print(f"{file.path}: {len(opened)} secrets under a new key in {keys.key_file}; the old one opens nothing more")
    else:
        print(f"{file.path}: {len(opened)} secrets under the first key of RISKCORE_KEY; the others can go")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Whether every secret is encrypted and can be opened; 1 where something is to be done."""
    keys, file, wrong = Keys(arguments.config), CredentialsFile(arguments.config), 0
    for entry in file.secrets():
        said = "encrypted, opens" if entry.encrypted else "PLAIN TEXT: riskcore credentials encrypt"
        if entry.encrypted:
            try:
                keys.opened(entry.text)
            except ValueError as problem:
                said = f"WRONG: {problem}"
        wrong += said != "encrypted, opens"
        print(f"{entry.name:<28} {said}")
    if readable_by_others(file.path):
        print(f"{file.path}: others on this machine may read it; chmod 600 it")
        wrong += 1
    load_settings(arguments.config, keys=keys)
    print(f"{file.path}: " + (f"{wrong} to mend" if wrong else "all is well"))
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
        print(f"{keys.key_file}: a new key; keep a copy where nobody else finds it, without it nothing can be opened")
    return keys.sealed


def _asked(question: str) -> str:
    """A secret from the keyboard, unseen, or from a pipe; never from the command line, which everybody can read."""
    return getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _twice() -> str:
    first = _asked("New passphrase: ")
    if sys.stdin.isatty() and _asked("Once more: ") != first:
        raise ValueError(TWICE)
    return first

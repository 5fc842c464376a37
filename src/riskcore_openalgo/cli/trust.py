"""The parsers of `riskcore credentials`, `alerts` and `config`."""

from __future__ import annotations

import argparse
from pathlib import Path

from riskcore_openalgo.cli.verbs import FILE_OR_URL, Verbs, inbox_arguments, json_argument, lazy, place

FOLDER = Path("config")


def trust_verbs(verbs: Verbs) -> None:
    """Add the three groups."""
    _credentials(verbs)
    _alerts(verbs)
    _config(verbs)


def _credentials(verbs: Verbs) -> None:
    help_ = "secrets in api_credentials.yaml: encrypt, replace, check"
    kinds = _group(verbs, "credentials", help_)
    one = _kind(kinds, "set", "ask for a secret and write it, encrypted", "credentials set openalgo.api_key")
    one.add_argument("name", help="openalgo.api_key, webhook.secrets.SOURCE, alerts.channels.NAME, ...")
    _by_passphrase(one, "set_secret")
    _by_passphrase(_kind(kinds, "encrypt", "encrypt what stands there in plain text", "credentials encrypt"), "encrypt")
    rotate = _kind(kinds, "rotate", "encrypt everything anew, under a new key or passphrase", "credentials rotate")
    rotate.set_defaults(run=lambda arguments: lazy("credentials").rotate(arguments))
    check = _kind(kinds, "check", "is every secret encrypted, and does it open?", "credentials check")
    check.set_defaults(run=lambda arguments: lazy("credentials").check(arguments))


def _alerts(verbs: Verbs) -> None:
    kinds = _group(verbs, "alerts", "what was told, and to say that somebody looks after it")
    listed = _kind(kinds, "list", "the latest alerts, and what stands", "alerts list --journal live.db")
    listed.add_argument("--last", type=int, default=20, metavar="N", help="so many (default 20)")
    _journal(listed)
    listed.set_defaults(run=lambda arguments: lazy("operating").alerts(arguments))
    ack = _kind(kinds, "ack", "an alarm is not repeated any more", "alerts ack unprotected --by asha --why seen")
    ack.add_argument("name", help="the alarm or the latch, as alerts list shows it")
    ack.add_argument("--subject", default="", help="of this symbol or order alone")
    _by_whom(ack)
    ack.set_defaults(run=lambda arguments: lazy("operating").acknowledge(arguments))


def _config(verbs: Verbs) -> None:
    kinds = _group(verbs, "config", "the files beside the policy in force")
    diff = _kind(kinds, "diff", "what the files would change", "config diff --config config --journal live.db")
    _journal(diff)
    diff.set_defaults(run=lambda arguments: lazy("operating").diff(arguments))
    confirm = _kind(
        kinds, "confirm", "a looser policy that is kept back", "config confirm 0123456789ab --by asha --why meant"
    )
    confirm.add_argument("hash", help="the hash, or its first 12 letters, as the alert and config diff show it")
    _by_whom(confirm)
    confirm.set_defaults(run=lambda arguments: lazy("operating").confirm(arguments))


def _group(verbs: Verbs, name: str, help_: str) -> Verbs:
    group = verbs.add_parser(name, help=help_, description=f"{help_[0].upper()}{help_[1:]}.")
    return group.add_subparsers(dest="kind", metavar="KIND", required=True)


def _kind(kinds: Verbs, name: str, help_: str, example: str) -> argparse.ArgumentParser:
    made = kinds.add_parser(
        name, help=help_, description=f"{help_[0].upper()}{help_[1:]}.", epilog=f"Example: riskcore {example}"
    )
    made.add_argument("--config", type=Path, default=FOLDER, help="folder of YAML files (default: config)")
    json_argument(made)
    return made


def _journal(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--journal", type=place, metavar="FILE|URL", help=f"{FILE_OR_URL} (default: the configuration's)")


def _by_whom(verb: argparse.ArgumentParser) -> None:
    _journal(verb)
    verb.add_argument("--by", required=True, metavar="NAME", help="who says so")
    verb.add_argument("--why", required=True, metavar="TEXT", help="why")
    inbox_arguments(verb, wait_s=10)


def _by_passphrase(verb: argparse.ArgumentParser, function: str) -> None:
    verb.add_argument("--passphrase", action="store_true", help="under a passphrase in place of a key in a file")

    def run(arguments: argparse.Namespace) -> int:
        return int(getattr(lazy("credentials"), function)(arguments))

    verb.set_defaults(run=run)

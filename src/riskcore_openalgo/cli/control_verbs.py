"""The parser of `riskcore control`; nothing is imported here that a verb needs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from riskcore_openalgo.cli.verbs import FILE_OR_URL, Verbs, inbox_arguments, json_argument, lazy, place

EPILOG: Final = (
    "Exit codes: 0 done, 1 not in the journal in time or no runner, 2 not understood, 3 refused (the reason is "
    "printed), 78 configuration wrong; stop: 4 incomplete, 5 pending until the market opens, 6 still at work when the "
    "time is up."
)
SIDES: Final = ("buy", "sell")


def control_verbs(verbs: Verbs) -> None:
    """The group `control`."""
    group = verbs.add_parser(
        "control",
        help="the operator's hand: pause, resume, enter, exit, reduce, cancel, tighten, settle, set, stop and more",
        description="Act on a running account through its inbox; works when the control page is down.",
        epilog=EPILOG,
    )
    kinds: Verbs = group.add_subparsers(dest="control_verb", metavar="VERB", required=True)
    _verb(kinds, "pause", "stop entries; exits and stops go on", "pause --why lunch", why="a pause")
    resume = _verb(kinds, "resume", "lift a pause, or the latch of a name", "resume --why back")
    resume.add_argument("--name", default="", help="the latch (riskcore status names it); default: the pauses by hand")
    resume.add_argument("--word", default="", help="UNLOCK for a locked state, CONFIRM for a breaker at its limit")
    _enter(kinds)
    exit_ = _verb(kinds, "exit", "leave the whole of a position", "exit NSE:INFY --why news")
    exit_.add_argument("symbol", help="such as NSE:INFY, or INFY for NSE")
    reduce = _verb(kinds, "reduce", "leave a part of a position", "reduce NSE:INFY 20 --why half")
    reduce.add_argument("symbol", help="such as NSE:INFY, or INFY for NSE")
    reduce.add_argument("quantity", help="shares, in whole lots")
    cancel = _verb(kinds, "cancel", "take back an order that works", "cancel ORDER --why old")
    cancel.add_argument("order", help="our own name of it (riskcore status names it)")
    tighten = _verb(kinds, "tighten", "move a stop nearer to the price", "tighten NSE:INFY 1490.50 --why profit")
    tighten.add_argument("symbol", help="such as NSE:INFY, or INFY for NSE")
    tighten.add_argument("stop", help="rupees; rounded to the nearer tick")
    moved = _verb(kinds, "funds-moved", "money paid in or taken out today", "funds-moved -5000 --why withdrawal")
    moved.add_argument("amount", help="rupees: 25000 paid in, -5000 taken out; it explains a difference of balances")
    _settle(kinds)
    _set(kinds)
    _stop(kinds)
    rearm = _verb(kinds, "rearm", "end a stop that has ended: entries may go again", "rearm --word UNLOCK --why calm")
    rearm.add_argument("--word", required=True, help="UNLOCK, typed out")
    password = kinds.add_parser(
        "password",
        help="make the line of a user of the control page",
        description="Ask for a password twice, and print what belongs into api_credentials.yaml.",
        epilog="Example: riskcore control password asha",
    )
    password.add_argument("user", help="letters, digits, - and _")
    password.set_defaults(run=lambda arguments: lazy("control").password(arguments))


def _verb(kinds: Verbs, name: str, help_: str, example: str, *, why: str | None = None) -> argparse.ArgumentParser:
    verb = kinds.add_parser(
        name, help=help_, description=help_, epilog=f"Example: riskcore control {example}  {EPILOG}"
    )
    journal = f"{FILE_OR_URL} (default: the configuration's)"
    verb.add_argument("--journal", type=place, metavar="FILE|URL", help=journal)
    verb.add_argument("--config", type=Path, help="folder of YAML files, for the journal's name")
    verb.add_argument("--why", required=why is None, default=why, metavar="TEXT", help="why: it stands in the journal")
    verb.add_argument("--by", metavar="NAME", help="who (default: the user of this machine)")
    json_argument(verb)
    inbox_arguments(verb, wait_s=90 if name == "stop" else 10)
    verb.set_defaults(run=lambda arguments: lazy("control").run(arguments))
    return verb


def _enter(kinds: Verbs) -> None:
    enter = _verb(kinds, "enter", "a manual entry, decided on like any other", "enter buy INFY --stop 1470 --why view")
    enter.add_argument("side", choices=SIDES, help="of the position to be")
    enter.add_argument("symbol", help="such as NSE:INFY, or INFY for NSE")
    enter.add_argument("--stop", help="rupees; default: the policy's own")
    enter.add_argument("--target", help="rupees; default: the policy's own")
    enter.add_argument("--product", default="MIS", help="MIS, CNC or NRML (default MIS)")


def _settle(kinds: Verbs) -> None:
    settle = _verb(
        kinds,
        "settle",
        "end a contract on paper that expired unsettled",
        "settle MCX:CRUDEOIL18NOV26FUT 5431 --why MCX",
    )
    settle.add_argument("symbol", help="such as MCX:CRUDEOIL18NOV26FUT")
    settle.add_argument("price", help="rupees a unit: of an option what it was in the money, or 0")


def _set(kinds: Verbs) -> None:
    set_ = _verb(kinds, "set", "change one setting of the policy", "set max_positions 2 --why calmer")
    set_.add_argument("key", help="as in risk_management.yaml or trading_rules.yaml")
    set_.add_argument("value", help='as in the file; "" switches it off')
    set_.add_argument("--confirm", action="store_true", help="loosen while in loss: holds from the next session")


def _stop(kinds: Verbs) -> None:
    stop = _verb(
        kinds,
        "stop",
        "EMERGENCY STOP: entries off, every position of ours left, the account locked",
        "stop   (a dead or hung runner: riskcore stop --direct)",
        why="emergency stop",
    )
    stop.add_argument(
        "--whole-account", action="store_true", help="whatever the account holds, not our positions alone"
    )

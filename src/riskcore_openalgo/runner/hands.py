"""What an operator types, as the input it is: one function, for the console and for the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from attrs import frozen

import riskcore as rc
from riskcore import events
from riskcore_openalgo.config.changing import changed
from riskcore_openalgo.runner.inbox import FINEST, Request

KEY: Final = re.compile(r"(?:([A-Z]+):)?((?:[A-Z0-9&_-]|(?<=[0-9])\.(?=[0-9]))+)")
"""A point stands between the figures of a strike alone: ITC29DEC26412.5CE, and not INFY.NS."""
LONGEST: Final = 300
HIGHEST: Final = Decimal(10_000_000)
PLACES: Final = 4
OPERATOR: Final = "operator"


@frozen(kw_only=True)
class Hand:
    """Who acts, why, and when; `policy` is the one in force, for a setting."""

    by: str
    why: str
    at: datetime
    policy: rc.Policy


def requested(act: str, given: Mapping[str, Any], hand: Hand) -> Request:
    """The input of an act. `ValueError` (`ConfigurationError` for a setting) names what cannot be."""
    made = ACTS.get(act)
    if made is None:
        raise ValueError(f"{act!r} is no act; there are {', '.join(ACTS)}")
    if len(hand.why) > LONGEST:
        raise ValueError(f"the reason must have at most {LONGEST} characters")
    if any("\ud800" <= letter <= "\udfff" for letter in hand.why):  # half a character: nothing could write it down
        raise ValueError("the reason holds bytes that are no text")
    return made(given, hand)


def symbol_key(text: Any) -> str:
    """`NSE:INFY`, or INFY for NSE; `ValueError` for anything else."""
    found = KEY.fullmatch(str(text).strip().upper())
    if found is None:
        raise ValueError(f"{str(text)[:40]!r} is no symbol such as NSE:INFY")
    return f"{found[1] or 'NSE'}:{found[2]}"


def rupees(value: Any, name: str) -> Decimal | None:
    """A price as typed; None where nothing was."""
    if value is None or value == "":
        return None
    price = Decimal(0)
    try:
        price = Decimal(str(value))
        good = price.is_finite() and FINEST <= price < HIGHEST and price == round(price, PLACES)
    except InvalidOperation:
        good = False
    if not good:
        raise ValueError(f"{name} must be rupees such as 1490.50, got {str(value)[:40]!r}")
    return price


def shares(value: Any) -> int | None:
    """A number of shares as typed; None where nothing was."""
    if value is None or value == "":
        return None
    text = str(value).strip()
    if not text.isascii() or not text.isdecimal() or int(text[:12]) < 1 or len(text) > 9:
        raise ValueError(f"quantity must be a whole number of shares, got {text[:40]!r}")
    return int(text)


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name) or ""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError(f"{name} must be text of at most {LONGEST} characters")
    return value


def _pause(given: Mapping[str, Any], hand: Hand) -> Request:
    return events.OperatorHalted(hand.at, hand.by, hand.why)


def _resume(given: Mapping[str, Any], hand: Hand) -> Request:
    return events.OperatorResumed(hand.at, hand.by, hand.why, _text(given, "name"), _text(given, "word"))


def _rearm(given: Mapping[str, Any], hand: Hand) -> Request:
    return events.OperatorResumed(hand.at, hand.by, hand.why, events.EMERGENCY_LATCH, _text(given, "word"))


def _enter(given: Mapping[str, Any], hand: Hand) -> Request:
    exchange, symbol = symbol_key(given.get("symbol", "")).split(":")
    signal = rc.Signal(
        symbol,
        _text(given, "side").upper(),
        at=hand.at,
        exchange=exchange,
        product=(_text(given, "product") or "MIS").upper(),
        stop=rupees(given.get("stop"), "the stop"),
        target=rupees(given.get("target"), "the target"),
        source=OPERATOR,
        note=hand.why,
    )
    return events.OperatorEntered(hand.at, hand.by, hand.why, signal)


def _exit(given: Mapping[str, Any], hand: Hand) -> Request:
    return events.OperatorExited(hand.at, hand.by, hand.why, symbol_key(given.get("symbol", "")))


def _reduce(given: Mapping[str, Any], hand: Hand) -> Request:
    quantity = shares(given.get("quantity"))
    if quantity is None:
        raise ValueError("quantity must be a whole number of shares; to leave all of it, exit")
    return events.OperatorExited(hand.at, hand.by, hand.why, symbol_key(given.get("symbol", "")), quantity)


def _cancel(given: Mapping[str, Any], hand: Hand) -> Request:
    return events.OperatorCancelled(hand.at, hand.by, hand.why, _text(given, "order"))


def _tighten(given: Mapping[str, Any], hand: Hand) -> Request:
    stop = rupees(given.get("stop"), "the stop")
    if stop is None:
        raise ValueError("the stop must be rupees such as 1490.50")
    return events.OperatorTightened(hand.at, hand.by, hand.why, symbol_key(given.get("symbol", "")), stop)


def _settle(given: Mapping[str, Any], hand: Hand) -> Request:
    text = str(given.get("price", "")).strip()
    price = Decimal(0) if re.fullmatch(r"0+(\.0+)?", text, re.ASCII) else rupees(text, "the price")
    if price is None:
        raise ValueError("the price must be rupees a unit such as 6150.50, or 0 of an option that ended worthless")
    return events.OperatorSettled(hand.at, hand.by, hand.why, symbol_key(given.get("symbol", "")), price)


def _set(given: Mapping[str, Any], hand: Hand) -> Request:
    wanted = changed(hand.policy, _text(given, "key"), _text(given, "value"))
    word = events.CONFIRM if given.get("confirm") is True else _text(given, "word")
    base = _text(given, "base") or rc.policy_hash(hand.policy)
    return events.OperatorSet(hand.at, hand.by, hand.why, wanted, base, word)


def _stop(given: Mapping[str, Any], hand: Hand) -> Request:
    return events.EmergencyStopped(hand.at, hand.by, hand.why, given.get("whole_account") is True)


def _funds_moved(given: Mapping[str, Any], hand: Hand) -> Request:
    text = str(given.get("amount", "")).strip()
    out = text.startswith("-")
    size = rupees(text.lstrip("+-"), "the amount")
    if size is None or text[:2] in ("--", "-+", "+-", "++"):
        raise ValueError("the amount must be rupees such as 25000 (paid in) or -5000 (taken out)")
    return events.FundsMoved(hand.at, hand.by, hand.why, -size if out else size)


ACTS: Final[dict[str, Callable[[Mapping[str, Any], Hand], Request]]] = {
    "pause": _pause,
    "resume": _resume,
    "enter": _enter,
    "exit": _exit,
    "reduce": _reduce,
    "cancel": _cancel,
    "tighten": _tighten,
    "settle": _settle,
    "set": _set,
    "stop": _stop,
    "rearm": _rearm,
    "funds-moved": _funds_moved,
}
"""Everything a hand may do, by its name on the console and on the page."""

"""Nonsense from somebody who types: the error names the argument, and says what to write instead."""

import inspect
import re
from datetime import date, datetime

import pytest

import riskcore as rc

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=rc.IST)
INFY = rc.nse_equity("INFY", on=NOW.date(), tick=0.10)
SIGNAL, BOOK = rc.Signal("INFY", "BUY", at=NOW), rc.Book(100_000)
MARKET = rc.Market(instrument=INFY, at=NOW, last=1500, atr=8)
STOP = {"side": "BUY", "entry": 2500, "atr": 20, "multiple": 1.5, "tick": 0.05}
SIZE = {"equity": 100_000, "risk_per_trade": 1, "entry": 2500, "stop": 2470}

UNKNOWN = {  # what was called with which argument, and what is proposed
    "Policy": (rc.Policy, {"max_position": 3}, "did you mean max_positions"),
    "Policy, part of a key": (rc.Policy, {"legs": ["1R"]}, "did you mean target_legs"),
    "Policy, nothing near": (rc.Policy, {"qwxyz": 1}, r"help\(...\) lists"),
    "Book": (rc.Book, {"trade_today": 1}, "did you mean trades_today"),
    "Signal": (rc.Signal, {"stop_loss": 1}, "did you mean stop"),
    "Market": (rc.Market, {"ltp": 1}, "there are ask, at, atr"),
    "Instrument": (rc.Instrument, {"lotsize": 1}, "did you mean lot_size"),
    "Fill": (rc.Fill, {"prices": 1}, "did you mean price"),
    "Price": (rc.Price, {"lasts": 1}, "did you mean last"),
    "Limit": (rc.Limit, {"scopes": 1}, "did you mean scope"),
    "BreakerRule": (rc.BreakerRule, {"named": 1}, "did you mean name"),
    "size": (rc.size, {"risk": 1}, "did you mean risk_per_trade"),
    "target": (rc.target, {"risk_reward": 1}, "there are entry, r_multiple, side, stop, tick"),
    "charges": (rc.charges, {"brokerage": 1}, "did you mean brokerage"),
    "decide": (rc.decide, {"polic": 1}, "did you mean policy"),
}
WRONG = {  # a call, the argument that its error names, and the remedy
    "a word for a number": (lambda: rc.Policy(max_positions="three"), "max_positions", "a plain decimal number"),
    "no such method": (lambda: rc.Policy(stop_methods=["art"]), "stop_methods", "atr, percent"),
    "no such trail": (lambda: rc.Policy(trail="x"), "trail", "chandelier"),
    "a leg": (lambda: rc.Policy(target_legs=["50 at 2"]), "target_legs", "50% at 1.5R"),
    "a time": (lambda: rc.Policy(no_entry_after="2 pm"), "no_entry_after", "15:10"),
    "a rule's name": (lambda: rc.Policy(rules=["a"]), "name", "package.module:function"),
    "a fraction": (lambda: rc.Policy(risk_per_trade=0.01), "risk_per_trade", "write 1 for 1 %"),
    "lakhs": (lambda: rc.size(**SIZE | {"equity": "1,00,000"}), "equity", "2500.50"),
    "not a number": (lambda: rc.size(**SIZE | {"equity": float("nan")}), "equity", "finite"),
    "a truth value": (lambda: rc.size(**SIZE | {"equity": True}), "equity", "must be a number"),
    "no distance": (lambda: rc.size(**SIZE | {"stop": 2500}), "stop", "distance"),
    "a side": (lambda: rc.atr_stop(**STOP | {"side": "LONG"}), "side", "BUY, SELL"),
    "below nothing": (lambda: rc.atr_stop(**STOP | {"atr": -20}), "atr", "above 0"),
    "None": (lambda: rc.atr_stop(**STOP | {"entry": None}), "entry", "must be a number"),
    "no time zone": (lambda: rc.Signal("INFY", "BUY", at=NOW.replace(tzinfo=None)), "Signal.at", "tzinfo=riskcore.IST"),
    "a text for a time": (lambda: rc.Signal("INFY", "BUY", at="now"), "Signal.at", "tzinfo=riskcore.IST"),
    "no symbol": (lambda: rc.Signal("", "BUY", at=NOW), "Signal.symbol", "such as RELIANCE"),
    "a count": (lambda: rc.Book(1, trades_today=-1), "Book.trades_today", "0 or more"),
    "a name for a share": (lambda: rc.Market(instrument="INFY", at=NOW), "Market.instrument", "nse_equity"),
    "a price of nothing": (lambda: rc.Market(instrument=INFY, at=NOW, last=0), "Market.last", "above 0"),
    "a day": (lambda: rc.nse_equity("INFY", on="2026-11-20", tick=1), "on", r"date\(2026, 11, 20\)"),
    "no tick": (lambda: rc.nse_equity("INFY", on=date(2026, 11, 20)), "tick=", "last_month_close="),
    "a day as text": (lambda: rc.session_on("2026-11-20", INFY), "day", r"date\(2026, 11, 20\)"),
    "the wrong order": (lambda: rc.decide(BOOK, SIGNAL, MARKET, rc.Policy()), "signal", r"Signal\("),
    "money for a book": (lambda: rc.decide(SIGNAL, 1e5, MARKET, rc.Policy()), "book", r"Book\("),
    "no market": (lambda: rc.decide(SIGNAL, BOOK, None, rc.Policy()), "market", r"Market\("),
    "a mapping for a policy": (lambda: rc.decide(SIGNAL, BOOK, MARKET, {}), "policy", r"Policy\("),
    "the decision for its order": (lambda: BOOK.after("decision"), "Book.after", "decision.order"),
    "a list of bars": (lambda: rc.simulate([], print, rc.Policy()), "bars", "{instrument: bars"),
    "an interval": (lambda: rc.interval_length("7x"), "interval", "1m, 5m, 1h or 1D"),
    "no rule": (lambda: rc.custom_rule(3), "rule", "function of the context"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_argument_is_named_with_the_nearest(name):
    """Or with all there are, where they are few."""
    made, given, remedy = UNKNOWN[name]
    with pytest.raises(TypeError, match=f"^{made.__name__}: there is no argument '{next(iter(given))}'; {remedy}"):
        made(**given)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_told_with_the_remedy(name):
    """In one line."""
    call, argument, remedy = WRONG[name]
    with pytest.raises(ValueError, match=remedy) as refused:
        call()
    assert argument in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(("made", "given"), [(rc.Policy, (3,)), (rc.size, (100_000, 1, 2500, 2470))])
def test_numbers_without_names_are_asked_for_by_name(made, given):
    """No number can be taken for another."""
    with pytest.raises(
        TypeError, match=rf"^{made.__name__}: give arguments by their names: {made.__name__}\(\w+=\.\.\."
    ):
        made(*given)


def test_a_name_that_is_not_there_is_told_with_the_nearest():
    """Of the public ones; what Python itself looks for is told as ever."""
    with pytest.raises(AttributeError, match="no attribute 'Sginal'; did you mean Signal"):
        rc.Sginal  # noqa: B018
    with pytest.raises(AttributeError, match=r"no attribute '__wrapped__'$"):
        rc.__wrapped__  # noqa: B018


def test_what_is_wrong_within_is_told_as_it_was():
    """Trouble further in is not taken for a wrong call."""
    with pytest.raises(TypeError, match="'int' object is not iterable"):
        rc.performance(3)


def test_help_still_shows_every_setting():
    """The wrapper does not hide the arguments from help and editors."""
    assert list(inspect.signature(rc.Policy).parameters)[:2] == ["risk_per_trade", "risk_includes_charges"]
    assert next(iter(inspect.signature(rc.Book).parameters)) == "opening_equity"
    assert re.match("The rules of one account", inspect.getdoc(rc.Policy))

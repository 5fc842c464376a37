"""Finished trades for tests of their measures: bare results, and whole trades told in a word or two."""

from datetime import datetime, timedelta
from decimal import Decimal

from attrs import frozen

import riskcore as rc

START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)


@frozen
class Result:
    """A finished trade as far as most measures need it."""

    net: Decimal
    r_multiple: Decimal | None = None


def results(*nets):
    return [Result(Decimal(net), Decimal(net)) for net in nets]


def a_trade(**told):
    usual = {"entry_price": 100, "exit_price": 110, "quantity": 10, "opened_at": START, "side": "BUY", "key": "NSE:X"}
    return rc.Trade(**{**usual, "closed_at": START + timedelta(hours=1), **told})

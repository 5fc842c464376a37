"""The margin of what is held, and of what is on its way, in the limits that count margin."""

import attrs
import pytest

import riskcore as rc
from riskcore.table_rows import Margin
from tests.core.engine_days import INFY, TCS
from tests.core.one_trade import decided, held

pytestmark = pytest.mark.smoke

CALL = rc.Instrument(
    symbol="NIFTY24NOV2626000CE",
    tick="0.05",
    exchange="NFO",
    segment="OPT",
    kind="index",
    underlying="NIFTY",
    lot_size=65,
    sector="IT",
)
DEAR = rc.Tables(
    margins=(Margin(exchange="NSE", segment="EQ", product="MIS", margin_pct=50, symbol="TCS", since="2026-01-01"),)
)


def told(decision, rule):
    """Reason, measured, limit and largest quantity of a rule's finding."""
    [found] = [found for found in decision.findings if found.rule == rule]
    return found.reason, found.measured, found.limit, found.max_quantity


def call(side="BUY"):
    stop = 90 if side == "BUY" else 110
    return held(CALL, 65, side=side, average=100, last=100, stop=stop, product="NRML")


def test_a_bought_option_is_paid_in_full():
    """65 at 100 are 6,500 of the hundred thousand; a share at 1,000 takes a margin of 200."""
    answer = decided(rc.Book(100_000, positions=[call()]))
    assert told(answer, "funds") == ("", 93_500, 200, 467)


def test_a_sold_option_has_a_margin_that_nobody_knows():
    """It is told by its key."""
    answer = decided(rc.Book(100_000, positions=[call("SELL")]))
    assert told(answer, "funds") == ("margin_unknown", CALL.key, None, None)


@pytest.mark.parametrize(("tables", "taken", "room"), [(None, 2000, 90), (DEAR, 5000, 75)])
def test_the_margin_of_what_is_held_is_read_in_the_policys_tables(tables, taken, room):
    """Ten of TCS at 1,000: a fifth as shipped, a half in the user's own; 20,000 of the sector are for margin."""
    position = attrs.evolve(held(TCS), instrument=attrs.evolve(TCS, sector="IT"))
    settings = {"position_size_basis": "margin", "max_sector_exposure": 20, "tables": tables}
    answer = decided(rc.Book(100_000, positions=[position]), **settings)
    assert told(answer, "max_sector_exposure") == ("", taken, 20_000, room)


@pytest.mark.parametrize("rule", ["max_sector_exposure", "max_position_size_percent", "max_unknown_sector_exposure"])
def test_what_is_held_of_unknown_margin_is_told_where_margin_is_limited(rule):
    """In its sector, of the symbol itself, or of all without a sector."""
    own = {"max_sector_exposure": CALL, "max_position_size_percent": INFY}.get(rule, attrs.evolve(CALL, sector=""))
    position = held(own, 65, side="SELL", average=100, last=100, stop=110, product="NRML")
    thing = attrs.evolve(INFY, sector="") if rule == "max_unknown_sector_exposure" else INFY
    signal = rc.Signal("INFY", "SELL", at=decided().order.at, stop=1010, target=900)
    seen = rc.Market(instrument=thing, at=signal.at, last=1000)
    settings = {"position_size_basis": "margin", "one_position_per_symbol": False, "max_unknown_sector_exposure": 20}
    answer = rc.decide(signal, rc.Book(100_000, positions=[position]), seen, rc.Policy(**settings))
    assert told(answer, rule) == ("margin_unknown", position.instrument.key, None, None)

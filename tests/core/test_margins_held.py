"""The margin of what is held, and of what is on its way, in the limits that count margin."""

from datetime import date

import attrs
import pytest

import riskcore as rc
from riskcore import engine
from riskcore.table_rows import Margin
from tests.core.engine_days import INFY, TCS
from tests.core.one_trade import NOON, WIDE, decided, held

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
    strike=26_000,
    right="CE",
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


# ---------------------------------------------------------------- what the broker tells of a lot

FUTURE = rc.future("NIFTY", expiry=date(2026, 12, 29), on=NOON.date(), tick="0.1")
LOT = 200_000
BOLD = {"risk_per_trade": 20, "max_daily_loss": 50}
ALL_OF_IT = {
    **WIDE,
    "position_size_basis": "margin",
    "max_positions": 5,
    "allowed_products": ["NRML"],
    "expiry_exit_days": None,
}


def wanted(thing=FUTURE, side="BUY", *, equity=10_000_000, margins=(), positions=(), last=26_000, risk=60, **policy):
    """An entry in a contract whose stop is so far away that a lot or a few are within the risk."""
    way = 1 if side == "BUY" else -1
    levels = {"stop": last - risk * way, "target": last + 4 * risk * way}
    signal = rc.Signal(thing.symbol, side, at=NOON, exchange="NFO", product="NRML", **levels)
    seen = rc.Market(instrument=thing, at=NOON, last=last, margins=margins)
    return rc.decide(signal, rc.Book(equity, positions=positions), seen, rc.Policy(**{**ALL_OF_IT, **policy}))


def lot(thing=FUTURE, side="BUY", rupees=LOT):
    return (thing.key, "NRML", side, rupees)


def test_so_many_lots_ask_so_many_times_what_the_broker_asks_for_one():
    """By risk 25 lots (one per cent of ten million, 60 x 65 a lot); of a million five lots can be paid."""
    answer = wanted(equity=10_000_010, margins=[lot()])
    assert told(answer, "margin") == ("", "Rs 2,00,000.00 a lot, as the broker says", None, None)
    assert (answer.order.quantity, told(answer, "funds")) == (25 * 65, ("", 10_000_010, LOT, 3250))
    answer = wanted(equity=1_000_001, margins=[lot()], **BOLD)
    assert answer.order.quantity == 5 * 65


def test_less_free_than_a_lot_asks_is_refused():
    answer = wanted(equity=199_999, margins=[lot()], **BOLD)
    assert told(answer, "funds") == ("insufficient_funds", 199_999, LOT, 64)


def test_what_the_broker_did_not_tell_of_this_side_and_product_refuses():
    for other in (lot(side="SELL"), (FUTURE.key, "MIS", "BUY", LOT), (CALL.key, "NRML", "BUY", LOT)):
        assert told(wanted(margins=[other]), "margin") == ("margin_unknown", f"{FUTURE.key} NRML", None, None)


def test_the_users_own_table_comes_before_what_the_broker_tells():
    mine = rc.Tables(margins=[Margin(exchange="NFO", segment="FUT", product="all", margin_pct=20, since="2026-01-01")])
    answer = wanted(margins=[lot()], tables=mine)
    assert (told(answer, "margin"), told(answer, "funds")[2]) == (("", 20, None, None), 26_000 * 65 * 20 // 100)


def test_what_is_held_counts_by_what_the_broker_tells_of_it():
    """Two lots held take 400,000 of the million, and a lot of the option, sold, 150,000: two lots are left."""
    positions = [
        held(FUTURE, 130, average=26_000, last=26_000, stop=25_900, product="NRML"),
        call("SELL"),
    ]
    other = rc.future("BANKNIFTY", expiry=date(2026, 12, 29), on=NOON.date(), tick="0.1", lot_size=65)
    margins = [lot(other), lot(), lot(CALL, "SELL", 150_000)]
    answer = wanted(other, equity=1_000_000, positions=positions, margins=margins, **BOLD)
    assert told(answer, "funds") == ("", 450_000, LOT, 146)
    assert answer.order.quantity == 130
    answer = wanted(other, equity=1_000_000, positions=positions, margins=margins[:2], **BOLD)
    assert told(answer, "funds") == ("margin_unknown", CALL.key, None, None)


def test_a_limit_by_margin_counts_what_the_broker_asks():
    """Ten per cent of ten million are five lots."""
    answer = wanted(equity=10_000_010, margins=[lot()], position_size_basis="margin", max_position_size_percent=10)
    assert told(answer, "max_position_size_percent") == ("", LOT, 1_000_001, 5 * 65)


def test_an_option_is_sold_only_where_that_was_said():
    margins = [lot(CALL, "SELL", 150_000)]
    answer = wanted(CALL, "SELL", last=100, risk=10, margins=margins)
    assert told(answer, "margin") == ("option_sale_not_allowed", CALL.symbol, None, None)
    answer = wanted(CALL, "SELL", last=100, risk=10, margins=margins, sell_options=True)
    assert (answer.order.quantity, told(answer, "funds")[2]) == (66 * 65, 150_000)
    for told_too_little, passes in ((16_899, False), (16_900, True)):  # one per cent of 65 at 26,000
        little = [lot(CALL, "SELL", told_too_little)]
        assert wanted(CALL, "SELL", last=100, risk=10, margins=little, sell_options=True).approved == passes
    answer = wanted(CALL, "SELL", last=100, risk=10, sell_options=True)
    assert told(answer, "margin") == ("margin_unknown", f"{CALL.key} NRML", None, None)


def test_a_bought_option_is_paid_in_full_whatever_the_broker_tells():
    """Of those of which no table says so: on other exchanges."""
    metal = attrs.evolve(CALL, exchange="MCX", symbol="GOLD24NOV26100000CE", underlying="GOLD", kind="commodity")
    signal = rc.Signal(metal.symbol, "BUY", at=NOON, exchange="MCX", product="NRML", stop=90, target=150)
    for rupees, asked in ((1, 6500), (7000, 7000)):
        seen = rc.Market(instrument=metal, at=NOON, last=100, margins=[(metal.key, "NRML", "BUY", rupees)])
        answer = rc.decide(signal, rc.Book(1_000_000), seen, rc.Policy(**ALL_OF_IT))
        assert told(answer, "funds")[2] == asked


@pytest.mark.parametrize(
    ("margins", "says"),
    [
        ([("NFO:X", "NRML", "BUY")], "must be key, product, side and rupees a lot"),
        ([("NFO:X", "NRML", "BUY", 0)], "must be above 0"),
        ([("NFO:X", "NRML", "BUY", "nan")], "Market.margins"),
        ([("NFO:X", "NRML", "BOTH", 1)], "Market.margins"),
        ([("NFO:X", "NRML", "BUY", 1)] * 2, "each key, product and side once"),
        (7, "must be key, product, side and rupees a lot"),
    ],
)
def test_nonsense_is_no_margin(margins, says):
    with pytest.raises(ValueError, match=says):
        rc.Market(instrument=FUTURE, at=NOON, margins=margins)


def asked_for(signal, thing, book, **policy):
    found = engine.margins_wanted(signal, thing, book, rc.Policy(**policy), NOON.date())
    return [(one.instrument.key, one.product, one.side, one.price) for one in found]


def test_what_a_broker_is_to_be_asked():
    """The entry, what is held and what is on its way, each once, where no table has it; of shares nothing."""
    book = rc.Book(10_000_000, positions=[call("SELL"), call(), held(TCS)])
    signal = rc.Signal(FUTURE.symbol, "BUY", at=NOON, exchange="NFO", product="NRML")
    assert asked_for(signal, FUTURE, book) == [(FUTURE.key, "NRML", "BUY", None), (CALL.key, "NRML", "SELL", 100)]
    working = book.after(wanted(margins=[lot()]).order)
    assert asked_for(signal, FUTURE, working) == asked_for(signal, FUTURE, book)
    other = attrs.evolve(signal, side="SELL")
    assert asked_for(other, FUTURE, working)[-1] == (FUTURE.key, "NRML", "BUY", 26_000)
    share = rc.Signal("INFY", "BUY", at=NOON, product="NRML")
    assert asked_for(share, INFY, rc.Book(100_000)) == []
    sale = rc.Signal(CALL.symbol, "SELL", at=NOON, exchange="NFO", product="NRML")
    assert asked_for(sale, CALL, rc.Book(100_000)) == []
    assert asked_for(sale, CALL, rc.Book(100_000), sell_options=True) == [(CALL.key, "NRML", "SELL", None)]
    mine = rc.Tables(margins=[Margin(exchange="NFO", segment="FUT", product="all", margin_pct=20, since="2026-01-01")])
    assert asked_for(signal, FUTURE, rc.Book(100_000), tables=mine) == []

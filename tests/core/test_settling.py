"""Contracts at their expiry where no broker settles them: those on an index in cash, the others told to be held on."""

from datetime import date, datetime, time
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import engine, events as e
from riskcore.engine.settling import AT_CLOSE, AT_OWN, BY_HAND
from riskcore.table_rows import Margin
from tests.core.engine_days import a_day

LAST = date(2026, 11, 23)
"""Monday: the Tuesday after it is a holiday."""
THINGS = {
    "call": rc.option("NIFTY", expiry=LAST, strike=26000, right="CE", on=LAST, lot_size=50),
    "put": rc.option("NIFTY", expiry=LAST, strike=26000, right="PE", on=LAST, lot_size=50),
    "future": rc.future("NIFTY", expiry=LAST, on=LAST, last_month_close=25_900, lot_size=50),
    "sensex": rc.option(
        "SENSEX", expiry=LAST, strike=26000, right="CE", on=LAST, exchange="BFO", tick="0.05", lot_size=50
    ),
    "stock": rc.future("INFY", expiry=LAST, on=LAST, tick="0.05", lot_size=50),
    "share's call": rc.option("INFY", expiry=LAST, strike=1000, right="CE", on=LAST, lot_size=50),
    "dollar": rc.Instrument(
        symbol="USDINR23NOV26FUT", tick="0.05", exchange="NFO", segment="FUT", kind="currency", expiry=LAST, lot_size=50
    ),
}
MARGINS = tuple(
    Margin(exchange=exchange, segment=segment, product=product, margin_pct=20, since="2026-01-01")
    for exchange in ("NFO", "BFO")
    for segment in ("FUT", "OPT")
    for product in ("NRML", "MIS")
)
CLOSE = datetime.combine(LAST, time(15, 40), rc.IST)


def carrying(name, side="BUY", price=200, **policy):
    """Fifty of a contract, held on the day of its expiry."""
    thing, fixed = THINGS[name], {"sizing_method": "fixed_quantity", "fixed_quantity": 50, "expiry_exit_days": None}
    given = {"allowed_products": ("MIS", "NRML"), "tables": rc.Tables(margins=MARGINS), **fixed, **policy}
    day = a_day(thing, day=LAST, equity=10_000_000, **given)
    stop, target = (price * 0.99, price * 1.5) if side == "BUY" else (price * 1.01, price / 2)
    about = {"symbol": thing.symbol, "exchange": thing.exchange, "product": "NRML"}
    order = day.enter("10:00", side=side, last=price, stop=stop, target=target, **about)
    day.fill("10:00:01", order, price=price)
    assert [held.quantity for held in day.book.positions] == [50], day.refusal()
    return day, thing


def expired(thing, price, of="NSE:NIFTY"):
    return e.ContractExpired(CLOSE, thing.key, None if price is None else Decimal(str(price)), of)


@pytest.mark.parametrize(
    ("name", "side", "close", "worth", "gross", "tax"),
    [
        ("call", "BUY", 26_250, 250, 2500, "18.75"),  # 0.15 % of 250 x 50
        ("call", "BUY", 26_000, 0, -10_000, 0),
        ("call", "BUY", 25_999.95, 0, -10_000, 0),
        ("call", "BUY", 26_000.05, "0.05", "-9997.5", 0),
        ("call", "SELL", 25_000, 0, 10_000, 0),
        ("call", "SELL", 26_500, 500, -15_000, 0),  # who wrote it pays no tax
        ("put", "BUY", 25_700, 300, 5000, "22.50"),
        ("put", "BUY", 26_700, 0, -10_000, 0),
        ("future", "BUY", 26_250, 26_250, 2500, 0),
        ("future", "SELL", 26_250, 26_250, -2500, 0),
        ("sensex", "BUY", 26_250, 250, 2500, "18.75"),
    ],
)
def test_an_index_contract_is_settled_in_cash(name, side, close, worth, gross, tax):
    """Worked out by hand: bought at 200 (the future at 26,200), fifty of them."""
    day, thing = carrying(name, side, 26_200 if name == "future" else 200)
    paid = day.book.charges
    assert day.take(expired(thing, close))[:2] == ("PositionAdjusted", "PositionClosed")
    adjusted, closed = day.last(e.PositionAdjusted), day.last(e.PositionClosed)
    told = adjusted.price, adjusted.realised, adjusted.charges, adjusted.why, adjusted.reason
    assert told == (Decimal(worth), Decimal(gross), Decimal(tax), AT_CLOSE, "settled")
    assert (closed.reason, closed.exit_price, closed.gross, closed.charges) == (
        "settled",
        Decimal(worth),
        Decimal(gross),
        paid + Decimal(tax),
    )
    assert day.book.positions == ()
    assert (day.book.realised, day.book.charges) == (Decimal(gross), paid + Decimal(tax))
    assert day.book.outcomes[-1].reason == "settled"
    assert day.book.equity == 10_000_000 + Decimal(gross) - paid - Decimal(tax)
    assert engine.fold(day.facts).book == day.book


@pytest.mark.parametrize(
    ("name", "price", "gross", "tax"),
    [("call", "230", 1500, "17.25"), ("put", "0.05", "-9997.5", 0), ("future", 26_230, 1500, 0)],
)
def test_where_its_underlying_is_not_known_it_is_settled_at_its_own_last_price(name, price, gross, tax):
    day, thing = carrying(name, price=26_200 if name == "future" else 200)
    day.take(expired(thing, price, of=thing.key))
    adjusted = day.last(e.PositionAdjusted)
    assert (adjusted.price, adjusted.realised, adjusted.charges) == (Decimal(price), Decimal(gross), Decimal(tax))
    assert adjusted.why == AT_OWN


def test_a_price_that_no_put_can_have_ends_no_step():
    """Above its strike: the close that it would stand for is below nought, and its tax is that of one tick."""
    day, thing = carrying("put")
    day.take(expired(thing, 30_000, of=thing.key))
    assert day.last(e.PositionAdjusted).charges == Decimal("1949.99625").quantize(Decimal("0.01"))


def test_in_whole_rupees_and_by_the_schedule_of_another_day():
    day, thing = carrying("call", stt_stamp_whole_rupees=True)
    day.take(expired(thing, 26_250))
    assert day.last(e.PositionAdjusted).charges == 19
    day, thing = carrying("call", charges_as_of="2026-03-02")  # 0.125 % until the end of that month
    day.take(expired(thing, 26_250))
    assert day.last(e.PositionAdjusted).charges == Decimal("15.63")


@pytest.mark.parametrize(
    ("name", "price", "why"),
    [
        ("call", None, "the close of NIFTY on that day is not known"),
        ("stock", 26_000, "it ends in delivery of the shares"),
        ("share's call", None, "it ends in delivery of the shares"),
        ("dollar", 85, "what it is settled by is not known here"),
    ],
)
def test_what_nobody_can_settle_here_stays_held_and_somebody_is_told(name, price, why):
    day, thing = carrying(name)
    assert day.take(expired(thing, price)) == ("Alarmed",)
    alarm = day.last(e.Alarmed)
    assert (alarm.name, alarm.subject) == ("held_past_expiry", thing.key)
    assert why in alarm.why
    assert [(held.quantity, held.last) for held in day.book.positions] == [(50, 200)]
    assert day.take(expired(thing, price)) == ()  # once a session
    if name == "call":
        assert "AlarmOver" in day.take(expired(thing, 26_250))
        assert day.book.positions == ()


def test_before_its_last_day_nothing_is_settled_nor_what_is_not_held():
    day, thing = carrying("call")
    other = THINGS["put"]
    assert day.take(expired(other, 26_250)) == ("StrayReport",)
    later = attrs.evolve(thing, symbol="NIFTY30NOV2626000CE", expiry=date(2026, 11, 30))
    position = attrs.evolve(day.book.positions[0], instrument=later)
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, positions=(position,)))
    assert day.take(expired(later, 26_250)) == ("StrayReport",)


def test_what_still_works_in_it_is_taken_back():
    """An exit that no price came to: it works until the close, and nothing is left that it could sell."""
    day, thing = carrying("call")
    exit_signal = rc.Signal(thing.symbol, "SELL", at=day.at("15:00"), kind="exit", exchange="NFO", product="NRML")
    day.take(e.SignalArrived(day.at("15:00"), exit_signal))
    leaving = day.sent()[-1]
    day.take(e.OrderReported(day.at("15:00:01"), leaving.order_id, "working", 0, 0))
    assert day.take(expired(thing, 26_250))[:3] == ("PositionAdjusted", "PositionClosed", "CancelRequested")
    assert day.last(e.CancelRequested).order_id == leaving.order_id


def test_a_trade_that_is_settled_was_held_at_all_its_prices_and_at_that_one():
    """Its last prices were forgotten, for no fill of it came after them."""
    day, thing = carrying("call")
    day.prices("10:05", thing.symbol, last=199)
    day.take(expired(thing, 26_250))
    (trade,) = rc.trades_of(day.facts)
    assert (trade.worst_price, trade.best_price) == (199, 250)


# ---------------------------------------------------------------- by hand


def by_hand(day, thing, price, clock="15:45", **more):
    """A hand says what a contract was worth."""
    return day.take(attrs.evolve(e.OperatorSettled(day.at(clock), "asha", "as MCX says", thing.key, price), **more))


@pytest.mark.parametrize(
    ("name", "price", "gross", "tax"),
    [
        ("dollar", 85, -5750, 0),
        ("future", 26_250, 1_302_500, 0),
        ("call", 250, 2500, "18.75"),
        ("call", 0, -10_000, 0),
        ("share's call", 100, -5000, 50),  # delivered: 0.1 % of the strike
        ("stock", 1000, 40_000, 50),
    ],
)
def test_what_nobody_settles_is_ended_by_hand_at_what_it_was_worth(name, price, gross, tax):
    day, thing = carrying(name)
    day.take(expired(thing, None))
    assert by_hand(day, thing, price)[:3] == ("ControlTaken", "PositionAdjusted", "PositionClosed")
    taken, ended = day.last(e.ControlTaken), day.last(e.PositionClosed)
    assert (taken.act, taken.name, taken.by, taken.why) == ("settle", thing.key, "asha", "as MCX says")
    adjusted = day.last(e.PositionAdjusted)
    assert (adjusted.why, adjusted.price, adjusted.realised) == (BY_HAND, price, gross)
    assert (adjusted.charges, ended.reason) == (Decimal(str(tax)), "settled")
    assert day.book.positions == ()
    assert day.last(e.AlarmOver).subject == thing.key


@pytest.mark.parametrize(
    ("name", "price", "clock", "reason"),
    [
        ("put", 250, "15:45", "no_position"),
        ("dollar", 85, "15:35", "not_expired"),
        ("dollar", 0, "15:45", "worth_nothing"),
    ],
)
def test_what_no_hand_settles(name, price, clock, reason):
    day, _ = carrying("dollar")
    assert by_hand(day, THINGS[name], price, clock) == ("ControlRefused",)
    assert day.last(e.ControlRefused).reason == reason
    assert len(day.book.positions) == 1


@pytest.mark.parametrize(
    ("broker", "reason"), [("paper", ""), ("sandbox", "broker_settles"), ("zerodha", "broker_settles")]
)
def test_where_a_broker_holds_it_no_hand_settles_it(broker, reason):
    day, thing = carrying("dollar")
    day.take(e.BrokerSeen(day.at("15:44"), rc.capability(broker, on=LAST)))
    by_hand(day, thing, 85)
    refused = [fact.reason for fact in day.facts if isinstance(fact, e.ControlRefused)]
    assert (refused, len(day.book.positions)) == ([reason], 1) if reason else ([], 0)


def test_a_share_has_no_last_session():
    day = a_day(day=LAST, equity=10_000_000, max_quantity=50)
    day.fill("10:00:01", day.enter("10:00", last=1000, stop=990, target=1100), price=1000)
    by_hand(day, rc.Instrument(symbol="INFY", tick="0.05"), 1000)
    assert day.last(e.ControlRefused).reason == "not_expired"


@pytest.mark.parametrize("price", [-1, "nan", True, None, "1,000"])
def test_what_is_no_price_makes_no_such_act(price):
    with pytest.raises(ValueError, match=r"OperatorSettled\.price"):
        e.OperatorSettled(CLOSE, "asha", "as MCX says", THINGS["dollar"].key, price)

"""What is seen of a signal's instrument on a live day: prices, bars, money, closes; what is asked, and how often."""

import csv
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from _pytest.monkeypatch import MonkeyPatch
from attrs import evolve

import riskcore as rc
from riskcore.table_rows import Margin
from riskcore_openalgo.client import Client, InstrumentCache, MarginNeeded, ReadFailed
from riskcore_openalgo.live_feed.ticks import STREAM, Tick
from riskcore_openalgo.runner.evidence import LiveEvidence, PaperMoney
from riskcore_openalgo.runner.history import History, days_for, good_until
from riskcore_openalgo.testing import Fault
from tests.core.one_trade import held
from tests.gateways.desks import INFY, NOW, live_desk
from tests.runner.live_days import BAR, flat_bars

PRICES = ("open", "high", "low", "close")
SIGNAL = rc.Signal("INFY", "BUY", at=NOW)


class Fed:
    """A feed with one price, or none."""

    def __init__(self):
        self.tick = None

    def last_good(self, key):
        return self.tick


class Bench:
    """Evidence over a live desk, with bars of two sessions and a half."""

    def __init__(self, desk, book=None, **policy):
        self.desk, self.feed = desk, Fed()
        self.policy = rc.Policy(**policy)
        desk.broker.bars("NSE:INFY", "5m", flat_bars(NOW))
        self.evidence = LiveEvidence(
            desk.client,
            money=desk.account,
            instruments=InstrumentCache(desk.client),
            history=History(desk.client, bars=140),
            prices=self.feed,
            policy=lambda: self.policy,
            book=lambda: book or rc.Book(),
            clock=desk.clock.wall,
        )

    def streamed(self, price, age_s=0.0):
        """The feed has a price of so many seconds ago."""
        at = self.desk.clock.wall() - timedelta(seconds=age_s)
        self.feed.tick = Tick("NSE:INFY", Decimal(price), STREAM, at, 0.0)

    def look(self):
        """What is seen of the signal's instrument."""
        return self.evidence.market(SIGNAL, "5m", NOW)


def test_a_fresh_price_of_the_feed_is_taken_and_no_quote_is_asked_for():
    with live_desk() as desk:
        bench = Bench(desk)
        bench.streamed(1003)
        seen = bench.look()
        assert (seen.last, seen.bid, seen.quote_at) == (1003, None, NOW)
        assert desk.asked("quotes") == 0


def test_without_the_feed_a_quote_is_asked_for_with_its_sides():
    with live_desk() as desk:
        seen = Bench(desk).look()
        assert (seen.last, seen.bid, seen.ask) == (1000, Decimal("999.9"), Decimal("1000.1"))
        assert desk.asked("quotes") == 1


def test_where_a_rule_needs_the_spread_the_quote_is_asked_for_all_the_same():
    with live_desk() as desk:
        bench = Bench(desk, max_spread_pct="0.1")
        bench.streamed(1003)
        assert bench.look().ask == Decimal("1000.1")


@pytest.mark.parametrize("kind", ["status", "zero_quote"])
def test_a_quote_that_fails_leaves_the_older_price_with_its_own_time(kind):
    """So that the rule of the quote's age refuses it, and nothing is made up."""
    with live_desk() as desk:
        bench = Bench(desk)
        bench.streamed(1003, age_s=20)
        desk.broker.script(Fault("quotes", kind, times=0))
        seen = bench.look()
        assert (seen.last, seen.quote_at) == (1003, NOW - timedelta(seconds=20))


def test_F44_a_quote_of_another_instrument_is_not_taken():
    with live_desk() as desk:
        bench = Bench(desk)
        bench.streamed(1003, age_s=20)
        desk.broker.quote("NSE:OTHER", last=219)
        desk.broker.script(Fault("quotes", "wrong_quote", times=0))
        assert bench.look().last == 1003


def test_nothing_at_all_is_no_price():
    with live_desk() as desk:
        bench = Bench(desk)
        desk.broker.script(Fault("quotes", "status", times=0), Fault("history", "status", times=0))
        seen = bench.look()
        assert (seen.last, seen.atr, seen.atr_bars) == (None, None, 0)


def test_an_instrument_that_nobody_knows_is_none():
    with live_desk() as desk:
        assert Bench(desk).evidence.market(rc.Signal("NOBODY", "BUY", at=NOW), "5m", NOW) is None


def test_the_atr_is_of_finished_bars_of_the_interval_asked_for():
    with live_desk() as desk:
        seen = Bench(desk).look()
        assert (seen.atr, seen.atr_bars, seen.atr_interval) == (8, 3 * 72 + 15, "5m")


def test_money_is_read_once_for_decisions_close_to_each_other():
    with live_desk() as desk:
        bench = Bench(desk)
        assert bench.look().available_cash == 1_000_000
        bench.look()
        assert desk.asked("funds") == 1
        desk.clock.passed = 46
        bench.look()
        assert desk.asked("funds") == 2


def test_money_that_cannot_be_read_is_unknown_and_not_nought():
    with live_desk() as desk:
        desk.broker.script(Fault("funds", "status", times=0))
        seen = Bench(desk).look()
        assert (seen.available_cash, seen.cash_unknown) == (None, True)


def test_closes_of_what_is_held_come_along_where_a_limit_asks_for_correlations():
    with live_desk() as desk:
        tcs = rc.nse_equity("TCS", on=NOW.date(), tick="0.1")
        days = [
            rc.Bar(at=NOW.replace(day=day, hour=0, minute=0), open=p, high=p + 1, low=p - 1, close=p)
            for day, p in zip((16, 17, 18, 19, 20), (100, 104, 101, 107, 103), strict=True)
        ]
        book = rc.Book(positions=[held(tcs)])
        bench = Bench(desk, book, max_correlation="0.7", correlation_min_bars=2, correlation_window=3)
        for key in ("NSE:INFY", "NSE:TCS"):
            desk.broker.bars(key, "D", days)
        desk.broker.contract("NSE:TCS", tick="0.1")
        seen = bench.look()
        assert seen.closes == (("NSE:INFY", (104, 101, 107, 103)), ("NSE:TCS", (104, 101, 107, 103)))
        bench.look()
        assert desk.asked("history") == 3


# ---------------------------------------------------------------- at hand


READS = ("symbol", "history", "funds", "quotes")


def test_what_was_read_lately_is_at_hand_and_nobody_is_asked():
    with live_desk() as desk:
        bench = Bench(desk)
        bench.streamed(1003)
        seen, before = bench.look(), [desk.asked(name) for name in READS]
        assert bench.evidence.at_hand(SIGNAL, "5m") == seen
        assert [desk.asked(name) for name in READS] == before


@pytest.mark.parametrize(
    ("missing", "policy"),
    [
        ("instrument", {}),
        ("bars", {}),
        ("money", {}),
        ("price", {}),
        ("spread", {"max_spread_pct": "0.1"}),
        ("closes", {"max_correlation": "0.7", "correlation_min_bars": 2, "correlation_window": 3}),
    ],
)
def test_where_somebody_would_have_to_be_asked_nothing_is_at_hand(missing, policy):
    """And nobody is asked for it either: the turn that looks must not wait for a server."""
    with live_desk() as desk:
        bench = Bench(desk, **policy)
        bench.streamed(1003)
        if missing not in ("instrument", "closes"):
            bench.look()
        desk.clock.passed = {"bars": 301, "money": 46}.get(missing, 0)
        if missing == "bars":
            desk.account.money()
        bench.streamed(1003, age_s=3 if missing == "price" else 0)
        before = [desk.asked(name) for name in READS]
        assert bench.evidence.at_hand(SIGNAL, "5m") is None
        assert [desk.asked(name) for name in READS] == before


def test_the_money_of_paper_is_always_at_hand():
    assert PaperMoney(rc.Policy).knows_cash(NOW)


# ---------------------------------------------------------------- bars, kept


class Shelf:
    """Bars, and how often they were asked for."""

    def __init__(self, bars):
        self.bars, self.asked = bars, []

    def history(self, exchange, symbol, interval, start, end):
        self.asked.append((interval, start, end))
        return tuple(self.bars)


def test_bars_of_the_auctions_are_left_out(riskcore_data):
    """A day with a closing auction as a broker tells it: flat bars from 15:15 on, and its price at 15:29."""
    [path] = (riskcore_data / "closing_auction").glob("*.csv")
    with path.open(encoding="utf-8") as file:
        told = [
            rc.Bar(at=datetime.fromisoformat(row["timestamp"]), **{name: row[name] for name in PRICES})
            for row in csv.DictReader(file)
        ]
    early = [evolve(told[0], at=told[0].at.replace(hour=9, minute=minute)) for minute in (7, 15)]
    found = History(Shelf([*early, *told]), bars=140).finished(INFY, "1m", told[-1].at + timedelta(hours=1))
    assert told[-1].at.time() == time(15, 29)
    assert (found[0], found[-1].at.time(), len(found)) == (early[1], time(15, 14), len(told) - 14)
    daily = History(Shelf(told[-1:]), bars=140).finished(INFY, "1D", told[-1].at + timedelta(days=2))
    assert daily == (told[-1],)


def test_bars_that_lie_hours_ahead_are_unread_and_say_where_to_look():
    """Dhan's plugin shifts them where OpenAlgo's machine is on UTC: mornings of before stood for this afternoon."""
    history = History(Shelf(flat_bars(NOW + timedelta(hours=5, minutes=30))), bars=140)
    for read in (history.finished, history.so_far):
        with pytest.raises(ReadFailed, match="is yet to come: OpenAlgo's machine must be on Indian time"):
            read(INFY, "5m", NOW)


def test_bars_are_asked_for_again_only_when_one_more_must_have_ended():
    shelf = Shelf(flat_bars(NOW))
    history = History(shelf, bars=140)
    first = history.finished(INFY, "5m", NOW)
    assert first[-1].at == NOW - BAR
    history.finished(INFY, "5m", NOW + timedelta(minutes=4))
    assert len(shelf.asked) == 1
    shelf.bars = flat_bars(NOW + BAR)
    assert history.finished(INFY, "5m", NOW + BAR)[-1].at == NOW
    assert len(shelf.asked) == 2


def test_a_bar_that_runs_is_left_out_and_read_again_when_it_has_ended():
    """Its high, low and close may change until then."""
    running = flat_bars(NOW + BAR)
    shelf = Shelf(running)
    history = History(shelf, bars=140)
    at = NOW + timedelta(minutes=2)
    assert history.finished(INFY, "5m", at)[-1].at == NOW - BAR
    history.finished(INFY, "5m", NOW + BAR)
    assert len(shelf.asked) == 2


def test_a_bar_that_comes_late_is_asked_for_after_a_moment():
    assert good_until((), BAR, NOW) == NOW + timedelta(seconds=2)
    late = tuple(flat_bars(NOW - BAR))
    assert good_until(late, BAR, NOW + timedelta(seconds=1)) == NOW + timedelta(seconds=3)


@pytest.mark.parametrize(
    ("bars", "length", "days"),
    [
        (140, timedelta(minutes=5), 9),
        (140, timedelta(minutes=1), 7),
        (140, timedelta(hours=1), 44),
        (10, timedelta(days=1), 21),
    ],
)
def test_enough_days_are_asked_for(bars, length, days):
    assert days_for(bars, length) == days


def test_daily_closes_are_of_sessions_before_today_and_read_once_a_day():
    days = [rc.Bar(at=NOW.replace(day=d, hour=0, minute=0), open=1, high=1, low=1, close=1) for d in (18, 19, 20, 23)]
    shelf = Shelf(days)
    history = History(shelf, bars=140)
    assert [bar.at.day for bar in history.daily(INFY, NOW, 2)] == [19, 20]
    history.daily(INFY, NOW + timedelta(hours=3), 2)
    assert len(shelf.asked) == 1
    history.daily(INFY, NOW + timedelta(days=1), 2)
    assert len(shelf.asked) == 2


# ---------------------------------------------------------------- what the broker asks for a lot

FUTURE = "NIFTY29DEC26FUT"
FUTURES = f"NFO:{FUTURE}"
IN_IT = rc.Signal(FUTURE, "BUY", at=NOW, exchange="NFO", product="NRML")
CALL = rc.option("NIFTY", expiry=date(2026, 12, 29), strike=26000, right="CE", on=NOW.date(), tick="0.05")


@contextmanager
def in_futures(book=None, **policy):
    """Evidence where NIFTY's future trades at 26,000, of which the broker asks a tenth."""
    with live_desk() as desk:
        desk.broker.contract(FUTURES, tick="0.1", lot=65)
        desk.broker.quote(FUTURES, last=26_000, bid=25_999.9, ask=26_000.1)
        desk.broker.contract(CALL.key, tick="0.05", lot=65)
        desk.broker.quote(CALL.key, last=100, bid=99.95, ask=100.05)
        yield desk, Bench(desk, book=book, **policy)


def lot_margins(bench, signal=IN_IT):
    return bench.evidence.market(signal, "5m", NOW).margins


def test_the_broker_is_asked_what_a_lot_of_a_future_takes_once_a_minute():
    with in_futures() as (desk, bench):
        bench.feed.tick = Tick(FUTURES, Decimal(26_000), STREAM, desk.clock.wall(), 0.0)
        assert lot_margins(bench) == ((FUTURES, "NRML", "BUY", 2600 * 65),)
        desk.clock.passed = 60
        lot_margins(bench)
        assert desk.asked("margin") == 1
        desk.clock.passed = 61
        lot_margins(bench)
        assert desk.asked("margin") == 2


def test_without_a_price_the_broker_is_asked_at_its_own():
    with in_futures() as (_, bench), MonkeyPatch.context() as patch:
        asked = []
        patch.setattr(Client, "margin", lambda _, lots: asked.extend(lots) or MarginNeeded(Decimal(1), None, None))
        lot_margins(bench)
        assert [(one.quantity, one.price_type, one.price) for one in asked] == [(65, "MARKET", None)]


def test_of_shares_and_of_what_a_table_has_nothing_is_asked():
    mine = rc.Tables(margins=[Margin(exchange="NFO", segment="FUT", product="all", margin_pct=20, since="2026-01-01")])
    with in_futures(tables=mine) as (desk, bench):
        assert lot_margins(bench) == lot_margins(bench, SIGNAL) == ()
        assert desk.asked("margin") == 0


def test_what_is_held_is_asked_for_with_the_entry():
    """At the price that the book has of it; not where it is a share."""
    sold = rc.Position(instrument=CALL, side="SELL", quantity=65, average_price=100, last=80, stop=150, product="NRML")
    with in_futures(rc.Book(100_000, positions=[sold])) as (desk, bench):
        assert lot_margins(bench)[1] == (CALL.key, "NRML", "SELL", 2600 * 65)
        assert lot_margins(bench, SIGNAL) == ((CALL.key, "NRML", "SELL", 2600 * 65),)
        assert desk.asked("margin") == 2


@pytest.mark.parametrize("told", [0, -100, ReadFailed("margin", "not supported for this broker", "rejected")])
def test_what_is_no_margin_is_left_out_and_asked_for_again(told, monkeypatch):
    """So that the entry is refused by its name: nought would let any size be afforded."""

    def margin(_, wanted):
        asked.append(wanted)
        if isinstance(told, Exception):
            raise told
        return MarginNeeded(Decimal(told), None, None)

    asked = []
    monkeypatch.setattr(Client, "margin", margin)
    with in_futures() as (_, bench):
        assert lot_margins(bench) == lot_margins(bench) == ()
        assert len(asked) == 2


def test_an_option_that_is_not_sold_anyway_is_not_asked_for():
    sale = rc.Signal(CALL.symbol, "SELL", at=NOW, exchange="NFO", product="NRML")
    with in_futures() as (desk, bench):
        assert lot_margins(bench, sale) == ()
        assert desk.asked("margin") == 0
    with in_futures(sell_options=True) as (_, bench):
        assert lot_margins(bench, sale)[0][:3] == (CALL.key, "NRML", "SELL")


def test_the_margin_of_a_lot_is_at_hand_while_it_is_young():
    with in_futures() as (desk, bench):
        desk.broker.bars(FUTURES, "5m", flat_bars(NOW))
        bench.feed.tick = Tick(FUTURES, Decimal(26_000), STREAM, NOW, 0.0)
        seen = bench.evidence.market(IN_IT, "5m", NOW)
        assert bench.evidence.at_hand(IN_IT, "5m") == seen
        desk.clock.passed = 61
        desk.account.money()
        bench.feed.tick = Tick(FUTURES, Decimal(26_000), STREAM, desk.clock.wall(), 0.0)
        assert bench.evidence.at_hand(IN_IT, "5m") is None
        assert desk.asked("margin") == 1

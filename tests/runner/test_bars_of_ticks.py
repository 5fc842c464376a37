"""Bars made of a day's prices: anchored at the open, closed by the clock, whole or read from OpenAlgo instead."""

import time
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.lab.strategy import own_strategy
from riskcore_openalgo.runner.bar_watch import BarWatch
from riskcore_openalgo.runner.history import History
from riskcore_openalgo.runner.tick_bars import KEPT, Bucket, TickBars, bucket_of, buckets_after
from tests.gateways.desks import INFY, NOW
from tests.runner.live_days import BAR, flat_bars
from tests.runner.test_evidence import Shelf

KEY = "NSE:INFY"
SESSION = rc.session_on(NOW.date(), INFY)
OPENS = SESSION.opens


def at(text):
    """A time of the day."""
    return datetime.combine(NOW.date(), datetime.strptime(text, "%H:%M:%S").time(), rc.IST)  # noqa: DTZ007 - made IST


def span(clock, *prices):
    """Prices as a turn saw them at that time."""
    told = [Decimal(str(price)) for price in prices]
    return events.PricesSeen(at(clock), KEY, told[0], max(told), min(told), told[-1], at(clock), ticks=len(told))


class Made:
    """Bars of five minutes of INFY, whose stream is up from nine o'clock on."""

    def __init__(self, interval="5m"):
        self.bars, self.interval = TickBars(lambda key, moment: SESSION), interval
        assert self.bars.watch(KEY, interval)
        self.bars.see(events.ConnectionSeen(at("09:00:00"), connected=True, mode="live"))

    def see(self, *seen):
        for event in seen:
            self.bars.see(event)

    def bar(self, clock):
        return self.bars.bar(KEY, self.interval, bucket_of(SESSION, rc.interval_length(self.interval), at(clock)))


def test_buckets_are_anchored_at_the_open_and_end_with_the_session():
    hour = timedelta(hours=1)
    assert bucket_of(SESSION, hour, at("10:14:59")) == Bucket(at("09:15:00"), at("10:15:00"))
    odd = bucket_of(SESSION, timedelta(minutes=50), at("15:10:00"))
    assert odd == Bucket(at("15:05:00"), SESSION.closes)
    assert odd.ends - odd.at == timedelta(minutes=10)
    assert bucket_of(SESSION, hour, at("09:14:59")) is None
    assert bucket_of(SESSION, hour, SESSION.closes) is None
    ended = buckets_after(SESSION, BAR, at("09:20:00"), at("09:34:59"))
    assert [bucket.at for bucket in ended] == [at("09:25:00")]


def test_a_bar_has_the_first_and_last_and_extreme_prices_of_its_bucket():
    made = Made()
    made.see(span("09:15:01", 100), span("09:17:00", 103, 99, 101), span("09:19:59", 102), span("09:20:00", 90))
    bar = made.bar("09:15:00")
    assert (bar.at, bar.open, bar.high, bar.low, bar.close, bar.volume) == (OPENS, 100, 103, 99, 102, 0)
    assert made.bar("09:20:00").open == 90


def test_a_bucket_without_a_price_is_no_bar():
    made = Made()
    made.see(span("09:15:01", 100), span("09:26:00", 101))
    assert made.bar("09:20:00") is None


def test_a_span_older_than_the_running_bucket_changes_nothing_and_is_counted():
    made = Made()
    made.see(span("09:21:00", 100), span("09:19:00", 500))
    assert made.bars.late == 1
    assert made.bar("09:20:00").high == 100
    assert made.bar("09:15:00") is None


@pytest.mark.parametrize(
    "broken",
    [
        [events.ConnectionSeen(at("09:22:00"), connected=False, mode="live")],
        [
            events.ConnectionSeen(at("09:22:00"), connected=False, mode="live"),
            events.ConnectionSeen(at("09:22:01"), connected=True, mode="live"),
        ],
        [events.TroubleSeen(at("09:22:00"), "prices_stream_silent", "told", KEY)],
        [
            events.TroubleSeen(at("09:22:00"), "prices_stale", "told", KEY),
            events.TroubleOver(at("09:22:01"), "prices_stale", KEY),
        ],
    ],
)
def test_a_bucket_that_was_not_wholly_seen_is_not_given_out(broken):
    """The stream was away, or silent: what it did not tell may have been the bar's high."""
    made = Made()
    made.see(span("09:21:00", 100), *broken, span("09:24:00", 101))
    with pytest.raises(LookupError, match="were not all seen"):
        made.bar("09:20:00")


def test_the_bucket_in_which_a_runner_starts_is_not_given_out():
    made = Made()
    made.see(events.ConnectionSeen(at("09:21:00"), connected=True, mode="live"), span("09:22:00", 100))
    with pytest.raises(LookupError, match="were not all seen"):
        made.bar("09:20:00")
    made.see(span("09:26:00", 100))
    assert made.bar("09:25:00").close == 100


def test_what_is_forgotten_is_not_taken_for_an_empty_bucket():
    made = Made("1m")
    made.see(*(span(f"09:{15 + n}:30", 100 + n) for n in range(KEPT + 3)))
    with pytest.raises(LookupError, match="forgotten"):
        made.bar("09:15:00")
    assert made.bar("09:18:00").open == 103


def test_daily_bars_are_not_made_of_prices():
    assert not TickBars(lambda key, moment: SESSION).watch(KEY, "1D")


# ---------------------------------------------------------------- shown to strategies


class Watched:
    """One strategy of INFY; what it was shown, what the journal gets, and what somebody was told."""

    def __init__(
        self, strategy="tests.runner.test_bars_of_ticks:buys", bars="ticks", interval="5m", monotonic=None, **parameters
    ):
        self.now, self.shelf, self.told = NOW, Shelf(flat_bars(NOW)), []
        self.own = own_strategy("mine", strategy, symbol="INFY", interval=interval, parameters=parameters, bars=bars)
        self.watch = BarWatch(
            History(self.shelf, bars=140),
            lambda key: INFY,
            rc.Policy,
            lambda: self.now,
            {(KEY, interval): [self.own]},
            TickBars(lambda key, moment: rc.session_on(moment.date(), INFY)),
            lambda text, *, name, subject: self.told.append((name, subject, text)),
            monotonic or time.monotonic,
        )
        self.watch.see(events.ConnectionSeen(NOW - BAR, connected=True, mode="live"))

    def pass_to(self, moment):
        self.now = moment
        return [event for watched in self.watch.due(moment, ()) for event in self.watch.look(watched)]


def buys(bars, *, symbol, interval):
    return rc.Signal(symbol, "BUY", at=bars[-1].at + rc.interval_length(interval), bar_at=bars[-1].at)


class Quick:
    """A strategy of prices between bars."""

    def __init__(self, *, symbol, interval):
        self.symbol = symbol

    def on_bar(self, bars):
        return None

    def on_tick(self, prices):
        return rc.Signal(self.symbol, "SELL", at=prices.at) if prices.last < 990 else None


def prices_of(moment, *prices):
    told = [Decimal(str(price)) for price in prices]
    return events.PricesSeen(moment, KEY, told[0], max(told), min(told), told[-1], moment, ticks=len(told))


def test_a_bar_closes_by_the_clock_at_its_end_and_is_journalled_with_its_signal():
    """No later price is waited for, and OpenAlgo is not asked: its bar would come a moment later."""
    watched = Watched()
    warm, first = watched.pass_to(NOW)
    assert (warm.made_of, first.signal.bar_at) == ("history", NOW - BAR)
    assert len(warm.bars) == len(flat_bars(NOW))
    asked = len(watched.shelf.asked)
    watched.watch.see(prices_of(NOW + timedelta(seconds=30), 1001, 1005, 1002))
    assert watched.pass_to(NOW + BAR - timedelta(milliseconds=1)) == []
    shown, arrived = watched.pass_to(NOW + BAR)
    assert (shown.made_of, [bar.close for bar in shown.bars]) == ("ticks", [1002])
    assert arrived.signal.bar_at == NOW
    assert arrived.signal.strategy == "mine"
    assert len(watched.shelf.asked) == asked


def test_what_was_not_wholly_seen_is_read_a_moment_after_its_end():
    watched = Watched()
    watched.pass_to(NOW)
    watched.watch.see(events.ConnectionSeen(NOW + timedelta(minutes=1), connected=False, mode="live"))
    watched.shelf.bars = flat_bars(NOW + BAR)
    assert watched.pass_to(NOW + BAR) == []
    shown, arrived = watched.pass_to(NOW + BAR + timedelta(seconds=1))
    assert (shown.made_of, [bar.at for bar in shown.bars]) == ("history", [NOW])
    assert arrived.signal.bar_at == NOW


def test_a_strategy_that_wants_volume_gets_the_bars_of_openalgo():
    watched = Watched(bars="history")
    watched.pass_to(NOW)
    watched.watch.see(prices_of(NOW + timedelta(seconds=30), 1001))
    watched.shelf.bars = flat_bars(NOW + BAR)
    shown, _ = watched.pass_to(NOW + BAR + timedelta(seconds=1))
    assert [bar.close for bar in shown.bars] == [1000]


@pytest.mark.parametrize("bars", ["ticks", "history"])
def test_nothing_is_read_while_no_bar_can_end(bars):
    """From the last bar of a Friday to the first of Monday: nobody is asked in the nights and the week-end."""
    watched = Watched(bars=bars)
    friday, monday = datetime(2026, 11, 20, 15, 14, tzinfo=rc.IST), datetime(2026, 11, 23, 9, 20, tzinfo=rc.IST)
    watched.shelf.bars = flat_bars(friday, (18, 19, 20))
    watched.pass_to(friday)
    watched.shelf.bars = flat_bars(friday + BAR, (18, 19, 20))
    moment, asked = friday, []
    while moment < monday + timedelta(seconds=2):
        moment += timedelta(seconds=1) if moment.hour in (9, 15) and moment.date() != friday.date() else BAR / 5
        before = len(watched.shelf.asked)
        watched.pass_to(moment)
        asked += [moment] * (len(watched.shelf.asked) - before)
    assert [moment.date() for moment in asked] == [friday.date(), monday.date()]
    assert asked[0] < friday + timedelta(minutes=3)
    assert asked[1] >= monday


def test_a_bar_that_openalgo_does_not_give_is_asked_for_while_its_signals_would_count():
    """An instrument in which nobody traded for five minutes: no more is read until the next bar ends."""
    watched = Watched(bars="history")
    watched.pass_to(NOW)
    before = len(watched.shelf.asked)
    for seconds in range(1, 300):
        watched.pass_to(NOW + BAR + timedelta(seconds=seconds))
    assert 10 <= len(watched.shelf.asked) - before <= 14


def test_what_the_days_prices_lack_of_the_day_before_is_read_first():
    """The runner's stream was away when yesterday ended: its last bars are read, and stand before today's first."""
    watched, opens = Watched(), datetime(2026, 11, 25, 9, 15, tzinfo=rc.IST)
    watched.pass_to(NOW)
    watched.watch.see(prices_of(opens + timedelta(seconds=5), 1001))
    watched.shelf.bars = flat_bars(opens + BAR, (18, 19, 20, 23, 25))
    assert watched.pass_to(opens + BAR) == []
    shown, arrived = watched.pass_to(opens + BAR + timedelta(seconds=1))
    assert shown.made_of == "history"
    assert [bar.at.date().day for bar in shown.bars[-2:]] == [23, 25]
    assert arrived.signal.bar_at == opens


def test_prices_between_bars_are_asked_of_those_that_want_them():
    plain, quick = Watched(), Watched("tests.runner.test_bars_of_ticks:Quick")
    assert not plain.watch.wants(KEY)
    assert quick.watch.wants(KEY)
    assert quick.watch.tick(prices_of(NOW, 995)) == []
    [arrived] = quick.watch.tick(prices_of(NOW, 989))
    assert (arrived.signal.side, arrived.signal.strategy) == ("SELL", "mine")

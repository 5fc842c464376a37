"""The feed as a runner sees it: a server, a client of quotes, and turns."""

import json
import threading
import time
from datetime import datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import engine, events
from riskcore.testing import Scenario
from riskcore_openalgo.live_feed import FreshTiming, LiveFeed, Moment, OrderUpdate, PollTiming, by_calendar
from riskcore_openalgo.live_feed.messages import read
from tests.live_feed.made import KEY, NINE, QUICK, moment, quote, tick
from tests.live_feed.server import KEY as API_KEY, until
from tests.live_feed.test_messages import ORDER

NOBODY = "ws://127.0.0.1:1"
CLOSE = Decimal(1400)


class Day:
    """A feed that no thread drives: prices, quotes and seconds as a test tells them."""

    def __init__(self, *keys, mode="live", **more):
        self.seconds, self.woken = 0.0, 0
        self.feed = LiveFeed(
            NOBODY,
            lambda: API_KEY,
            lambda wanted: {},
            mode=mode,
            clock=lambda: moment(self.seconds).at,
            monotonic=lambda: moment(self.seconds).mono,
            wake=self.wake,
            **more,
        )
        self.feed.watch(keys or (KEY,))

    def wake(self):
        self.woken += 1

    def stream(self, price, **more):
        self.feed._tick(tick(price, self.seconds, **more))

    def poll(self, last, key=KEY, **more):
        now = moment(self.seconds)
        self.feed._quote(key, quote(last, **{"volume": int(self.seconds * 10), **more}), now, now)

    def turn(self, seconds):
        self.seconds = seconds
        return self.feed.inputs(moment(seconds).at)

    def troubles(self, seconds):
        return [event for event in self.turn(seconds) if isinstance(event, (events.TroubleSeen, events.TroubleOver))]


def test_a_drifting_clock_is_an_input_and_halts_entries_where_the_policy_says_so():
    """The first measurement, and each that is half a second away from the last one told."""
    day = Day()
    for ahead in ("0.012", "0.4", "2.61", "2.7", "0.2"):
        day.feed._clock_ahead(Decimal(ahead))
        day.seconds += 1
        seen = [(event.at, event.drift_s) for event in day.turn(day.seconds)]
        told = {"0.012": "0.0", "2.61": "2.6", "0.2": "0.2"}.get(ahead)
        assert seen == ([(moment(day.seconds).at, Decimal(told))] if told else [])
        assert day.woken == 1 + (day.seconds >= 3) + (day.seconds >= 5)
    scene = Scenario(rc.Policy(max_clock_drift_s=2))
    state = engine.step(scene.state, events.ClockSeen(scene.at("09:17"), Decimal("2.6")), scene.policy).state
    assert [latch.name for latch in state.book.latches] == ["max_clock_drift_s"]


def test_streamed_prices_of_another_instrument_confirm_nothing():
    """Two of them agreed, "reached" a target, and the stop was taken back for an exit at a price that nobody paid."""
    day = Day()
    day.stream(1400, previous_close=Decimal(1390))
    for seconds in (0.5, 1, 1.5):
        day.seconds = seconds
        day.stream(2100, previous_close=Decimal(2090))
    day.seconds = 2
    day.stream(1401, previous_close=Decimal(1390))
    [span] = day.turn(2)
    assert (span.first, span.high, span.last, span.ticks) == (1400, 1401, 1401, 2)
    assert day.feed.counts()["quotes.wrong_instrument"] == 3
    for seconds in (3, 5, 7.9):  # true prices between them begin it anew
        day.seconds = seconds
        day.stream(2100, previous_close=Decimal(2090))
    assert day.turn(8) == []
    day.seconds = 8.1
    day.stream(2101, previous_close=Decimal(2090))
    [span] = day.turn(9)
    assert span.last == 2101


@pytest.mark.parametrize("close", [None, Decimal(0), Decimal(1390), Decimal("1390.5"), Decimal(1400)])
def test_a_price_that_jumps_under_its_own_close_or_under_none_is_a_price(close):
    """Nor is what some stream calls its close a name, as long as the price is near the last one."""
    day = Day()
    day.stream(1400, previous_close=Decimal(1390))
    day.seconds = 1
    day.stream(2100 if close != 1400 else 1410, previous_close=close)
    assert day.turn(2)[0].ticks == 2


def test_a_turn_gets_spans_of_both_sources():
    day = Day()
    day.stream(1400)
    day.seconds = 1
    day.poll(1401)
    [span] = day.turn(2)
    assert (span.first, span.last, span.ticks, span.sources) == (1400, 1401, 2, ("poll", "stream"))
    assert day.turn(3) == []
    assert day.woken == 2


def test_F44_a_quote_of_another_instrument_reaches_no_turn_and_stops_nobody_out():
    """A position with its stop at 1,380, a wrong answer at 219: the engine sees nothing of it."""
    share = rc.Instrument(symbol="RELIANCE", tick="0.05")
    told = Scenario(rc.Policy(max_position_size_percent=100, max_sector_exposure=100), share, day=NINE.date())
    entry = told.enter("10:00", last=1400, stop=1380, target=1500)
    told.fill("10:00:01", entry, price=1400)
    day = Day()
    for second in range(0, 20, 2):
        day.seconds = second
        day.stream(1400)
        day.poll(219, previous_close=Decimal(220), low=Decimal(215), high=Decimal(224))
        for event in day.turn(second + 1):
            assert "ExitApproved" not in told.take(event)
    assert day.feed.counts()["quotes.far_from_stream"] == 10
    day.stream(1379)
    assert told.take(day.turn(40)[0])[-1] == "StopTouched"
    day.stream(1379)
    assert "ExitApproved" in told.take(day.turn(41)[0])


def test_F43_silence_is_told_once_stops_the_instrument_and_is_over_with_the_next_price():
    """Connected, and every quote the same as the one before, for ninety seconds."""
    day = Day(KEY, "NSE:TCS")
    told = []
    for second in range(91):
        day.seconds = second
        day.stream(3000 + second, key="NSE:TCS")
        if second == 0:
            day.stream(1400)
        day.poll(1400, volume=1)
        told += day.troubles(second)
    [seen] = told
    assert seen == events.TroubleSeen(moment(30).at, "prices_stale", seen.why, KEY)
    assert "NSE:RELIANCE for 30 s" in seen.why
    state = engine.step(engine.State(), seen, rc.Policy()).state
    assert [(latch.name, latch.key) for latch in state.book.latches] == [("prices_stale", KEY)]
    day.stream(1400)
    [over] = day.troubles(92)
    assert over == events.TroubleOver(moment(92).at, "prices_stale", KEY)
    assert engine.step(state, over, rc.Policy()).state.book.latches == ()


def test_F43_a_market_that_is_closed_is_neither_stale_nor_asked_for_quotes():
    hours = [True]
    day = Day(is_open=lambda key, at: hours[0])
    day.stream(1400)
    assert day.feed._to_poll() == [KEY]
    assert [type(event).__name__ for event in day.turn(0)] == ["PricesSeen"]
    assert [event.name for event in day.troubles(60)] == ["prices_stale"]
    hours[0] = False
    assert [type(event).__name__ for event in day.turn(61)] == ["TroubleOver"]
    assert day.troubles(7200) == []
    assert day.feed._to_poll() == []


def test_F43_a_stream_that_is_silent_while_quotes_trade_is_told_by_its_name():
    day = Day(fresh=FreshTiming(stale_after_s=30))
    day.stream(1400)
    told = []
    for second in range(0, 40, 2):
        day.seconds = second
        day.poll(1400 + second / 10)
        told += day.troubles(second)
    [seen] = told
    assert (seen.name, seen.key) == ("prices_stream_silent", KEY)


def test_sources_that_disagree_are_told_and_agree_again():
    day = Day()
    told = []
    for second in range(0, 8, 2):
        day.seconds = second
        day.stream(1400)
        day.poll(1500)
        told += day.troubles(second)
    [seen] = told
    assert (seen.name, seen.key) == ("prices_disagree", KEY)
    day.stream(1500)
    day.poll(1500)
    assert day.troubles(10) == [events.TroubleOver(moment(10).at, "prices_disagree", KEY)]


def test_the_trouble_of_an_instrument_nobody_watches_any_more_is_over():
    """So is one that an earlier run told, as soon as the instrument is heard of again, and not before."""
    day = Day(KEY)
    day.turn(0)
    assert [event.name for event in day.troubles(31)] == ["prices_stale"]
    day.feed.watch(["NSE:TCS"])
    assert day.troubles(33) == [events.TroubleOver(moment(33).at, "prices_stale", KEY)]
    again = Day(KEY)
    latches = [
        rc.Latch("prices_stale", "halted", NINE, "riskcore", "silent", "condition", key=KEY),
        rc.Latch("operator_halted", "halted", NINE, "asha", "lunch"),
    ]
    again.feed.resume(latches)
    assert again.troubles(1) == again.troubles(60) == []
    again.stream(1400)
    assert again.troubles(61) == [events.TroubleOver(moment(61).at, "prices_stale", KEY)]


def test_a_silent_stream_is_subscribed_again_but_not_each_second():
    day = Day()
    day.feed.stream.up = True
    for second in range(130):
        day.turn(second)
        if day.feed.stream._repeated:
            day.woken += 1000
            day.feed.stream._repeated.clear()
    assert day.woken == 2000


def test_a_stream_that_brings_no_price_any_more_while_quotes_move_is_connected_anew():
    """Not one that is as silent as its quotes: an instrument that nobody trades."""
    for moves, renewed in ((True, True), (False, False)):
        day = Day()
        day.feed.stream.up, day.feed.stream._priced = True, moment(0).mono
        day.stream(1400)
        for second in range(0, 40, 2):
            day.seconds = second
            day.poll(1400 + second / 10 * moves, volume=int(second * moves) + 1)
            day.turn(second)
        assert day.feed.stream._renewing.is_set() is renewed
        assert bool(day.feed.stream._repeated) is not renewed


def test_the_connection_is_told_when_it_changes_and_from_the_first_time_on():
    """Not each try; a gap that closed within one turn is told too."""
    day = Day(mode="paper")
    day.feed._connection(False, "no connection")
    day.feed._connection(False, "refused")
    seen = [(event.connected, event.mode) for event in day.turn(1)]
    assert seen == [(False, "paper")]
    day.feed._connection(True, "")
    day.feed._connection(False, "lost")
    day.feed._connection(True, "")
    assert [event.connected for event in day.turn(2)] == [True, False, True]
    assert day.feed.orders_missed()
    assert not day.feed.orders_missed()


def update(**more):
    told = read(json.dumps({**ORDER, **more}), moment())
    assert isinstance(told, OrderUpdate)
    return told


def test_F24_orders_of_the_other_mode_are_left():
    """The analyzer was switched on beside a live account, or the reverse; an update that does not say is taken."""
    live, paper = Day(mode="live"), Day(mode="paper")
    analyze, real, silent = update(), update(mode="live"), update(mode=None)
    for told in (analyze, real, silent):
        for day in (live, paper):
            day.feed._order(told)
    assert live.feed.order_updates() == [real.order, silent.order]
    assert paper.feed.order_updates() == [analyze.order, silent.order]
    assert live.feed.order_updates() == []


def test_only_live_and_paper_are_modes():
    with pytest.raises(ValueError, match="must be live or paper"):
        Day(mode="shadow")


def test_hours_are_the_calendars_and_what_nobody_knows_is_open():
    share = rc.nse_equity("RELIANCE", on=NINE.date(), tick=0.10)
    is_open = by_calendar({share.key: share})
    at = datetime(2026, 11, 23, 9, 15, tzinfo=rc.IST)
    assert is_open(share.key, at)
    assert not is_open(share.key, at.replace(minute=14))
    assert not is_open(share.key, at.replace(day=22))
    assert is_open("NSE:OTHER", at.replace(day=22))
    assert is_open(share.key, at.replace(year=2090))


@pytest.fixture
def runs(url):
    """A feed with its threads, a client whose quotes can be changed, and a runner's loop that sleeps until woken."""
    bell, quotes = threading.Event(), {KEY: quote(1400)}
    feed = LiveFeed(
        url,
        lambda: API_KEY,
        lambda keys: {key: quotes[key] for key in keys if key in quotes},
        mode="live",
        clock=lambda: datetime.now(rc.IST),
        monotonic=time.monotonic,
        wake=bell.set,
        stream=QUICK,
        poll=PollTiming(every_s=0.01),
    )
    feed.watch([KEY])
    feed.start()
    yield feed, quotes, bell
    assert feed.stop()


def turns(feed, bell, enough):
    """The inputs of turns, each after a sleep until something arrived, until they are enough."""
    told = []

    def turn():
        bell.wait(0.05)
        bell.clear()
        told.extend(feed.inputs(datetime.now(rc.IST)))
        return enough(told)

    until(turn)
    return told


def test_a_day_with_a_gap_over_a_real_connection(fake, runs):
    """Prices, a drop, polled quotes meanwhile, and the stream again; time never runs back in what a turn gets."""
    feed, quotes, bell = runs
    until(lambda: fake.subscribed.get(KEY) == 1)
    stamp = int(time.time() * 1000)
    fake.tick("RELIANCE", 1400, stamp)
    fake.tick("RELIANCE", 1400, stamp)
    fake.tick("RELIANCE", 1390, stamp - 1)
    fake.tick("RELIANCE", 1403, stamp + 1)
    told = turns(feed, bell, lambda all_: any(e.high == 1403 for e in all_ if isinstance(e, events.PricesSeen)))
    assert min(e.low for e in told if isinstance(e, events.PricesSeen)) == 1400
    counts = feed.counts()
    assert (counts["prices.duplicate"], counts["prices.late"]) == (1, 1)
    fake.drop()
    quotes[KEY] = quote(1404, volume=77)
    told += turns(feed, bell, lambda all_: any(e.last == 1404 for e in all_ if isinstance(e, events.PricesSeen)))
    until(lambda: fake.subscribed.get(KEY) == 2)
    fake.tick("RELIANCE", 1405, stamp + 500)
    told += turns(feed, bell, lambda all_: any(e.last == 1405 for e in all_ if isinstance(e, events.PricesSeen)))
    ups = [event.connected for event in told if isinstance(event, events.ConnectionSeen)]
    assert ups == [True, False, True]
    moments = [bound for e in told if isinstance(e, events.PricesSeen) for bound in (e.since, e.at)]
    assert moments == sorted(moments)
    assert feed.prices.last_good(KEY).price == Decimal(1405)
    assert feed.prices.age(KEY, Moment(NINE, time.monotonic())) < 60


def test_a_frozen_peer_is_told_to_the_turn_while_quotes_go_on(fake, url):
    """The stream stands still with its connection up; what is polled is seen all the same."""
    bell, quotes = threading.Event(), {KEY: quote(1400, volume=1)}
    feed = LiveFeed(
        url,
        lambda: API_KEY,
        lambda keys: dict(quotes),
        mode="live",
        clock=lambda: datetime.now(rc.IST),
        monotonic=time.monotonic,
        wake=bell.set,
        previous_close=lambda key: CLOSE,
        stream=attrs.evolve(QUICK, dead_after_s=2, login_s=5),
        poll=PollTiming(every_s=0.01),
    )
    feed.watch([KEY])
    feed.start()
    told = turns(feed, bell, lambda all_: events.ConnectionSeen in map(type, all_))
    if not any(isinstance(e, events.PricesSeen) for e in told):
        told += turns(feed, bell, lambda all_: any(isinstance(e, events.PricesSeen) for e in all_))
    fake.freeze()
    quotes[KEY] = quote(1402, volume=2)
    told += turns(feed, bell, lambda all_: [e for e in all_ if isinstance(e, events.ConnectionSeen)])
    assert [e.connected for e in told if isinstance(e, events.ConnectionSeen)] == [True, False]
    if not any(isinstance(e, events.PricesSeen) and e.last == 1402 for e in told):
        told += turns(feed, bell, lambda all_: any(isinstance(e, events.PricesSeen) for e in all_))
    assert [e.last for e in told if isinstance(e, events.PricesSeen)] == [1400, 1402]
    assert feed.stop()


def test_orders_come_through_as_rows_and_the_first_login_says_that_some_may_be_missing(fake, runs):
    feed, _, _ = runs
    until(lambda: fake.orders)
    until(feed.orders_missed)
    fake.send({**ORDER, "mode": "live"})
    found = []
    until(lambda: found.extend(feed.order_updates()) or found)
    assert (found[0].id, found[0].status, found[0].key) == ("26112327430391", "trigger_pending", KEY)

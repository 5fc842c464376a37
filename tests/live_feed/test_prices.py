"""Prices conflated: what a span holds, what is dropped, and how old everything is."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest

from riskcore_openalgo.live_feed import POLL, Prices, Stale
from tests.live_feed.made import KEY, NINE, moment, tick


def watching(*keys, **more):
    prices = Prices(**more)
    prices.watch(keys or (KEY,), moment())
    return prices


def spans(prices, seconds):
    return [
        (s.key, s.first, s.high, s.low, s.last, s.ticks, s.sources, s.since, s.at) for s in prices.take(moment(seconds))
    ]


def test_a_span_is_the_first_the_extremes_and_the_last():
    """With how many prices it is of, from which sources; the next one begins where it ended."""
    prices = watching()
    for n, price in enumerate((1400, 1407, 1391, 1402)):
        assert prices.add(tick(price, n)) == ""
    prices.add(tick(1401, 4, POLL))
    assert spans(prices, 5) == [(KEY, 1400, 1407, 1391, 1401, 5, ("poll", "stream"), moment(0).at, moment(5).at)]
    assert spans(prices, 6) == []
    prices.add(tick(1410, 9))
    assert spans(prices, 10) == [(KEY, 1410, 1410, 1410, 1410, 1, ("stream",), moment(5).at, moment(10).at)]


def test_each_instrument_has_its_own_span_and_only_those_with_news():
    prices = watching("NSE:A", "NSE:B", "NSE:C")
    prices.add(tick(20, 1, key="NSE:B"))
    prices.add(tick(10, 2, key="NSE:A"))
    assert [span.key for span in prices.take(moment(3))] == ["NSE:B", "NSE:A"]


def test_time_runs_forward():
    """By the sender's stamp within one source, and by our clock between two."""
    prices = watching()
    assert prices.add(tick(1400, 10, made_s=9.5)) == ""
    assert prices.add(tick(1300, 11, made_s=9.0)) == "late"
    assert prices.add(tick(1300, 9, POLL)) == "late"
    assert prices.add(tick(1401, 11, POLL)) == ""
    assert prices.add(tick(1402, 12, made_s=11.5)) == ""
    [span] = prices.take(moment(13))
    assert (span.low, span.ticks) == (Decimal(1400), 3)
    assert prices.counts == {(KEY, "late"): 2}


def test_what_was_told_before_is_dropped():
    """The same stamp and price again, as a client of a lower mode is sent; another price of that stamp is news."""
    prices = watching()
    assert prices.add(tick(1400, 1, made_s=0.9)) == ""
    assert prices.add(tick(1400, 1.2, made_s=0.9)) == "duplicate"
    assert prices.add(tick(1401, 1.3, made_s=0.9)) == ""
    assert prices.add(tick(1401, 1.4)) == ""


def test_a_price_of_what_nobody_watches_is_dropped():
    prices = watching()
    assert prices.add(tick(10, key="NSE:OTHER")) == "not_watched"
    prices.watch([], moment(1))
    assert prices.add(tick(1400, 2)) == "not_watched"
    assert prices.take(moment(3)) == []


def test_what_stays_watched_keeps_what_is_known_of_it():
    prices = watching()
    prices.add(tick(1400, 1))
    prices.watch([KEY, "NSE:TCS"], moment(2))
    assert prices.last_good(KEY).price == 1400
    assert prices.last_good("NSE:TCS") is None
    assert len(prices.take(moment(3))) == 1


def test_a_wall_clock_that_is_set_back_turns_no_span_round():
    prices = watching()
    prices.add(tick(1400, 10))
    [first] = prices.take(moment(11))
    prices.add(tick(1401, 12))
    [second] = prices.take(moment(11)._replace(at=NINE))
    assert first.since <= first.at <= second.since <= second.at


def test_F46_a_first_price_that_is_weeks_old_is_dropped():
    """By the stamp of its sender; the first one of today is taken, and it is no price until then."""
    prices = watching()
    weeks = timedelta(days=17).total_seconds()
    assert prices.add(tick(1120, 1, made_s=-weeks)) == "old"
    assert prices.add(tick(1121, 2, made_s=-weeks + 5)) == "old"
    assert prices.last_good(KEY) is None
    assert prices.age(KEY, moment(2)) is None
    assert prices.add(tick(1400, 3, made_s=2.9)) == ""
    assert [span.low for span in prices.take(moment(4))] == [Decimal(1400)]


def test_the_last_trade_of_an_hour_ago_is_no_news():
    """It is told once at subscribing; a stamp of today that is late is dropped until it moves on."""
    prices = watching()
    assert prices.add(tick(1390, 1, made_s=-3600)) == "old"
    assert prices.add(tick(1390, 2, made_s=-3600)) == "old"
    assert prices.add(tick(1400, 3, made_s=2.9)) == ""


def test_a_stamp_of_another_day_is_old_however_the_price_moves():
    prices, yesterday = watching(), -24 * 3600
    assert [prices.add(tick(1400 + n, n, made_s=yesterday)) for n in range(3)] == ["old"] * 3


def test_a_sender_whose_clock_is_off_is_heard_from_its_second_price_on():
    """Half a day in a wrong time zone, both ways: what moves on is made now."""
    prices = watching()
    behind = -5.5 * 3600
    assert prices.add(tick(1400, 1, made_s=behind + 1)) == "old"
    assert prices.add(tick(1401, 2, made_s=behind + 2)) == ""
    ahead = watching()
    assert ahead.add(tick(1400, 1, made_s=-behind + 1)) == ""


def test_the_age_is_that_of_the_newest_price_by_the_monotonic_clock():
    """A wall clock that jumps changes nothing in it."""
    prices = watching()
    assert prices.age(KEY, moment(1)) is None
    prices.add(tick(1400, 2))
    assert prices.age(KEY, moment(7)._replace(at=NINE)) == pytest.approx(5)
    assert prices.last_good(KEY).source == "stream"


def test_F43_silence_of_both_sources_in_an_open_market_is_stale():
    """Connected or not: what counts is that nothing new was heard."""
    prices = watching()
    prices.add(tick(1400, 0))
    prices.stale(moment(0), 30)
    assert prices.stale(moment(29.9), 30) == ()
    [found] = prices.stale(moment(90), 30)
    assert found == Stale(KEY, "silent", 90.0)
    assert str(found) == "nothing new of NSE:RELIANCE for 90 s of open market"
    prices.add(tick(1400, 91))
    assert prices.stale(moment(92), 30) == ()


def test_F43_a_closed_market_is_never_stale_and_its_opening_begins_the_count():
    """A lunch of an hour, and a night: the first look at the open market is where silence starts to count."""
    hours = [True]
    prices = watching(is_open=lambda key, at: hours[0])
    prices.add(tick(1400, 0))
    prices.stale(moment(1), 30)
    hours[0] = False
    assert prices.stale(moment(3600), 30) == ()
    hours[0] = True
    assert prices.stale(moment(3601), 30) == ()
    assert prices.stale(moment(3630), 30) == ()
    assert [found.age_s for found in prices.stale(moment(3631), 30)] == [30]


def test_F43_a_stream_that_is_silent_while_polled_quotes_trade_is_told_by_name():
    """Trades it does not tell are the proof; quotes whose bid and ask alone move are not."""
    prices = watching()
    prices.add(tick(1400, 0))
    prices.stale(moment(0), 30)
    for second in range(2, 60, 2):
        prices.add(tick(1400, second, POLL, traded=False))
    assert prices.stale(moment(60), 30) == ()
    prices.add(tick(1402, 62, POLL))
    [found] = prices.stale(moment(62), 30)
    assert (found.why, found.age_s) == ("stream_silent", 62)
    assert "while polled quotes move" in str(found)
    prices.add(tick(1402, 63))
    assert prices.stale(moment(64), 30) == ()


def test_what_was_never_heard_of_is_stale_from_when_it_was_watched():
    prices = watching()
    prices.watch([KEY, "NSE:TCS"], moment(100))
    prices.add(tick(1400, 129))
    assert prices.stale(moment(100), 30) == ()
    assert [found.key for found in prices.stale(moment(130), 30)] == ["NSE:TCS"]


def test_prices_come_from_several_threads_and_none_is_lost():
    keys = [f"NSE:S{n}" for n in range(4)]
    prices = watching(*keys)
    seen = []

    def tell(key):
        for n in range(500):
            prices.add(tick(100 + n, n, key=key))

    threads = [threading.Thread(target=tell, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen += prices.take(moment(1000))
    seen += prices.take(moment(1000))
    for key in keys:
        assert sum(span.ticks for span in seen if span.key == key) == 500
        assert max(span.high for span in seen if span.key == key) == Decimal(599)


@pytest.mark.parametrize(("ahead_s", "taken"), [(3600, True), (5.1, True), (5, False)])
def test_a_stamp_from_the_future_holds_up_no_price_after_it(ahead_s, taken):
    """One tick of another clock, and every price until then would have been late."""
    prices = watching()
    assert prices.add(tick(1000, 1, made_s=1 + ahead_s)) == ""
    assert (prices.add(tick(999, 2, made_s=2)) == "") is taken
    assert (prices.add(tick(998, 3, made_s=3)) == "") is taken


def test_before_and_after_it_what_is_late_is_late():
    prices = watching()
    prices.add(tick(1000, 1, made_s=1))
    prices.add(tick(1000.1, 2, made_s=9000))
    assert prices.add(tick(999, 3, made_s=0.5)) == "late"

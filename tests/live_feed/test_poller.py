"""Quotes asked for beside the stream, with a client that answers, fails, or hangs."""

import threading
from decimal import Decimal

import pytest

from riskcore_openalgo.live_feed import Poller, PollTiming
from tests.live_feed.conftest import real_moment
from tests.live_feed.made import AQuote, quote
from tests.live_feed.server import until

QUICK = PollTiming(every_s=0.01, longest_s=0.04)


class Client:
    """Answers as it is told; `asked` are the keys of each question."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def quotes(self, keys):
        self.asked.append(list(keys))
        if isinstance(self.answers.get("ALL"), Exception):
            raise self.answers["ALL"]
        return {key: self.answers[key] for key in keys if key in self.answers}


def made(client, keys=("A", "B"), heard=None, **more):
    told = [] if heard is None else heard
    poller = Poller(
        client.quotes, lambda: keys, lambda *row: told.append(row), clock=real_moment, **{"timing": QUICK, **more}
    )
    return poller, told


def test_a_round_asks_once_for_all_and_hands_each_quote_over():
    """With the moment before the question: no answer is known to be newer."""
    client = Client(A=quote(10), B=quote(20))
    poller, told = made(client)
    before = real_moment()
    poller.round()
    assert client.asked == [["A", "B"]]
    assert [(key, row.last) for key, row, _, _ in told] == [("A", Decimal(10)), ("B", Decimal(20))]
    assert all(before.mono <= asked.mono <= now.mono for _, _, asked, now in told)


def test_what_fails_for_one_instrument_is_counted_and_takes_nothing_from_the_others():
    poller, told = made(Client(A=RuntimeError("unknown symbol"), C=AQuote()), keys=("A", "B", "C"))
    poller.round()
    assert [key for key, *_ in told] == ["C"]
    assert poller.counts == {"refused": 1, "missing": 1}
    assert poller.failures == 0


def test_a_question_that_fails_is_asked_again_ever_more_slowly():
    """Until one instrument is answered again; 429 or a dead server, it makes no difference."""
    client = Client(ALL=RuntimeError("429: 50 per 1 second"))
    poller, told = made(client)
    for _ in range(3):
        poller.round()
    assert (poller.failures, poller.counts["no_answer"], told) == (3, 3, [])
    client.answers = {"A": RuntimeError("no")}
    poller.round()
    assert poller.failures == 4
    client.answers = {"A": quote(10)}
    poller.round()
    assert poller.failures == 0


def test_the_waits():
    """Two seconds, a fifth of it by chance; doubled by each failure, up to thirty."""
    timing = PollTiming()
    assert [timing.wait_s(failures, 0) for failures in (0, 1, 2, 9, 5000)] == [2, 4, 8, 30, 30]
    assert timing.wait_s(0, 1) == pytest.approx(1.6)
    assert PollTiming(every_s=60).wait_s(3, 0) == 60


def test_every_watched_instrument_is_asked_for_within_five_seconds():
    """By default: between 1.6 and 2 seconds after the round before."""
    assert 1 <= PollTiming().wait_s(0, 1) <= PollTiming().wait_s(0, 0) <= 5


def test_nothing_watched_nothing_asked():
    client = Client()
    poller, _ = made(client, keys=())
    poller.round()
    assert client.asked == []


def test_it_goes_on_by_itself_until_it_is_stopped():
    """Whatever whoever listens, or whoever says what to ask for, does."""
    client, calls = Client(A=quote(10)), []

    def keys():
        calls.append(None)
        if len(calls) == 2:
            raise RuntimeError("the list is being changed")
        return ["A"]

    def fails(*_):
        raise RuntimeError("too late")

    poller = Poller(client.quotes, keys, fails, clock=real_moment, timing=QUICK)
    poller.start()
    until(lambda: len(client.asked) >= 4)
    assert poller.stop()
    assert poller.counts["failed"] == 1
    assert poller.counts["callback_failed"] >= 4
    with pytest.raises(RuntimeError, match="make another one"):
        poller.start()


def test_a_client_that_hangs_is_not_waited_for_longer_than_asked():
    """The thread ends with the question; one that was never started can be stopped too."""
    begun, hangs = threading.Event(), threading.Event()

    def ask(keys):
        begun.set()
        hangs.wait()
        return {}

    poller = Poller(ask, lambda: ["A"], print, clock=real_moment, timing=QUICK)
    assert poller.stop()
    poller = Poller(ask, lambda: ["A"], print, clock=real_moment, timing=QUICK)
    poller.start()
    assert begun.wait(20)
    assert not poller.stop(0.02)
    hangs.set()
    assert poller.stop()


def test_a_broker_that_takes_few_calls_is_asked_as_seldom_as_it_allows():
    def least_s(keys):
        return 10.0 * len(keys)

    keys = ["NFO:NIFTY29DEC26FUT"]
    poller = Poller(lambda asked: {}, lambda: keys, print, clock=real_moment, timing=PollTiming(), least_s=least_s)
    poller.round()
    assert poller.pause_s() == 10
    poller.failures = 9
    assert poller.pause_s() >= 24
    keys.clear()
    poller.round()
    poller.failures = 0
    assert 1.6 <= poller.pause_s() <= 2

"""Tokens: never more in any second than allowed, some of them kept for exits, whoever asks and however many at once."""

import threading
import time
from datetime import date
from types import SimpleNamespace

import pytest
from attrs import evolve
from hypothesis import given, strategies as st

import riskcore as rc
from riskcore_openalgo.client import Budget, ReadFailed
from riskcore_openalgo.client.calls import PACED, Calls
from tests.client.conftest import Clock
from tests.client.peer import recorded, success

pytestmark = pytest.mark.smoke


def by_row(**more):
    """What some broker takes."""
    return evolve(rc.capability("any", on=date(2026, 11, 30)), **more)


def made(clock, **options):
    return Budget(monotonic=clock, sleep=clock.sleep, **options)


def test_entries_leave_the_tokens_of_exits_alone(clock):
    budget = made(clock)
    assert [budget.take("entry") for _ in range(6)] == [True] * 4 + [False] * 2
    assert [budget.take("exit") for _ in range(4)] == [True] * 3 + [False]


def test_exits_may_take_all_and_then_no_entry_goes(clock):
    budget = made(clock)
    assert [budget.take("exit") for _ in range(8)] == [True] * 7 + [False]
    assert not budget.take("entry")
    clock.now += 1
    assert budget.take("entry")


def test_an_exit_waits_until_there_is_room_and_at_most_as_long_as_it_may(clock):
    budget = made(clock, orders_per_s=2, reserved_for_exits=1)
    assert budget.take("exit", 1)
    clock.now += 0.4
    assert budget.take("exit", 1)
    assert budget.take("exit", 1)
    assert clock.now == pytest.approx(1001.0)
    assert not budget.take("exit", 0.3)
    assert clock.now == pytest.approx(1001.0)


def test_no_second_of_anybodys_clock_holds_more_than_allowed(clock):
    """A burst at the end of one second and one at the beginning of the next are one burst to another clock."""
    budget = made(clock, orders_per_s=7)
    clock.now = 1000.95
    assert sum(budget.take("exit") for _ in range(10)) == 7
    clock.now = 1001.05
    assert sum(budget.take("exit") for _ in range(10)) == 0
    clock.now = 1001.96
    assert sum(budget.take("exit") for _ in range(10)) == 7


def test_reads_and_orders_do_not_take_from_each_other(clock):
    budget = made(clock, reads_per_s=2)
    assert [budget.take("read") for _ in range(3)] == [True, True, False]
    assert budget.take("entry")


def test_after_a_complaint_entries_pause_for_a_second_reads_after_theirs_and_exits_never(clock):
    budget = made(clock)
    budget.back_off("exit")
    assert (budget.take("entry"), budget.take("exit"), budget.take("read")) == (False, True, True)
    budget.back_off("read")
    assert (budget.take("exit"), budget.take("read")) == (True, False)
    assert budget.take("entry", 1)
    assert clock.now == 1001.0


@pytest.mark.parametrize(
    "options", [{"reserved_for_exits": 7}, {"reserved_for_exits": -1}, {"reads_per_s": 0}, {"orders_per_s": 0}]
)
def test_a_budget_that_would_stop_everything_cannot_be_made(options):
    with pytest.raises(ValueError, match="Budget"):
        Budget(**options)


def test_threads_share_one_budget(clock):
    budget = made(clock, orders_per_s=50, reserved_for_exits=10)
    taken = []
    start = threading.Barrier(8)

    def ask():
        start.wait()
        taken.extend(budget.take("entry") for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(True) == 40


@given(steps=st.lists(st.tuples(st.sampled_from(["entry", "exit"]), st.floats(0, 0.6), st.floats(0, 1)), max_size=60))
def test_in_any_window_of_a_second_the_limits_hold(steps):
    clock = Clock()
    budget = made(clock, orders_per_s=5, reserved_for_exits=2)
    sent = []
    for kind, pause, wait in steps:
        clock.now += pause
        if budget.take(kind, wait):
            sent.append((clock.now, kind))
    for end, kind in sent:
        window = [other for other, _ in sent if end - 1 < other <= end]
        assert len(window) <= 5
        if kind == "entry":
            before = [other for at, (other, _) in enumerate(sent) if end - 1 < other and at <= sent.index((end, kind))]
            assert len(before) <= 3


def test_few_reads_leave_most_of_a_second_to_orders_where_a_broker_takes_few_calls(clock):
    """Eight reads in a second, and a stop that was moved was refused as one call too many: ten are taken in all."""
    budget = made(clock)
    budget.read_fewer(few=True)
    assert [budget.take("read") for _ in range(6)] == [True] * 5 + [False]
    clock.now += 1
    budget.read_fewer(few=False)
    assert all(budget.take("read") for _ in range(20))
    slow = made(clock, reads_per_s=2)
    slow.read_fewer(few=True)
    assert [slow.take("read") for _ in range(3)] == [True, True, False]


# ---------------------------------------------------------------- a broker that shows each book once a second


def test_a_book_is_read_once_a_second_where_its_broker_shows_it_no_more_often(make_client, peer, slept):
    peer.says("orderbook", success({"orders": []}))
    peer.says("tradebook", success([]))
    client = make_client()
    for _ in range(9):
        client.orders()
    assert slept == []
    client.pace(by_row(paces_books=True))
    client.orders()
    client.trades()
    assert slept == []
    client.orders()
    assert slept == [pytest.approx(1.1, abs=0.5)]
    client.pace(by_row())
    for _ in range(9):
        client.orders()
    assert len(slept) == 1


def test_the_money_is_asked_for_as_seldom_as_a_book_where_books_are_shown_once_a_second(make_client, peer, slept):
    peer.says("funds", recorded("live_mode", "funds"))
    client = make_client()
    client.pace(by_row(calls_a_minute=200))
    for _ in range(9):
        client.funds()
    assert slept == []
    client.pace(by_row(paces_books=True))
    client.funds()
    client.funds()
    assert slept == [pytest.approx(1.1, abs=0.5)]


def test_one_answer_serves_all_who_waited_for_it_and_nobody_who_asks_later(make_client, peer):
    """An exit that reads the order book beside the account's reader had both refused, again and again."""
    peer.says("orderbook", success({"orders": []}))
    waiting, go = threading.Event(), threading.Event()

    def sleep(_seconds):
        waiting.set()
        assert go.wait(10)

    client = make_client(sleep=sleep)
    client.pace(by_row(paces_books=True))
    client.orders()
    readers = [threading.Thread(target=client.orders, daemon=True) for _ in range(3)]
    readers[0].start()
    assert waiting.wait(10)
    for reader in readers[1:]:
        reader.start()
    time.sleep(0.2)
    assert len(peer.calls("orderbook")) == 1
    go.set()
    for reader in readers:
        reader.join(10)
    assert not any(reader.is_alive() for reader in readers), "each has its answer"
    assert len(peer.calls("orderbook")) == 2
    client.orders()
    assert len(peer.calls("orderbook")) == 3


def test_how_long_a_book_waits_for_its_turn_is_told_to_whoever_paces_a_client(make_client):
    """A reading that waits so long hangs not: the account looks beside it later than that."""
    turn_s = make_client().pace(by_row(calls_a_minute=120))
    assert turn_s() == pytest.approx(60 * 4 / 72)


def test_what_is_no_book_waits_for_no_turn(make_client, peer, slept):
    peer.says("quotes", success({"ltp": 1500.0}))
    client = make_client()
    client.pace(by_row(paces_books=True))
    for _ in range(5):
        client.quote("NSE", "INFY")
    assert slept == []


def test_who_asks_while_a_call_is_under_way_has_an_answer_of_after_it():
    """What is on its way was seen before: an order that was sent meanwhile is not in it."""
    begun, go, sent = threading.Event(), threading.Event(), []

    def orderbook():
        sent.append(len(sent))
        begun.set()
        assert go.wait(10)
        return {"status": "success", "data": [sent[-1]]}

    calls = over([1000.0], orderbook=orderbook)
    calls.pace(by_row(paces_books=True))
    answers = []
    ask = [
        threading.Thread(target=lambda: answers.append(calls.read("a", "orderbook").body["data"]), daemon=True)
        for _ in range(2)
    ]
    ask[0].start()
    assert begun.wait(10)
    ask[1].start()
    time.sleep(0.2)
    go.set()
    for one in ask:
        one.join(10)
    assert answers == [[0], [1]]


# ---------------------------------------------------------------- a broker that takes so many calls in a minute


def over(now, **books):
    """Calls over a broker that answers at once; `now` is the time, in a list, which moves where they sleep."""

    def sleep(seconds):
        now[0] += seconds

    budget = Budget(reads_per_s=1000, monotonic=lambda: now[0], sleep=sleep)
    times = {"sleep": sleep, "monotonic": lambda: now[0], "timeout_s": 5, "analyzer_timeout_s": 5}
    return Calls("", "", None, budget=budget, sdk=SimpleNamespace(**books), **times)


@pytest.fixture
def paced():
    """Calls; the time, in a list; and when each call went."""
    now, sent = [1000.0], []

    def answers():
        sent.append(now[0])
        return {"status": "success", "data": []}

    return over(now, **dict.fromkeys((*PACED, "modifyorder"), answers)), now, sent


def test_where_a_broker_takes_few_calls_reads_leave_most_of_a_second_to_orders(paced):
    calls, now, _ = paced
    calls.pace(by_row(calls_a_minute=120))
    assert [calls.budget.take("read") for _ in range(6)] == [True] * 5 + [False]
    now[0] += 2
    calls.pace(by_row())
    assert all(calls.budget.take("read") for _ in range(50))


def test_a_reading_that_was_broken_off_while_it_waited_for_its_turn_leaves_the_next_one_its_own(monkeypatch, paced):
    """Whoever asks after it is not told that his was broken off."""
    calls, _, sent = paced
    calls.pace(by_row(paces_books=True))
    calls.read("orderbook", "orderbook")
    sleeps = calls._sleep

    def broken_off(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(calls, "_sleep", broken_off)
    with pytest.raises(KeyboardInterrupt):
        calls.read("orderbook", "orderbook")
    monkeypatch.setattr(calls, "_sleep", sleeps)
    assert calls.read("orderbook", "orderbook").ok
    assert len(sent) == 2


def test_books_keep_within_what_a_broker_takes_in_a_minute_and_the_first_readings_go_at_once(paced):
    """They alone were 240 in a minute while an exit worked; after the fourth such minute Fyers shuts a user out."""
    calls, now, sent = paced
    calls.pace(by_row(calls_a_minute=200))
    began = now[0]
    while now[0] < began + 300:
        for book in PACED:
            calls.read(book, book)
        now[0] += 0.4
    assert sum(at < began + 4 for at in sent) >= 5 * 4
    assert max(sum(at - 60 < other <= at for other in sent) for at in sent) <= 140
    assert sum(at > began + 240 for at in sent) == pytest.approx(120, abs=4)


def test_order_calls_are_taken_from_those_of_the_books(paced):
    """Three stops that trail were changed forty times in a minute, beside all readings: more than Noren's 120."""
    calls, now, sent = paced
    calls.pace(by_row(calls_a_minute=120))
    began = now[0]
    while now[0] < began + 300:
        for book in PACED:
            calls.read(book, book)
        for _ in range(3):
            calls.order("modifyorder", "exit")
        now[0] += 0.4
    assert max(sum(at - 60 < other <= at for other in sent) for at in sent) <= 72 + 4 * 4 + 3
    assert sum(at > began + 240 for at in sent) == pytest.approx(72, abs=6)


def test_however_many_orders_went_a_book_waits_for_them_no_longer_than_a_minute(paced):
    """A square-off that was pressed for long put them off by more than two: its fills were seen by nobody."""
    calls, now, _ = paced
    calls.pace(by_row(calls_a_minute=120))
    for _ in range(200):
        calls.order("modifyorder", "exit")
        now[0] += 0.15
    ended = now[0]
    calls.read("orderbook", "orderbook")
    assert 55 < now[0] - ended <= 60


def test_quotes_are_asked_for_as_often_as_a_brokers_minute_allows_and_each_contract_costs_a_call(make_client):
    client = make_client()
    keys = ["NSE:RELIANCE", "NSE:INFY"]
    assert client.poll_pause_s(keys) == 0
    client.pace(by_row())
    assert client.poll_pause_s(keys) == 0
    client.pace(by_row(calls_a_minute=200))
    assert client.poll_pause_s(keys) == pytest.approx(2.5)
    assert client.poll_pause_s([*keys, "NFO:NIFTY29DEC26FUT", "NFO:NIFTY29DEC2625800CE"]) == pytest.approx(7.5)


def test_where_each_order_that_traded_costs_a_call_books_are_read_less_often_the_more_have():
    """Groww took 500 calls a minute; what was one too many came as books with nothing in them."""
    now, cost = [1000.0], []
    orders: list[dict[str, str]] = []

    def answers(calls, rows):
        cost.append((now[0], calls() if callable(calls) else calls))
        return {"status": "success", "data": rows}

    books = {
        "orderbook": lambda: answers(2, []),
        "tradebook": lambda: answers(lambda: 2 + len(orders), [*orders, *orders]),
        "positionbook": lambda: answers(2, []),
        "holdings": lambda: answers(1, []),
    }
    calls = over(now, **books)
    calls.pace(by_row(calls_a_minute=500, trades_by_order=True))
    assert calls.books_every_s() == pytest.approx(1.4)
    for number in range(60):
        orders.append({"orderid": f"G{number}"})
        for book in (*books, *books):
            calls.read(book, book)
    assert calls.books_every_s() == pytest.approx(13.4)
    assert max(sum(each for other, each in cost if at - 60 < other <= at) for at, _ in cost) <= 480


def test_a_trade_book_that_could_not_be_read_makes_its_next_reading_no_cheaper():
    told = [{"orderid": "G1"}, {"orderid": "G2"}]
    books = [{"status": "success", "data": told}, {"status": "error", "message": "no"}]
    calls = over([1000.0], tradebook=lambda: books[0])
    calls.pace(by_row(calls_a_minute=500, trades_by_order=True))
    calls.read("tradebook", "tradebook")
    every_s = calls.books_every_s()
    books.pop(0)
    with pytest.raises(ReadFailed):
        calls.read("tradebook", "tradebook")
    assert calls.books_every_s() == every_s


def test_each_instrument_of_a_poll_costs_a_call_where_the_plugin_asks_for_them_apart(make_client):
    """The Noren family's: four that were watched were 34 calls in a minute of 120, and the broker refused the rest."""
    client = make_client()
    client.pace(by_row(calls_a_minute=120, quotes_apart=True))
    assert client.poll_pause_s([f"NSE:S{n}" for n in range(6)]) == pytest.approx(25)

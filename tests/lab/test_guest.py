"""The rules as a guest in a host: what it is told makes its book; the host's records are held against the policy."""

import os
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path

import attrs
import pytest

import riskcore as rc
from riskcore_openalgo.client import client as clients
from riskcore_openalgo.demo.day import demo_bars
from riskcore_openalgo.lab.guest import Guest
from riskcore_openalgo.lab.obedience import HostTrade, disobeyed
from riskcore_openalgo.testing import FakeOpenAlgo
from riskcore_openalgo.testing.practice import practice

EMBED = Path(__file__).resolve().parents[2] / "examples" / "embed"
STOCK = rc.nse_equity("INFY", on=datetime(2026, 11, 20).date(), tick="0.1")  # noqa: DTZ001 - a day
RULES = {"position_size_basis": "margin", "entry_band_pct": 0, "atr_warmup_bars": 20, "max_trades_per_day": 2}
MINUTE = timedelta(minutes=1)


def day_of(guest, day=20, bars=90, price=1000):
    """A calm morning, told bar by bar."""
    opens = datetime(2026, 11, day, 9, 15, tzinfo=rc.IST)
    for n in range(bars):
        guest.bar(opens + n * MINUTE, price, price + 2, price - 2, price)


@pytest.fixture
def guest():
    made = Guest(STOCK, rc.Policy(**RULES), equity=100_000.0)
    day_of(made)
    return made


def test_an_order_is_sized_and_kept_until_it_fills(guest):
    order = guest.wish("BUY")
    assert guest.order is order
    assert (order.stop, order.limit) == (Decimal("994.0"), Decimal(1000))
    guest.entered(999.95)
    assert guest.order is None
    assert (guest.held.average_price, guest.stop) == (Decimal("999.95"), Decimal(994))
    assert guest.book.charges > 0


def test_an_order_given_up_leaves_nothing_but_its_place_in_the_count(guest):
    guest.wish("BUY")
    guest.expired()
    guest.expired()
    assert guest.held is None
    assert guest.book.trades_today == 1
    assert not guest.book.live_orders()


def test_a_loss_is_booked_and_the_next_day_opens_with_what_is_left(guest):
    quantity = guest.wish("BUY").quantity
    guest.entered(1000)
    guest.left(994, reason="stop")
    assert guest.book.realised == -6 * quantity
    left = guest.book.equity
    assert left == 100_000 - 6 * quantity - guest.book.charges
    day_of(guest, day=23)
    assert (guest.book.opening_equity, guest.book.trades_today) == (left, 0)


def test_the_count_of_the_day_refuses_and_says_so(guest):
    for _ in range(2):
        assert guest.wish("BUY") is not None
        guest.entered(1000)
        guest.left(1001)
        guest.bar(guest.now, 1000, 1002, 998, 1000)
    assert guest.wish("BUY") is None
    assert [reason.reason for reason in guest.decisions[-1].reasons] == ["too_many_trades"]


def test_a_trailed_stop_is_the_guests_to_tell(guest):
    trailing = Guest(STOCK, rc.Policy(**RULES, trail="percent", trail_by=1), equity=100_000)
    day_of(trailing)
    trailing.wish("BUY")
    trailing.entered(1000)
    trailing.bar(trailing.now, 1000, 1020, 1000, 1020)
    assert trailing.stop == Decimal("1009.8")


def test_the_square_off_and_the_time_stop_must_leave():
    for policy, bars, due in (
        (rc.Policy(**RULES), 355, True),
        (rc.Policy(**RULES, time_stop_min=30), 121, True),
        (rc.Policy(**RULES, time_stop_min=30), 100, False),
    ):
        guest = Guest(STOCK, policy, equity=100_000)
        day_of(guest)
        assert not guest.must_leave
        guest.wish("BUY")
        guest.entered(1000)
        for _ in range(bars - 90):
            guest.bar(guest.now, 1000, 1001, 999, 1000)
        assert guest.must_leave is due


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda guest: guest.left(1000), "nothing is held; call guest.entered"),
        (lambda guest: guest.entered(1000), "no order is on its way; guest.wish"),
        (lambda guest: guest.bar(datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST), 1, 1, 1, 1), "sort the bars"),
        (lambda guest: guest.bar(datetime(2026, 11, 20, 11, 15), 1, 1, 1, 1), "with a time zone"),  # noqa: DTZ001
        (lambda guest: guest.wish("LONG"), "one of BUY, SELL"),
        (lambda guest: Guest(STOCK, guest.policy, equity=1).wish("BUY"), "no bar yet; call guest.bar"),
        (lambda guest: Guest(STOCK, guest.policy, equity=1, interval="1x"), "interval must be like"),
        (lambda guest: Guest(STOCK, rc.Policy(target_legs=["50% at 1R", "50% at 4R"]), equity=1), "target_legs"),
    ],
)
def test_nonsense_is_answered_with_a_remedy(guest, call, says):
    with pytest.raises(ValueError, match=says):
        call(guest)


TEN = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
GOOD = HostTrade(
    side="BUY", quantity=100, entered_at=TEN, entry=1000.0, stop=990, target=1025, left_at=TEN + MINUTE, exit=1025
)


def broken(*trades, **rules):
    """What the trades broke."""
    return disobeyed(trades, rc.Policy(**RULES | rules), STOCK, equity=100_000, bar=MINUTE)


def at(hour, minute, **more):
    """The good trade at another time, and otherwise."""
    since = TEN.replace(hour=hour, minute=minute)
    return attrs.evolve(GOOD, **{"entered_at": since, "left_at": since + MINUTE} | more)


def test_a_trade_that_obeys_breaks_nothing():
    assert broken(GOOD, at(11, 0)) == []
    short = attrs.evolve(GOOD, side="SELL", stop=1010, target=975, exit=975)
    assert (short.reward, short.result) == (Decimal("2.5"), 2500)
    assert broken(short) == []


@pytest.mark.parametrize(
    ("trades", "says"),
    [
        ([attrs.evolve(GOOD, quantity=101)], "Rs 1010.00 at risk, and the budget is Rs 1000.00"),
        ([attrs.evolve(GOOD, target=1024)], "2.40 R, and min_risk_reward is 2.5"),
        ([attrs.evolve(GOOD, stop=1001)], "0.00 R"),
        ([GOOD, at(11, 0), at(12, 0)], "3 trades, and max_trades_per_day is 2"),
        ([attrs.evolve(GOOD, exit=969), at(11, 0, quantity=50)], "after Rs 3100.00 were lost"),
        ([at(9, 16)], "outside 09:20 to 14:45"),
        ([at(14, 47)], "outside 09:20 to 14:45"),
        ([at(14, 0, left_at=TEN.replace(hour=15, minute=20))], "held until 2026-11-20 15:20, after the square-off"),
        ([at(10, 0, left_at=TEN.replace(hour=12)), at(11, 0)], "a second position while the first was open"),
        ([attrs.evolve(GOOD, entered_at=TEN + timedelta(days=1), left_at=TEN + timedelta(days=1))], "was closed"),
    ],
)
def test_each_breach_is_told(trades, says):
    found = broken(*trades)
    assert len(found) == 1
    assert says in found[0]


# ---------------------------------------------------------------- the examples, as far as no host is needed


def test_the_examples_are_short():
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in EMBED.glob("*.py")}
    assert len(lines) == 9
    assert max(lines.values()) <= 80, lines


def test_the_loop_over_a_table_obeys():
    ran = subprocess.run([sys.executable, EMBED / "in_pandas.py"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "pandas: 3 trades, 29 of 32 wishes refused"), ran.stderr


DISOBEDIENT = """
from shared import *
from riskcore_openalgo.lab.obedience import HostTrade
at, prices = BARS[60].at, {"entry": 1000, "stop": 990, "target": 1030, "exit": 1000}
judge("host", [HostTrade(side="BUY", quantity=900, entered_at=at, left_at=at, **prices)], [])
"""


def test_a_policy_that_is_not_obeyed_is_found_out():
    """The examples' own check can fail: a host that trades by a size of its own is told so."""
    ran = subprocess.run([sys.executable, "-c", DISOBEDIENT], capture_output=True, text=True, check=False, cwd=EMBED)
    assert ran.returncode == 1
    assert "Rs 9000.00 at risk, and the budget is Rs 100.00" in ran.stdout


# ---------------------------------------------------------------- a day to practise on


def test_practice_moves_the_market_only_when_somebody_sleeps():
    with practice("INFY") as day:
        first = day.broker.market.quote("NSE:INFY").last
        assert (f"{day.now():%H:%M}", len(day.broker.market.bars("NSE:INFY", "1m"))) == ("10:15", 60)
        day.sleep(600)
        assert (f"{day.now():%H:%M}", len(day.broker.market.bars("NSE:INFY", "1m"))) == ("10:25", 70)
        assert day.monotonic() == 600
        told = next(iter(demo_bars()))
        assert day.broker.market.quote(told.key).last == demo_bars()[told][70].open != first
    with pytest.raises(ValueError, match="one of INFY, LT, RELIANCE"), practice("TCS"):
        pass


@pytest.mark.skipif(os.name == "nt", reason="OpenAlgo ends a hosted process by a signal on POSIX alone")
def test_a_hosted_strategy_ends_at_once_at_the_signal(tmp_path):
    """OpenAlgo ends it by SIGTERM; it need not wait for its minute."""
    with practice() as day:
        day.broker.clock = clients.now_in_ist
        with FakeOpenAlgo(day.broker, key="k", limits=False) as server:
            access = {"HOST_SERVER": server.host, "OPENALGO_API_KEY": "k", "STRATEGY_NAME": "hosted"}
            child = subprocess.Popen(
                [sys.executable, EMBED / "in_hosted_strategy.py"], env=os.environ | access, cwd=tmp_path,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
            waited = threading.Event()
            while not any(call.endpoint == "history" for call in server.calls) and child.poll() is None:
                waited.wait(0.1)
            child.send_signal(signal.SIGTERM)
            told, _ = child.communicate(timeout=60)
    assert child.returncode == 0, told
    assert (tmp_path / "hosted.db").exists()


def test_a_host_that_reckons_in_six_digits_opens_with_the_same_equity():
    """The next session opened with Rs 1,234,570 of Rs 1,234,567.89, and was sized by it."""
    with localcontext() as host:
        host.prec = 6
        guest = Guest(STOCK, rc.Policy(**RULES), equity="1234567.89")
        day_of(guest)
        day_of(guest, day=23)
    assert guest.book.opening_equity == Decimal("1234567.89")

"""Contracts that expired over a night on paper: settled by the official close of their index, or told to be held on."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.client import ReadFailed
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.runner.assembly import LIVE, PAPER, SHADOW
from riskcore_openalgo.runner.player import BarPlayer
from riskcore_openalgo.runner.settling import Settling
from tests.laws.expiring import POLICY
from tests.runner.live_days import live_day

EXPIRY = date(2026, 11, 23)
OPENS = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)
AFTER = datetime(2026, 11, 25, 10, 30, tzinfo=rc.IST)
CALL = rc.option("NIFTY", expiry=EXPIRY, strike=26_000, right="CE", on=EXPIRY, lot_size=65)
STOCK = rc.future("INFY", expiry=EXPIRY, on=EXPIRY, tick="0.05", lot_size=400)
INDEX = rc.Instrument(symbol="NIFTY", tick="0.05", derivatives_listed=False)
BAR = timedelta(minutes=5)
RULES = {**POLICY, "expiry_exit_days": None, "sizing_method": "fixed_quantity", "fixed_quantity": 400}


def flat(price, days=1, count=77):
    """Bars of five minutes at a price, of Friday and as many sessions after it."""
    sessions = (OPENS, OPENS + timedelta(days=3), OPENS + timedelta(days=5))[:days]
    began = [first + n * BAR for first in sessions for n in range(count)]
    return [rc.Bar(at=at, open=price, high=price + 1, low=price - 1, close=price) for at in began]


def once(thing, price):
    """Buys at its tenth bar, to carry it."""

    def on_bar(seen):
        if len(seen) != 10:
            return None
        about = {"at": seen[-1].at + BAR, "bar_at": seen[-1].at, "exchange": "NFO", "product": "NRML"}
        return rc.Signal(thing.symbol, "BUY", stop=price - 10, target=price * 2, **about)

    return on_bar


def carried(path, *things):
    """A journal in which these were bought on Friday, and held when it ended."""
    bars = {thing: flat(200 if thing is CALL else 1500) for thing in things}
    own = {thing.key: [once(thing, bars[thing][0].close)] for thing in things}
    with Journal(path) as journal:
        player = BarPlayer(journal, rc.Policy(**RULES), bars, own, interval="5m")
        for _ in player.play():
            pass
        assert [held.instrument for held in player.runner.state.book.positions] == [*things]


class Historian:
    """Who has one close of an index, or none."""

    def __init__(self, close=None):
        self.close, self.asked = close, []

    def history(self, *about):
        self.asked.append(about)
        if self.close == "broken":
            raise ReadFailed("history", "nobody answers", "unknown")
        at = datetime(2026, 11, 23, tzinfo=rc.IST)
        near = rc.Bar(at=at - timedelta(days=3), open=1, high=1, low=1, close=1)
        bar = self.close and rc.Bar(at=at, open=self.close, high=self.close, low=self.close, close=self.close)
        return (near, bar) if bar else (near,)


def position(thing):
    return rc.Position(instrument=thing, side="BUY", quantity=thing.lot_size, average_price=200, product="NRML")


@pytest.mark.parametrize(
    ("thing", "close", "price", "asked"),
    [
        (CALL, 26_250, 26_250, [("NSE_INDEX", "NIFTY", "D", EXPIRY, EXPIRY)]),
        (CALL, None, None, [("NSE_INDEX", "NIFTY", "D", EXPIRY, EXPIRY)]),
        (CALL, "broken", None, [("NSE_INDEX", "NIFTY", "D", EXPIRY, EXPIRY)]),
        (STOCK, 26_250, None, []),
    ],
)
def test_the_close_is_that_of_the_index_on_the_day_of_expiry(thing, close, price, asked):
    source = Historian(close)
    found = Settling(source, lambda: AFTER).look(thing)
    assert found == [events.ContractExpired(AFTER, thing.key, price, "NSE_INDEX:NIFTY" if price else "")]
    assert source.asked == asked


def test_it_is_asked_from_the_day_after_on_and_again_while_it_is_held():
    settling, held = Settling(Historian(), lambda: AFTER), [position(CALL), position(STOCK)]
    assert settling.due(AFTER - timedelta(days=2), held) == []
    assert settling.due(AFTER, held) == [CALL, STOCK]
    assert settling.due(AFTER + timedelta(minutes=9), held) == []
    assert settling.due(AFTER + timedelta(minutes=10), held) == [CALL]
    assert settling.due(AFTER + timedelta(days=1), held) == [CALL, STOCK]


@pytest.mark.parametrize("mode", [PAPER, SHADOW])
def test_a_day_on_paper_settles_what_expired_over_the_night(tmp_path, mode):
    carried(tmp_path / "journal.db", CALL, STOCK)
    with live_day(tmp_path / "journal.db", mode=mode, starts=AFTER, policy=RULES, start=False) as day:
        close = rc.Bar(at=datetime(2026, 11, 23, tzinfo=rc.IST), open=26_000, high=26_300, low=25_900, close=26_250)
        day.broker.contract("NSE_INDEX:NIFTY")
        day.broker.bars("NSE_INDEX:NIFTY", "D", [close])
        day.start()
        day.until(lambda: day.facts(events.PositionClosed))
        (closed,) = day.facts(events.PositionClosed)
        assert (closed.reason, closed.exit_price, closed.gross) == ("settled", 250, 50 * closed.quantity)
        day.until(lambda: day.facts(events.Alarmed))
        (alarm,) = day.facts(events.Alarmed)
        assert (alarm.name, alarm.subject) == ("held_past_expiry", STOCK.key)
        assert day.state.book.position(STOCK.key).last == 1500
    with Reader(tmp_path / "journal.db") as read:
        assert replay(read).same


def test_live_the_broker_settles_and_nobody_asks(tmp_path):
    carried(tmp_path / "journal.db", CALL)
    with live_day(tmp_path / "journal.db", mode=LIVE, starts=AFTER, policy=RULES) as day:
        day.until(lambda: day.state.book.position(CALL.key) is None)  # the books of the day do not have it
        day.until(lambda: day.facts(events.PositionClosed))
        assert [fact.reason for fact in day.facts(events.PositionClosed)] == ["closed_elsewhere"]
        assert not [row for row in day.journal.rows("input") if row.type == "ContractExpired"]


@pytest.mark.parametrize("most", [77, 154, 155])
def test_bars_that_go_on_beyond_an_expiry_settle_it_as_a_backtest_does(tmp_path, most):
    """Killed on the way, it goes on; the same trade, and once."""
    bars = {CALL: flat(200, 2), INDEX: flat(26_250, 3), STOCK: flat(1500, 2)}

    def both():
        return {thing.key: once(thing, bars[thing][0].close) for thing in (CALL, STOCK)}

    own = both()
    policy = rc.Policy(**RULES)
    simulated = rc.simulate(
        bars, lambda thing, seen: own[thing.key](seen) if thing.key in own else None, policy, interval="5m"
    )
    facts = []
    for so_far in (most, 10_000):
        with Journal(tmp_path / "journal.db") as journal:
            mine = {key: [on_bar] for key, on_bar in both().items()}
            player = BarPlayer(journal, policy, bars, mine, interval="5m", watch=facts.append)
            for _ in zip(range(so_far), player.play(), strict=False):
                pass
    kinds = (events.PositionClosed, events.PositionAdjusted, events.Alarmed, events.Filled)
    told = [fact for fact in facts if isinstance(fact, kinds)]
    assert told == [fact for fact in simulated.facts if isinstance(fact, kinds)]
    (closed,) = simulated.trades
    assert (closed.key, closed.exit_price, closed.closed_at.time().isoformat()) == (CALL.key, Decimal(250), "15:40:00")
    assert player.runner.state.book == simulated.state.book

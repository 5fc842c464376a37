"""Bars of what is held, where its stop trails by the ATR: for as long as it is held, whoever else asks meanwhile."""

from datetime import timedelta
from decimal import Decimal

import riskcore as rc
from riskcore import events
from riskcore_openalgo.lab.strategy import Own
from riskcore_openalgo.runner.bar_watch import BarWatch
from riskcore_openalgo.runner.history import History
from tests.core.custody_days import held
from tests.gateways.desks import INFY, NOW
from tests.runner.live_days import BAR, flat_bars
from tests.runner.test_evidence import Shelf

KEY = "NSE:INFY"


def watching(shelf, strategies=None, clock=lambda: NOW):
    """A watch over bars of a shelf."""
    policy = rc.Policy(trail="atr", trail_by=2)
    return BarWatch(History(shelf, bars=140), lambda key: INFY, lambda: policy, clock, strategies or {})


def test_what_is_held_no_more_is_looked_at_no_more_and_its_atr_is_forgotten():
    """Its bars were read for as long as the runner ran, and remembered without end."""
    now, shelf, day = [NOW], Shelf(()), held()[0]
    watch = watching(shelf, clock=lambda: now[0])
    for number in range(3):
        now[0] = NOW + number * (BAR + timedelta(seconds=2))
        shelf.bars = flat_bars(now[0])
        [watched] = watch.due(now[0], day.book.positions)
        assert watch.due(now[0], ()) == [], "it is being looked at"
        watch.look(watched)
        assert watch._series[watched].untold == []
    assert watch.atr(KEY) == 8
    assert watch.due(NOW + timedelta(hours=1), ()) == []
    assert (watch.atr(KEY), watch._series) == (None, {})


def test_a_position_that_comes_while_a_strategy_is_asked_between_bars_breaks_nothing():
    """The dictionary changed its size during iteration: the strategies after that one were not asked."""
    day, asked = held()[0], []

    class Ticking:
        def on_bar(self, bars):
            return None

        def on_tick(self, prices):
            asked.append(prices.key)
            watch.due(NOW, day.book.positions)

    owns = [Own(name=name, symbol="INFY", interval=name, made=Ticking()) for name in ("1m", "3m")]
    watch = watching(Shelf(flat_bars(NOW)), {(KEY, own.interval): [own] for own in owns})
    watch.tick(events.PricesSeen(NOW, KEY, *[Decimal(1)] * 4, NOW, ticks=1))
    assert asked == [KEY, KEY]

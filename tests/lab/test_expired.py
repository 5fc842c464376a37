"""Contracts that expire amid a backtest: settled, and what the run says of it."""

from datetime import date

import pytest

import riskcore as rc
from riskcore_openalgo.lab import backtest
from riskcore_openalgo.lab.run import Run
from tests.runner.test_settling import CALL, INDEX, RULES, STOCK, flat, once

SHARE = rc.Instrument(symbol="SBIN", tick="0.05")


def run(bars, **policy):
    """The call and the stock future are bought on Friday, where there are bars of them."""
    own = {thing.symbol: once(thing, bars[thing][0].close) for thing in (CALL, STOCK) if thing in bars}
    return backtest(bars, own, rc.Policy(**{**RULES, **policy}), interval="5m")


def test_a_call_is_settled_by_the_index_and_in_all_that_a_run_tells(tmp_path):
    made = run({CALL: flat(200, 2), INDEX: flat(26_250, 3, 75)})
    (trade,) = made.trades
    assert (trade.reason, trade.exit_price, trade.best_price) == ("settled", 250, 250)
    assert trade.gross == 50 * trade.quantity
    assert made.equity == made.policy.default_capital + trade.gross - trade.charges
    assert made.path()[1][-1] == pytest.approx(float(made.equity))
    assert made.notes == ()
    made.save(tmp_path)
    assert ",settled," in (tmp_path / "trades.csv").read_text()
    assert Run.load(tmp_path).trades == made.trades


def test_bars_of_the_closing_auction_tell_the_close_though_nothing_trades_in_them():
    """Of a share with derivatives they are left out of the run; the close of the day is theirs."""
    index = rc.Instrument(symbol="NIFTY", tick="0.05")
    bars = [*flat(26_250, 3)]
    late = [bar for bar in bars if bar.at.date() == date(2026, 11, 23) and bar.at.hour == 15 and bar.at.minute >= 15]
    moved = {bar.at: rc.Bar(at=bar.at, open=26_300, high=26_300, low=26_300, close=26_300) for bar in late[:3]}
    made = run({CALL: flat(200, 2), index: [moved.get(bar.at, bar) for bar in bars if bar not in late[3:]]})
    assert [trade.exit_price for trade in made.trades] == [300]


def test_without_its_index_it_is_settled_at_its_own_last_price_and_the_run_says_so():
    made = run({CALL: flat(200, 2), SHARE: flat(800, 3, 70)})
    assert [trade.exit_price for trade in made.trades] == [200]
    (note,) = [note for note in made.notes if "settled" in note]
    assert note == (
        f"1 contracts were settled at their own last price, the first {CALL.key}: there are no bars of their "
        "underlying up to the close, which is what settles them; give them beside"
    )


@pytest.mark.parametrize(
    ("bars", "why"),
    [
        (
            {CALL: flat(200, 2)[:-10], SHARE: flat(800, 3, 70)},
            "no bar tells the close that settles it; give bars of NIFTY",
        ),
        ({CALL: flat(200, 2)[:-10]}, "the bars end before its session does"),
        ({STOCK: flat(1500, 2), INDEX: flat(26_250, 3)}, "it ends in shares, which no backtest delivers"),
    ],
)
def test_what_cannot_be_settled_is_held_and_told(bars, why):
    made = run(bars)
    assert (made.trades, len(made.simulation.state.book.positions)) == ((), 1)
    (note,) = [note for note in made.notes if "expires on" in note]
    assert "expires on 2026-11-23, and is held to the end at its last price" in note
    assert why in note


def test_bars_that_end_with_the_session_settle_it_too():
    """Nothing comes after: the last session is over all the same."""
    made = run({CALL: flat(200, 2), INDEX: flat(26_250, 2, 75)})
    assert [trade.exit_price for trade in made.trades] == [250]

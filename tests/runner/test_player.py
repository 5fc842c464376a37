"""Bars through the runner: the same day as the core's own simulation."""

import sys
from datetime import date, datetime, time, timedelta

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.demo.day import demo_bars, demo_policy
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.runner import StrategyError, load_strategy
from riskcore_openalgo.runner.by_hand import take_by_hand
from riskcore_openalgo.runner.player import BarPlayer


@pytest.mark.smoke
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"max_trades_per_day": 30, "max_positions": 3},
        {"atr_warmup_bars": 14},
        {"trail": "chandelier", "trail_by": 3, "breakeven_at_r": 1, "time_stop_bars": 20},
        {"trail": "step_r", "trail_step": 1, "trail_on": "bar", "target_legs": ["50% at 1R", "50% at 4R"]},
    ],
)
def test_the_runner_and_the_simulation_give_the_same_facts(tmp_path, changes):
    """Every decision, order, fill and trade, in order; and the same final book."""
    bars = demo_bars()
    policy = attrs.evolve(demo_policy(), **changes)
    made = {i.key: EmaCross(symbol=i.symbol, interval="1m") for i in bars}
    simulated = rc.simulate(bars, lambda i, seen: made[i.key](seen), policy)
    journal, facts = Journal(tmp_path / "journal.db"), []
    own = {i.key: [EmaCross(symbol=i.symbol, interval="1m")] for i in bars}
    player = BarPlayer(journal, policy, bars, own, interval="1m", watch=facts.append)
    for _ in player.play():
        pass
    assert tuple(facts) == simulated.facts
    assert player.runner.state.book == simulated.state.book
    assert simulated.trades
    journal.close()


def test_bars_of_a_day_are_acted_on_within_their_session_as_in_a_backtest(tmp_path):
    """Waves of delivery trades; killed after a hundred days, it goes on with the same facts."""
    stock = rc.nse_equity("INFY", on=date(2025, 1, 1), tick="0.05")
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(300)]
    opens = [datetime.combine(day, time(0), rc.IST) for day in days if rc.session_on(day, stock)]
    ways = [1000 + 12 * (n % 20 if n % 40 < 20 else 20 - n % 20) for n in range(len(opens) + 1)]
    bars = {
        stock: [
            rc.Bar(at=at, open=was, high=max(was, now) + 5, low=min(was, now) - 5, close=now)
            for at, was, now in zip(opens, ways, ways[1:], strict=False)
        ]
    }
    policy = rc.Policy(atr_warmup_bars=14, charges_as_of="2026-08-03", max_position_size_percent=50)

    def cross():
        return EmaCross(symbol="INFY", interval="1D", fast=3, slow=8, product="CNC")

    once = cross()
    simulated = rc.simulate(bars, lambda i, seen: once(seen), policy, interval="1D")
    facts = []
    for most in (100, len(opens)):
        with Journal(tmp_path / "journal.db") as journal:
            player = BarPlayer(journal, policy, bars, {stock.key: [cross()]}, interval="1D", watch=facts.append)
            for _ in zip(range(most), player.play(), strict=False):
                pass
            found = [row.event for row in journal.rows("fact") if isinstance(row.event, events.PositionClosed)]
    assert found == [fact for fact in simulated.facts if isinstance(fact, events.PositionClosed)]
    assert len(found) >= 3
    assert player.runner.state.book == simulated.state.book


def played(path, bars, most=None):
    """The trades of a demo day over these bars, or of its first minutes, as its journal then has them."""
    with Journal(path) as journal:
        own = {i.key: [EmaCross(symbol=i.symbol, interval="1m")] for i in bars}
        player = BarPlayer(journal, demo_policy(), bars, own, interval="1m")
        for _ in zip(range(most or 1000), player.play(), strict=False):
            pass
        return [row.event for row in journal.rows("fact", types=["PositionClosed"])]


def test_a_hand_between_two_halves_of_a_day_of_bars_leaves_the_second_as_it_would_be(tmp_path):
    """By this machine's clock it moved the day's to today: no stop, no square-off of the rest acted."""
    bars, now = demo_bars(), datetime(2026, 11, 20, 13, 0, tzinfo=rc.IST)
    for name in ("as it is", "by hand"):
        played(tmp_path / name, bars, most=70)
    with Journal(tmp_path / "by hand") as journal:
        stood = journal.load().state.now
        for event in (events.OperatorHalted(now, "asha", "lunch"), events.OperatorResumed(now, "asha", "back")):
            assert not any(isinstance(fact, events.ControlRefused) for fact in take_by_hand(journal, event, now))
        assert journal.load().state.now == stood
    wanted = played(tmp_path / "as it is", bars)
    assert played(tmp_path / "by hand", bars) == wanted
    assert len(wanted) > 1


def test_bars_from_before_the_clock_of_a_journal_are_refused(tmp_path):
    """They would be taken at that clock, and the command would print a result as if they had been played."""
    bars = demo_bars()
    first, second = list(bars)[:2]
    played(tmp_path / "journal.db", {first: bars[first]})
    with Journal(tmp_path / "journal.db") as journal:
        length = journal.length
        player = BarPlayer(journal, demo_policy(), {first: bars[first], second: bars[second]}, {}, interval="1m")
        with pytest.raises(ValueError, match=rf"its clock stands at .*next bar of {second.key} .*--journal NAME"):
            next(player.play())
        assert journal.length == length


def test_evidence_on_another_interval_has_no_atr(tmp_path):
    """One-minute bars say nothing of a five-minute ATR: refused by name, not approximated."""
    bars = demo_bars()
    journal = Journal(tmp_path / "journal.db")

    def five_minutes(seen):
        last = seen[-1].at
        return rc.Signal("INFY", "BUY", at=last + timedelta(minutes=1), interval="5m") if len(seen) == 200 else None

    player = BarPlayer(journal, demo_policy(), bars, {"NSE:INFY": [five_minutes]}, interval="1m")
    for _ in player.play():
        pass
    (row,) = [row for row in journal.rows() if row.type == "EntryRefused"]
    assert [found.reason for found in row.event.findings if not found.passed] == ["atr_not_ready"]
    journal.close()


def test_a_strategy_is_found_by_its_dotted_or_short_name():
    """And made with its parameters."""
    short = load_strategy("ema_cross", symbol="INFY", interval="1m", parameters={"fast": 3, "slow": 8})
    dotted = load_strategy("riskcore_openalgo.lab.ema_cross:EmaCross", symbol="INFY", interval="1m", parameters={})
    assert isinstance(short, EmaCross)
    assert isinstance(dotted, EmaCross)


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("nonsense", {}, "nonsense: the library has no strategy of that name; it has ema_cross"),
        ("no_such_package.module:thing", {}, "is its folder on PYTHONPATH"),
        ("riskcore_openalgo.lab.ema_cross:Nothing", {}, "has no Nothing"),
        ("ema_cross", {"speed": 1}, "speed"),
        ("ema_cross", {"fast": 30}, "fast must be at least 1 and below slow"),
        ("builtins:dict", {}, "must return a function"),
    ],
)
def test_a_strategy_that_cannot_be_made_is_named(name, parameters, said):
    """What was looked for, and what is wrong."""
    with pytest.raises(StrategyError, match=said):
        load_strategy(name, symbol="INFY", interval="1m", parameters=parameters)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def dips(bars:\n    pass\n", r"own_dips cannot be imported: SyntaxError: .*\(own_dips.py, line 1\)"),
        ("import math\n\nmath.nothing\n", r"AttributeError: module 'math' has no .* \(own_dips.py, line 3\)"),
        ("rates = {}\nrates['INFY']\n", r"own_dips cannot be imported: KeyError: 'INFY' \(own_dips.py, line 2\)"),
        ("import sys\nsys.exit(0)\n", r"own_dips cannot be imported: SystemExit: 0 \(own_dips.py, line 2\)"),
        ("def dips(*, symbol, interval):\n    return {}[symbol]\n", r"INFY: KeyError: 'INFY' \(own_dips.py, line 2\)"),
    ],
)
def test_code_of_ones_own_that_fails_before_the_first_bar_is_told_with_its_line(tmp_path, monkeypatch, code, said):
    """In a sentence, as at a bar: a slip of the pen had ended `backtest` and `doctor` with a traceback."""
    (tmp_path / "own_dips.py").write_text(code, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_dips", raising=False)
    with pytest.raises(StrategyError, match=said):
        load_strategy("own_dips:dips", symbol="INFY", interval="1m", parameters={})


def test_the_ema_strategy_gives_no_signal_twice_and_none_before_its_warm_up():
    """Asked again with the same bars it says nothing; the first 21 bars say nothing."""
    at = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)
    bars = []
    cross = EmaCross(symbol="INFY", interval="1m")
    signals = []
    for n in range(60):
        price = 100 + (n if n < 30 else 60 - n)
        bars.append(rc.Bar(at=at + timedelta(minutes=n), open=price, high=price, low=price, close=price))
        signals.append(cross(bars))
        assert cross(bars) is None
    found = [n for n, signal in enumerate(signals) if signal is not None]
    assert found
    assert min(found) >= 21
    assert signals[found[0]].side == "SELL"
    assert signals[found[0]].at == bars[found[0]].at + timedelta(minutes=1)

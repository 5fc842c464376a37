"""A recorded day beside its backtest: nothing differs where nothing should, and each difference has its cause."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.cli.parity import told
from riskcore_openalgo.demo.day import FAST, INTERVAL, SLOW, demo_bars, demo_policy
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.gateways.paper_profiles import IDEAL, PaperFault, PaperProfile
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.runner.parity import CAUSES, parity
from riskcore_openalgo.runner.player import BarPlayer
from tests.journal.told import entries, four_days, half_an_account

POLICY = attrs.evolve(demo_policy(), max_trades_per_day=12, max_positions=3)


def played(path, profile=IDEAL, faults=(), *, policy=POLICY):
    """The demo's bars on paper under a profile, as a journal to read."""
    bars = demo_bars()
    own = {i.key: [EmaCross(symbol=i.symbol, interval=INTERVAL, fast=FAST, slow=SLOW)] for i in bars}
    paper = PaperGateway(profile, faults)
    with Journal(path) as journal:
        for _ in BarPlayer(journal, policy, bars, own, interval=INTERVAL, paper=paper).play():
            pass
    return Reader(path)


def caused(found):
    """What is not nought, by cause; for every trade the causes are the difference, to the last digit."""
    for trade in found.trades:
        assert sum(trade.causes.values()) == trade.difference
    return {cause for cause in CAUSES if any(trade.causes[cause] for trade in found.trades)}


def test_the_demo_day_and_its_backtest_are_the_same(demo_journal):
    """Own strategies and alerts, 47 answers, five trades."""
    with Reader(demo_journal) as journal:
        found = parity(journal, demo_bars(), interval=INTERVAL)
    assert found.same
    assert (len(found.trades), found.decided_alike) == (5, 47)
    assert caused(found) == set()


def test_a_day_that_only_shadows_is_compared_too(tmp_path):
    """What was withheld is an answer: of such a day nothing was compared, and it was called the same."""
    with played(tmp_path / "j.db", policy=attrs.evolve(POLICY, live_symbols=("TCS",))) as journal:
        withheld = {row.event.signal.id for row in journal.rows(types=["EntryWithheld"])}
        found = parity(journal, demo_bars(), interval=INTERVAL)
    assert found.same
    assert withheld
    with Reader(tmp_path / "j.db") as journal:
        refused = {row.event.signal.id for row in journal.rows(types=["EntryRefused"])}
    assert found.decided_alike == len(withheld | refused)


def test_half_an_account_is_not_compared(tmp_path):
    """It began with positions and counters that no backtest has; it was said to have no policy."""
    with Reader(half_an_account(tmp_path / "j.db")) as journal, pytest.raises(ValueError, match="the rest was pruned"):
        parity(journal, demo_bars(), interval=INTERVAL)


def led_by(bars, *, symbol):
    """Watches one symbol, and trades another."""
    if len(bars) % 17 or len(bars) < 160:
        return None
    side = "BUY" if bars[-1].close > bars[-9].close else "SELL"
    return rc.Signal(symbol, side, at=bars[-1].at + timedelta(minutes=1), bar_at=bars[-1].at, interval=INTERVAL)


@pytest.mark.parametrize("pair", [(0, 1), (1, 0), (2, 0)])
def test_a_signal_of_another_symbol_is_raised_on_the_bar_that_raised_it(tmp_path, pair):
    """The led one's bars lack minutes, and its bar of the moment comes before or after the leading one's."""
    bars = demo_bars()
    leader, led = (list(bars)[number] for number in pair)
    bars[led] = [bar for bar in bars[led] if bar.at.minute % 3]
    with Journal(tmp_path / "j.db") as journal:
        own = {leader.key: [partial(led_by, symbol=led.symbol)]}
        for _ in BarPlayer(journal, POLICY, bars, own, interval=INTERVAL).play():
            pass
    with Reader(tmp_path / "j.db") as journal:
        found = parity(journal, bars, interval=INTERVAL)
    assert found.same, found.decided_otherwise
    assert found.trades


def test_bars_that_the_day_never_saw_change_nothing(tmp_path):
    """A day of one symbol, and a folder of several: the others' prices are no moments of that day."""
    bars = demo_bars()
    one = next(iter(bars))
    own = {one.key: [EmaCross(symbol=one.symbol, interval=INTERVAL, fast=FAST, slow=SLOW)]}
    with Journal(tmp_path / "j.db") as journal:
        for _ in BarPlayer(journal, POLICY, {one: bars[one]}, own, interval=INTERVAL).play():
            pass
    # The others begin a second earlier: each of their bars would be a moment before ours.
    moved = {i: [attrs.evolve(b, at=b.at - timedelta(seconds=1)) for b in s] for i, s in bars.items() if i != one}
    with Reader(tmp_path / "j.db") as journal:
        found = parity(journal, {**moved, one: bars[one]}, interval=INTERVAL)
    assert found.same
    assert found.trades


def test_another_reason_is_told_though_no_money_hangs_on_it(demo_journal):
    """Else all of a page would be nought, and its last word DIFFERENT."""
    with Reader(demo_journal) as journal:
        found = parity(journal, demo_bars(), interval=INTERVAL)
    first, *rest = found.trades
    other = attrs.evolve(first, simulated=attrs.evolve(first.simulated, reason="square_off"))
    found = attrs.evolve(found, trades=(other, *rest))
    assert not found.same
    assert f"{first.signal_id}: reason {first.recorded.reason}, in the backtest square_off" in told(found)
    assert told(found).endswith("DIFFERENT")
    assert f"{first.recorded.opened_at:%Y-%m-%d %H:%M}" in told(found)  # a journal may hold years


def test_slippage_is_slip(tmp_path):
    """Two ticks a fill: so much a share, and nothing else but what the charges make of it."""
    with played(tmp_path / "j.db", PaperProfile(name="slips", slip_ticks=1)) as journal:
        found = parity(journal, demo_bars(), interval=INTERVAL)
    same_exit = [t for t in found.trades if t.recorded and t.simulated and t.recorded.quantity == t.simulated.quantity]
    assert len(same_exit) >= 5
    assert found.total("slip") < 0
    assert found.total("latency") == found.total("partial") == 0
    assert caused(found) >= {"slip", "charges"}


def test_a_part_is_partial(tmp_path):
    """An entry of which half trades: what the other half brought in the backtest."""
    with played(tmp_path / "j.db", faults=[PaperFault(what="part", on="entry", nth=1)]) as journal:
        found = parity(journal, demo_bars(), interval=INTERVAL)
    first = next(t for t in found.trades if t.causes.get("partial"))
    assert first.recorded.quantity == first.simulated.quantity // 2
    missed = first.simulated.gross / first.simulated.quantity * (first.recorded.quantity - first.simulated.quantity)
    assert first.causes["partial"] == missed.quantize(Decimal("0.01"))
    assert caused(found) >= {"partial"}


def higher(bar):
    """Every second bar from noon on, a rupee higher."""
    prices = {name: getattr(bar, name) + 1 for name in ("open", "high", "low", "close")}
    return bar if bar.at.hour < 12 or bar.at.minute % 2 else attrs.evolve(bar, **prices)


def test_other_bars_are_data(demo_journal):
    """Half of the bars from noon on are a rupee higher in the backtest: all that differs comes from them."""
    moved = {thing: [higher(bar) for bar in series] for thing, series in demo_bars().items()}
    with Reader(demo_journal) as journal:
        found = parity(journal, moved, interval=INTERVAL)
    assert not found.same
    assert {"data"} <= caused(found) <= {"data", "charges"}


LATE = PaperProfile(name="late", latency_s=Decimal(61))


def test_a_later_fill_is_latency(tmp_path):
    """Orders that wait for it fill a minute or two later: the market's way meanwhile is latency, to the paisa."""
    patient = attrs.evolve(POLICY, entry_timeout_s=600)
    with played(tmp_path / "j.db", LATE, policy=patient) as journal:
        found = parity(journal, demo_bars(), interval=INTERVAL)
    assert "latency" in caused(found)
    assert found.total("slip") == found.total("partial") == 0


def test_an_entry_that_came_too_late_is_a_trade_of_the_backtest_alone(tmp_path):
    """An entry waits ten seconds: one that arrives after a minute finds it over, and the day tells so."""
    with played(tmp_path / "j.db", LATE) as journal:
        found = parity(journal, demo_bars(), interval=INTERVAL)
    lost = [trade for trade in found.trades if trade.recorded is None]
    assert len(lost) >= 5
    assert any(trade.why.startswith("the record: approved") for trade in lost)
    assert caused(found) == {"data"}


def test_a_record_of_several_policies_is_refused(tmp_path):
    """One policy is run again; a journal with two says so."""
    told = four_days()
    rows = list(entries(told))
    with Journal(tmp_path / "j.db") as journal:
        journal.append(rows)
        other = rc.Policy(max_positions=1)
        journal.append([events.PolicyLoaded(rows[-1].at, other)])
        with pytest.raises(ValueError, match="needs one policy"):
            parity(journal, demo_bars(), interval=INTERVAL)


def test_signals_outside_the_bars_are_named(demo_journal):
    """Bars of half of the day: said, and nothing is compared."""
    half = {thing: series[:100] for thing, series in demo_bars().items()}
    with Reader(demo_journal) as journal, pytest.raises(ValueError, match="signals fall in no bar, the first "):
        parity(journal, half, interval=INTERVAL)


def test_instruments_whose_bars_are_missing_are_named(demo_journal):
    """A folder with one of the three: said by name, and nothing is compared."""
    one = {thing: series for thing, series in demo_bars().items() if thing.symbol == "INFY"}
    with Reader(demo_journal) as journal, pytest.raises(ValueError, match="no bars of LT, RELIANCE, of which"):
        parity(journal, one, interval=INTERVAL)


def test_an_instrument_is_what_the_day_saw_of_it(tmp_path):
    """Its tick by the broker's master is another than the tables have for the bars: stops stood on that."""
    bars = {attrs.evolve(thing, tick="0.5"): table for thing, table in demo_bars().items()}
    own = {i.key: [EmaCross(symbol=i.symbol, interval=INTERVAL, fast=FAST, slow=SLOW)] for i in bars}
    with Journal(tmp_path / "j.db") as journal:
        for _ in BarPlayer(journal, POLICY, bars, own, interval=INTERVAL).play():
            pass
    with Reader(tmp_path / "j.db") as journal:
        found = parity(journal, demo_bars(), interval=INTERVAL)
    assert found.same
    assert found.trades

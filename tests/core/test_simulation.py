"""The simulated broker and the loop over bars: what a bar can and cannot show."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import engine, events as e
from riskcore.simulation import daily_end

pytestmark = pytest.mark.smoke

INFY = rc.Instrument(symbol="INFY", tick="0.05")
START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct="0.1")
CALM = (1000, 1001, 999, 1000)


def bars(*rows):
    return [
        rc.Bar(at=START + timedelta(minutes=n), open=first, high=high, low=low, close=last)
        for n, (first, high, low, last) in enumerate(rows)
    ]


def bought_once(series, side="BUY"):
    """One signal at the close of the first bar, stop and target 20 and 100 away."""
    way = 1 if side == "BUY" else -1

    def strategy(instrument, seen):
        if len(seen) > 1:
            return None
        at = seen[-1].at + timedelta(minutes=1)
        return rc.Signal(instrument.symbol, side, at=at, stop=1000 - 20 * way, target=1000 + 100 * way)

    return rc.simulate({INFY: series}, strategy, RULES)


def fills(run):
    return [(fact.side, fact.price) for fact in run.facts if isinstance(fact, e.Filled)]


@pytest.mark.parametrize(
    ("side", "rows", "expected"),
    [
        ("BUY", [CALM, CALM], [("BUY", 1000)]),
        ("BUY", [CALM, (1001, 1002, 1000, 1001)], [("BUY", 1001)]),
        ("BUY", [CALM, ("1001.05", 1002, 999, 1000), CALM], []),
        ("SELL", [CALM, (999, 1001, 998, 1000)], [("SELL", 999)]),
        ("SELL", [CALM, ("998.95", 1001, 998, 1000), CALM], []),
        ("BUY", [CALM, (1000, 1001, 979, 990)], [("BUY", 1000), ("SELL", 980)]),
        ("BUY", [CALM, CALM, (970, 975, 960, 970)], [("BUY", 1000), ("SELL", 970)]),
        ("BUY", [CALM, CALM, (1000, 1101, 979, 1000)], [("BUY", 1000), ("SELL", 980)]),
        ("BUY", [CALM, CALM, (1110, 1120, 1105, 1110)], [("BUY", 1000), ("SELL", 1110)]),
        ("SELL", [CALM, CALM, (1000, 1020, 999, 1000)], [("SELL", 1000), ("BUY", 1020)]),
        ("SELL", [CALM, CALM, (1000, 1001, 900, 950)], [("SELL", 1000), ("BUY", 900)]),
    ],
)
def test_what_trades_in_a_bar_and_at_which_price(side, rows, expected):
    """Entries at the next first price within the limit or not at all; levels at the level, gaps at the first price."""
    assert fills(bought_once(bars(*rows), side)) == [(way, Decimal(price)) for way, price in expected]


def test_the_last_bar_can_be_decided_on_and_not_traded():
    """There is no price after it."""
    run = bought_once(bars(CALM))
    assert fills(run) == []
    assert len(run.broker.working) == 1


def test_the_equity_at_the_end_counts_what_is_open():
    """Opening equity, less charges, with the position at its last price."""
    run = bought_once(bars(CALM, CALM, (1000, 1006, 1000, 1005)))
    held = run.state.book.positions[0]
    assert run.equity == 100_000 - run.state.book.charges + 5 * held.quantity
    assert run.trades == ()


def test_bars_out_of_order_are_the_callers_mistake():
    """Named by instrument and time."""
    series = bars(CALM, CALM)
    for wrong in (series[::-1], [series[0], series[0]]):
        with pytest.raises(ValueError, match=r"NSE:INFY: the bar at .* does not come after"):
            bought_once(wrong)


def quiet(instrument, seen):
    return None


def answering(answer):
    return lambda instrument, seen: answer


@pytest.mark.parametrize(
    ("what", "strategies", "policy", "said"),
    [
        ({"INFY": []}, quiet, rc.Policy(), "simulate: each key of bars must be a riskcore.Instrument, such as"),
        ({INFY: [1, 2]}, quiet, rc.Policy(), r"bars of NSE:INFY must be a list of riskcore.Bar, such as \[Bar\("),
        ({INFY: 5}, quiet, rc.Policy(), "bars of NSE:INFY must be a list of riskcore.Bar"),
        ({INFY: bars(CALM)}, quiet, 5, r"simulate: policy must be a riskcore.Policy, such as Policy\(\), got 5"),
        ({INFY: bars(CALM)}, None, rc.Policy(), r"strategies must be a function \(instrument, bars\) or several, got"),
        ({INFY: bars(CALM)}, [5], rc.Policy(), r"strategies must be a function \(instrument, bars\) or several"),
        ({INFY: bars(CALM)}, answering(5), rc.Policy(), "a strategy must return a riskcore.Signal or None, got 5"),
        (
            {INFY: bars(CALM)}, answering(rc.Signal("TCS", "BUY", at=START)), rc.Policy(),
            r"a strategy must return signals of what has bars \(NSE:INFY\), got one of NSE:TCS",
        ),
    ],
)  # fmt: skip
def test_what_a_run_cannot_go_over_is_named(what, strategies, policy, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        rc.simulate(what, strategies, policy)


def test_a_mistaken_bar_cannot_exist():
    """High below the close, a price of nought, no time zone."""
    for wrong in ({"high": 999}, {"low": 1001}, {"low": 0}, {"at": START.replace(tzinfo=None)}):
        with pytest.raises(ValueError, match="Bar"):
            rc.Bar(**{"at": START, "open": 1000, "high": 1000, "low": 1000, "close": 1000, **wrong})


@pytest.mark.parametrize(
    ("text", "minutes"), [("1m", 1), ("5m", 5), ("1h", 60), ("1D", 1440), ("", 0), ("m", 0), ("0m", 0), ("1w", 0)]
)
def test_intervals(text, minutes):
    """Minutes, hours, days; anything else is an error."""
    if minutes:
        assert rc.interval_length(text) == timedelta(minutes=minutes)
    else:
        with pytest.raises(ValueError, match="interval must be like"):
            rc.interval_length(text)


def test_what_bars_show_for_the_rules_of_an_unusual_market():
    """The last trade, the previous close and the recent extremes are in the bars; each only where a rule asks."""
    needs = {"stale_after_s": 120, "max_gap_pct": 8, "unusual_move_atr": 3, "unusual_move_s": 90}
    before = rc.Bar(at=START - timedelta(days=1), open=990, high=999, low=981, close=985)
    series = [before, *bars(CALM, (1000, 1004, 996, 1001), (1001, 1002, 1000, 1002))]
    asked = {"bars_are": "1m", "asked": "1m"}
    at = START + timedelta(minutes=3)
    seen = rc.evidence_from(INFY, series, at, rc.Policy(**needs), **asked)
    assert (seen.traded_at, seen.previous_close) == (at, 985)
    ends = (at - timedelta(minutes=1), at - timedelta(minutes=1), at, at)
    assert seen.recent_prices == tuple(zip(ends, map(Decimal, (1004, 996, 1002, 1000)), strict=True))
    later = rc.evidence_from(INFY, series, at + timedelta(minutes=5), rc.Policy(**needs), **asked)
    assert (later.traded_at, later.recent_prices) == (at, ())
    assert rc.evidence_from(INFY, series, at, rc.Policy(near_band_pct=2), **asked).previous_close == 985
    silent = rc.evidence_from(INFY, series, at, rc.Policy(), **asked)
    assert (silent.traded_at, silent.previous_close, silent.recent_prices) == (None, None, None)


def test_bars_are_enough_for_entries_under_these_rules():
    """A backtest and a paper day with them on are not refused whole for want of evidence."""
    more = {"stale_after_s": 120, "max_gap_pct": 8, "unusual_move_atr": 50, "atr_warmup_bars": 14}
    rules = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, **more)
    before = rc.Bar(at=START - timedelta(days=1), open=990, high=999, low=981, close=985)

    def strategy(instrument, seen):
        if len(seen) != 20:
            return None
        at = seen[-1].at + timedelta(minutes=1)
        return rc.Signal(instrument.symbol, "BUY", at=at, stop=980, target=1100, interval="1m")

    run = rc.simulate({INFY: [before, *bars(*(CALM,) * 22)]}, strategy, rules)
    assert fills(run) == [("BUY", 1000)]


FUTURE = rc.Instrument(symbol="INFY24NOV26FUT", tick="0.1", exchange="NFO", segment="FUT", expiry=date(2026, 11, 24))


@pytest.mark.parametrize(
    ("thing", "day", "policy", "until"),
    [
        (INFY, "2026-11-20", {}, "14:45"),
        (INFY, "2026-11-20", {"no_entry_after": "15:14"}, "15:14"),
        (INFY, "2025-10-21", {}, "14:00"),
        (FUTURE, "2026-11-20", {"no_entry_after": "15:14"}, "15:14"),
        (INFY, "2026-11-24", {}, None),
        (INFY, "2031-01-06", {}, None),
    ],
)
def test_a_bar_of_a_day_is_acted_on_while_its_session_takes_what_stays_over_night(thing, day, policy, until):
    """The square-off is for what does not. Where the calendar does not tell, or says closed, in the last second."""
    on = date.fromisoformat(day)
    found = engine.overnight_until(on, thing, rc.Policy(**policy))
    assert (None if found is None else f"{found:%H:%M}") == until
    acted = daily_end(thing, datetime.combine(on, time(9), rc.IST), rc.Policy(**policy))
    assert acted == datetime.combine(on, time.fromisoformat(until or "15:30"), rc.IST) - timedelta(seconds=1)


# ------------------------------------------------------------ exits that meet another session

DAYS = [datetime(2026, 11, day, tzinfo=rc.IST) for day in (9, 11, 12, 13, 16, 17)]
FALLING = [(100, 101, 99, 100)] * 3 + [(90, 91, 89, 90), (80, 81, 79, 80), (70, 71, 69, 70)]


def day_by_day(*rows):
    names = ("open", "high", "low", "close")
    return [rc.Bar(at=at, **dict(zip(names, row, strict=True))) for at, row in zip(DAYS, rows, strict=True)]


def in_and_out(instrument, seen):
    """Buy for delivery at the end of the first day, and leave at the end of the third."""
    kind = {1: "entry", 3: "exit"}.get(len(seen))
    if kind is None:
        return None
    side, levels = ("BUY", {"stop": 10, "target": 400}) if kind == "entry" else ("SELL", {})
    at = seen[-1].at + timedelta(days=1)
    return rc.Signal("INFY", side, kind=kind, at=at, bar_at=seen[-1].at, product="CNC", interval="1D", **levels)


@pytest.mark.parametrize(
    ("after", "left_at"),
    [
        (FALLING[3:], [90]),  # far beyond the limit of the evening before
        ([(99, 101, 98, 100), *FALLING[4:]], [99]),  # within the bar as far as that limit, which is none any more
        ([(103, 104, 102, 103), *FALLING[4:]], [103]),
        ([(90,) * 4, (80,) * 4, (70,) * 4], []),  # at its circuit, all of each day
    ],
)
def test_an_exit_that_has_met_no_price_before_the_night_leaves_where_the_next_session_opens(after, left_at):
    """Its limit was the evening's: a share that opened lower was held for days, an evening's limit at a time."""
    run = rc.simulate({INFY: day_by_day(*FALLING[:3], *after)}, in_and_out, RULES, interval="1D")
    assert fills(run) == [("BUY", 100), *(("SELL", price) for price in left_at)]
    if left_at:
        assert [fact.traded_at for fact in run.facts if isinstance(fact, e.Filled)] == [DAYS[1], DAYS[3]]


def test_an_entry_of_the_evening_before_keeps_its_limit_and_so_does_an_exit_within_its_session():
    low = day_by_day(FALLING[0], (110, 111, 99, 110), *FALLING[2:])
    assert fills(rc.simulate({INFY: low}, in_and_out, RULES, interval="1D")) == []

    def strategy(instrument, seen):
        at = seen[-1].at + timedelta(minutes=1)
        if len(seen) == 1:
            return rc.Signal("INFY", "BUY", at=at, stop=900, target=1500)
        return rc.Signal("INFY", "SELL", kind="exit", at=at) if len(seen) == 3 else None

    run = rc.simulate({INFY: bars(CALM, CALM, CALM, (990, 991, 989, 990), (980, 981, 979, 980))}, strategy, RULES)
    assert fills(run) == [("BUY", 1000), ("SELL", Decimal("980.1"))], "the limit of 985.1 met nothing, and was pressed"


def test_no_tick_of_a_morning_takes_an_exit_beyond_its_limit():
    """What live prices show is acted on at once: the exit is taken back, and goes again at the price of then."""
    run = rc.simulate({INFY: day_by_day(*FALLING[:3], *FALLING[:3])[:3]}, in_and_out, RULES, interval="1D")
    (exit_,) = run.broker.working
    at = DAYS[3] + timedelta(hours=9, minutes=15)
    live = e.PricesSeen(at, "NSE:INFY", 90, 91, 89, 90, at, ticks=3, sources=("ws",))
    assert run.broker.see(live)[1] == ()
    of_a_bar = e.PricesSeen(at + timedelta(minutes=1), "NSE:INFY", 90, 91, 89, 90, at)
    assert [report.filled_value / report.filled_quantity for report in run.broker.see(of_a_bar)[1]] == [90]
    assert exit_.limit > 90

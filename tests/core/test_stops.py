"""Where a stop starts: every method with numbers a reader can check, and what the policy makes of them."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05")
LIFTED = {"entry_band_pct": 0, "max_position_size_percent": 100, "max_sector_exposure": 100}
SIDES = ("BUY", "SELL")


def bars_of(*spans):
    """Bars from (low, high) pairs, five minutes apart, each closing in its middle."""
    made = []
    for number, (low, high) in enumerate(spans):
        middle = (Decimal(str(low)) + Decimal(str(high))) / 2
        at = NOON - timedelta(minutes=5 * (len(spans) - number))
        made.append(rc.Bar(at=at, open=middle, high=high, low=low, close=middle))
    return tuple(made)


WAVES = bars_of((98, 103), (97, 102), (95, 101), (96, 104), (97, 105), (94, 103), (96, 102), (97, 101), (99, 100))


@pytest.mark.parametrize(
    ("method", "question", "buy", "sell"),
    [
        (rc.atr_stop, {"atr": 20, "multiple": 1.5}, "2470", "2530"),
        (rc.percent_stop, {"pct": 1.2}, "2470", "2530"),
        (rc.percent_stop, {"pct": "0.333"}, "2491.70", "2508.30"),
        (rc.points_stop, {"points": 12.34}, "2487.70", "2512.30"),
        (rc.rupee_stop, {"risk": 1000, "quantity": 33}, "2469.70", "2530.30"),
        (rc.level_stop, {"levels": [2440, 2475, 2520, 2560]}, "2475", "2520"),
        (rc.level_stop, {"levels": [2440, 2500, 2560], "buffer": 2}, "2438", "2562"),
    ],
)
def test_a_method_places_the_stop_on_the_losing_side_rounded_nearer_the_entry(method, question, buy, sell):
    """For a BUY below the entry, for a SELL above it: never a tick further than the method says."""
    for side, wanted in (("BUY", buy), ("SELL", sell)):
        stop = method(side=side, entry=2500, tick="0.05", **question)
        assert (stop.price, stop.distance) == (Decimal(wanted), abs(2500 - Decimal(wanted)))
        assert stop.basis.isascii()


@pytest.mark.parametrize(
    ("method", "question", "basis"),
    [
        (rc.atr_stop, {"side": "BUY", "atr": 20, "multiple": 1.5}, "1.5 x ATR 20.0000"),
        (rc.percent_stop, {"side": "BUY", "pct": 2}, "2 % of 2500"),
        (rc.points_stop, {"side": "BUY", "points": 12.5}, "12.5 points"),
        (rc.rupee_stop, {"side": "BUY", "risk": 500, "quantity": 10}, "Rs 500 over 10 shares"),
        (rc.level_stop, {"side": "SELL", "levels": [2510], "buffer": 0.1}, "0.1000 beyond the level 2510"),
        (rc.swing_stop, {"side": "BUY", "bars": WAVES, "width": 1}, "0.0000 beyond the swing low 94"),
        (rc.given_stop, {"side": "BUY", "stop": 2490}, "given by the signal"),
    ],
)
def test_a_stop_says_how_it_was_found(method, question, basis):
    """The evidence, as a sentence."""
    assert method(entry=2500, tick=1, **question).basis == basis


def test_a_moved_stop_says_from_where():
    """What was found, and which bound it met."""
    near = rc.points_stop(side="SELL", entry=99, points=1, tick=1)
    moved = rc.clamped_stop(side="SELL", entry=99, stop=near, tick=1, least=2)
    assert moved.basis == "1 points, moved to the least distance of 2.0000"


def test_a_stop_that_stands_at_a_bound_is_left_as_it_was_found():
    """Two rupees away, where at least two or at most two are wanted."""
    found = rc.points_stop(side="BUY", entry=99, points=2, tick=1)
    for bound in ({"least": 2}, {"greatest": 2}):
        assert rc.clamped_stop(side="BUY", entry=99, stop=found, tick=1, **bound) is found


def test_the_evidence_of_a_stop_made_by_hand_is_a_sentence_or_one_with_places():
    """Kept as it was given, and read as one sentence."""
    price, distance = Decimal(98), Decimal(2)
    assert rc.Stop(price, distance, "by hand").basis == "by hand"
    assert rc.Stop(price, distance, "by hand {}").basis == "by hand {}"
    placed = rc.Stop(price, distance, ("{} points", 2))
    assert (placed.basis, placed.found) == ("2 points", ("{} points", 2))


def test_a_swing_is_passed_by_no_bar_on_either_side():
    """Lows 98 97 [95] 96 97 [94] 96 97 99: with one bar each side two swing lows, with two bars the same two."""
    assert [bar.low for bar in rc.swings(bars=WAVES, side="BUY", width=1)] == [95, 94]
    assert [bar.low for bar in rc.swings(bars=WAVES, side="BUY", width=2)] == [95, 94]
    assert [bar.high for bar in rc.swings(bars=WAVES, side="SELL", width=2)] == [105]
    assert rc.swings(bars=WAVES[:4], side="BUY", width=2) == ()


def test_of_equal_lows_the_first_is_the_swing():
    """A flat bottom is one swing and not several, nor none."""
    flat = bars_of((97, 99), (95, 98), (95, 97), (95, 96), (96, 98))
    assert rc.swings(bars=flat, side="BUY", width=1) == (flat[1],)
    top = bars_of((97, 99), (95, 101), (95, 101), (95, 101), (96, 98))
    assert rc.swings(bars=top, side="SELL", width=1) == (top[1],)


def test_a_swing_at_the_entry_is_on_neither_side():
    """The high of 105 is no stop for a SELL at 105; at 104.95 it is."""
    with pytest.raises(ValueError, match="no confirmed swing"):
        rc.swing_stop(side="SELL", entry=105, bars=WAVES, width=2, tick="0.05")
    assert rc.swing_stop(side="SELL", entry="104.95", bars=WAVES, width=2, tick="0.05").price == 105


def test_a_swing_stop_stands_beyond_the_newest_swing_that_is_on_the_losing_side():
    """At 100 the newest low, 94; at 94.50 too; at 94 none: 95 is then on the winning side."""
    ask = {"side": "BUY", "bars": WAVES, "width": 1, "tick": "0.05"}
    assert rc.swing_stop(entry=100, buffer="0.5", **ask).price == Decimal("93.50")
    assert rc.swing_stop(entry="94.5", **ask).price == 94
    with pytest.raises(ValueError, match="no confirmed swing of 1 bars"):
        rc.swing_stop(entry=94, **ask)
    older = rc.swing_stop(side="SELL", entry=102, bars=WAVES, width=1, buffer="0.10", tick="0.05")
    assert (older.price, older.basis) == (Decimal("105.10"), "0.1000 beyond the swing high 105")


def test_a_swing_is_not_used_before_the_bars_after_it_are_seen():
    """The low of 94 is the sixth bar: with two bars each side it counts from the eighth on, before that 95 does."""
    found = [rc.swing_stop(side="BUY", entry=100, bars=WAVES[:n], width=2, tick=1).price for n in (5, 6, 7, 8, 9)]
    assert found == [95, 95, 95, 94, 94]


@pytest.mark.parametrize(
    ("method", "question", "message"),
    [
        (rc.percent_stop, {"pct": 100}, "at or beyond zero"),
        (rc.points_stop, {"points": 100}, "at or beyond zero"),
        (rc.points_stop, {"points": 0}, "points must be above 0"),
        (rc.atr_stop, {"atr": 50, "multiple": 3}, "at or beyond zero"),
        (rc.rupee_stop, {"risk": 1000, "quantity": 0}, "quantity must be 1 or more"),
        (rc.level_stop, {"levels": [100, 110]}, "none on the losing side"),
        (rc.level_stop, {"levels": []}, "none on the losing side"),
        (rc.level_stop, {"levels": [90], "buffer": -1}, "buffer must be 0 or more"),
        (rc.swing_stop, {"bars": WAVES, "width": 0}, "width must be 1 or more"),
    ],
)
def test_what_cannot_be_a_stop_is_an_error_that_names_the_argument(method, question, message):
    """At or beyond zero, without a distance, or without what the method needs."""
    with pytest.raises(ValueError, match=message):
        method(side="BUY", entry=100, tick="0.05", **question)


@pytest.mark.parametrize("side", SIDES)
def test_of_several_stops_the_tighter_or_the_wider_counts(side):
    """And it says of how many."""
    near, far = (rc.points_stop(side=side, entry=100, points=points, tick="0.05") for points in (1, 3))
    assert rc.combined_stop(stops=[far, near], combine="tighter").distance == 1
    wide = rc.combined_stop(stops=[near, far], combine="wider")
    assert (wide.distance, wide.basis) == (3, "3 points (wider of 2)")
    assert rc.combined_stop(stops=[near], combine="wider") is near
    for wrong in ({"stops": [], "combine": "wider"}, {"stops": [near], "combine": "best"}):
        with pytest.raises(ValueError, match="must"):
            rc.combined_stop(**wrong)


@pytest.mark.parametrize("side", SIDES)
def test_a_stop_is_moved_between_its_least_and_its_greatest_distance(side):
    """On the tick: a least of 0.12 is 0.15, a greatest of 2.97 is 2.95."""
    bounds = {"side": side, "entry": 100, "tick": "0.05", "least": "0.12", "greatest": "2.97"}
    for points, wanted in (("0.05", "0.15"), ("0.15", "0.15"), (2, "2"), (3, "2.95"), (50, "2.95")):
        stop = rc.points_stop(side=side, entry=100, points=points, tick="0.05")
        assert rc.clamped_stop(stop=stop, **bounds).distance == Decimal(wanted)
    moved = rc.clamped_stop(stop=rc.points_stop(side=side, entry=100, points=9, tick=1), **bounds)
    assert moved.basis == "9 points, moved to the greatest distance of 2.9700"
    with pytest.raises(ValueError, match="no stop could stand between them"):
        rc.clamped_stop(stop=moved, **{**bounds, "least": 3})


def test_a_bound_that_is_not_given_does_not_bind():
    """Neither holds without the other's help, and two that are equal leave one distance."""
    ask = {"side": "BUY", "entry": 100, "tick": "0.05"}
    near, far = (rc.points_stop(points=points, **ask) for points in ("0.05", 50))
    assert rc.clamped_stop(stop=near, greatest=2, **ask) is near
    assert rc.clamped_stop(stop=far, least=2, **ask) is far
    assert rc.clamped_stop(stop=near, least=0, **ask) is near
    for stop in (near, far):
        assert rc.clamped_stop(stop=stop, least=2, greatest=2, **ask).distance == 2


def test_no_stops_and_no_such_choice_are_told_apart():
    """Each in its own words."""
    with pytest.raises(ValueError, match=r"^stops must hold one or more$"):
        rc.combined_stop(stops=[], combine="wider")


def decided(signal=None, market=None, **policy):
    wish = rc.Signal("INFY", "BUY", at=NOON, **(signal or {}))
    seen = rc.Market(instrument=INFY, at=NOON, **{"last": 1000, "atr": 10, **(market or {})})
    return rc.decide(wish, rc.Book(100_000), seen, rc.Policy(**{**LIFTED, **policy}))


def reasons(decision):
    return [found.reason for found in decision.reasons]


TREND = bars_of((985, 992), (984, 990), (980, 988), (985, 993), (987, 995), (990, 998))
WITH_LEVELS = {"levels": [960, 991, 1020]}


@pytest.mark.parametrize(
    ("policy", "stop"),
    [
        ({"stop_methods": ["atr"]}, 985),
        ({"stop_methods": ["percent"], "stop_pct": 2}, 980),
        ({"stop_methods": ["points"], "stop_points": 12}, 988),
        ({"stop_methods": ["level"]}, "990.95"),
        ({"stop_methods": ["level"], "stop_buffer_ticks": 0, "stop_buffer_atr": "0.1"}, 990),
        ({"stop_methods": ["swing"], "stop_swing_bars": 2}, "979.95"),
        ({"stop_methods": ["swing"], "stop_swing_bars": 2, "stop_buffer_ticks": 0}, 980),
        ({"stop_methods": ["atr", "percent", "points"], "stop_pct": 2, "stop_points": 12}, 988),
        (
            {"stop_methods": ["atr", "percent", "points"], "stop_pct": 2, "stop_points": 12, "stop_combine": "wider"},
            980,
        ),
        ({"stop_methods": ["level", "swing"], "stop_swing_bars": 2, "stop_combine": "wider"}, "979.95"),
        ({"stop_methods": ["points"], "stop_points": "0.05"}, "999.90"),
        ({"stop_methods": ["points"], "stop_points": "0.05", "stop_least_pct": "0.5"}, 995),
        ({"stop_methods": ["points"], "stop_points": 60, "stop_greatest_pct": 5}, 950),
        ({"stop_methods": ["points"], "stop_points": 60, "stop_greatest_pct": 5, "stop_greatest_atr": 3}, 970),
        ({"stop_methods": ["points"], "stop_points": 1500, "stop_greatest_pct": 5}, 950),
    ],
)
def test_the_policy_places_the_stop_by_its_methods_between_its_bounds(policy, stop):
    """At a quote of 1,000 with an ATR of 10, levels at 960, 991 and 1,020 and a swing low of 980."""
    decision = decided(WITH_LEVELS, {"bars": TREND}, **policy)
    assert decision.order.stop == Decimal(stop)
    assert decision.stop.distance == 1000 - Decimal(stop)


@pytest.mark.parametrize(
    ("size", "quantity", "stop"),
    [
        ({"sizing_method": "fixed_quantity", "fixed_quantity": 20}, 20, 975),
        ({"sizing_method": "fixed_notional", "fixed_notional": 33_500}, 33, "984.85"),
        ({"sizing_method": "fixed_notional", "fixed_notional": 33_500, "entry_band_pct": 2}, 32, "984.40"),
    ],
)
def test_a_stop_by_rupees_loses_no_more_than_those_with_the_fixed_quantity(size, quantity, stop):
    """500 rupees over 20 shares are 25 each; over the 33 (at the worst price 32) that 33,500 rupees buy, 15.15."""
    decision = decided(stop_methods=["rupees"], stop_risk_rupees=500, risk_per_trade=3, **size)
    assert (decision.order.quantity, decision.order.stop) == (quantity, Decimal(stop))
    assert decision.stop.distance * quantity <= 500


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"stop_methods": ["level"]}, "stop_level_missing"),
        ({"stop_methods": ["swing"]}, "stop_swing_missing"),
        ({"stop_methods": ["atr", "level"]}, "stop_level_missing"),
        ({"stop_methods": ["atr", "swing"], "stop_combine": "wider"}, "stop_swing_missing"),
    ],
)
def test_a_method_without_its_data_refuses_by_name_also_among_others(policy, reason):
    """No level on the losing side, six bars that hold no swing of three: never skipped in silence."""
    assert reasons(decided({"levels": [1020]}, {"bars": TREND}, **policy)) == [reason]
    assert decided(WITH_LEVELS, {"bars": WAVES}, stop_methods=["atr"]).approved


def test_what_is_measured_in_atr_needs_one():
    """A buffer or a bound in ATR asks for it as the method does; a percentage does not."""
    blind = {"market": {"atr": None}}
    percent = {"stop_methods": ["percent"], "stop_pct": 1}
    assert decided(**blind, **percent).approved
    for more in (
        {"stop_greatest_atr": 5},
        {"stop_methods": ["level"], "stop_buffer_atr": 1},
        {"stop_methods": ["atr"]},
    ):
        assert reasons(decided(WITH_LEVELS, **blind, **{**percent, **more})) == ["atr_not_ready"]
    assert reasons(decided({"stop": 990}, **blind, stop_greatest_atr=5)) == ["atr_not_ready"]
    assert decided({"stop": 990}, **blind).approved


@pytest.mark.parametrize(
    ("stop", "policy", "answer"),
    [
        ("999.95", {}, "stop_too_tight"),
        ("999.90", {}, Decimal("999.90")),
        (996, {"stop_least_pct": "0.5"}, "stop_too_tight"),
        (995, {"stop_least_pct": "0.5"}, Decimal(995)),
        (949, {"stop_greatest_pct": 5}, "stop_too_wide"),
        (950, {"stop_greatest_pct": 5}, Decimal(950)),
        (969, {"stop_greatest_atr": 3}, "stop_too_wide"),
        (970, {"stop_greatest_atr": 3}, Decimal(970)),
    ],
)
def test_a_stop_the_signal_brings_is_never_moved_but_refused_beyond_the_bounds(stop, policy, answer):
    """At the bound it passes."""
    decision = decided({"stop": stop}, **policy)
    assert reasons(decision) == [answer] if isinstance(answer, str) else decision.order.stop == answer


@pytest.mark.parametrize(
    ("stop", "taken", "expected"),
    [
        (990, "use", 990),
        (990, "ignore", 985),
        (990, "tighter", 990),
        (980, "use", 980),
        (980, "ignore", 985),
        (980, "tighter", 985),
    ],
)
def test_the_policy_says_what_a_stop_of_the_signal_counts(stop, taken, expected):
    """Its own would be 985."""
    assert decided({"stop": stop}, signal_stop=taken).order.stop == expected


@pytest.mark.parametrize("taken", ["use", "tighter"])
def test_a_signals_stop_on_the_wrong_side_is_refused_and_never_replaced(taken):
    """Whatever it is worth elsewhere, the sender meant another trade."""
    assert reasons(decided({"stop": 1010}, signal_stop=taken)) == ["stop_wrong_side"]
    assert decided({"stop": 1010}, signal_stop="ignore").approved


def test_bounds_that_no_stop_meets_refuse_by_name():
    """Two ticks are 0.10; 0.5 % of 10 rupees is half of that."""
    small = {"last": 10, "atr": "0.01"}
    assert reasons(decided(None, small, stop_greatest_pct="0.5")) == ["stop_too_tight"]


def test_a_short_is_the_mirror():
    """Resistance at 1,020 and a swing high of 1,005."""
    peak = bars_of((990, 1000), (994, 1003), (995, 1005), (992, 1001), (990, 999))
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, atr=10, bars=peak)
    wish = rc.Signal("INFY", "SELL", at=NOON, levels=[960, 1020])
    for methods, wanted in ((["level"], "1020.05"), (["swing"], "1005.05"), (["level", "swing"], "1005.05")):
        policy = rc.Policy(**LIFTED, stop_methods=methods, stop_swing_bars=2)
        assert rc.decide(wish, rc.Book(100_000), seen, policy).order.stop == Decimal(wanted)
    assert attrs.evolve(wish, levels=()).levels == ()


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"stop_methods": []}, "must name one or more of atr"),
        ({"stop_methods": ["atr", "atr"]}, "each once"),
        ({"stop_methods": ["fibonacci"]}, "stop_methods must be atr, percent"),
        ({"stop_methods": "atr"}, "must be a list"),
        ({"stop_methods": ["percent"]}, "stop_pct: must be set"),
        ({"stop_methods": ["points"]}, "stop_points: must be set"),
        ({"stop_methods": ["rupees"]}, "stop_risk_rupees: must be set"),
        (
            {"stop_methods": ["rupees"], "stop_risk_rupees": 500},
            "set sizing_method to fixed_quantity or fixed_notional",
        ),
        ({"stop_least_pct": 2, "stop_greatest_pct": 1}, "stop_greatest_pct: is below stop_least_pct 2"),
        ({"stop_least_ticks": 0}, "stop_least_ticks must be 1 or more"),
        ({"signal_stop": "never"}, "signal_stop must be use, ignore or tighter"),
    ],
)
def test_a_policy_that_could_place_no_stop_is_refused_when_it_is_made(policy, message):
    """The message names the field, and what to write."""
    with pytest.raises(ValueError, match=message):
        rc.Policy(**policy)


@pytest.mark.parametrize("levels", ["2450", 2450, [0], [float("nan")]])
def test_levels_of_a_signal_are_a_list_of_prices(levels):
    """Nothing that only looks like it."""
    with pytest.raises(ValueError, match=r"Signal\.levels"):
        rc.Signal("INFY", "BUY", at=NOON, levels=levels)


def test_the_evidence_of_bars_brings_them_along_where_stops_stand_beyond_swings():
    """The newest hundred; the ATR is that of all bars. Other policies do without them."""
    spans = [(995 - at % 7, 1005 + at % 5) for at in range(150)]
    series = bars_of(*spans)
    asked = {"bars_are": "5m", "asked": "5m"}
    seen = rc.evidence_from(INFY, series, NOON, rc.Policy(stop_methods=["swing"]), **asked)
    assert seen.bars == series[-100:]
    assert seen.atr == round(rc.atr(series, 14), 6)
    decision = rc.decide(rc.Signal("INFY", "BUY", at=NOON), rc.Book(100_000), seen, rc.Policy(stop_methods=["swing"]))
    assert decision.order.stop == rc.swings(bars=series, side="BUY", width=3)[-1].low - Decimal("0.05")
    assert rc.evidence_from(INFY, series, NOON, rc.Policy(), **asked).bars is None

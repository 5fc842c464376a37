"""Ways to size beside fixed fractional risk. Each gives one more cap on the quantity, or scales the risk budget.

A cap is handed to `riskcore.size`, whose `risk_per_trade` stays above all of them: no sizer ever risks more.

>>> from riskcore.sizing import size
>>> unit = volatility_cap(equity=100_000, target_pct="0.25", atr=20, multiple=1)
>>> sized = size(equity=100_000, risk_per_trade=1, entry=2500, stop=2470, caps=[unit])
>>> sized.quantity, sized.bound_by, sized.next_bound
(12, 'volatility_target_pct', ('risk_per_trade', 33))
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Any, Final, NamedTuple, Protocol

from attrs import frozen

from riskcore.money import HUNDRED, LARGEST, ONE, ZERO, amount, count, exact, not_negative, percent_of, plain, positive
from riskcore.sizing import most_within

FIXED_QUANTITY: Final = "fixed_quantity"
FIXED_NOTIONAL: Final = "fixed_notional"
VOLATILITY_TARGET: Final = "volatility_target_pct"
KELLY_MULTIPLIER: Final = "kelly_multiplier"


class Cap(NamedTuple):
    """The most that a sizer allows, in shares before lot rounding: under which name, and what it follows from."""

    name: str
    most: Decimal
    basis: str


class Traded(Protocol):
    """A finished trade, as far as its edge goes."""

    @property
    def r_multiple(self) -> Decimal | None:
        """Result after charges over initial risk; None without a stop at entry."""


@frozen
class Edge:
    """What finished trades say of the next, in R.

    `trades` are those with an initial risk. `win_rate` is wins / (wins + losses), a share, and `payoff` the average
    win over the average loss; each is None while it is not defined. A trade that came to exactly 0 is neither.
    """

    trades: int
    win_rate: Decimal | None
    payoff: Decimal | None


@exact
def fixed_quantity_cap(*, quantity: Any) -> Cap:
    """The same number of shares in every trade: quantity.

    >>> fixed_quantity_cap(quantity=50).most
    Decimal('50')
    """
    most = count(quantity, "quantity")
    return Cap(FIXED_QUANTITY, Decimal(most), f"{most} a trade")


@exact
def fixed_notional_cap(*, notional: Any, price: Any) -> Cap:
    """The same value in every trade: floor(notional / price), in rupees and at the worst price permitted.

    >>> fixed_notional_cap(notional=100_000, price="2502.50").most
    Decimal('39')
    """
    value, each = positive(notional, "notional"), positive(price, "price")
    return Cap(FIXED_NOTIONAL, whole_shares(value, each), f"Rs {plain(value)} at {plain(each)}")


@exact
def volatility_cap(*, equity: Any, target_pct: Any, atr: Any, multiple: Any) -> Cap:
    """As many shares as move by a set part of the equity: floor(equity x target_pct / 100 / (atr x multiple)).

    `target_pct` is percent of `equity` that a move of `multiple` x ATR may make, `atr` rupees a share. With 1 % and
    a multiple of 1 it is the unit of the Turtles, N being the ATR of 20 days. Equity at or below zero gives 0.
    Source: C. Faith, Way of the Turtle; M. Covel, The Complete TurtleTrader.

    >>> volatility_cap(equity=1_000_000, target_pct=1, atr="592.2", multiple=1).most
    Decimal('16')
    """
    base, part = max(amount(equity, "equity"), ZERO), positive(target_pct, "target_pct")
    move, times = positive(atr, "atr"), positive(multiple, "multiple")
    most = volatility_most(base, part, move, times)
    return Cap(VOLATILITY_TARGET, most, f"{plain(part)} % of {plain(base)} over {plain(times)} x ATR {plain(move)}")


@exact
def kelly_fraction(win_rate: Any, payoff: Any) -> Decimal | None:
    """The share of capital to lose in an average loss for the fastest growth: f* = W - (1 - W) / payoff.

    `win_rate` W is a share from 0 to 1, `payoff` average win / average loss. Negative where there is no edge: bet
    nothing then, and only a part of a positive one, for the two numbers are never known but estimated. None where
    either is None (no win or no loss yet) or the payoff is 0. `ValueError` for a win rate outside 0 to 1 or a
    negative payoff. Source: J. L. Kelly, A New Interpretation of Information Rate (1956).

    >>> kelly_fraction("0.5", 2)
    Decimal('0.25')
    >>> kelly_fraction(1, None) is None
    True
    """
    if win_rate is None or payoff is None:
        return None
    wins, ratio = amount(win_rate, "win_rate"), not_negative(payoff, "payoff")
    if not ZERO <= wins <= ONE:
        raise ValueError(f"win_rate must be a share from 0 to 1 (45 % is 0.45), got {win_rate!r}")
    return kelly_of(wins, ratio)


@exact
def kelly_cap(*, equity: Any, kelly_multiplier: Any, win_rate: Any, payoff: Any, entry: Any, stop: Any) -> Cap:
    """So many shares that the stop costs a part of Kelly: floor(equity x multiplier x f / |entry - stop|).

    f is `kelly_fraction`; without an edge (f at or below 0) the quantity is 0. `kelly_multiplier` is above 0 and at
    most 1 (half Kelly is 0.5): beyond the whole fraction growth falls while risk rises. Raises `ValueError` for a
    stop at the entry.

    >>> kelly_cap(equity=100_000, kelly_multiplier="0.1", win_rate="0.6", payoff=1, entry=2500, stop=2470).most
    Decimal('66')
    """
    base, part = max(amount(equity, "equity"), ZERO), positive(kelly_multiplier, "kelly_multiplier")
    if part > ONE:
        raise ValueError(f"kelly_multiplier must be at most 1 (the whole of Kelly's fraction), got {kelly_multiplier}")
    distance = abs(positive(entry, "entry") - positive(stop, "stop"))
    if distance == 0:
        raise ValueError(f"stop {stop} is at the entry: without a distance there is no size")
    fraction = kelly_fraction(win_rate, payoff)
    if fraction is None:
        raise ValueError(f"without a win_rate and a payoff above 0 there is no size, got {win_rate!r} and {payoff!r}")
    most = most_within(base * part * max(fraction, ZERO), distance, None, 1)
    return Cap(KELLY_MULTIPLIER, Decimal(most), f"{plain(part)} x Kelly {fraction:.4f} of {plain(base)}")


@exact
def throttled_pct(*, drawdown_pct: Any, from_pct: Any, to_pct: Any, least_pct: Any) -> Decimal:
    """How much of the usual risk is left in a drawdown, in percent.

    100 up to `from_pct`, `least_pct` from `to_pct` on, and on the straight line between:
    100 - (100 - least_pct) x (drawdown_pct - from_pct) / (to_pct - from_pct). The drawdown is percent of the highest
    equity. Raises `ValueError` where `from_pct` is not below `to_pct` or `least_pct` is above 100.

    >>> throttled_pct(drawdown_pct=7.5, from_pct=5, to_pct=10, least_pct=50)
    Decimal('75.0')
    """
    first, last = not_negative(from_pct, "from_pct"), positive(to_pct, "to_pct")
    if first >= last:
        raise ValueError(f"from_pct {first} must be below to_pct {last}")
    floor = not_negative(least_pct, "least_pct")
    if floor > HUNDRED:
        raise ValueError(f"least_pct is in percent and must be at most 100, got {least_pct!r}")
    return throttle(not_negative(drawdown_pct, "drawdown_pct"), first, last, floor)


@exact
def edge_of(trades: Iterable[Traded]) -> Edge:
    """The edge of finished trades, folded from their results in R: outcomes of the book, say.

    win_rate = wins / (wins + losses); payoff = (sum of wins / wins) / (sum of losses / losses). Trades without an
    initial risk are left out.

    >>> edge_of(())
    Edge(trades=0, win_rate=None, payoff=None)
    """
    number = wins = losses = 0
    won = lost = ZERO
    try:
        with localcontext():  # a host's own trades may work it out, and do to the decimal context what they like
            results = [trade.r_multiple for trade in trades]
    except (TypeError, AttributeError):
        remedy = "finished trades, each with its r_multiple"
        raise ValueError(f"trades must be {remedy}, got {trades!r:.60}") from None
    for result in results:
        if result is None:
            continue
        number += 1
        if result > ZERO:
            wins, won = wins + 1, won + result
        elif result < ZERO:
            losses, lost = losses + 1, lost - result
    decided = wins + losses
    rate = Decimal(wins) / decided if decided else None
    return Edge(number, rate, (won / wins) / (lost / losses) if wins and losses else None)


def volatility_most(base: Decimal, target_pct: Decimal, atr: Decimal, multiple: Decimal) -> Decimal:
    """`volatility_cap` of clean values: an ATR may fade to next to nothing."""
    return whole_shares(percent_of(base, target_pct), atr * multiple)


def whole_shares(value: Decimal, each: Decimal) -> Decimal:
    """How many whole shares of `each` rupees a value holds; at most `LARGEST`."""
    return LARGEST if value >= each * LARGEST else value // each


def kelly_of(wins: Decimal, payoff: Decimal) -> Decimal | None:
    """`kelly_fraction` of clean values."""
    return wins - (ONE - wins) / payoff if payoff else None


def throttle(drawdown_pct: Decimal, from_pct: Decimal, to_pct: Decimal, least_pct: Decimal) -> Decimal:
    """`throttled_pct` of clean values."""
    if drawdown_pct <= from_pct:
        return HUNDRED
    if drawdown_pct >= to_pct:
        return least_pct
    return HUNDRED - (HUNDRED - least_pct) * (drawdown_pct - from_pct) / (to_pct - from_pct)

"""How far two bets win and lose together: correlation of returns, each taken from its own side, and clusters.

The evidence is `Market.closes`: closes of the candidate and of everything held, aligned on common sessions. Long
A and short B are one bet where A and B move against each other, so a correlation is multiplied by both sides' signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from operator import mul
from typing import Final, NamedTuple, TypeAlias

from riskcore.money import ONE, ZERO, exact
from riskcore.orders import Order
from riskcore.policy import Policy
from riskcore.positions import Position
from riskcore.signals import Bar, Market, Signal, sign

Closes: TypeAlias = Sequence[Decimal]
GRAIN: Final = Decimal("0.000001")
"""Correlations are compared and shown in steps of a millionth, far below what any sample can tell."""
STILL: Final = Decimal("1e-40")
"""Squares no larger than that are what rounding leaves of returns that are all alike: the series does not move."""


class Spread(NamedTuple):
    """A series seen from its mean: the deviations, and the sum of their squares."""

    deviations: Sequence[Decimal]
    squares: Decimal

    @property
    def moves(self) -> bool:
        """Whether the series varies at all; without that it has no correlation."""
        return self.squares > STILL


class Bets(NamedTuple):
    """The candidate and what is held or on its way, by key, and how far each two win together.

    `together` holds +1 for two that always win together and -1 for a hedge, by the places of both, the candidate's 0;
    without a limit on clusters only the candidate's row. `cluster` are the places of all that hangs together with the
    candidate, itself included, by pairs at or above `cluster_correlation`; nothing without such a limit.
    """

    keys: tuple[str, ...]
    together: dict[tuple[int, int], Decimal]
    cluster: tuple[int, ...]


@exact
def simple_returns(closes: Closes) -> tuple[Decimal, ...]:
    """The return of each step: close / close before - 1.

    >>> simple_returns([Decimal(100), Decimal(110), Decimal(99)])
    (Decimal('0.1'), Decimal('-0.1'))
    """
    return tuple(_returns(closes))


@exact
def pearson(first: Sequence[Decimal], second: Sequence[Decimal]) -> Decimal | None:
    """Pearson's r of two series of equal length: sum(dx dy) / sqrt(sum(dx^2) sum(dy^2)), to a millionth.

    dx and dy are the deviations from each mean. None where r does not exist: fewer than two pairs, or a series
    that does not move. Raises `ValueError` for series of different lengths. The example is the one of the
    textbook Statistics How To (age and glucose level), whose answer is 0.529809.

    >>> ages, glucose = (43, 21, 25, 42, 57, 59), (99, 65, 79, 75, 87, 81)
    >>> pearson([Decimal(n) for n in ages], [Decimal(n) for n in glucose])
    Decimal('0.529809')
    """
    if len(first) != len(second):
        raise ValueError(f"pearson: one series has {len(first)} values, the other {len(second)}; give pairs")
    if len(first) < 2:
        return None
    one, other = _spread(first), _spread(second)
    return _product(one, other).quantize(GRAIN) if one.moves and other.moves else None


@exact
def return_correlation(first: Closes, second: Closes, *, window: int, shrinkage: Decimal = ZERO) -> Decimal | None:
    """Correlation of the simple returns of two price series over the latest `window` returns, shrunk towards 0.

    (1 - shrinkage) x Pearson's r: linear shrinkage of the correlation matrix towards the identity (the form of
    Ledoit and Wolf 2004, and of Schaefer and Strimmer 2005), with the intensity given and not estimated. The
    series are aligned at their newest close and the shorter one sets the sample. None with fewer than two returns,
    and where a price does not move. A series in other units of money gives the same answer.

    >>> up, down = [Decimal(n) for n in (100, 110, 99, 99)], [Decimal(n) for n in (50, 45, 49.5, 49.5)]
    >>> return_correlation(up, down, window=60), return_correlation(up, down, window=60, shrinkage=Decimal("0.1"))
    (Decimal('-1.000000'), Decimal('-0.900000'))
    """
    count = min(len(first), len(second), window + 1)
    if count < 3:
        return None
    one, other = _spread(_returns(first[-count:])), _spread(_returns(second[-count:]))
    if not one.moves or not other.moves:
        return None
    return ((ONE - shrinkage) * _product(one, other)).quantize(GRAIN)


def connected(start: int, count: int, linked: Callable[[int, int], bool]) -> tuple[int, ...]:
    """The cluster of `start` among `count` members by single linkage: all it reaches over linked pairs, in order.

    >>> connected(0, 4, lambda one, other: abs(one - other) == 1 and 3 not in (one, other))
    (0, 1, 2)
    """
    reached, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        found = [other for other in range(count) if other not in reached and linked(here, other)]
        reached.update(found)
        waiting += found
    return tuple(sorted(reached))


def bets_of(
    signal: Signal, positions: Iterable[Position], live: Iterable[Order], market: Market, policy: Policy
) -> Bets | str:
    """The candidate and everything held or on its way, compared with each other.

    A text where a history is missing, shorter than `correlation_min_bars` returns, or does not move: whose it is.
    """
    sides = {market.instrument.key: sign(signal.side)}
    for position in positions:
        sides.setdefault(position.instrument.key, sign(position.side))
    for order in live:
        if order.is_entry:
            sides.setdefault(order.approved.instrument.key, sign(order.approved.side))
    known = dict(market.closes)
    lengths = {key: len(known.get(key, ())) for key in sides}
    count = min(*lengths.values(), policy.correlation_window + 1)
    if count <= policy.correlation_min_bars:
        return min(sorted(lengths), key=lengths.__getitem__)
    spreads = [_spread(_returns(known[key][-count:])) for key in sides]
    still = sorted([key for key, spread in zip(sides, spreads, strict=True) if not spread.moves])
    if still:
        return f"{still[0]}, whose price does not move"
    clusters = policy.max_cluster_positions is not None or policy.max_cluster_exposure is not None
    together = _together(tuple(sides.values()), spreads, policy, among_all=clusters)
    return Bets(tuple(sides), together, _cluster(len(sides), together, policy) if clusters else ())


def _together(
    sides: Sequence[int], spreads: Sequence[Spread], policy: Policy, *, among_all: bool
) -> dict[tuple[int, int], Decimal]:
    """Each two bets' correlation from their own sides, shrunk; of the first with the others, or of all with all."""
    kept, found = ONE - policy.correlation_shrinkage, {}
    for one in range(len(sides) if among_all else 1):
        for other in range(one + 1, len(sides)):
            alike = kept * _product(spreads[one], spreads[other])
            found[one, other] = (alike if sides[one] == sides[other] else -alike).quantize(GRAIN)
    return found


def _cluster(count: int, together: Mapping[tuple[int, int], Decimal], policy: Policy) -> tuple[int, ...]:
    """Whatever hangs together with the candidate."""
    least = policy.cluster_correlation
    linked = {pair for pair, alike in together.items() if alike >= least}
    return connected(0, count, lambda one, other: (min(one, other), max(one, other)) in linked)


def closes_of(bars: Mapping[str, Sequence[Bar]], policy: Policy) -> tuple[tuple[str, tuple[Decimal, ...]], ...]:
    """`Market.closes` from bars by instrument key: their newest common moments, as many as the policy looks back.

    Those are `correlation_window` + 1 closes, in rupees a share, for so many returns need one close more.
    Nothing where no limit asks for correlations. Series too short to be used (`correlation_min_bars`) are left out, so
    that they are refused by name where they matter and shorten no other.
    """
    if not policy.correlates:
        return ()
    length = policy.correlation_window + 1
    newest = {key: {bar.at: bar.close for bar in series[-2 * length :]} for key, series in bars.items()}
    long = {key: closes for key, closes in newest.items() if len(closes) > policy.correlation_min_bars}
    common = set.intersection(*(set(closes) for closes in long.values())) if long else set()
    moments = sorted(common)[-length:]
    return tuple((key, tuple(closes[at] for at in moments)) for key, closes in long.items())


def _returns(closes: Closes) -> list[Decimal]:
    return [close / before - ONE for before, close in pairwise(closes)]


def _spread(values: Sequence[Decimal]) -> Spread:
    mean = sum(values, ZERO) / len(values)
    deviations = [value - mean for value in values]
    return Spread(deviations, sum(map(mul, deviations, deviations), ZERO))


def _product(one: Spread, other: Spread) -> Decimal:
    """Pearson's r of two spreads that move; rounding in the last of 28 digits never takes it beyond +-1."""
    both = sum(map(mul, one.deviations, other.deviations), ZERO)
    return max(min(both / (one.squares * other.squares).sqrt(), ONE), -ONE)

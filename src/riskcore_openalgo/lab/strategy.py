"""Strategies of one's own: what one is, how a dotted name becomes one, and how its honesty is checked.

A strategy looks at bars that have ended, oldest first, and may answer with one `Signal`. It is a plain function
`on_bar(bars)`, or an object with that method. An object may have more, and each is optional:

* `on_tick(prices)`: asked for each span of prices that a turn saw (a `PricesSeen`; over bars, the bar as a span);
* `signals(bars)`: the answers to all bars at once, one for each bar, None where there is none. A backtest asks this
  one, so it must say what `on_bar` says: `assert_vectorised_equal` holds the two equal;
* `warm_up`: how many bars it needs to have seen before its answers count; a live day reads so many at least.

The configuration names a factory, called once for each symbol with `symbol`, `interval` and the parameters; or a plain
function whose first argument is `bars`, which is given the same by name at each call.

Nothing here needs the OpenAlgo SDK.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from attrs import evolve, frozen

import riskcore as rc
from riskcore import events

Bars: TypeAlias = Sequence[rc.Bar]
OnBar: TypeAlias = Callable[[Bars], rc.Signal | None]
OnTick: TypeAlias = Callable[[events.PricesSeen], rc.Signal | None]
AllSignals: TypeAlias = Callable[[Bars], Sequence[rc.Signal | None]]

SHORT_NAMES: Final = {"ema_cross": "riskcore_openalgo.lab.ema_cross:EmaCross"}
BARS: Final = "bars"
"""The name of a plain function's first argument: by it a function is told from a factory."""


class StrategyError(ValueError):
    """A strategy that cannot be found or made; the message says what was looked for."""


@runtime_checkable
class Strategy(Protocol):
    """An object that looks at bars. `on_tick`, `signals` and `warm_up` are optional beside it."""

    def on_bar(self, bars: Bars, /) -> rc.Signal | None:
        """The answer to the last of these bars, which has ended; the ones before it are there to be looked at."""


Made: TypeAlias = Strategy | OnBar
"""What a factory returns: an object, or a plain function."""


@frozen(kw_only=True)
class Own:
    """A strategy as it runs for one symbol: every one of its signals bears its name. Called, it answers `on_bar`."""

    name: str
    symbol: str
    interval: str
    made: Made
    warm_up: int = 0

    def __call__(self, bars: Bars) -> rc.Signal | None:
        """The answer to the last bar."""
        return self._named(on_bar_of(self.made)(bars))

    @property
    def ticks(self) -> bool:
        """Whether it wants prices between bars."""
        return callable(getattr(self.made, "on_tick", None))

    @property
    def vectorised(self) -> bool:
        """Whether it can answer all bars at once."""
        return callable(getattr(self.made, "signals", None))

    def on_tick(self, prices: events.PricesSeen) -> rc.Signal | None:
        """The answer to prices seen between bars; None where it looks at bars alone."""
        asked: OnTick | None = getattr(self.made, "on_tick", None)
        return None if asked is None else self._named(asked(prices))

    def signals(self, bars: Bars) -> tuple[rc.Signal | None, ...]:
        """The answers to all bars, one for each: at once where it can, else one bar after the other."""
        asked: AllSignals | None = getattr(self.made, "signals", None)
        if asked is None:
            return tuple(self(bars[: count + 1]) for count in range(len(bars)))
        found = tuple(self._named(signal) for signal in asked(bars))
        if len(found) != len(bars):
            raise StrategyError(
                f"strategy {self.name}: signals(bars) must answer each bar once: {len(bars)} bars, {len(found)} answers"
            )
        return found

    def _named(self, signal: rc.Signal | None) -> rc.Signal | None:
        return None if signal is None else evolve(signal, strategy=self.name)


def own_strategy(name: str, function: str, *, symbol: str, interval: str, parameters: Mapping[str, Any]) -> Own:
    """The strategy `function` (a dotted or a short name) for one symbol, under the `name` its signals bear.

    Raises `StrategyError` when the name leads nowhere or the factory refuses the parameters.
    """
    made = load_strategy(function, symbol=symbol, interval=interval, parameters=parameters)
    warm_up = getattr(made, "warm_up", 0)
    if type(warm_up) is not int or warm_up < 0:
        raise StrategyError(f"strategy {name} for {symbol}: warm_up must be a whole number of bars, got {warm_up!r}")
    return Own(name=name, symbol=symbol, interval=interval, made=made, warm_up=warm_up)


def load_strategy(name: str, *, symbol: str, interval: str, parameters: Mapping[str, Any]) -> Made:
    """Make the strategy `name` (`package.module:factory`, or a short name) for one symbol.

    Raises `StrategyError` when the name leads nowhere or the factory refuses the parameters.
    """
    factory = _find(full_name(name))
    given = {"symbol": symbol, "interval": interval, **parameters}
    try:
        made = partial(_checked(factory, given), **given) if _is_plain(factory) else factory(**given)
    except (TypeError, ValueError, ImportError) as problem:
        raise StrategyError(f"strategy {name} for {symbol}: {problem}") from problem
    if not callable(getattr(made, "on_bar", made)):
        raise StrategyError(
            f"strategy {name} for {symbol}: the factory must return a function on_bar(bars), "
            f"or an object that has it, got {type(made).__name__}"
        )
    return made


def on_bar_of(made: Made) -> OnBar:
    """How a strategy is asked for its answer to a bar."""
    return made.on_bar if isinstance(made, Strategy) else made


def newer(bars: Bars, last: datetime | None) -> Bars:
    """The bars after the one of `last`, all where that is None: how a strategy that remembers goes on.

    The bars shown need not begin where they began before: a live day shows the newest ones alone.
    """
    count = len(bars)
    while count and (last is None or bars[count - 1].at > last):
        count -= 1
    return bars[count:]


def full_name(name: str) -> str:
    """The dotted name a short one stands for; any other name as it is."""
    return SHORT_NAMES.get(name, name)


def assert_causal(make: Callable[[], Made], bars: Bars) -> None:
    """Assert that what a strategy says of a bar never depends on bars after it.

    `make` makes a fresh strategy. Three things are asserted, at every bar: that the signal is dated by that bar, not
    by an earlier one (which it could only know of later); that other prices after it change nothing of what was said
    up to it; and, where there is a vectorised `signals`, the same of that. A strategy that never answers over these
    bars proves nothing and fails too. Raises `AssertionError` with the first bar at which it fails.
    """
    told = _walked(make, bars)
    assert any(signal is not None for signal in told), f"no signal over {len(bars)} bars: give bars that raise one"
    for bar, signal in zip(bars, told, strict=True):
        dated = signal is None or (signal.bar_at in (None, bar.at) and signal.at >= bar.at)
        assert dated, f"the bar of {bar.at.isoformat()} raised a signal of an earlier one: {signal}"
    for cut in _cuts(told):
        other = [*bars[:cut], *(_mirrored(bar, bars[cut - 1]) for bar in bars[cut:])]
        _assert_same(told[:cut], _walked(make, other)[:cut], bars, f"other prices after bar {cut}")
        for changed in (bars[:cut], other):
            asked = getattr(make(), "signals", None)
            if asked is not None:
                _assert_same(told[:cut], tuple(asked(changed))[:cut], bars, f"signals(bars), cut or changed at {cut}")


def assert_vectorised_equal(make: Callable[[], Made], bars: Bars) -> None:
    """Assert that `signals(bars)` says what `on_bar` says, bar by bar. Raises `AssertionError` with the first bar."""
    asked = getattr(make(), "signals", None)
    assert asked is not None, "the strategy has no signals(bars)"
    at_once = tuple(asked(bars))
    assert len(at_once) == len(bars), f"signals(bars) must answer each bar: {len(bars)} bars, {len(at_once)} answers"
    _assert_same(_walked(make, bars), at_once, bars, "signals(bars)")


def _walked(make: Callable[[], Made], bars: Bars) -> tuple[rc.Signal | None, ...]:
    """What a fresh strategy says of each bar, shown one more each time; it is given copies, so it cannot peep."""
    on_bar = on_bar_of(make())
    return tuple(on_bar(tuple(bars[: count + 1])) for count in range(len(bars)))


def _cuts(told: Sequence[rc.Signal | None]) -> list[int]:
    """Where the future is changed: around the signals, and evenly over the bars."""
    last = len(told) - 1
    near = {place + more for place, signal in enumerate(told) if signal is not None for more in (0, 1)}
    wanted = {*sorted(near)[:12], *range(1, last, max(last // 8, 1))}
    return sorted(cut for cut in wanted if 1 <= cut <= last)


def _mirrored(bar: rc.Bar, around: rc.Bar) -> rc.Bar:
    """The bar with its prices on the other side of a close, by the ratio: what rose falls."""
    level = around.close * around.close
    turned = {"open": level / bar.open, "high": level / bar.low, "low": level / bar.high, "close": level / bar.close}
    return evolve(bar, volume=bar.volume * 2 + 1, **turned)


def _assert_same(told: Sequence[rc.Signal | None], other: Sequence[rc.Signal | None], bars: Bars, what: str) -> None:
    for bar, one, two in zip(bars, told, other, strict=False):
        assert one == two, f"{what}: the bar of {bar.at.isoformat()} says {two} instead of {one}"


def _is_plain(factory: Callable[..., Any]) -> bool:
    """Whether a name leads to a function of bars, and not to one that makes a strategy."""
    if not inspect.isfunction(factory):
        return False
    first = next(iter(inspect.signature(factory).parameters), None)
    return first == BARS


def _checked(function: Callable[..., Any], given: Mapping[str, Any]) -> Callable[..., Any]:
    """The function, if it takes what it will be given; raises `TypeError` now rather than at the first bar."""
    inspect.signature(function).bind((), **given)
    return function


def _find(dotted: str) -> Callable[..., Any]:
    module_name, _, attribute = dotted.replace(":", ".").rpartition(".")
    if not module_name:
        raise StrategyError(f"{dotted!r} is not a dotted name such as my_package.my_module:MyStrategy")
    try:
        return getattr(importlib.import_module(module_name), attribute)  # type: ignore[no-any-return]
    except ImportError as problem:
        raise StrategyError(f"strategy {dotted}: {problem}; is its folder on PYTHONPATH?") from problem
    except AttributeError as problem:
        raise StrategyError(f"strategy {dotted}: module {module_name} has no {attribute}") from problem

"""Strategies of one's own: what one is, how a dotted name becomes one, and how its honesty is checked.

A strategy looks at bars that have ended, oldest first, and may answer with one `Signal`. It is a plain function
`on_bar(bars)`, or an object with that method. An object may have more, and each is optional:

* `on_tick(prices)`: asked for each span of prices that a turn of a live day saw (a `PricesSeen`). Over bars there is
  nothing between them, so a backtest and `paper --bars` do not ask it;
* `signals(bars)`: the answers to all bars at once, one for each bar, None where there is none, or a mapping from a
  bar's number to its signal. A backtest asks this one, so it must say what `on_bar` says: `assert_vectorised_equal`
  holds the two equal;
* `warm_up`: how many bars it needs to have seen before its answers count; a live day reads so many at least.

The configuration names a factory, called once for each symbol with `symbol`, `interval` and the parameters; or a plain
function whose first argument is `bars`, which is given the same by name at each call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import localcontext
from functools import partial
from operator import index, itemgetter
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, runtime_checkable

from attrs import evolve, frozen

import riskcore as rc
from riskcore import events
from riskcore_openalgo.own_code import OwnCodeError, in_one_line, line_of, own_code

if TYPE_CHECKING:
    from riskcore_openalgo.lab.signals_at import SignalsAt

Bars: TypeAlias = Sequence[rc.Bar]
OnBar: TypeAlias = Callable[[Bars], rc.Signal | None]
OnTick: TypeAlias = Callable[[events.PricesSeen], rc.Signal | None]
Answers: TypeAlias = Sequence[rc.Signal | None] | Mapping[int, rc.Signal]
"""One for each bar, None where there is none; or the signals by the number of their bar."""
AllSignals: TypeAlias = Callable[[Bars], Answers]

NSE: Final = "NSE"
LAB: Final = "riskcore_openalgo.lab"
SHORT_NAMES: Final = {
    "ema_cross": f"{LAB}.ema_cross:EmaCross",
    "opening_range": f"{LAB}.opening_range:OpeningRange",
    "donchian": f"{LAB}.donchian:Donchian",
    "rsi_pullback": f"{LAB}.rsi_pullback:RsiPullback",
    "bollinger": f"{LAB}.bollinger_pandas_ta:Bollinger",
    "supertrend": f"{LAB}.supertrend_openalgo:Supertrend",
    "macd": f"{LAB}.macd_talib:Macd",
}
"""The strategies that come with the library."""
LOOKED: Final = 300
"""Over so many bars a backtest compares what a strategy says at once with what it says bar by bar."""
BARS: Final = "bars"
"""The name of a plain function's first argument: by it a function is told from a factory."""


class StrategyError(ValueError):
    """A strategy that cannot be found or made, that raised, or whose answer is none; the message says which and why."""


@runtime_checkable
class Strategy(Protocol):
    """An object that looks at bars. `on_tick`, `signals` and `warm_up` are optional beside it."""

    def on_bar(self, bars: Bars, /) -> rc.Signal | None:
        """The answer to the last of these bars, which has ended; the ones before it are there to be looked at."""


Made: TypeAlias = Strategy | OnBar
"""What a factory returns: an object, or a plain function."""


@frozen(kw_only=True)
class Own:
    """A strategy as it runs for one symbol: every one of its signals bears its name. Called, it answers `on_bar`.

    `bars` says what its bars of a live day are made of: "ticks", the prices as they come, or "history", read from
    OpenAlgo a moment after each has ended, with its volume. With `shadow` its signals are decided on and not sent.
    With `kept`, a signal that bears a name already keeps it: in a script nobody has given the strategy one.
    A signal of its own `symbol` is one of the `exchange` that it watches: a strategy need not know where that trades.
    """

    name: str
    symbol: str
    interval: str
    made: Made
    warm_up: int = 0
    bars: str = "ticks"
    shadow: bool = False
    kept: bool = False
    exchange: str = NSE

    def __call__(self, bars: Bars) -> rc.Signal | None:
        """The answer to the last bar. Raises `StrategyError` where the strategy raised, or answered no signal."""
        return self._named(asked(self.who, on_bar_of(self.made), bars), bars)

    @property
    def who(self) -> str:
        """How it is called where something is said of it."""
        called = self.name or ("" if isinstance(self.made, FunctionType) else type(self.made).__name__)
        return f"strategy {called} for {self.symbol}" if called else f"the strategy of {self.symbol}"

    @property
    def ticks(self) -> bool:
        """Whether it wants prices between bars."""
        return callable(getattr(self.made, "on_tick", None))

    @property
    def vectorised(self) -> bool:
        """Whether it can answer all bars at once."""
        return callable(getattr(self.made, "signals", None))

    def on_tick(self, prices: events.PricesSeen) -> rc.Signal | None:
        """The answer to prices seen between bars; None where it looks at bars alone. Raises as a call does."""
        ask: OnTick | None = getattr(self.made, "on_tick", None)
        return None if ask is None else self._named(asked(self.who, ask, prices), prices)

    def signals(self, bars: Bars) -> tuple[rc.Signal | None, ...]:
        """The answers to all bars, one for each: at once where it can, else one bar after the other."""
        if not self.vectorised:
            return tuple(self(bars[: count + 1]) for count in range(len(bars)))
        told = self.at_once(bars)
        return tuple(told.get(place) for place in range(len(bars)))

    def at_once(self, bars: Bars) -> Mapping[int, rc.Signal]:
        """What a vectorised strategy says of all bars: its signals by the number of their bar, in their order."""
        from riskcore_openalgo.lab.signals_at import SignalsAt

        ask: AllSignals = getattr(self.made, "signals")  # noqa: B009 - an optional method
        answers = asked(self.who, ask, bars, whole=True)
        try:
            found = by_number(answers, len(bars))
        except StrategyError as problem:
            raise StrategyError(f"{self.who}: {problem}") from None
        if isinstance(found, SignalsAt):
            same = self._about(found) == (found.strategy, found.exchange) and not self.shadow
            return found if same else found.named(*self._about(found), shadow=self.shadow)
        return {place: self._signal(signal, bars, place) for place, signal in found.items()}

    def _named(self, signal: Any, shown: Any) -> rc.Signal | None:
        return None if signal is None else self._signal(signal, shown)

    def _signal(self, signal: Any, shown: Any, place: int = -1) -> rc.Signal:
        if not isinstance(signal, rc.Signal):
            raise StrategyError(f"{self.who}{_of(shown, place)}: it answered {signal!r:.60}, not a Signal or None")
        name, exchange = self._about(signal)
        if (name, exchange) == (signal.strategy, signal.exchange) and not self.shadow:
            return signal
        return evolve(signal, strategy=name, exchange=exchange, shadow=self.shadow or signal.shadow)

    def _about(self, told: rc.Signal | SignalsAt) -> tuple[str, str]:
        """The name that what it told bears, and its exchange: NSE is what a signal says that says nothing."""
        name = told.strategy if self.kept and told.strategy else self.name
        return name, self.exchange if (told.symbol, told.exchange) == (self.symbol, NSE) else told.exchange


def asked(who: str, ask: Callable[[Any], Any], shown: Any, *, whole: bool = False) -> Any:
    """What somebody's code answers to what it is shown; what it raises names the strategy, the bar and the line.

    No bar where it was shown the `whole` series, to answer all of it at once.
    """
    try:
        with localcontext():  # what it does to the context of decimals ends with its answer
            return ask(shown)
    except Exception as problem:
        said = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
        where = ", signals(bars)" if whole else _of(shown)
        raise StrategyError(f"{who}{where}: {said}{line_of(problem)}") from problem


def by_number(answers: Any, count: int) -> Mapping[int, Any]:
    """The answers of `signals(bars)` that are not None, by the number of their bar; `StrategyError` where none fits.

    In their order; those of a `SignalsAt` stay one.
    """
    from riskcore_openalgo.lab.signals_at import SignalsAt

    if isinstance(answers, SignalsAt) and answers.fits(count):
        return answers
    if isinstance(answers, Mapping):
        try:
            pairs = sorted(((index(place), signal) for place, signal in answers.items()), key=itemgetter(0))
        except TypeError:
            odd = next(place for place in answers if not hasattr(place, "__index__"))
            told = f"signals(bars): its keys are bar numbers, from 0 on; it answered {odd!r:.60}"
            raise StrategyError(told) from None
        wrong = [place for place, _ in pairs if not 0 <= place < count]
        if wrong:
            raise StrategyError(f"signals(bars) answers bar number {wrong[0]} of {count} bars")
        return {place: signal for place, signal in pairs if signal is not None}
    if not hasattr(answers, "__len__") or isinstance(answers, str):
        raise StrategyError(f"signals(bars) must answer each bar once: {count} bars, it answered {answers!r:.60}")
    if len(answers) != count:
        raise StrategyError(f"signals(bars) must answer each bar once: {count} bars, {len(answers)} answers")
    return {place: signal for place, signal in enumerate(answers) if signal is not None}


def _of(shown: Any, place: int = -1) -> str:
    """Which bar, or which prices, something is about."""
    if isinstance(shown, events.PricesSeen):
        return f", prices of {shown.at:%Y-%m-%d %H:%M:%S}"
    return f", bar of {shown[place].at:%Y-%m-%d %H:%M}" if len(shown) else ""


def own_strategy(
    name: str,
    function: str,
    *,
    symbol: str,
    interval: str,
    parameters: Mapping[str, Any],
    bars: str = "ticks",
    shadow: bool = False,
) -> Own:
    """What `load_strategy` makes of `function`, under the `name` its signals bear.

    The `symbol` is that of a share at NSE, or EXCHANGE:SYMBOL.
    """
    exchange, _, bare = symbol.rpartition(":")
    made = load_strategy(function, symbol=bare, interval=interval, parameters=parameters)
    warm_up = getattr(made, "warm_up", 0)
    if type(warm_up) is not int or warm_up < 0:
        raise StrategyError(f"strategy {name} for {symbol}: warm_up must be a whole number of bars, got {warm_up!r}")
    about: dict[str, Any] = {"warm_up": warm_up, "bars": bars, "shadow": shadow, "exchange": exchange or NSE}
    return Own(name=name, symbol=bare, interval=interval, made=made, **about)


def refuse_unequal(one: Own, other: Own, bars: Bars) -> None:
    """Raise `StrategyError` where a vectorised strategy's two answers differ, over the first `LOOKED` of these bars.

    `one` and `other` are the same strategy, both fresh: the one is asked bar by bar, the other at once. Those that come
    with the library are held equal by their tests.
    """
    if not other.vectorised or type(other.made).__module__.startswith(f"{LAB}."):
        return
    from riskcore_openalgo.lab.columns import Columns

    looked = bars[:LOOKED]
    told = other.signals(Columns.of(looked, other.symbol))  # a backtest shows it columns
    for count, (bar, said) in enumerate(zip(looked, told, strict=True), 1):
        by_bar = one(looked[:count])
        if by_bar != said:
            raise StrategyError(
                f"{one.who}, bar of {bar.at:%Y-%m-%d %H:%M}: signals(bars) says {_short(said)}, on_bar(bars) "
                f"{_short(by_bar)}; a backtest asks the one, a day the other: make them equal (assert_vectorised_equal)"
            )


def _short(signal: rc.Signal | None) -> str:
    return "nothing" if signal is None else f"{signal.kind} {signal.side} of {signal.at:%H:%M}"


def load_strategy(name: str, *, symbol: str, interval: str, parameters: Mapping[str, Any]) -> Made:
    """Make the strategy `name` (`package.module:factory`, or a short name) for one symbol.

    Raises `StrategyError` when the name leads nowhere or the factory refuses the parameters.
    """
    factory = _find(full_name(name))
    given = {"symbol": symbol, "interval": interval, **parameters}
    try:
        made = partial(_checked(factory, given), **given) if _is_plain(factory) else factory(**given)
    except (TypeError, ValueError, ImportError) as problem:
        given_to_it = ", ".join(f"{key}={value!r}" for key, value in parameters.items())
        told = f" (it was given {given_to_it})" if given_to_it and isinstance(problem, TypeError) else ""
        raise StrategyError(f"strategy {name} for {symbol}: {problem}{told}") from problem
    except Exception as problem:
        raise StrategyError(f"strategy {name} for {symbol}: {in_one_line(problem)}") from problem
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

    `make` makes a fresh strategy. Three things are asserted, at every bar: that the signal is dated by that bar,
    not by an earlier one (which it could only know of later); that other prices after it change nothing of what was
    said up to it; and, where there is a vectorised `signals`, the same of that. One that never answers over these
    bars proves nothing and fails. Raises `AssertionError` with the first bar.
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
            ask = getattr(make(), "signals", None)
            if ask is not None:
                at_once = _in_full(ask(changed), len(changed))
                _assert_same(told[:cut], at_once[:cut], bars, f"signals(bars), cut or changed at {cut}")


def assert_vectorised_equal(make: Callable[[], Made], bars: Bars) -> None:
    """Assert that `signals(bars)` says what `on_bar` says, bar by bar. Raises `AssertionError` with the first bar."""
    ask = getattr(make(), "signals", None)
    assert ask is not None, "the strategy has no signals(bars)"
    _assert_same(_walked(make, bars), _in_full(ask(bars), len(bars)), bars, "signals(bars)")


def _in_full(answers: Answers, count: int) -> tuple[rc.Signal | None, ...]:
    """An answer for each bar."""
    try:
        found = by_number(answers, count)
    except StrategyError as problem:
        raise AssertionError(str(problem)) from None
    return tuple(found.get(place) for place in range(count))


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
        raise StrategyError(
            f"{dotted}: the library has no strategy of that name; it has {', '.join(SHORT_NAMES)}, "
            "and one of your own is named my_package.my_module:MyStrategy"
        )
    try:
        return own_code(module_name, attribute)  # type: ignore[no-any-return]
    except OwnCodeError as problem:
        raise StrategyError(f"strategy {dotted}: {problem}") from problem

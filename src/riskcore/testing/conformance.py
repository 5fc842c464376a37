"""What a rule or a sizer of one's own must keep to: suites of a few laws, run over generated situations.

In a test of your own, three lines:

    from riskcore.testing import conforms_rule

    def test_my_rule_conforms():
        conforms_rule(no_mondays)

Each law that does not hold raises `AssertionError`, which names the law and shows the situation. (Gateways get
their suite with the gateways.)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any, Final, TypeAlias

from riskcore.book import Book
from riskcore.decision import decide
from riskcore.instruments import Instrument
from riskcore.money import amount, exact, percent_of
from riskcore.policy import Policy
from riskcore.reasons import REASONS, Finding
from riskcore.rules.context import Context, look
from riskcore.sessions import IST
from riskcore.signals import BUY, Market, Signal
from riskcore.sizing import Size, size
from riskcore.testing.drawing import st  # first: it says what to install
from riskcore.testing.strategies import Situation, situations

from hypothesis import HealthCheck, Phase, given, settings  # isort: skip

_NOON: Final = datetime(2026, 11, 20, 12, 0, tzinfo=IST)
_NOTHING_SEEN: Final = Situation(
    Signal("INFY", BUY, at=_NOON),
    Book(),
    Market(instrument=Instrument(symbol="INFY", tick="0.05"), at=_NOON),
    Policy(),
)
"""No quote, no ATR, no equity: what a rule may read of these is None."""

OwnRule: TypeAlias = Callable[[Context], Finding]
"""A rule of one's own: it looks at the context and returns what it found."""

OwnSizer: TypeAlias = Callable[..., Any]
"""A sizer of one's own: called with equity, entry, stop and lot_size by name, it returns a quantity or a `Size`."""

_ASCII_LONGEST: Final = 200
_PHASES: Final = (Phase.explicit, Phase.generate)
"""A failure is shown as it was drawn: to make it smaller would take minutes."""

_QUIET: Final = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


def conforms_rule(rule: OwnRule, *, examples: int = 60, strategy: Any = None) -> None:
    """Check that a rule keeps to what `decide` relies on, over generated situations (or those of `strategy`).

    1. total: it answers every situation, with a `Finding`, and raises nothing;
    2. pure: asked twice it answers the same, and the context is what it was;
    3. its own: a failed finding has a reason with a prefix of its own and a colon ("mine:too_early"; `decide` puts
       the rule's name before one that lacks it, but then two of your rules may say the same); a passed one has none;
    4. its cap is a quantity: `max_quantity` is None or a finite number of shares, 0 or more;
    5. one answer, one name: `Finding.rule` is a word, and the same every time;
    6. it can be told: its sentence is ASCII and short enough for a line;
    7. it only tightens: beside the rules of the core it never makes an order larger, nor passes what they refused.

    >>> from riskcore import Finding
    >>> def no_tcs(context):
    ...     bad = context.signal.symbol == "TCS"
    ...     return Finding("no_tcs", not bad, "mine:tcs" if bad else "", context.signal.symbol)
    >>> conforms_rule(no_tcs, examples=10)
    """
    names: set[str] = set()

    @exact
    def judge(situation: Situation) -> None:
        context = look(*situation)
        found = _asked(rule, context)
        _a_quantity(found)
        _pure(rule, context, found)
        _its_own(found)
        _one_name(found, names)
        _tellable(found)
        _tightens(rule, found, situation)

    @settings(max_examples=examples, deadline=None, database=None, phases=_PHASES, suppress_health_check=_QUIET)
    @given(strategy if strategy is not None else situations())
    def judged(situation: Situation) -> None:
        judge(situation)

    judge(_NOTHING_SEEN)
    judged()


def _law(holds: object, broken: str) -> None:
    """`python -O` leaves assertions out, and a suite that finds nothing then would pass for one that found no fault."""
    if not holds:
        raise AssertionError(broken)


def _asked(rule: OwnRule, context: Context) -> Finding:
    try:
        with localcontext():  # as `decide` asks it: what a stranger's code does to the decimal context ends with it
            found = rule(context)
    except Exception as raised:
        raise AssertionError(
            f"the rule raised {type(raised).__name__}: {raised} (law 1: it answers every situation; what is missing "
            "in the context is None)"
        ) from raised
    _law(isinstance(found, Finding), f"the rule returned {found!r}, no Finding (law 1)")
    _law(isinstance(found.passed, bool), f"passed is {found.passed!r}, neither True nor False (law 1)")
    return found


def _pure(rule: OwnRule, context: Context, found: Finding) -> None:
    before = repr(context)
    again = _asked(rule, context)
    _law(again == found, f"asked twice it answered {found} and {again} (law 2: pure)")
    _law(repr(context) == before, "the rule changed the context (law 2: pure)")


def _its_own(found: Finding) -> None:
    _law(isinstance(found.reason, str), f"reason {found.reason!r} is no text (law 3)")
    if found.passed:
        _law(not found.reason, f"it passed, and gives the reason {found.reason!r} (law 3)")
        return
    prefix, colon, rest = found.reason.partition(":")
    _law(colon, f"reason {found.reason!r} has no prefix of its own, such as mine:{found.reason or 'why'} (law 3)")
    _law(prefix, f"reason {found.reason!r} has nothing before its colon (law 3)")
    _law(rest, f"reason {found.reason!r} has nothing after its colon (law 3)")
    _law(found.reason not in REASONS, f"reason {found.reason!r} is the core's own (law 3)")


def _a_quantity(found: Finding) -> None:
    most: Any = found.max_quantity
    if most is None:
        return
    _law(not isinstance(most, (bool, float)), f"max_quantity {most!r} is no Decimal nor int (law 4)")
    try:
        number = amount(most, "max_quantity")
    except ValueError as wrong:
        raise AssertionError(f"{wrong} (law 4)") from wrong
    _law(number >= 0, f"max_quantity {most} is below 0 (law 4)")


def _one_name(found: Finding, names: set[str]) -> None:
    _law(isinstance(found.rule, str), f"Finding.rule is {found.rule!r}, no text (law 5)")
    _law(found.rule.strip(), "Finding.rule is empty (law 5)")
    names.add(found.rule)
    _law(len(names) == 1, f"its findings bear several names: {', '.join(sorted(names))} (law 5)")


def _tellable(found: Finding) -> None:
    _law(found.text.isascii(), f"its sentence is not ASCII: {found.text!r} (law 6)")
    _law(len(found.text) <= _ASCII_LONGEST, f"its sentence has {len(found.text)} characters (law 6)")
    _law("\n" not in found.text, "its sentence has several lines (law 6)")


def _tightens(rule: OwnRule, found: Finding, situation: Situation) -> None:
    """Decided with the rule and without it: no larger order, and what was refused stays so."""
    signal, book, market, policy = situation
    alone, beside = decide(*situation), decide(signal, book, market, policy.with_rules(rule))
    if not alone.approved:
        _law(not beside.approved, "what the core refused was approved with the rule (law 7)")
    elif beside.approved:
        _law(found.passed, f"the entry was approved though the rule failed: {found} (law 7)")
        _law(beside.size.quantity <= alone.size.quantity, "the order became larger with the rule (law 7)")
        _law(beside.order.stop == alone.order.stop, "the stop moved with the rule (law 7)")


def conforms_sizer(sizer: OwnSizer, *, risk_per_trade: Any = None, examples: int = 100, monotone: bool = True) -> None:
    """Check a sizer: `sizer(equity=..., entry=..., stop=..., lot_size=...)` -> a quantity or a `Size`.

    1. total: it answers every equity from nothing upwards, and every stop on either side, raising nothing;
    2. pure: the same question has the same answer;
    3. whole lots, 0 or more, and never one lot bumped up where not even that fits the money there is;
    4. with `risk_per_trade` (percent): quantity x |entry - stop| is at most that part of equity;
    5. `monotone`: more equity never gives less, a wider stop never gives more.

    >>> import riskcore as rc
    >>> def mine(**asked):
    ...     return rc.size(risk_per_trade="0.5", **asked)
    >>> conforms_sizer(mine, risk_per_trade="0.5", examples=20)
    """

    @settings(max_examples=examples, deadline=None, database=None, phases=_PHASES, suppress_health_check=_QUIET)
    @given(
        st.integers(0, 10_000_000),
        st.integers(0, 1_000_000),
        st.integers(2_000, 500_000),
        st.integers(1, 900),
        st.sampled_from((-1, 1)),
        st.sampled_from((1, 1, 5, 75)),
    )
    @exact
    def judged(equity: int, more: int, paise: int, distance: int, way: int, lot: int) -> None:
        entry = Decimal(paise) / 100
        asked = {"equity": Decimal(equity), "entry": entry, "stop": entry + way * Decimal(distance) / 100}
        quantity = _sized(sizer, lot, asked)
        _law(_sized(sizer, lot, asked) == quantity, f"asked twice of {asked} it answered differently (law 2)")
        _law(quantity >= 0, f"{quantity} shares of {asked} (law 3)")
        _law(quantity % lot == 0, f"{quantity} is not whole lots of {lot} (law 3)")
        if risk_per_trade is not None:
            _within(quantity, asked, amount(risk_per_trade, "risk_per_trade"))
        if monotone:
            richer = _sized(sizer, lot, {**asked, "equity": Decimal(equity + more)})
            _law(richer >= quantity, f"with {more} more it bought less: {richer} of {quantity} (law 5)")
            wider = _sized(sizer, lot, {**asked, "stop": entry + way * Decimal(distance + 50) / 100})
            _law(wider <= quantity, f"with a wider stop it bought more: {wider} of {quantity} (law 5)")

    judged()


def _sized(sizer: OwnSizer, lot: int, asked: dict[str, Decimal]) -> int:
    try:
        with localcontext():
            answer = sizer(lot_size=lot, **asked)
    except Exception as raised:
        raise AssertionError(f"the sizer raised {type(raised).__name__}: {raised} for {asked} (law 1)") from raised
    quantity = answer.quantity if isinstance(answer, Size) else answer
    _law(type(quantity) is int, f"{quantity!r} is no whole number of shares (law 3)")
    return quantity


def _within(quantity: int, asked: dict[str, Decimal], percent: Decimal) -> None:
    budget = percent_of(asked["equity"], percent)
    risk = abs(asked["entry"] - asked["stop"]) * quantity
    _law(risk <= budget, f"{quantity} shares risk {risk} of a budget of {budget} (law 4)")
    least = size(equity=asked["equity"], risk_per_trade=percent, entry=asked["entry"], stop=asked["stop"])
    _law(quantity <= least.quantity, f"{quantity} is more than {least.quantity}, which the budget allows (law 4)")

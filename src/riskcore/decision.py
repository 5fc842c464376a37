"""The decision: a signal held against everything, and the answer with every reason.

`decide` is the whole procedure on one screen: look, ask every rule, size, build the order, look a last time.
A rule that says no is a value here, never an exception; only a contradiction in what the caller passed is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar, Final, Literal, TypeAlias

from attrs import field, frozen

from riskcore.book import Book
from riskcore.money import exact, plain, rupees
from riskcore.orders import ApprovedEntry
from riskcore.policy import NET, Policy
from riskcore.pretrade import pretrade
from riskcore.reasons import Finding, Findings, Reading, in_ascii, in_precedence
from riskcore.rules import levels
from riskcore.rules.asking import asking
from riskcore.rules.context import Context, context_of
from riskcore.rules.placing import legs_for
from riskcore.rules.signal import HOURS, entries_next
from riskcore.rules.sizes import budget_of
from riskcore.rules.table import Row
from riskcore.signals import ENTERING, Market, Signal, seconds
from riskcore.sizing import RISK_PER_TRADE, Size, least
from riskcore.stops import Stop
from riskcore.targets import Target
from riskcore.values import Later, made

Answers: TypeAlias = Sequence[tuple[Row, Reading | None]]
"""What each rule answered, in the order asked; None where something it needs was missing. Paired when it is read."""


@frozen(kw_only=True)
class Approved:
    """Yes: `order` may be sent. `size`, `stop` and `target` hold the evidence; all findings passed.

    `context` is what was looked at, `readings` what was answered. What is made for people (the findings, the reward
    after charges) is worked out when it is read: a decision costs a tenth of its explanation.
    """

    approved: ClassVar[Literal[True]] = True
    order: ApprovedEntry
    size: Size
    context: Context = field(repr=False)
    readings: tuple[Reading | None, ...] = field(repr=False)

    @property
    def signal(self) -> Signal:
        """The wish that was approved."""
        return self.context.signal

    @property
    def stop(self) -> Stop:
        """Where the stop starts, and how it was found."""
        assert self.context.stop is not None
        return self.context.stop

    @property
    def target(self) -> Target:
        """Where the target stands, and the reward it gives."""
        assert self.context.target is not None
        return self.context.target

    @property
    def answers(self) -> Answers:
        """What each rule answered."""
        return _paired(asking(self.context.policy).rows, self.readings)

    @property
    def findings(self) -> Sequence[Finding]:
        """What every rule found."""
        return Findings(self.answers)

    @property
    @exact
    def budget(self) -> Decimal:
        """What `risk_per_trade` would have allowed to lose, in rupees; `order.risk` is what is really risked."""
        return budget_of(self.context)

    @property
    @exact
    def net_risk_reward(self) -> Decimal:
        """(reward - charges at the target) / (risk + charges at the stop), from the reference price."""
        return levels.net_risk_reward(self.context, self.order.quantity)

    @exact
    def explain(self) -> str:
        """The answer as ASCII text."""
        order, step = self.order, self.size.next_bound
        then = f"; next: {step[0]} ({step[1]})" if step else ""
        what = f"{order.side} {order.quantity} {order.instrument.key} {order.product}"
        away = f"{rupees(self.stop.distance)} from {rupees(order.reference)}"
        gross, net = plain(_short(self.target.risk_reward)), plain(_short(self.net_risk_reward))
        lines = [
            f"APPROVED {what} at {rupees(order.limit)} or better",
            f"  stop    {rupees(order.stop)}, {away}: {self.stop.basis}",
            f"  target  {rupees(order.target)}, {gross} R before charges, {net} R after",
            *(f"          {leg.quantity} at {rupees(leg.price)}" for leg in order.legs),
            f"  size    {order.quantity}, bound by {self.size.bound_by}{then}",
            f"  risk    {rupees(order.risk)} at worst, of a budget of {rupees(self.budget)}",
            f"  checks  {len(self.readings)} passed",
        ]
        return "\n".join(map(in_ascii, lines))


@frozen(kw_only=True)
class Refused:
    """No. `reasons` are the failed findings, the one to report first at the front.

    `unmeasured` names the rules that could not be asked because something they need was missing. `until` is when
    entries are next taken, where the hour refuses them and the calendar tells: nothing is queued until then.
    """

    approved: ClassVar[Literal[False]] = False
    signal: Signal
    answers: Answers = field(repr=False)
    unmeasured: tuple[str, ...] = ()
    until: datetime | None = None

    @property
    def findings(self) -> Sequence[Finding]:
        """What every rule found that could be asked."""
        return Findings(self.answers)

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """Failed findings in order of precedence."""
        return in_precedence(self.findings)

    @exact
    def explain(self) -> str:
        """The answer as ASCII text: every rule broken, and what could not be asked."""
        wish = self.signal
        lines = [f"REFUSED {wish.side} {wish.exchange}:{wish.symbol} {wish.product}"]
        lines += [f"  {found.rule}: {found.text}  [{found.reason}; clears: {found.clears}]" for found in self.reasons]
        if self.unmeasured:
            lines.append(f"  not measured: {', '.join(self.unmeasured)}")
        if self.until is not None:
            lines.append(f"  until   {self.until:%a %d %b %Y %H:%M}: entries are not taken before; nothing is queued")
        lines.append(f"  checks  {sum(found.passed for found in self.findings)} of {len(self.findings)} passed")
        return "\n".join(map(in_ascii, lines))


Decision: TypeAlias = Approved | Refused
_KINDS: Final = (Signal, Book, Market, Policy)
_REMEDIES: Final = (
    ("signal", "book", "market", "policy"),
    (
        'Signal("INFY", "BUY", at=now)',
        "Book(100_000.0)",
        "Market(instrument=infy, at=now, last=1500.0, atr=8.0)",
        "Policy()",
    ),
)


@exact
def decide(signal: Signal, book: Book, market: Market, policy: Policy) -> Decision:
    """Decide one entry: every rule is asked, and every answer is kept.

    The order approved is a limit at the quote +- `entry_band_pct`, sized so that a fill at that limit and a
    stop at the stop lose at most `risk_per_trade`; its quantity is the least that any rule allows, in whole
    lots. The answer is the same for the same four values, wherever and whenever it is asked.

    Raises `ValueError` for a signal that is not an entry, a market of another instrument, or what is none of the four.
    """
    given: tuple[Any, ...] = (signal, book, market, policy)
    if not all(map(isinstance, given, _KINDS)):
        raise _none_of_the_four(given)
    return decision_of(signal, book, market, policy)


def _none_of_the_four(given: tuple[Any, ...]) -> ValueError:
    """The error that names the first value that is of another kind, and its remedy."""
    about = zip(given, _KINDS, *_REMEDIES, strict=True)
    value, kind, name, remedy = next(one for one in about if not isinstance(one[0], one[1]))
    return ValueError(f"decide: {name} must be a riskcore.{kind.__name__}, such as {remedy}, got {value!r:.60}")


def decision_of(signal: Signal, book: Book, market: Market, policy: Policy) -> Decision:
    """`decide`, for who has the four values in hand and stands under the library's context already."""
    _same_thing(signal, market)
    context = context_of(signal, book, market, policy)
    rules = asking(policy)
    settled, passed = rules.settled(context.terms)
    readings, caps = settled.copy(), []
    for place, name, ask in rules.of_context:
        readings[place] = found = ask(context)
        if found is None:
            passed = False
            continue
        reason, _, _, most = found
        if reason:
            passed = False
        if most is not None:
            caps.append((name, most))
    loss, budget = context.loss, budget_of(context)
    if context.base is None or loss is None:
        return _refused(context, [*readings, None])
    lot = market.instrument.lot_size
    sized = least([(RISK_PER_TRADE, loss.most(budget, lot)), *caps], lot)
    for ask_size in rules.of_size:
        later = ask_size(context, sized)
        readings.append(later)
        passed = passed and not later[0]
    if not passed:
        return _refused(context, readings)
    return _approve(context, sized, loss.of(sized.quantity), budget, readings)


def _approve(context: Context, sized: Size, risk: Decimal, budget: Decimal, readings: list[Reading | None]) -> Decision:
    entry, policy = _entry(context, sized.quantity, risk), context.policy
    last = pretrade(entry, budget)
    if policy.risk_reward_basis == NET:
        last = (levels.net_reward_worth_it(context, sized.quantity), *last)
    readings += last
    for reason, _, _, _ in last:
        if reason:
            return _refused(context, readings)
    return Approved(order=entry, size=sized, context=context, readings=tuple(readings))


def _refused(context: Context, readings: list[Reading | None]) -> Refused:
    market, product, policy = context.market, context.signal.product, context.policy
    rows = asking(policy).rows[: len(readings)]
    unmeasured = tuple(row.name for row, found in zip(rows, readings, strict=True) if found is None)
    by_the_hour = any(found is not None and found[0] in HOURS for found in readings)
    until = entries_next(market.at, market.instrument, product, policy) if by_the_hour else None
    return Refused(signal=context.signal, answers=_paired(rows, readings), unmeasured=unmeasured, until=until)


def _paired(rows: Sequence[Row], readings: Sequence[Reading | None]) -> Answers:
    return Later(partial(zip, rows, readings))


def _same_thing(signal: Signal, market: Market) -> None:
    if signal.kind not in ENTERING:
        raise ValueError(f"decide() is for entries; signal {signal.id} is of kind {signal.kind}: it needs no decision")
    instrument = market.instrument
    if signal.symbol != instrument.symbol or signal.exchange != instrument.exchange:
        raise ValueError(f"the signal is for {signal.exchange}:{signal.symbol}, the market seen is {instrument.key}")


def _entry(context: Context, quantity: int, risk: Decimal) -> ApprovedEntry:
    signal, market, stop, target = context.signal, context.market, context.stop, context.target
    assert stop is not None
    assert target is not None
    assert context.reference is not None
    assert context.limit is not None
    name = signal.id
    parts = {
        "order_id": name,
        "signal_id": name,
        "instrument": market.instrument,
        "side": signal.side,
        "quantity": quantity,
        "product": signal.product,
        "reference": context.reference,
        "limit": context.limit,
        "stop": stop.price,
        "target": target.price,
        "risk": risk,
        "strategy": signal.strategy,
        "at": market.at,
        "valid_until": market.at + seconds(context.policy.quote_max_age_s),
        "book_version": context.book.version,
        "atr": context.trusted_atr,
        "legs": legs_for(target, quantity, market.instrument.lot_size) if target.legs else (),
        "of_quantity": 0,
    }
    return made(ApprovedEntry, parts)


def _short(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"))

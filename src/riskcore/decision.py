"""The decision: a signal held against everything, and the answer with every reason.

`decide` is the whole procedure on one screen: look, ask every rule, size, build the order, look a last time.
A rule that says no is a value here, never an exception; only a contradiction in what the caller passed is one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Final, Literal, TypeAlias

from attrs import frozen

from riskcore.book import Book
from riskcore.costs import ChargesUnknown, policy_charges
from riskcore.money import ZERO, exact, percent_of, plain, rupees
from riskcore.orders import ApprovedEntry
from riskcore.policy import Policy
from riskcore.pretrade import pretrade
from riskcore.reasons import Finding, in_precedence
from riskcore.rules import count, exposure, loss
from riskcore.rules import signal as validator
from riskcore.rules.context import Context, look
from riskcore.signals import ENTRY, Market, Signal, opposite
from riskcore.sizing import Size, size
from riskcore.stops import Stop
from riskcore.targets import Target

Rule: TypeAlias = Callable[[Context], Finding | None]

RULES: Final[tuple[tuple[str, Rule], ...]] = (
    ("state", validator.entries_allowed),
    ("session", validator.session_open),
    ("no_entry_before", validator.not_too_early),
    ("no_entry_after", validator.not_too_late),
    ("signal_max_age_s", validator.fresh),
    ("clock_skew_s", validator.not_from_the_future),
    ("allowed_sides", validator.side_allowed),
    ("allowed_symbols", validator.symbol_allowed),
    ("allowed_products", validator.product_allowed),
    ("equity", loss.equity_known),
    ("quote_max_age_s", validator.quote_fresh),
    ("atr_warmup_bars", validator.atr_ready),
    ("stop_atr_multiple", validator.stop_sound),
    ("min_risk_reward", validator.reward_worth_it),
    ("one_position_per_symbol", count.symbol_free),
    ("max_positions", count.position_slot),
    ("max_trades_per_day", count.trade_slot),
    ("max_daily_loss", loss.daily_loss),
    ("max_sector_exposure", exposure.sector_exposure),
    ("margin", exposure.margin_known),
    ("charges_as_of", exposure.charges_known),
    ("funds", exposure.funds),
    ("max_position_size_percent", exposure.position_size),
    ("max_quantity", exposure.largest_quantity),
)
"""Every rule, under the name its findings carry, in the order in which they are asked."""


@frozen(kw_only=True)
class Approved:
    """Yes: `order` may be sent. `size`, `stop` and `target` hold the evidence; all findings passed.

    `budget` is what `risk_per_trade` would have allowed to lose, in rupees; `order.risk` is what is really risked.
    """

    approved: ClassVar[Literal[True]] = True
    signal: Signal
    order: ApprovedEntry
    size: Size
    stop: Stop
    target: Target
    net_risk_reward: Decimal
    budget: Decimal
    findings: tuple[Finding, ...]

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
            f"  size    {order.quantity}, bound by {self.size.bound_by}{then}",
            f"  risk    {rupees(order.risk)} at worst, of a budget of {rupees(self.budget)}",
            f"  checks  {len(self.findings)} passed",
        ]
        return "\n".join(lines)


@frozen(kw_only=True)
class Refused:
    """No. `reasons` are the failed findings, the one to report first at the front.

    `unmeasured` names the rules that could not be asked because something they need was missing.
    """

    approved: ClassVar[Literal[False]] = False
    signal: Signal
    findings: tuple[Finding, ...]
    unmeasured: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """Failed findings in order of precedence."""
        return in_precedence(self.findings)

    def explain(self) -> str:
        """The answer as ASCII text: every rule broken, and what could not be asked."""
        wish = self.signal
        lines = [f"REFUSED {wish.side} {wish.exchange}:{wish.symbol} {wish.product}"]
        lines += [f"  {found.rule}: {found.text}  [{found.reason}; clears: {found.clears}]" for found in self.reasons]
        if self.unmeasured:
            lines.append(f"  not measured: {', '.join(self.unmeasured)}")
        lines.append(f"  checks  {sum(found.passed for found in self.findings)} of {len(self.findings)} passed")
        return "\n".join(lines)


Decision: TypeAlias = Approved | Refused


@exact
def decide(signal: Signal, book: Book, market: Market, policy: Policy) -> Decision:
    """Decide one entry: every rule is asked, and every answer is kept.

    The order approved is a limit at the quote +- `entry_band_pct`, sized so that a fill at that limit and a
    stop at the stop lose at most `risk_per_trade`; its quantity is the least that any rule allows, in whole
    lots. The answer is the same for the same four values, wherever and whenever it is asked.

    Raises `ValueError` for a signal that is not an entry, or a market of another instrument.
    """
    _same_thing(signal, market)
    context = look(signal, book, market, policy)
    answers = [(name, rule(context)) for name, rule in RULES]
    findings = tuple(found for _, found in answers if found is not None)
    unmeasured = tuple(name for name, found in answers if found is None)
    sized = _size(context, findings)
    if sized is None:
        return Refused(signal=signal, findings=findings, unmeasured=(*unmeasured, "risk_per_trade"))
    findings = (*findings, _one_lot(context, sized))
    if unmeasured or not all(found.passed for found in findings):
        return Refused(signal=signal, findings=findings, unmeasured=unmeasured)
    return _approve(context, sized, findings)


def _approve(context: Context, sized: Size, findings: tuple[Finding, ...]) -> Decision:
    entry, budget = _entry(context, sized.quantity), _budget(context)
    findings = (*findings, *pretrade(entry, budget))
    if not all(found.passed for found in findings):
        return Refused(signal=context.signal, findings=findings)
    assert context.stop is not None
    assert context.target is not None
    return Approved(
        signal=context.signal,
        order=entry,
        size=sized,
        stop=context.stop,
        target=context.target,
        net_risk_reward=_net_risk_reward(context, sized.quantity),
        budget=budget,
        findings=findings,
    )


def _same_thing(signal: Signal, market: Market) -> None:
    if signal.kind != ENTRY:
        raise ValueError(f"decide() is for entries; signal {signal.id} is an {signal.kind}: exits need no decision")
    instrument = market.instrument
    if (signal.symbol, signal.exchange) != (instrument.symbol, instrument.exchange):
        raise ValueError(f"the signal is for {signal.exchange}:{signal.symbol}, the market seen is {instrument.key}")


def _size(context: Context, findings: tuple[Finding, ...]) -> Size | None:
    """The least of the risk quantity and every rule's cap; None where stop, price or equity is missing."""
    if context.base is None or context.limit is None or context.stop is None or not context.stop_is_sound:
        return None
    extra = _charges_per_share(context) if context.policy.risk_includes_charges else ZERO
    if extra is None:
        return None
    return size(
        equity=context.base,
        risk_per_trade=context.policy.risk_per_trade,
        entry=context.limit,
        stop=context.stop.price,
        lot_size=context.market.instrument.lot_size,
        charges_per_share=extra,
        caps=[(found.rule, found.max_quantity) for found in findings if found.max_quantity is not None],
    )


def _one_lot(context: Context, sized: Size) -> Finding:
    """The risk budget alone allows at least one lot (every other cap says so in its own finding)."""
    lot = context.market.instrument.lot_size
    allowed = dict(sized.caps)["risk_per_trade"]
    passed = allowed >= lot
    return Finding("risk_per_trade", passed, "" if passed else "below_one_lot", allowed, "risk_per_trade")


def _budget(context: Context) -> Decimal:
    return percent_of(context.base or ZERO, context.policy.risk_per_trade)


def _entry(context: Context, quantity: int) -> ApprovedEntry:
    signal, market, stop, target = context.signal, context.market, context.stop, context.target
    assert stop is not None
    assert target is not None
    assert context.reference is not None
    assert context.limit is not None
    risk = abs(context.limit - stop.price) * quantity
    if context.policy.risk_includes_charges:
        risk += _round_trip(context, quantity, context.limit, stop.price)
    return ApprovedEntry(
        order_id=signal.id,
        signal_id=signal.id,
        instrument=market.instrument,
        side=signal.side,
        quantity=quantity,
        product=signal.product,
        reference=context.reference,
        limit=context.limit,
        stop=stop.price,
        target=target.price,
        risk=risk,
        strategy=signal.strategy,
        at=market.at,
        valid_until=_holds_until(market.at, context.policy),
        book_version=context.book.version,
    )


def _holds_until(at: datetime, policy: Policy) -> datetime:
    return at + timedelta(seconds=policy.quote_max_age_s)


def _net_risk_reward(context: Context, quantity: int) -> Decimal:
    """(reward - charges at the target) / (risk + charges at the stop), from the reference price."""
    assert context.stop is not None
    assert context.target is not None
    assert context.reference is not None
    won = _round_trip(context, quantity, context.reference, context.target.price)
    lost = _round_trip(context, quantity, context.reference, context.stop.price)
    return (context.target.distance * quantity - won) / (context.stop.distance * quantity + lost)


def _round_trip(context: Context, quantity: int, enter: Decimal, leave: Decimal) -> Decimal:
    instrument, signal = context.market.instrument, context.signal
    day = context.market.at.date()
    costs = (
        policy_charges(instrument, signal.product, side, price * quantity, day, context.policy).total
        for side, price in ((signal.side, enter), (opposite(signal.side), leave))
    )
    return sum(costs, ZERO)


def _charges_per_share(context: Context) -> Decimal | None:
    """Charges of a stopped-out share, without the brokerage cap: never less than a larger order's share of them."""
    assert context.limit is not None
    assert context.stop is not None
    try:
        return _round_trip(context, 1, context.limit, context.stop.price)
    except ChargesUnknown:
        return None


def _short(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"))

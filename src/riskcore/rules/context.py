"""What a rule may look at: the signal, the book, the market, the policy, and what follows from them once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from attrs import frozen

from riskcore.book import Book
from riskcore.instruments import Instrument
from riskcore.money import ZERO, exact, percent_of
from riskcore.orders import ApprovedEntry, Order
from riskcore.policy import MARGIN, Limit, Policy
from riskcore.policy.sizing import KELLY
from riskcore.rules.bets import Bets, bets_of
from riskcore.rules.losing import Loss, loss_at
from riskcore.rules.placing import stop_for, target_for, worst_price
from riskcore.rules.terms import Terms, margin_of, terms_of
from riskcore.sessions import Session
from riskcore.signals import BUY, Market, Signal
from riskcore.sizers import edge_of, kelly_of
from riskcore.stops.methods import Stop
from riskcore.stops.ranges import average_true_range
from riskcore.targets import Target
from riskcore.values import made


class Holding(NamedTuple):
    """Something held or on its way: what, for whom, which side, its value at the latest price in rupees, how many."""

    instrument: Instrument
    product: str
    strategy: str
    side: str
    value: Decimal
    quantity: int


@frozen(slots=False)
class Context:
    """Everything a rule may read. What could not be known is None, and refuses by name.

    `terms` are what holds all day, whatever is seen: the session and the margin are among it. `reference` is the quote
    an entry starts from and `limit` the worst price the entry band permits; `base` is the sizing base in rupees. `atr`
    is what was measured, `trusted_atr` the same where it rests on `atr_warmup_bars`. `stop` and `target` may lie beyond
    zero; `stop_is_sound` says that the stop stands on the losing side of the entry, with a distance, above zero.
    `limits` are the policy's that the entry comes under. `bets` is how far the entry and what is held win together,
    where a limit asks for that: a text names whose history is missing. `per_share` is what one share takes of the
    position and sector limits (its `worth`, or the margin of that, by the policy), `loss` what it loses when stopped
    out; `holdings` is what is held and what entries on their way may still open; `unrealised` is open, and `result` is
    that with what was realised today after charges, both from the entries. `kelly`, where it sizes, is how many
    finished trades the strategy has in R, and Kelly's fraction of them once they are enough. `live` are the orders that
    may still fill. `worth` is what one share counts for where value or margin is limited, `margin` the margin of that,
    in rupees.
    """

    signal: Signal
    book: Book
    market: Market
    policy: Policy
    terms: Terms
    reference: Decimal | None
    limit: Decimal | None
    atr: Decimal | None
    atr_bars: int | None
    stop: Stop | None
    target: Target | None
    base: Decimal | None
    trusted_atr: Decimal | None
    stop_is_sound: bool
    per_share: Decimal | None
    holdings: tuple[Holding, ...]
    unrealised: Decimal
    result: Decimal
    loss: Loss | None
    live: tuple[Order, ...]
    worth: Decimal | None
    margin: Decimal | None

    @cached_property
    def limits(self) -> tuple[Limit, ...]:
        """The policy's limits that the entry comes under."""
        signal = self.signal
        return self.policy.limits_for(symbol=signal.symbol, strategy=signal.strategy, product=signal.product)

    @cached_property
    @exact
    def bets(self) -> Bets | str | None:
        """How far the entry and what is held win together, where a limit asks for that."""
        if not self.policy.correlates:
            return None
        return bets_of(self.signal, self.book.positions, self.live, self.market, self.policy)

    @cached_property
    @exact
    def kelly(self) -> tuple[int, Decimal | None]:
        """How many finished trades the strategy has in R, and Kelly's fraction of them once they are enough."""
        return _kelly(self.signal, self.book, self.policy) if self.policy.sizing_method == KELLY else (0, None)

    @property
    def session(self) -> Session | None:
        """The session of the day; None where the exchange is closed, or the calendar does not tell."""
        return self.terms.session

    @property
    def calendar_problem(self) -> str | None:
        """What the calendar does not tell."""
        return self.terms.calendar_problem

    @property
    def margin_pct(self) -> Decimal | None:
        """The margin of the product in percent of value, where a table has it."""
        return self.terms.margin_pct

    @property
    def equity(self) -> Decimal | None:
        """Equity now, open positions at their latest prices; None while the opening is unknown."""
        book = self.book
        if book.opening_equity is None:
            return None
        return book.opening_equity + (book.realised - book.charges) + self.unrealised


@exact
def look(signal: Signal, book: Book, market: Market, policy: Policy) -> Context:
    """Work out once what several rules need."""
    return context_of(signal, book, market, policy)


def context_of(signal: Signal, book: Book, market: Market, policy: Policy) -> Context:
    """`look`, for who stands under the library's context already."""
    terms = terms_of(signal, market, policy)
    reference = market.reference(signal.side)
    value, bars = _atr(market, policy)
    limit = None if reference is None else worst_price(signal.side, reference, market, policy)
    trusted = _trusted(value, bars, policy)
    stop = stop_for(signal, market, policy, reference, trusted)
    unrealised = book.unrealised if book.positions else ZERO
    sound = _is_sound(signal.side, reference, limit, stop)
    loss = loss_at(signal, market, policy, limit, stop.price) if sound and limit and stop else None
    each, live = worth(reference, limit), book.live_orders()
    margin = None if each is None else _margin(terms, each, market)
    parts = {
        "signal": signal,
        "book": book,
        "market": market,
        "policy": policy,
        "terms": terms,
        "reference": reference,
        "limit": limit,
        "atr": value,
        "atr_bars": bars,
        "stop": stop,
        "target": target_for(signal, market, policy, reference, stop),
        "base": _base(book, policy),
        "trusted_atr": trusted,
        "stop_is_sound": sound,
        "per_share": each if policy.position_size_basis != MARGIN else margin,
        "holdings": (*_positions(book), *_entries(live)) if book.positions or live else (),
        "unrealised": unrealised,
        "result": book.realised - book.charges + unrealised,
        "loss": loss,
        "live": live,
        "worth": each,
        "margin": margin,
    }
    return made(Context, parts)


def worth(reference: Decimal | None, limit: Decimal | None) -> Decimal | None:
    """What a share of an entry is worth for a limit of value or margin: at its limit, or at the quote if that is more.

    The limit of a sale lies below the quote, so at the limit it would be worth less than what is sold at the quote.
    """
    return limit if reference is None or limit is None else max(reference, limit)


def on_its_way(order: Order) -> Holding:
    """What an order may still fill, at its limit or its reference, whichever is worth more."""
    approved = order.approved
    strategy = approved.strategy if isinstance(approved, ApprovedEntry) else ""
    quantity = order.open_quantity
    value = max(approved.limit, approved.reference) * quantity
    return Holding(approved.instrument, approved.product, strategy, approved.side, value, quantity)


def _positions(book: Book) -> Iterator[Holding]:
    for position in book.positions:
        price = position.last if position.last is not None else position.average_price
        quantity = position.quantity
        yield Holding(
            position.instrument, position.product, position.strategy, position.side, price * quantity, quantity
        )


def _entries(live: tuple[Order, ...]) -> Iterator[Holding]:
    """Entries on their way: also the intended, and those of unknown outcome."""
    return (on_its_way(order) for order in live if order.is_entry)


def _kelly(signal: Signal, book: Book, policy: Policy) -> tuple[int, Decimal | None]:
    edge = edge_of([done for done in book.outcomes if done.strategy == signal.strategy])
    if edge.trades < policy.kelly_min_trades or edge.win_rate is None or edge.payoff is None:
        return edge.trades, None
    return edge.trades, kelly_of(edge.win_rate, edge.payoff)


def _margin(terms: Terms, each: Decimal, market: Market) -> Decimal | None:
    """The margin of a share of the entry, which is worth so much."""
    if terms.margin_pct is not None:
        return percent_of(each, terms.margin_pct)
    return margin_of(terms.instrument, terms.product, terms.side, each, 1, terms, market)


def _is_sound(side: str, reference: Decimal | None, limit: Decimal | None, stop: Stop | None) -> bool:
    if stop is None or reference is None or limit is None:
        return False
    price = stop.price
    if side == BUY:
        return ZERO < price < reference and price < limit
    return price > reference and price > limit


@exact
def sizing_base(book: Book, policy: Policy) -> Decimal | None:
    """What sizes are a percentage of: opening equity + today's realised result after charges, at most capital_max."""
    return _base(book, policy)


def _base(book: Book, policy: Policy) -> Decimal | None:
    if book.opening_equity is None:
        return None
    base = book.opening_equity + book.realised - book.charges
    return base if policy.capital_max is None else min(base, policy.capital_max)


def _atr(market: Market, policy: Policy) -> tuple[Decimal | None, int | None]:
    if market.bars is None or market.atr is not None:
        return market.atr, market.atr_bars
    count = len(market.bars)
    return (average_true_range(market.bars, policy.atr_period) if count >= policy.atr_period else None), count


def _trusted(value: Decimal | None, bars: int | None, policy: Policy) -> Decimal | None:
    """An ATR above nought that rests on enough bars; None where it is not to be trusted."""
    return value if value and (bars is None or bars >= policy.atr_warmup_bars) else None

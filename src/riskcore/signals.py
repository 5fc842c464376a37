"""What comes in: the wish to trade (`Signal`), the market as it was seen (`Market`), and price bars (`Bar`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Final

from attrs import evolve, field, frozen

from riskcore.calling import told_by_name
from riskcore.instruments import EXCHANGES, PRODUCTS, Instrument, an_instrument, key_text, one_of, symbol_text
from riskcore.money import HUNDRED, count, not_negative, not_negative_whole, of_float, plain, positive, whole
from riskcore.sessions import in_ist
from riskcore.table_checks import yes_or_no
from riskcore.values import checks, given, made, optional, settle, several_of, text

BUY: Final = "BUY"
SELL: Final = "SELL"
SIDES: Final = (BUY, SELL)
ENTRY: Final = "entry"
EXIT: Final = "exit"
REVERSAL: Final = "reversal"
CANCEL: Final = "cancel"
KINDS: Final = (ENTRY, EXIT, REVERSAL, CANCEL)
ENTERING: Final = (ENTRY, REVERSAL)
DAY: Final = timedelta(days=1)
"""The kinds that are decided on: every rule of an entry is asked of them."""
CONTEXT_MOST: Final = 32
CONTEXT_LONGEST: Final = 4096
"""A signal's context has at most so many entries, and so many characters in all: the journal keeps all of it."""


def sign(side: str) -> int:
    """+1 for BUY, -1 for SELL."""
    return 1 if side == BUY else -1


def opposite(side: str) -> str:
    """The side that closes a position opened on `side`."""
    return SELL if side == BUY else BUY


def side_text(value: Any, name: str) -> str:
    """BUY or SELL, in either case."""
    return one_of(value, name, SIDES)


@lru_cache(maxsize=256)
def seconds(count: int) -> timedelta:
    """So many seconds as a length of time; a limit of the policy is asked for at every decision."""
    return timedelta(seconds=count)


def product_text(value: Any, name: str) -> str:
    """MIS, CNC or NRML, in either case."""
    return one_of(value, name, PRODUCTS)


@frozen(kw_only=True)
class Bar:
    """One price bar, stamped with its start; prices in rupees, `high` and `low` enclosing the other two."""

    at: datetime = field(converter=given)
    open: Decimal = field(converter=given)
    high: Decimal = field(converter=given)
    low: Decimal = field(converter=given)
    close: Decimal = field(converter=given)
    volume: int = field(default=0, converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _BAR)
        if self.high < max(self.open, self.close) or self.low > min(self.open, self.close):
            raise ValueError(
                f"Bar at {self.at.isoformat()}: high {self.high} and low {self.low} "
                f"must enclose open {self.open} and close {self.close}"
            )


@told_by_name
@frozen(slots=False)
class Signal:
    """Somebody's wish to trade: side and symbol, with the moment it was raised.

    `price` is what the sender saw: kept, and never traded at. `stop` and `target` are prices
    the sender insists on; without them the policy places both. `levels` are prices of support and resistance, in any
    order, for a policy whose stop goes by them. `bar_at` is the bar the signal was computed on; with source, strategy,
    symbol, side, kind and the part that leaves it is the signal's identity, so that the same signal sent twice is one
    signal. `receipt` names the text it came in: without a `bar_at`, the same receipt again within `duplicate_window_s`
    is the same signal. `quantity` is what the sender asked for, 0 for what was no number of shares: kept, and a cap
    where `signal_quantity` makes it one. `context` is what the sender wants to find again beside it: names and texts,
    kept and journalled, and asked by no rule. A `shadow` signal is decided on like any other, and nothing is sent: an
    entry is withheld, an exit or a cancel refused.

    | kind | `side` | what it asks for |
    |---|---|---|
    | entry | of the position to be | a position; every rule is asked |
    | exit | of the order: SELL closes a long one | the position closed, or `reduce_by` shares or `reduce_pct` % of it |
    | reversal | of the position to be | the one held the other way closed; the entry is decided when it is gone |
    | cancel | of the entry | what works to enter, or waits to, taken back; what is held stays |

    Shares to reduce by are rounded up to whole lots; as many as are held, or more, are all of them.
    """

    symbol: str = field(converter=given)
    side: str = field(converter=given)
    at: datetime = field(converter=given, kw_only=True)
    kind: str = field(default=ENTRY, kw_only=True)
    price: Decimal | None = field(default=None, converter=given, kw_only=True)
    stop: Decimal | None = field(default=None, converter=given, kw_only=True)
    target: Decimal | None = field(default=None, converter=given, kw_only=True)
    levels: tuple[Decimal, ...] = field(default=(), converter=given, kw_only=True)
    exchange: str = field(default="NSE", kw_only=True)
    product: str = field(default="MIS", converter=given, kw_only=True)
    strategy: str = field(default="", kw_only=True)
    source: str = field(default="script", kw_only=True)
    interval: str | None = field(default=None, kw_only=True)
    bar_at: datetime | None = field(default=None, converter=given, kw_only=True)
    note: str = field(default="", kw_only=True)
    quantity: int | None = field(default=None, converter=given, kw_only=True)
    receipt: str = field(default="", kw_only=True)
    reduce_by: int | None = field(default=None, converter=given, kw_only=True)
    reduce_pct: Decimal | None = field(default=None, converter=given, kw_only=True)
    context: tuple[tuple[str, str], ...] = field(default=(), converter=given, kw_only=True)
    shadow: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        settle(self, _SIGNAL)
        given_texts = (self.exchange, self.strategy, self.source, self.note, self.receipt, self.interval or "")
        if not all(type(one) is str for one in given_texts):
            for name, one in zip(_TEXTS, given_texts, strict=True):
                text(one, f"Signal.{name}")
        if self.exchange not in EXCHANGES:
            raise ValueError(f"Signal.exchange must be one of {', '.join(EXCHANGES)}, got {self.exchange!r}")
        if self.kind not in KINDS:
            raise ValueError(f"Signal.kind must be one of {', '.join(KINDS)}, got {self.kind!r}")
        if self.reduces and (self.kind != EXIT or None not in (self.reduce_by, self.reduce_pct)):
            raise ValueError("Signal.reduce_by or reduce_pct, one of the two, belongs to a signal of kind 'exit'")
        if self.reduce_pct is not None and self.reduce_pct > HUNDRED:
            raise ValueError(f"Signal.reduce_pct must be at most 100, got {self.reduce_pct}")

    @property
    def key(self) -> str:
        """The instrument's key: exchange and symbol."""
        return f"{self.exchange}:{self.symbol}"

    @property
    def reduces(self) -> bool:
        """Whether it asks for a part of the position alone."""
        return self.reduce_by is not None or self.reduce_pct is not None

    @property
    def _part(self) -> str:
        """How much is to leave: two parts of one bar are two signals, and neither is the exit of all that is left."""
        if self.reduce_pct is not None:
            return f"-{plain(self.reduce_pct)}pct"
        return "" if self.reduce_by is None else f"-{self.reduce_by}"

    @cached_property
    def id(self) -> str:
        """The signal's identity: equal for the same signal sent again. It names every exchange but the NSE.

        It does so as part of the symbol, where no symbol has an `@`: no name of a strategy or a source says the same.
        """
        moment = (self.bar_at or self.at).isoformat()[:19].replace("-", "").replace(":", "")
        thing = self.symbol if self.exchange == "NSE" else f"{self.symbol}@{self.exchange}"
        parts = (self.source, self.strategy, thing, self.side, self.kind + self._part, moment)
        return ":".join(part for part in parts if part)


def of_bar(like: Signal, named: str, began: datetime, ended: datetime, **prices: float) -> Signal:
    """The same signal of another bar, with other prices (`price`, `stop`, `target`), all of which were checked.

    `named` is the id that it has: it is kept beside the fields as one that was asked for, and not worked out again.
    """
    told = {name: of_float(price) for name, price in prices.items()}
    parts = {**like.__dict__, "at": ended, "bar_at": began, **told}
    parts.pop("id", None)
    signal = made(Signal, parts)
    signal.__dict__["id"] = named
    return signal


@told_by_name
@frozen(kw_only=True, slots=False)
class Market:
    """What was seen of one instrument, and when.

    `at` is the moment of looking; `quote_at` the moment the quote was made (default: the same). `last`, `bid`
    and `ask` are rupees a share; a missing quote stays None and refuses entries by name. Give either `atr`
    (rupees, already computed) or `bars` (oldest first, finished ones only) from which it is computed; swings are
    sought in `bars`, and where both are given the ATR given counts. `atr_bars` is how many bars a given ATR rests on,
    None when only the caller knows. `available_cash` is what the broker says can still be spent as margin, where it
    was read; `cash_unknown` says that it was asked for and no usable answer came, which refuses entries by name.
    `closes` are the closes of the instrument and of everything held, as (key, closes oldest first), aligned on common
    sessions: what correlations are measured on. `margins` is what the broker asks for one lot, in rupees, as (key,
    product, side, rupees): of the entry, and of all that is held or on its way, where no table has their rate.

    Rules that are switched on may need more, and refuse by name without it: `previous_close`, the day's price bands
    `band_low` and `band_high` (else those of the tables about the previous close, where they know them), `traded_at`,
    when the instrument last traded, and `recent_prices`, (moment, price) of the last minute or so, oldest first.
    """

    instrument: Instrument
    at: datetime = field(converter=given)
    last: Decimal | None = field(default=None, converter=given)
    bid: Decimal | None = field(default=None, converter=given)
    ask: Decimal | None = field(default=None, converter=given)
    quote_at: datetime | None = field(default=None, converter=given)
    atr: Decimal | None = field(default=None, converter=given)
    atr_bars: int | None = field(default=None, converter=given)
    atr_interval: str | None = None
    bars: tuple[Bar, ...] | None = field(default=None, converter=given)
    available_cash: Decimal | None = field(default=None, converter=given)
    previous_close: Decimal | None = field(default=None, converter=given)
    band_low: Decimal | None = field(default=None, converter=given)
    band_high: Decimal | None = field(default=None, converter=given)
    traded_at: datetime | None = field(default=None, converter=given)
    recent_prices: tuple[tuple[datetime, Decimal], ...] | None = field(default=None, converter=given)
    cash_unknown: bool = False
    closes: tuple[tuple[str, tuple[Decimal, ...]], ...] = field(default=(), converter=given)
    margins: tuple[tuple[str, str, str, Decimal], ...] = field(default=(), converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _MARKET)
        if self.bid is not None and self.ask is not None and self.bid > self.ask:
            raise ValueError(f"Market: bid {self.bid} is above ask {self.ask}")
        if self.band_low is not None and self.band_high is not None and self.band_low > self.band_high:
            raise ValueError(f"Market: band_low {self.band_low} is above band_high {self.band_high}")
        if self.cash_unknown and self.available_cash is not None:
            raise ValueError("Market: available_cash was given and is said to be unknown; leave one of the two out")

    def quote_age(self) -> timedelta:
        """How old the quote was at the moment of looking."""
        return self.at - (self.quote_at or self.at)

    @property
    def bands(self) -> tuple[Decimal, Decimal] | None:
        """The day's price bands (lower, upper), where both were seen."""
        low, high = self.band_low, self.band_high
        return None if low is None or high is None else (low, high)

    def lot_margin(self, key: str, product: str, side: str) -> Decimal | None:
        """What the broker asks for a lot, in rupees; None where nobody has told."""
        return next((told for *about, told in self.margins if about == [key, product, side]), None)

    def reference(self, side: str) -> Decimal | None:
        """The price an entry on `side` starts from: the ask for a buy, the bid for a sell, else the last."""
        near = self.ask if side == BUY else self.bid
        return near if near is not None else self.last


def _timed_prices(value: Any, name: str) -> tuple[tuple[datetime, Decimal], ...]:
    """Moments and prices, oldest first."""
    try:
        pairs = [(moment, price) for moment, price in value]
    except (TypeError, ValueError):
        remedy = "moments and prices, oldest first, such as [(at, 1500)]"
        raise ValueError(f"{name} must be {remedy}, got {value!r:.60}") from None
    return tuple([(in_ist(moment, name), positive(price, name)) for moment, price in pairs])


def _prices(value: Any, name: str) -> tuple[Decimal, ...]:
    """Several prices; none at all is right too."""
    if isinstance(value, tuple) and not value:
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"{name} must be a list of prices such as [2450, 2480.5], got {value!r}")
    return tuple(positive(price, name) for price in value)


def _context(value: Any, name: str) -> tuple[tuple[str, str], ...]:
    """Names and texts, given as a mapping or as pairs; each name once, and no more than the journal is to keep."""
    if value == ():
        return ()
    try:
        found = tuple((str(key), str(told)) for key, told in (value.items() if isinstance(value, Mapping) else value))
    except (TypeError, ValueError):
        raise ValueError(f'{name} must be names and texts such as {{"setup": "gap"}}, got {value!r:.60}') from None
    if len({key for key, _ in found}) < len(found):
        raise ValueError(f"{name} must hold each name once")
    length = sum(len(key) + len(told) for key, told in found)
    if len(found) > CONTEXT_MOST or length > CONTEXT_LONGEST:
        raise ValueError(
            f"{name} may hold {CONTEXT_MOST} entries and {CONTEXT_LONGEST} characters in all, "
            f"got {len(found)} and {length}"
        )
    return found


def _closes(value: Any, name: str) -> tuple[tuple[str, tuple[Decimal, ...]], ...]:
    """Closes by instrument key, given as a mapping or as pairs; each key once."""
    if isinstance(value, tuple) and not value:
        return ()
    try:
        pairs = [(key, series) for key, series in (value.items() if isinstance(value, Mapping) else value)]
    except (TypeError, ValueError):
        remedy = 'closes by instrument such as {"NSE:INFY": [1500, 1502.5]}'
        raise ValueError(f"{name} must be {remedy}, got {value!r:.60}") from None
    found = tuple([(key_text(key, name), _prices(series, f"{name} of {key}")) for key, series in pairs])
    if len({key for key, _ in found}) < len(found):
        raise ValueError(f"{name} must hold each instrument once")
    return found


def _margins(value: Any, name: str) -> tuple[tuple[str, str, str, Decimal], ...]:
    """What a lot asks, each key, product and side once; nothing at all is right too."""
    if value == ():
        return ()
    try:
        rows = [(key, product, side, told) for key, product, side, told in value]
    except (TypeError, ValueError):
        remedy = 'key, product, side and rupees a lot, such as [("NFO:NIFTY24NOV26FUT", "NRML", "BUY", 250000)]'
        raise ValueError(f"{name} must be {remedy}, got {value!r:.60}") from None
    found = tuple(
        [
            (key_text(key, name), product_text(product, name), side_text(side, name), positive(told, name))
            for key, product, side, told in rows
        ]
    )
    if len({row[:3] for row in found}) < len(found):
        raise ValueError(f"{name} must hold each key, product and side once")
    return found


_TEXTS: Final = ("exchange", "strategy", "source", "note", "receipt", "interval")
_BAR: Final = checks("Bar", at=in_ist, open=positive, high=positive, low=positive, close=positive, volume=whole)
BARS: Final = several_of(Bar, "[Bar(at=..., open=..., high=..., low=..., close=...)]")
_SIGNAL: Final = checks(
    "Signal",
    symbol=symbol_text,
    side=side_text,
    at=in_ist,
    price=optional(positive),
    stop=optional(positive),
    target=optional(positive),
    levels=_prices,
    product=product_text,
    bar_at=optional(in_ist),
    quantity=optional(not_negative_whole),
    reduce_by=optional(count),
    reduce_pct=optional(positive),
    context=_context,
)
_MARKET: Final = checks(
    "Market",
    instrument=an_instrument,
    at=in_ist,
    last=optional(positive),
    bid=optional(positive),
    ask=optional(positive),
    quote_at=optional(in_ist),
    atr=optional(not_negative),
    atr_bars=optional(not_negative_whole),
    atr_interval=optional(text),
    bars=optional(BARS),
    available_cash=optional(not_negative),
    previous_close=optional(positive),
    band_low=optional(positive),
    band_high=optional(positive),
    traded_at=optional(in_ist),
    recent_prices=optional(_timed_prices),
    cash_unknown=yes_or_no,
    closes=_closes,
    margins=_margins,
)


def taken_now(signal: Signal, at: datetime, length: timedelta) -> Signal:
    """A signal of a bar of that length as it is taken at a moment: of a bar of a day, which is acted on before its end.

    The strategy dates it at the end of the day; from the future it would be refused.
    """
    return evolve(signal, at=at) if length >= DAY and signal.at > at else signal

"""Hypothesis strategies for the values a decision is made of.

Everything drawn is valid on its own: prices stand on the tick, bars enclose their prices in rising time, a
book is what its orders and fills made it. What makes a decision interesting (a stale quote, a full sector, a
latch) is drawn beside what makes it pass, so that a good part of `situations()` is approved.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

import attrs

from riskcore.book import Book, Fill, Latch, Price
from riskcore.exits.levels import exit_order
from riskcore.instruments import Instrument
from riskcore.money import ZERO, exact
from riskcore.orders import CANCELLED, REJECTED, STOP_HIT, UNKNOWN, WORKING, ApprovedEntry
from riskcore.policy import GROSS, MARGIN, NET, NOTIONAL, Policy
from riskcore.policy.levels import IGNORE, USE
from riskcore.sessions import session_on
from riskcore.signals import BUY, SIDES, Bar, Market, Signal, sign
from riskcore.states import HALTED, LOCKED, REDUCING, WAITING_FOR_LOGIN
from riskcore.stops import TIGHTER, WIDER
from riskcore.testing.drawing import Draw, chosen, st
from riskcore.testing.history import closes, finished_days, outcomes, rulebooks
from riskcore.testing.trails import exit_settings

DAYS: Final = (
    date(2026, 11, 20),
    date(2026, 2, 1),
    date(2025, 10, 21),
    date(2025, 6, 2),
    date(2024, 10, 1),
    date(2026, 8, 3),
)
"""Days whose charges and hours are in the tables: ordinary ones, a budget Sunday, a muhurat, the first with a
closing auction."""

SECTORS: Final = ("Information Technology", "Power", None)
TICKS: Final = (Decimal("0.01"), Decimal("0.05"), Decimal("0.10"), Decimal(1))
SYMBOLS: Final = ("RELIANCE", "INFY", "M&M", "ABC", "SMALLCAP")


class Situation(NamedTuple):
    """The four things a decision is made of, in the order `decide` takes them."""

    signal: Signal
    book: Book
    market: Market
    policy: Policy


@lru_cache(maxsize=64)
def trading_moments(day: date | None = None) -> st.SearchStrategy[datetime]:
    """Moments in IST at which entries are allowed, on `day` (a session) or on one of `DAYS`."""
    days = st.sampled_from(DAYS) if day is None else st.just(day)
    return st.builds(_moment, days, st.integers(0, 9_999))


def _moment(day: date, share: int) -> datetime:
    """The moment after `share` ten-thousandths of the day's time for entries."""
    session = session_on(day, Instrument(symbol="ANY", tick=TICKS[0]))
    if session is None:
        raise ValueError(f"there is no session on {day.isoformat()}")
    length = (session.entries_until - session.entries_from) // timedelta(seconds=1)
    return session.entries_from + timedelta(seconds=length * share // 10_000)


def instruments(
    symbols: Sequence[str] = SYMBOLS,
    *,
    lots: Sequence[int] = (1, 1, 1, 5, 65),
    freezes: Sequence[int | None] = (None,),
) -> st.SearchStrategy[Instrument]:
    """NSE cash instruments of several ticks, lots and sectors, with and without derivatives (and freeze quantities)."""
    return _instruments(tuple(symbols), tuple(lots), tuple(freezes))


@lru_cache(maxsize=64)
def _instruments(
    symbols: tuple[str, ...], lots: tuple[int, ...], freezes: tuple[int | None, ...]
) -> st.SearchStrategy[Instrument]:
    return st.builds(
        Instrument,
        symbol=st.sampled_from(symbols),
        tick=st.sampled_from(TICKS),
        lot_size=st.sampled_from(lots),
        sector=st.sampled_from(SECTORS),
        derivatives_listed=st.booleans(),
        freeze_quantity=st.sampled_from(freezes),
    )


@exact
def prices(tick: Decimal, *, low: Any = 20, high: Any = 5000) -> st.SearchStrategy[Decimal]:
    """Prices between `low` and `high` on multiples of `tick`, with the tick's number of decimals."""
    first = -int(-Decimal(str(low)) // tick)
    last = int(Decimal(str(high)) // tick)
    return st.integers(max(first, 1), max(last, first, 1)).map(exact(lambda steps: steps * tick))


@st.composite
@exact
def bars(
    draw: Draw,
    instrument: Instrument | None = None,
    *,
    start: datetime | None = None,
    min_size: int = 1,
    max_size: int = 30,
    seconds: int = 60,
    around: Any = None,
) -> tuple[Bar, ...]:
    """Bars in rising time, on the tick, each enclosing its open and close; minutes may be missing."""
    tick = instrument.tick if instrument is not None else TICKS[1]
    first = Decimal(str(around)) if around is not None else draw(prices(tick))
    step = st.tuples(
        st.integers(-30, 30), st.integers(-30, 30), st.integers(0, 20), st.integers(0, 20), st.integers(1, 8)
    )
    moves = draw(st.lists(step, min_size=min_size, max_size=max_size))
    at = start if start is not None else draw(trading_moments())
    series: list[Bar] = []
    level = max(int(first // tick), 100)
    for gap, run, above, below, pause in moves:
        opened = max(level + gap, 60)
        level = max(opened + run, 60)
        high, low = max(opened, level) + above, min(opened, level) - below
        series.append(
            Bar(at=at, open=opened * tick, high=high * tick, low=low * tick, close=level * tick, volume=pause)
        )
        at += timedelta(seconds=seconds * (pause if pause > 6 else 1))
    return tuple(series)


_SETTINGS: Final = st.fixed_dictionaries(
    {
        "risk_per_trade": st.sampled_from(("1", "0.1", "0.5", "2", "3")),
        "risk_includes_charges": st.booleans(),
        "max_position_size_percent": st.sampled_from((10, 5, 50, 100)),
        "position_size_basis": st.sampled_from((NOTIONAL, MARGIN)),
        "max_sector_exposure": st.sampled_from((20, 5, 60, 100)),
        "max_positions": st.sampled_from((3, 1, 2, 5)),
        "one_position_per_symbol": st.booleans(),
        "max_trades_per_day": st.sampled_from((5, 1, 2, 8)),
        "max_daily_loss": st.sampled_from((3, 5, 10)),
        "min_risk_reward": st.sampled_from(("2.5", "1", "2")),
        "target_r_multiple": st.sampled_from(("2.5", "4")),
        "risk_reward_basis": st.sampled_from((GROSS, GROSS, GROSS, NET)),
        "stop_methods": st.sampled_from((("atr",), ("atr",), ("atr", "percent"), ("percent", "points"))),
        "stop_combine": st.sampled_from((TIGHTER, WIDER)),
        "stop_pct": st.sampled_from(("1", "3")),
        "stop_points": st.sampled_from(("2.5", "10")),
        "stop_least_ticks": st.sampled_from((2, 1, 5)),
        "signal_stop": st.sampled_from((USE, USE, IGNORE, TIGHTER)),
        "target_legs": st.sampled_from(((), (), ("50% at 2.5R", "50% at 5.5R"), ("20% at 4R", "80% at 4R"))),
        "stop_atr_multiple": st.sampled_from(("1.5", "0.5", "3")),
        "atr_warmup_bars": st.sampled_from((140, 5, 20)),
        "entry_band_pct": st.sampled_from(("0.1", "0", "0.5")),
        "exit_band_pct": st.sampled_from(("0.5", "0", "2")),
        "quote_max_age_s": st.sampled_from((5, 60)),
        "max_quantity": st.sampled_from((None, 10, 1000)),
        "capital_max": st.sampled_from((None, 50_000)),
    }
)
_RULES: Final = st.tuples(_SETTINGS, exit_settings())


def policies(**fixed: Any) -> st.SearchStrategy[Policy]:
    """Valid policies around the defaults, with an ATR of five bars; `fixed` settings stay as given."""
    return _RULES.map(lambda drawn: Policy(**_agreeing({"atr_period": 5, **drawn[0], **drawn[1], **fixed})))


def _agreeing(drawn: dict[str, Any]) -> dict[str, Any]:
    """The settings, gross where a reward after charges could never be enough."""
    enough = Decimal(drawn["min_risk_reward"]) < Decimal(drawn["target_r_multiple"])
    return drawn if enough else {**drawn, "risk_reward_basis": GROSS}


@st.composite
@exact
def signals(
    draw: Draw,
    instrument: Instrument | None = None,
    *,
    at: datetime | None = None,
    around: Decimal | None = None,
    kind: str = "entry",
) -> Signal:
    """Signals for an instrument, raised at `at`; with `around` (a price), some bring their own stop and target."""
    thing = instrument if instrument is not None else draw(instruments())
    moment = at if at is not None else draw(trading_moments())
    side = chosen(draw, SIDES)
    stop = target = None
    if around is not None and kind in ("entry", "reversal") and draw(st.booleans()):
        steps = draw(st.integers(1, max(int(around // thing.tick) // 10, 1)))
        reach = chosen(draw, ("3", "6"))
        stop = around - sign(side) * steps * thing.tick
        wanted = around + sign(side) * steps * thing.tick * Decimal(reach)
        target = wanted if wanted > 0 and draw(st.booleans()) else None
    seen = None if around is None else chosen(draw, (None, around, around, around * 10))
    return Signal(
        thing.symbol,
        side,
        at=moment,
        kind=kind,
        price=seen,
        stop=stop if stop is not None and stop > 0 else None,
        target=target,
        product=chosen(draw, ("MIS", "MIS", "MIS", "CNC")) if side == BUY else "MIS",
        strategy=chosen(draw, ("", "ema")),
        quantity=chosen(draw, (None, None, 7, 1_000_000)),
        receipt=chosen(draw, ("", "", "an alert")),
    )


@st.composite
@exact
def markets(
    draw: Draw,
    instrument: Instrument | None = None,
    *,
    at: datetime | None = None,
    around: Decimal | None = None,
    faulty: bool = True,
) -> Market:
    """What may be seen of an instrument: last, sometimes bid and ask, an ATR or bars; some of it missing or old."""
    thing = instrument if instrument is not None else draw(instruments())
    moment = at if at is not None else draw(trading_moments())
    last = around if around is not None else draw(prices(thing.tick))
    spread = chosen(draw, (None, 0, 1, 3))
    seen: dict[str, Any] = {"last": last}
    if spread is not None and last > spread * thing.tick:
        seen |= {"bid": last - spread * thing.tick, "ask": last}
    seen["quote_at"] = moment - timedelta(seconds=draw(st.integers(0, 5)))
    if chosen(draw, (True, True, True, False)):
        seen |= {"atr": max(last * draw(st.integers(1, 60)) / 1000, thing.tick), "atr_bars": None}
    else:
        series = draw(bars(thing, start=moment - timedelta(hours=4), min_size=5, around=last))
        seen["bars"] = series
    fault = chosen(draw, (None,) * 7 + tuple(_BLIND)) if faulty else None
    if fault is not None:
        seen |= _BLIND[fault]
        if fault == "old":
            seen["quote_at"] = moment - timedelta(seconds=90)
    return Market(instrument=thing, at=moment, **seen)


_BLIND: Final[dict[str, dict[str, Any]]] = {
    "no quote": {"last": None, "bid": None, "ask": None},
    "old": {},
    "no ATR": {"atr": None, "bars": None},
    "few bars": {"atr_bars": 3, "bars": None},
    "no cash": {"available_cash": 1},
    "no funds": {"cash_unknown": True},
}


@st.composite
@exact
def books(
    draw: Draw,
    at: datetime | None = None,
    *,
    instruments_held: Sequence[Instrument] | None = None,
    max_orders: int = 4,
    latched: bool = True,
) -> Book:
    """Consistent books: every position, counter and result comes from the orders and fills that made it."""
    moment = at if at is not None else draw(trading_moments())
    book = Book(chosen(draw, (100_000, 100_000, 20_000, 1_000_000)), session=moment.date())
    for number in range(draw(st.integers(0, max_orders))):
        thing = chosen(draw, instruments_held) if instruments_held else draw(instruments((f"HELD{number}",)))
        before = moment - timedelta(seconds=draw(st.integers(1, 3000)))
        book = _after_an_entry(draw, book, thing, f"order{number}", before)
    if latched and draw(st.integers(0, 9)) == 9:
        state = chosen(draw, (REDUCING, HALTED, LOCKED, WAITING_FOR_LOGIN))
        book = attrs.evolve(book, latches=(Latch("journal", state, moment, "riskcore", "a disk is full"),))
    return book


def _after_an_entry(draw: Draw, book: Book, thing: Instrument, name: str, at: datetime) -> Book:
    """The book after one entry lived: refused, working, held, leaving, or closed again with a gain or a loss."""
    price = draw(prices(thing.tick, high=500))
    held = book.position(thing.key)
    side = held.side if held is not None else chosen(draw, SIDES)
    entry = _entry_of(thing, side, draw(st.integers(1, 3)) * thing.lot_size, price, name, at)
    book = book.after(entry)
    fate = chosen(draw, ("held", "held", "closed", "closed", "working", "leaving", REJECTED, CANCELLED))
    if fate in (REJECTED, CANCELLED):
        return book.moved(name, fate)
    if fate == "working":
        return book.moved(name, chosen(draw, (WORKING, UNKNOWN)))
    book = book.after(Fill(name, entry.quantity, price, at, chosen(draw, (0, "1.07"))))
    moved = max(price + draw(st.integers(-40, 40)) * thing.tick, thing.tick)
    if fate == "held":
        return book.after(Price(thing.key, moved, at))
    position = book.position(thing.key)
    assert position is not None
    leave = exit_order(
        position, order_id=f"{name}:exit", reason=STOP_HIT, reference=moved, level=None, policy=Policy(), at=at
    )
    if fate == "leaving":
        return book.after(leave)
    return book.after(leave).after(Fill(leave.order_id, leave.quantity, moved, at, chosen(draw, (0, "2.5"))))


def _entry_of(thing: Instrument, side: str, quantity: int, price: Decimal, name: str, at: datetime) -> ApprovedEntry:
    distance = max(price // 20 // thing.tick * thing.tick, thing.tick)
    if price <= distance:
        distance = ZERO
    return ApprovedEntry(
        order_id=name,
        signal_id=name,
        instrument=thing,
        side=side,
        quantity=quantity,
        product="MIS",
        reference=price,
        limit=price,
        stop=price - sign(side) * distance or thing.tick,
        target=max(price + sign(side) * distance * 3, thing.tick),
        risk=distance * quantity,
        strategy="",
        at=at,
        valid_until=at + timedelta(seconds=5),
        book_version=0,
    )


@st.composite
@exact
def situations(draw: Draw, *, faulty: bool = True) -> Situation:
    """A signal, a book, a market and a policy that belong together; at least three in ten are approved.

    Half of them have a past (finished trades and sessions, closes) and some of the rules that are off by default.
    """
    thing = draw(instruments(lots=(1, 1, 1, 1, 5)))
    moment = draw(trading_moments())
    around = draw(prices(thing.tick, high=1000))
    signal = draw(signals(thing, at=moment - timedelta(seconds=draw(st.integers(0, 10))), around=around))
    market = draw(markets(thing, at=moment, around=around, faulty=faulty))
    rules = draw(rulebooks()) if draw(st.booleans()) else {}
    crowd = chosen(draw, (0, 3) if not rules else (2, 3))
    same = (thing,) if faulty and draw(st.integers(0, 7)) == 7 else None
    book = draw(books(moment, instruments_held=same, max_orders=crowd, latched=faulty))
    generous = {"max_position_size_percent": 100, "max_sector_exposure": 100, "max_trades_per_day": 8}
    fixed = generous if chosen(draw, (True, True, False)) else {}
    policy = draw(policies(**{"atr_warmup_bars": 5, **fixed, **rules}))
    if faulty and draw(st.integers(0, 19)) == 19:
        book = book.after(_entry_of(thing, signal.side, thing.lot_size, around, signal.id, market.at))
        book = book.moved(signal.id, chosen(draw, (REJECTED, WORKING)))
    if rules:
        book, market = _with_a_past(draw, book, market, faulty=faulty)
    return Situation(signal, book, market, policy)


def _with_a_past(draw: Draw, book: Book, market: Market, *, faulty: bool) -> tuple[Book, Market]:
    """The same account with finished trades and sessions behind it, and the closes of what it holds beside it."""
    own = market.instrument.key
    done = draw(outcomes(market.at, (own, own, "NSE:HELD0", "NSE:INFY")))
    todays = sum((trade.gross for trade in done if trade.session == market.at.date()), ZERO)
    equity = book.opening_equity
    assert equity is not None
    before = draw(finished_days(market.at, equity))
    grown = attrs.evolve(book, outcomes=(*book.outcomes, *done), days=before, realised=book.realised + todays)
    keys = tuple(dict.fromkeys((own, *book.keys_in_play())))
    if faulty and draw(st.integers(0, 7)) == 7:
        grown = attrs.evolve(grown, positions=tuple(attrs.evolve(held, stop=None) for held in grown.positions))
    return grown, attrs.evolve(market, closes=draw(closes(keys, faulty=faulty)))

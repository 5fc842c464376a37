"""What is seen of a signal's instrument on a live day: a fresh price, bars and ATR, money, closes of what is held.

What cannot be seen stays None, and is refused by its name. What was read lately is not read again: for instruments that
are watched, nothing is asked of OpenAlgo between an alert and its order.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from attrs import evolve, frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.client import Client, InstrumentCache, OrderWanted, ReadFailed
from riskcore_openalgo.live_feed.plausible import naming
from riskcore_openalgo.live_feed.ticks import Tick
from riskcore_openalgo.runner.history import History, closes_by_key

LOG: Final = logging.getLogger("riskcore")
FRESH_S: Final = 2.0
"""A price younger than this is not asked for again."""


MARGIN_AGE_S: Final = 60.0
"""What a lot asks was told so lately that it is not asked for again: SPAN changes a few times a day."""


class Money(Protocol):
    """Who knows the account's money: an `Account`, or the one of paper."""

    def equity(self, command: events.AskEquity, at: datetime) -> events.EquityRead | None:
        """The session's opening equity, or None where it cannot be read."""

    def cash(self, at: datetime) -> dict[str, Any]:
        """`available_cash` and `cash_unknown` of a `Market`, as far as there is something to say."""

    def knows_cash(self, at: datetime) -> bool:
        """Whether `cash` of that moment is answered, now or later, without anybody being asked."""


class Prices(Protocol):
    """Who has the newest believed price of an instrument: the live feed's."""

    def last_good(self, key: str) -> Tick | None:
        """The newest accepted price."""


@frozen
class Seen:
    """A price and what came with it."""

    last: Decimal
    at: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    open: Decimal | None = None
    previous_close: Decimal | None = None

    def close_before(self, of_bars: Decimal | None) -> Decimal | None:
        """The previous close as it was told, but where that is a price of today told again: then that of the bars.

        Some plugins tell the day's open (Definedge), or the last price (Upstox): by these no price has ever gapped.
        """
        told = self.previous_close
        again = told is not None and (told == self.open or naming(told, self.last) is None)
        return of_bars if of_bars is not None and (told is None or again) else told


class LiveEvidence:
    """Evidence from a live feed and a client. Safe to call from several threads; never raises for what a server does.

    `book()` has what is held, whose closes correlations need beside the signal's own, and whose margins count where no
    table has them; `policy()` is the policy in force.
    """

    def __init__(
        self,
        client: Client,
        *,
        money: Money,
        instruments: InstrumentCache,
        history: History,
        prices: Prices,
        policy: Callable[[], rc.Policy],
        book: Callable[[], rc.Book],
        clock: Callable[[], datetime],
    ) -> None:
        self._client, self._money, self._instruments = client, money, instruments
        self._history, self._prices = history, prices
        self._policy, self._book, self._clock = policy, book, clock
        self._margins: dict[tuple[str, str, str], tuple[datetime, Decimal]] = {}
        self._atrs: dict[str, tuple[tuple[rc.Bar, ...], int, Decimal]] = {}
        self._said: dict[str, date] = {}

    def equity(self, command: events.AskEquity, at: datetime) -> events.EquityRead | None:
        """The session's opening equity, by the account's funds."""
        return self._money.equity(command, at)

    def market(self, signal: rc.Signal, interval: str, at: datetime) -> rc.Market | None:
        """What can be seen now; None where the instrument is not known."""
        try:
            instrument = self._instruments.instrument(signal.exchange, signal.symbol, at.date())
        except ReadFailed:
            return None
        return self.look(signal, instrument, interval)

    def look(self, signal: rc.Signal, instrument: rc.Instrument, interval: str) -> rc.Market:
        """The same for an instrument that is known."""
        policy, now = self._policy(), self._clock()
        return self._look(instrument, interval, now, policy, self._wanted(signal, instrument, now, policy))

    def at_hand(self, signal: rc.Signal, interval: str) -> rc.Market | None:
        """The same without waiting for anybody, where all of it was read lately enough; else None.

        One moment and one policy stand for the whole of it: what is known by them now stays known by them, for what
        other threads read meanwhile is newer. So whoever asks here is never held up by a server.
        """
        policy, now = self._policy(), self._clock()
        instrument = self._instruments.known(signal.exchange, signal.symbol, now.date())
        if instrument is None or not self._is_at_hand(instrument, interval, now, policy):
            return None
        wanted = self._wanted(signal, instrument, now, policy)
        if not all(self._margin_known(one, now) for one in wanted):
            return None
        return self._look(instrument, interval, now, policy, wanted)

    def _wanted(
        self, signal: rc.Signal, instrument: rc.Instrument, now: datetime, policy: rc.Policy
    ) -> tuple[engine.MarginWanted, ...]:
        return engine.margins_wanted(signal, instrument, self._book(), policy, now.date())

    def _is_at_hand(self, instrument: rc.Instrument, interval: str, now: datetime, policy: rc.Policy) -> bool:
        return (
            not policy.correlates
            and policy.max_spread_pct is None
            and _is_fresh(self._prices.last_good(instrument.key), now)
            and self._history.has(instrument, interval, now)
            and self._money.knows_cash(now)
        )

    def _look(
        self,
        instrument: rc.Instrument,
        interval: str,
        now: datetime,
        policy: rc.Policy,
        wanted: tuple[engine.MarginWanted, ...],
    ) -> rc.Market:
        bars = self._bars(instrument, interval, now)
        seen = rc.evidence_from(
            instrument,
            bars,
            now,
            policy,
            bars_are=interval,
            asked=interval,
            atr=lambda: self._atr(instrument.key, bars, policy.atr_period),
        )
        margins = self._lot_margins(wanted, now, seen.last)  # before the quote, which is to be fresh
        told = {**self._money.cash(now), **self._priced(instrument, now, policy, seen), "margins": margins}
        if policy.correlates:
            held = (position.instrument for position in self._book().positions)
            things = {one.key: one for one in (instrument, *held)}
            told["closes"] = closes_by_key(self._history, things.values(), now, policy)
        return evolve(seen, at=self._clock(), **told)

    def _lot_margins(
        self, wanted: tuple[engine.MarginWanted, ...], now: datetime, last: Decimal | None
    ) -> tuple[tuple[str, str, str, Decimal], ...]:
        """What the broker asks for a lot of the entry and of what is held, where the core's tables do not have it."""
        asked = ((one, self._lot_margin(one, now, last)) for one in wanted)
        return tuple((one.instrument.key, one.product, one.side, told) for one, told in asked if told is not None)

    def _margin_known(self, wanted: engine.MarginWanted, now: datetime) -> bool:
        at, _ = self._margins.get(_about(wanted), (None, None))
        return at is not None and now - at <= timedelta(seconds=MARGIN_AGE_S)

    def _lot_margin(self, wanted: engine.MarginWanted, now: datetime, last: Decimal | None) -> Decimal | None:
        """The margin of one lot in rupees, asked for once a minute; None where no sum above nought was told."""
        if self._margin_known(wanted, now):
            return self._margins[_about(wanted)][1]
        thing, tick = wanted.instrument, self._prices.last_good(wanted.instrument.key)
        price = tick.price if tick is not None else wanted.price or last
        kind = "MARKET" if price is None else "LIMIT"
        lot = OrderWanted(thing.exchange, thing.symbol, wanted.side, thing.lot_size, wanted.product, kind, price=price)
        try:
            told = self._client.margin([lot]).total
        except ReadFailed:
            return None
        if told <= 0:  # a plugin that found nothing says 0
            return None
        self._margins[_about(wanted)] = now, told
        return told

    def _bars(self, instrument: rc.Instrument, interval: str, now: datetime) -> tuple[rc.Bar, ...]:
        """The bars that have ended."""
        why = "OpenAlgo has none: not every broker's plugin gives a history"
        try:
            bars = self._history.finished(instrument, interval, now)
        except ReadFailed as problem:
            bars, why = (), problem.why
        if not bars:
            self._say(f"bars and no ATR of {instrument.key} on {interval}", why, now)
        return bars

    def _say(self, what: str, why: str, now: datetime) -> None:
        """Why something could not be seen, once a day: a refusal says what is missing, and no more."""
        if self._said.get(what) != now.date():
            self._said[what] = now.date()
            LOG.warning("no %s: %s", what, why)

    def _atr(self, key: str, bars: tuple[rc.Bar, ...], period: int) -> Decimal:
        """The ATR of bars, worked out once: History gives the same ones until another has ended."""
        known = self._atrs.get(key)
        if known is None or known[0] is not bars or known[1] != period:
            known = self._atrs[key] = bars, period, rc.atr(bars, period)
        return known[2]

    def _priced(self, instrument: rc.Instrument, now: datetime, policy: rc.Policy, bars: rc.Market) -> dict[str, Any]:
        """The quote, and what rules of the market ask beside it."""
        seen = self._price(instrument, now, spread=policy.max_spread_pct is not None)
        if seen is None:
            return {"last": None, "traded_at": None}
        return {
            "last": seen.last,
            "bid": seen.bid,
            "ask": seen.ask,
            "quote_at": seen.at,
            "previous_close": seen.close_before(bars.previous_close),
            "traded_at": seen.at if policy.stale_after_s is not None else None,
        }

    def _price(self, instrument: rc.Instrument, now: datetime, *, spread: bool) -> Seen | None:
        """The feed's price while it is fresh; else a quote that does not contradict itself or the feed."""
        tick = self._prices.last_good(instrument.key)
        if tick is not None and not spread and _is_fresh(tick, now):
            return Seen(tick.price, tick.at, previous_close=tick.previous_close)
        try:
            quote = self._client.quote(instrument.exchange, instrument.symbol, at=now)
        except ReadFailed as problem:
            self._say(f"quote of {instrument.key}", problem.why, now)
            return None if tick is None else Seen(tick.price, tick.at)
        if quote.doubts or _is_anothers(quote.last, tick, now):
            self._say(f"quote of {instrument.key} that can be its own", "; ".join(quote.doubts) or str(quote.last), now)
            return None if tick is None else Seen(tick.price, tick.at)
        return Seen(quote.last, quote.asked_at, quote.bid, quote.ask, quote.open, quote.previous_close)


class PaperMoney:
    """The account of paper: it begins with the policy's `default_capital`, and goes on with what the last day left."""

    def __init__(self, policy: Callable[[], rc.Policy]) -> None:
        self._policy = policy

    def equity(self, command: events.AskEquity, at: datetime) -> events.EquityRead:
        """What the last session ended with, else the policy's default capital."""
        known = command.last_known
        return events.EquityRead(at, self._policy().default_capital if known is None else known)

    def cash(self, at: datetime) -> dict[str, Any]:
        """Nobody lends to paper: what is free follows from the book."""
        return {}

    def knows_cash(self, at: datetime) -> bool:
        """Nobody is asked."""
        return True


def _about(wanted: engine.MarginWanted) -> tuple[str, str, str]:
    return wanted.instrument.key, wanted.product, wanted.side


def _is_fresh(tick: Tick | None, now: datetime) -> bool:
    return tick is not None and now - tick.at <= timedelta(seconds=FRESH_S)


def _is_anothers(last: Decimal, tick: Tick | None, now: datetime) -> bool:
    """Whether a quote lies so far from a price of the last minute that it is of another instrument."""
    if tick is None or now - tick.at > timedelta(minutes=1):
        return False
    return abs(last - tick.price) * 50 > tick.price

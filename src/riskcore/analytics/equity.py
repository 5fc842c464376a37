"""Daily results and the equity curve, folded from facts: mark-to-market, so open positions are in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import attrs
from attrs import field, frozen

from riskcore import events as e
from riskcore.analytics.drawdown import Drawdown, drawdowns
from riskcore.analytics.exposure import Exposure, Held, exposure_of, held_now, trading_hours
from riskcore.book import Book, Position
from riskcore.money import ONE, ZERO, amount, exact
from riskcore.overrides import Tables
from riskcore.sessions import exchange_closed
from riskcore.state import State, evolve
from riskcore.values import checks, given, settle, several


@frozen(kw_only=True)
class Day:
    """One session: equity at its start, what it brought, and equity at its end (opening + net), in rupees.

    `net` is what was realised, less charges, and the change of what was open. `flow` is money paid in (+) or out (-)
    since the session before: the opening is not what the last closing was. `path` holds the equity inside the
    session, each time it changed. `exposure` is None where it was not recorded.
    """

    session: date
    opening: Decimal = field(converter=given)
    net: Decimal = field(converter=given)
    charges: Decimal = field(default=ZERO, converter=given)
    flow: Decimal = field(default=ZERO, converter=given)
    path: tuple[Decimal, ...] = ()
    exposure: Exposure | None = None

    def __attrs_post_init__(self) -> None:
        settle(self, _DAY)

    @property
    @exact
    def closing(self) -> Decimal:
        """Equity at the end: opening + net."""
        return self.opening + self.net

    @property
    @exact
    def rate(self) -> Decimal | None:
        """The session's return as a share: net / opening; None for an opening of 0 or less."""
        return self.net / self.opening if self.opening > 0 else None


@frozen
class EquityCurve:
    """Sessions in order, in rupees. `unknown` are those whose equity nothing tells; they are in no figure."""

    days: tuple[Day, ...] = field(default=(), converter=given)
    unknown: tuple[date, ...] = field(default=(), converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _CURVE)
        sessions = [day.session for day in self.days]
        if sessions != sorted(set(sessions)):
            raise ValueError("EquityCurve.days must be one a session, in rising order")

    @property
    @exact
    def net(self) -> Decimal:
        """The sum of the sessions' results: the change of equity without what was paid in or out."""
        return sum((day.net for day in self.days), ZERO)

    @property
    @exact
    def flows(self) -> Decimal:
        """The sum of what was paid in (+) and out (-) after the first session's start."""
        return sum((day.flow for day in self.days), ZERO)

    @property
    def returns(self) -> tuple[Decimal, ...]:
        """Each session's return as a share of its opening equity, sessions without a result included (0)."""
        return tuple(rate for day in self.days if (rate := day.rate) is not None)

    @exact
    def levels(self, *, intraday: bool = False) -> tuple[Decimal, ...]:
        """Equity as it would have run without flows: from the first opening on, each session's result in proportion.

        level + net x level / opening; where nothing was paid in or out that is the equity itself. From a level or an
        opening of 0 or less there is no proportion: rupees are added. The first level is the first opening, then one a
        session, or one for each change inside it (`intraday`).
        """
        return self._run(intraday=intraday, in_proportion=True)

    @exact
    def made(self, *, intraday: bool = False) -> tuple[Decimal, ...]:
        """The first opening and the results since, without what was paid in or out; places as in `levels`."""
        return self._run(intraday=intraday, in_proportion=False)

    def _run(self, *, intraday: bool, in_proportion: bool) -> tuple[Decimal, ...]:
        if not self.days:
            return ()
        found = [self.days[0].opening]
        level = found[0]
        for day in self.days:
            share = level / day.opening if in_proportion and day.opening > 0 and level > 0 else ONE
            if intraday:
                found += [level + (equity - day.opening) * share for equity in day.path]
            level += day.net * share
            found.append(level)
        return tuple(found)

    def drawdowns(self, *, intraday: bool = False) -> tuple[Drawdown, ...]:
        """Every spell below a peak, in sessions; place 0 is the first opening, place n the end of the n-th session.

        The spells, and their percent, are those of `levels`; their rupees are what was lost from the peak to the lowest
        point (`made`). With `intraday` the places count changes of equity, not sessions.
        """
        levels = self.levels(intraday=intraday)
        return _beside(drawdowns(levels), levels, self.made(intraday=intraday))

    @property
    def largest_drawdown(self) -> Drawdown | None:
        """The spell of most rupees between the ends of sessions, the first of equals; None when there was none.

        It lasts until the rupees are regained (`made`), not the level; its percent is of the level at its peak.
        """
        made = self.made()
        return max(_beside(drawdowns(made), self.levels(), made), key=lambda spell: spell.value, default=None)

    @property
    @exact
    def exposure_pct(self) -> Decimal | None:
        """Market value of what was held, long and short together, over trading hours, in percent of opening equity.

        The mean over the sessions whose exposure is known; None where there is none.
        """
        return _mean_pct([(day.exposure.gross, day.opening) for day in self.days if day.exposure])

    @property
    @exact
    def utilisation_pct(self) -> Decimal | None:
        """Capital utilisation: margin taken over trading hours in percent of opening equity, mean over sessions."""
        return _mean_pct([(day.exposure.margin, day.opening) for day in self.days if day.exposure])

    @property
    @exact
    def peak_utilisation_pct(self) -> Decimal | None:
        """The largest margin of any moment in percent of its session's opening equity; None where none is known."""
        known = [(day.exposure.peak_margin, day.opening) for day in self.days if day.exposure]
        return max((taken / opening * 100 for taken, opening in known if opening > 0), default=None)

    @property
    @exact
    def time_in_market_pct(self) -> Decimal | None:
        """Trading time with any position open, in percent, mean over the sessions whose exposure is known."""
        return _mean_pct([(day.exposure.time_share, Decimal(1)) for day in self.days if day.exposure])


@exact
def equity_curve(facts: Iterable[e.Fact], state: State | None = None) -> EquityCurve:
    """Fold facts into sessions: from an account's first fact on, or from `state`, as its last session ended.

    A session's opening is the equity read (`EquityKnown`) and what carried positions were worth above cost at their
    last prices; where it was never read, the closing of the session before. Days on which the exchange was closed and
    nothing happened are left out; sessions without a fill are kept, as zeros.
    """
    fold = _Fold(state or State())
    for fact in facts:
        fold.take(fact)
    return fold.curve()


class _Fold:
    """The fold under way: the state, and the session at hand."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.days: list[Day] = []
        self.unknown: list[date] = []
        self.today: _Today | None = None
        self.tables: Tables | None = None
        """The user's own market facts, as the policy in force has them."""

    def take(self, fact: e.Fact) -> None:
        if isinstance(fact, e.SessionOpened):
            self.close(still_open=False)
        if isinstance(fact, e.PolicyChanged):
            self.tables = fact.policy.tables
        self.state = evolve(self.state, fact)
        if isinstance(fact, e.SessionOpened):
            self.today = _Today(self.state.book, fact.at, self.tables)
        elif self.today is not None:
            self.today.seen(self.state.book, fact)

    def curve(self) -> EquityCurve:
        self.close(still_open=True)
        return EquityCurve(tuple(self.days), tuple(self.unknown))

    def close(self, *, still_open: bool) -> None:
        today, book = self.today, self.state.book
        if today is None or book.session is None:
            return
        self.today = None
        last = self.days[-1].closing if self.days else None
        if not today.moved and exchange_closed(book.session, self.tables):
            return
        opening = last if book.opening_equity is None else book.opening_equity + today.open_before
        if opening is None:
            self.unknown.append(book.session)
            return
        self.days.append(
            Day(
                session=book.session,
                opening=opening,
                net=today.result(book),
                charges=book.charges,
                flow=ZERO if last is None else opening - last,
                path=tuple(opening + result for result in today.path),
                exposure=today.exposure(still_open=still_open),
            )
        )


MOVING: Final = (e.Filled, e.Overfilled, e.Revalued, e.PositionAdjusted, e.Marked)
"""Facts that change what is held, what it is worth, or what was made."""


class _Today:
    """One session under way: what was open when it began, its results so far, and what was held since."""

    def __init__(self, book: Book, at: datetime, tables: Tables | None) -> None:
        self.tables = tables
        self.open_before = book.unrealised
        self.path: list[Decimal] = []
        self.moved = False
        self.at = at
        self.held = [held_now(book, at, tables)]
        self.positions: dict[str, Position] = {p.instrument.key: p for p in book.positions}

    def result(self, book: Book) -> Decimal:
        return book.net_realised + book.unrealised - self.open_before

    def seen(self, book: Book, fact: e.Fact) -> None:
        self.at = fact.at
        if not isinstance(fact, MOVING):
            return
        self.moved = True
        result = self.result(book)
        if result != (self.path[-1] if self.path else ZERO):
            self.path.append(result)
        self.held.append(held_now(book, fact.at, self.tables))
        self.positions.update((p.instrument.key, p) for p in book.positions)

    def exposure(self, *, still_open: bool) -> Exposure:
        """Over the trading hours of what was held; a session that still runs with positions ends at its last fact."""
        day = self.held[0].at.date()
        opens, closes = trading_hours(day, self.positions.values(), self.tables) or (self.held[0].at, self.at)
        if still_open and self.held[-1].gross:
            closes = max(min(closes, self.at), opens)
        first = self.held[0]  # carried from the day before: held from the open on, however late our day began
        carried = Held(min(first.at, opens), first.gross, first.net, first.margin)
        return exposure_of([carried, *self.held[1:]], opens, closes)


@exact
def _beside(spells: Iterable[Drawdown], levels: Sequence[Decimal], made: Sequence[Decimal]) -> tuple[Drawdown, ...]:
    """Spells with percent by the levels and rupees by what was made."""
    return tuple(
        attrs.evolve(
            spell, peak=levels[spell.began], low=levels[spell.trough], lost=made[spell.began] - made[spell.trough]
        )
        for spell in spells
    )


def _mean_pct(parts: list[tuple[Decimal, Decimal]]) -> Decimal | None:
    shares = [value / base * 100 for value, base in parts if base > 0]
    return sum(shares, ZERO) / len(shares) if shares else None


_DAY: Final = checks("Day", opening=amount, net=amount, charges=amount, flow=amount)
_CURVE: Final = checks("EquityCurve", days=several, unknown=several)

"""The rules as a guest in a host program that has a loop, a clock and a broker of its own: a backtester, a notebook.

    guest = Guest(instrument, policy, equity=100_000, interval="5m")
    guest.bar(at, 2500, 2506, 2498, 2504)          # each finished bar, in order
    order = guest.wish("BUY")                      # an approved entry, or None: guest.decisions[-1] says why
    ...                                            # the host sends it: quantity, limit, stop, target
    guest.entered(2503.5)                          # and tells what its broker did
    guest.stop, guest.must_leave                   # where the stop stands now; whether the day is over
    guest.left(2495.0)

The host keeps its broker and its accounts; the guest keeps the book that decisions need, from what it is told.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Context, Decimal, localcontext
from typing import Any, Final

from attrs import evolve

import riskcore as rc

SIGNAL: Final = "signal"
CANCELLED: Final = "cancelled"


class Guest:
    """One instrument of a host, under a policy.

    `equity` are the rupees that the first session opens with; each later one opens with what the last ended on.
    `interval` is the length of the host's bars. Prices may be floats, NumPy's too. One order and one position at a
    time: that is all a host with one bracket can carry, so a policy with `target_legs` is refused (`ValueError`).
    Charges are booked with each fill, at the policy's rates.
    """

    def __init__(
        self,
        instrument: rc.Instrument,
        policy: rc.Policy,
        *,
        equity: Any,
        interval: str = "1m",
        product: str = "MIS",
        strategy: str = "",
    ) -> None:
        if policy.target_legs:
            raise ValueError(
                "Guest: a host's order has one target, and policy.target_legs asks for several; leave it out"
            )
        self.instrument, self.policy, self.interval = instrument, policy, interval
        self._length, self._product, self._strategy = rc.interval_length(interval), product, strategy
        self.book = rc.Book(equity)
        self.decisions: list[rc.Decision] = []
        self._bars: list[rc.Bar] = []
        self._order: rc.ApprovedEntry | None = None

    @property
    def held(self) -> rc.Position | None:
        """What the host holds of the instrument, by what it told."""
        return self.book.position(self.instrument.key)

    @property
    def order(self) -> rc.ApprovedEntry | None:
        """The approved entry that the host has neither filled nor given up yet."""
        return self._order

    @property
    def stop(self) -> Decimal | None:
        """Where the stop of the position stands now; it only tightens. None while nothing is held."""
        return None if self.held is None else self.held.stop

    @property
    def now(self) -> datetime:
        """The end of the last bar. `ValueError` before the first."""
        if not self._bars:
            raise ValueError("Guest: no bar yet; call guest.bar(...) with each finished bar first")
        return self._bars[-1].at + self._length

    @property
    def must_leave(self) -> bool:
        """Whether the position has to be sold now: the square-off, or a time stop of the policy."""
        held, now = self.held, self.now
        if held is None:
            return False
        if rc.time_stop_due(held, now, self.policy) is not None:
            return True
        times = {"square_off_at": self.policy.square_off_at, "tables": self.policy.tables}
        session = rc.session_on(now.date(), self.instrument, held.product, **times)  # type: ignore[arg-type]
        return session is not None and session.square_off is not None and now >= session.square_off

    def bar(self, at: datetime, open: Any, high: Any, low: Any, close: Any) -> None:  # noqa: A002 - a bar's own words
        """A bar has ended; `at` is its start, an aware datetime. The position is marked, and its stop trailed.

        Tell what was filled in the bar first. Raises `ValueError` for a bar that is not after the one before.
        """
        bar = rc.Bar(at=at, open=open, high=high, low=low, close=close)
        if self._bars and bar.at <= self._bars[-1].at:
            raise ValueError(
                f"Guest.bar: {bar.at.isoformat()} is not after {self._bars[-1].at.isoformat()}; sort the bars"
            )
        self._open(bar.at)
        self._bars.append(bar)
        if self.held is not None:
            atr = rc.fresh_atr(self._bars, self.policy, bars_are=self.interval)
            seen = rc.Price(self.instrument.key, bar.close, self.now, bar.high, bar.low, bar.close, atr)
            self.book = rc.trailed(self.book, seen, self.policy)

    def wish(self, side: str, **more: Any) -> rc.ApprovedEntry | None:
        """Ask for an entry at the end of the last bar: the order to send, or None. `decisions` keeps every answer.

        `more` goes to the `Signal` (a stop, a target, levels). An approved order that nobody filled must be given up
        (`expired`) before the next one is asked for: until then the policy counts it as on its way.
        """
        signal = rc.Signal(
            self.instrument.symbol,
            side,
            at=self.now,
            bar_at=self._bars[-1].at,
            exchange=self.instrument.exchange,
            product=self._product,
            interval=self.interval,
            strategy=self._strategy,
            **more,
        )
        market = rc.evidence_from(
            self.instrument, self._bars, self.now, self.policy, bars_are=self.interval, asked=self._asked
        )
        decision = rc.decide(signal, self.book, market, self.policy)
        self.decisions.append(decision)
        if not decision.approved:
            return None
        self._order = decision.order
        self.book = self.book.after(decision.order)
        return decision.order

    def entered(self, price: Any, at: datetime | None = None) -> None:
        """The host's broker filled the whole order at `price`; `at` is the moment, by default the last bar's end."""
        order, moment = self._pending("entered"), self.now if at is None else at
        self._open(moment)
        self._order = None
        self._fill(order.order_id, order.side, order.quantity, price, moment)

    def expired(self) -> None:
        """The host gave the order up unfilled; nothing happens where there is none."""
        if self._order is not None:
            self.book, self._order = self.book.moved(self._order.order_id, CANCELLED), None

    def left(self, price: Any, at: datetime | None = None, reason: str = SIGNAL) -> None:
        """The host's broker sold the whole position (bought it back) at `price`, for whatever reason."""
        held, moment = self.held, self.now if at is None else at
        if held is None:
            raise ValueError("Guest.left: nothing is held; call guest.entered(price) when the entry fills")
        self._open(moment)
        name = f"{held.id}:out"
        order = rc.exit_order(
            held, order_id=name, reason=reason, reference=held.last or held.average_price, level=None,
            policy=self.policy, at=moment,
        )  # fmt: skip
        self.book = self.book.after(order)
        self._fill(name, order.side, held.quantity, price, moment)

    # ---------------------------------------------------------------- the book

    @property
    def _asked(self) -> str:
        """The interval whose ATR the policy wants."""
        return self.policy.atr_interval or self.interval

    def _pending(self, who: str) -> rc.ApprovedEntry:
        if self._order is None:
            raise ValueError(f"Guest.{who}: no order is on its way; guest.wish(side) gives one")
        return self._order

    def _open(self, at: datetime) -> None:
        """A new session where `at` begins one: counters at nought, equity carried on."""
        day = rc.session_date(at)
        if self.book.session is None or day > self.book.session:
            carried = self.book.equity
            assert carried is not None
            with localcontext(Context(prec=28)):  # a host may have a context of six digits
                opening = carried - self.book.unrealised
            self.book = self.book.next_session(day).opened(opening)

    def _fill(self, order_id: str, side: str, quantity: int, price: Any, at: datetime) -> None:
        fill = rc.Fill(order_id, quantity, price=price, at=at)
        cost = rc.policy_charges(self.instrument, self._product, side, fill.paid, at.date(), self.policy)
        self.book = self.book.after(evolve(fill, charges=cost.total))

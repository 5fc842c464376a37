"""What is known of our orders and positions at the broker, beside the book: what waits, what is absent, what is bare.

The engine folds it from its facts, as it does the book; a restart brings it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs
from attrs import frozen

from riskcore.table_rows import Capability

GOOD: Final = "good"
BAD: Final = "bad"
TO_COMPARE: Final = "the login is good, and entries wait until the broker's books were read and agree with ours"
"""Why entries are kept back after a login that was dead."""
NO_PRICES: Final = "held_without_prices"
"""The alarm for a position of whose instrument nothing new is heard."""
MORE: Final = "more"
LESS: Final = "less"
GONE: Final = "gone"
OPPOSITE: Final = "opposite"
FOREIGN: Final = "foreign"
SUSPECT: Final = "suspect"
UNNAMED: Final = "unnamed"
"""How the broker's position differs from ours: more or fewer shares on our side, none, the other side, one we know
nothing of; a book that says none and proves nothing; or shares that an order without a name there may have brought."""
LONGEST_READ: Final = timedelta(seconds=60)
SILENT: Final = ("prices_stale", "stale_after_s")
"""The latches of an instrument of which nothing new is heard: the feed's own word, and the breaker's."""


@frozen(kw_only=True)
class Wanted:
    """An exit that waits until the stop that rests for the same shares is out of the way: two could flip the position.

    The fields are those of the exit it will be; `part` is how many shares, None for all that is held then.
    """

    key: str
    reason: str
    level: Decimal | None = None
    part: int | None = None
    rule: str = ""
    signal_id: str = ""
    at: datetime


@frozen
class Touch:
    """A stop that the price has reached, and that is not acted on yet: the moment, and the price that reached it.

    `confirmed` says whether a second price has reached it too.
    """

    key: str
    at: datetime
    price: Decimal
    confirmed: bool = False


@frozen
class Mismatch:
    """A difference between our book and the broker's that was seen `times` in a row, up to where it is acted on.

    `kind` is one of those above: what it says of the broker's position.
    """

    kind: str
    key: str
    ours: int
    theirs: int
    times: int = 1

    @property
    def surplus(self) -> int:
        """The signed shares that the broker has beyond ours."""
        return self.theirs - self.ours

    @property
    def lacks(self) -> bool:
        """Whether it is shares of ours that are not there."""
        return self.surplus * self.ours < 0


def repeated(
    found: Sequence[Mismatch], before: Sequence[Mismatch], most: int, *, again: bool = True
) -> tuple[Mismatch, ...]:
    """The mismatches with in how many reads running each was the same, counted up to `most`: then it is acted on.

    A read that is not one `again`, for it began before the one that showed them had ended, adds nothing to that.
    """
    known = {(m.kind, m.key, m.ours, m.theirs): m.times for m in before}

    def times(one: Mismatch) -> int:
        so_far = known.get((one.kind, one.key, one.ours, one.theirs), 0)
        return so_far if so_far and not again else min(so_far + 1, most)

    return tuple(attrs.evolve(one, times=times(one)) for one in found)


@frozen
class Beside:
    """Signed shares of an instrument that an operator accepted as not ours: they may stay beside what we trade.

    `missing` is in how many reads in a row an account showed none of them.
    """

    key: str
    quantity: int
    missing: int = 0


@frozen
class Explained:
    """A part of a difference between the broker's balance and ours, in rupees, and what it is: `ledger` names them."""

    what: str
    amount: Decimal
    why: str = ""


@frozen
class Balance:
    """The broker's money against what our session opened with, in rupees: what explains it, what does not."""

    theirs: Decimal
    ours: Decimal
    unexplained: Decimal
    lines: tuple[Explained, ...] = ()


@frozen
class Hollow:
    """Answers with nothing in them: whether the last one about money was, and how many reads of all books in a row."""

    funds: bool = False
    reads: int = 0


@frozen(kw_only=True, slots=False)
class Custody:
    """What the engine must remember of the broker's side.

    `capability` is the broker's (None: nobody said which broker; nothing rests there). `login` is "good" or "bad", ""
    before the first word. `reconciled_at` is when the gate last opened, on books that agreed. `wanted` are exits that
    wait, `touches` stops reached and not yet confirmed, `odd` the latest price of a symbol that stood alone so far
    away that it is not believed yet. `bare` is since when each position has not been covered, `absent` in how many
    clean reads an order of unknown outcome was looked for in vain, `rows` ids of the broker's orders that were seen
    and are not ours, `asked` when an order was last asked to end or to change, `settled` when the last change of one
    was, or when it ended unfilled, `mismatches` differences that may yet pass, `beside` shares that an operator
    accepted as not ours, `accepted` the broker's quantities that one took as they are (where shares of ours are not
    there, and all that was accepted before `beside` was told apart), `told` alarms that stand, `lost` orders that were
    taken for never arrived. `hollow` are answers that had nothing in them. `moved` is money that an operator says came
    or went today, `balance` the last comparison of the money that was worth a fact. `seen_again` is since when prices
    come again of an instrument for whose silence somebody was called. `doubted` is in how many reads running an order
    was shown as ended that may show the end of another. `alike` are rows that may be an order's which has no name
    there, and were new when they came. `first_seen` is when each of `rows` was, oldest first. `refused` is since when
    and how often the broker has refused to cancel an order while no order book could be read. `lacking` are shares of
    ours that the broker's positions lack, and since when. `differed_at` is when what differs was last told. `ending`
    is since when an order was asked to end.
    """

    capability: Capability | None = None
    login: str = ""
    reconciled_at: datetime | None = None
    wanted: tuple[Wanted, ...] = ()
    touches: tuple[Touch, ...] = ()
    odd: tuple[tuple[str, Decimal], ...] = ()
    bare: tuple[tuple[str, datetime], ...] = ()
    absent: tuple[tuple[str, int], ...] = ()
    rows: frozenset[str] = frozenset()
    asked: tuple[tuple[str, datetime], ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    accepted: tuple[tuple[str, int], ...] = ()
    told: frozenset[tuple[str, str]] = frozenset()
    settled: tuple[tuple[str, datetime], ...] = ()
    lost: frozenset[str] = frozenset()
    hollow: Hollow = Hollow()
    moved: tuple[Explained, ...] = ()
    balance: Balance | None = None
    seen_again: tuple[tuple[str, datetime], ...] = ()
    doubted: tuple[tuple[str, int], ...] = ()
    alike: tuple[tuple[str, tuple[str, ...]], ...] = ()
    beside: tuple[Beside, ...] = ()
    first_seen: tuple[tuple[datetime, frozenset[str]], ...] = ()
    refused: tuple[tuple[str, datetime, int], ...] = ()
    lacking: tuple[tuple[str, int, datetime], ...] = ()
    differed_at: datetime | None = None
    ending: tuple[tuple[str, datetime], ...] = ()

    def wanted_of(self, key: str) -> Wanted | None:
        """The exit that waits in an instrument, if any."""
        return next((wish for wish in self.wanted if wish.key == key), None)

    def touch_of(self, key: str) -> Touch | None:
        """The stop that was reached in an instrument, if it was not acted on yet."""
        return next((touch for touch in self.touches if touch.key == key), None)

    def bare_since(self, key: str) -> datetime | None:
        """Since when a position has not been covered by an order; None while it is."""
        return dict(self.bare).get(key)

    def odd_price(self, key: str) -> Decimal | None:
        """The latest price that is not believed yet, if there is one."""
        return dict(self.odd).get(key)

    def reads_without(self, order_id: str) -> int:
        """In how many clean reads running an order was absent."""
        return dict(self.absent).get(order_id, 0)

    def reads_ended(self, order_id: str) -> int:
        """In how many reads running an order was shown as ended, and that was not believed."""
        return dict(self.doubted).get(order_id, 0)

    def asked_at(self, order_id: str) -> datetime | None:
        """When an order was last asked to end or to change; None once it has ended, or the change was taken."""
        return dict(self.asked).get(order_id)

    def ending_since(self, order_id: str) -> datetime | None:
        """When an order was first asked to end, as long as it has not."""
        return dict(self.ending).get(order_id)

    def refused_of(self, order_id: str) -> tuple[datetime | None, int]:
        """Since when the broker has refused to cancel an order, where no book tells whether it works, and how often."""
        return next(((since, times) for known, since, times in self.refused if known == order_id), (None, 0))

    def settled_at(self, order_id: str) -> datetime | None:
        """When the last change of an order was settled, or it ended: a read that began before says nothing of it."""
        return dict(self.settled).get(order_id)

    def held_without_us(self, key: str) -> int:
        """The signed shares that the broker had beyond ours of an instrument in the last read.

        Where that read showed nothing that differs, those that an operator accepted; 0 where there are none.
        """
        found = [m.surplus for m in self.mismatches if m.key == key]
        return sum(found) if found else self.beside_of(key)

    def is_another(self, began: datetime) -> bool:
        """Whether a read began after the one that last told what differs: several run at once where orders end.

        One that began longer before it than any read takes is of a clock that was set back, and another all the same.
        """
        told = self.differed_at
        return told is None or began >= told or told - began > LONGEST_READ

    def lacking_of(self, key: str) -> tuple[int, datetime | None]:
        """How many shares of ours of an instrument the broker's positions lack, and since when; 0 and None: none."""
        return next(((quantity, since) for known, quantity, since in self.lacking if known == key), (0, None))

    def beside_of(self, key: str) -> int:
        """The signed shares of an instrument that an operator accepted as not ours."""
        return sum(known.quantity for known in self.beside if known.key == key)

    def accepts(self, mismatch: Mismatch, beside: int) -> bool:
        """Whether an operator took a difference as it is; `beside` are all shares there that are not ours.

        As many shares as were accepted as not ours stay so, whatever we hold beside them. They excuse no share of ours
        that is not there: an exit of it would take theirs, or turn the account round.
        """
        if dict(self.accepted).get(mismatch.key) == mismatch.theirs:
            return True
        taken = self.beside_of(mismatch.key)
        return taken != 0 and not mismatch.lacks and taken in (mismatch.surplus, beside)

    def without(self, key: str) -> Custody:
        """The same with nothing left of an instrument that is not held any more."""
        return attrs.evolve(
            self,
            wanted=tuple(wish for wish in self.wanted if wish.key != key),
            touches=tuple(touch for touch in self.touches if touch.key != key),
            odd=tuple(row for row in self.odd if row[0] != key),
            bare=tuple(row for row in self.bare if row[0] != key),
            seen_again=replaced(self.seen_again, key),
            lacking=replaced(self.lacking, key),
        )


def replaced(rows: tuple[Any, ...], name: Any, row: Any = None) -> tuple[Any, ...]:
    """Rows that begin with a name: without the one of that name, and with `row` (if given) at the end."""
    left = tuple(known for known in rows if known[0] != name)
    return left if row is None else (*left, row)

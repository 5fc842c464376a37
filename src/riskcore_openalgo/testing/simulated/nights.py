"""Two simulated days with a night between them: what was bought for delivery is carried, and the books begin anew.

At the exchange day orders end. At the broker shares become holdings, the books of the day are emptied, and the login is
dead in the morning. OpenAlgo's sandbox does all this itself, and keeps its open orders, which no book shows any more.
In some nights a company gives a bonus, a share for each: its price halves, and its shares double, or will days later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Final

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.testing.profile import Profile
from riskcore_openalgo.testing.simulated.contracts import settled, trades_contracts, with_contracts
from riskcore_openalgo.testing.simulated.script import DAYS, SYMBOLS, Happening, Script, script_of
from riskcore_openalgo.testing.simulated.strikes.acting import cancel
from riskcore_openalgo.testing.simulated.traded import DELIVERY, INTRADAY, SHARES
from riskcore_openalgo.testing.simulated.varied import is_varied, varied

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

APART: Final = 60_000_060
"""Between the seed of the first day and that of the second: as many profiles as there may be divide it."""
WIDE: Final = ("1.2", "1.8", "2.5")
"""Stops of what is to be carried, in per cent: nearer ones do not live to see the night."""
CARRIED: Final = 0.6
BONUSES: Final = 0.2
"""How many nights bring one."""
DAY_S: Final = 86_400.0


def script_for(
    seed: int, only: str = "", *, night: bool = False, contracts: bool | None = None, wide: bool | None = None
) -> Script:
    """The day of a seed, or two with a night between; where not said, of contracts on some, drawn wider on others."""
    script = over_a_night(seed, only) if night else script_of(seed, only)
    of_contracts = trades_contracts(seed) if contracts is None else contracts
    script = with_contracts(script, only) if of_contracts else script
    return varied(script, only) if (is_varied(seed) if wide is None else wide) else script


def over_a_night(seed: int, only: str = "") -> Script:
    """Two days of a seed, the same on every machine; with `only`, of which nothing goes wrong but that."""
    first, second = script_of(seed, only), script_of(seed + APART, only)
    chance = Random(seed)  # noqa: S311 - a night that can be lived again
    day, last = chance.choice(list(pairwise(DAYS)))
    later = (last - day).days * DAY_S
    happens = [
        *_for_delivery(chance, first.happenings),
        *_night(chance, first.profile, day, last),
        *(evolve(one, at_s=one.at_s + later) for one in _for_delivery(chance, second.happenings)),
    ]
    if not first.profile.sandbox and chance.random() < BONUSES:
        happens = list(_with_a_bonus(chance.choice(SYMBOLS), happens, later, credited=chance.random() < 0.5))
    ordered = tuple(sorted(happens, key=lambda one: (one.at_s, one.kind, str(one.args))))
    return evolve(first, day=day, last=last, happenings=ordered)


def _for_delivery(chance: Random, happenings: tuple[Happening, ...]) -> Iterator[Happening]:
    """The same day, on which most of what is bought is bought for delivery."""
    for one in happenings:
        if one.kind == "entry" and one.args[1] == rc.BUY and chance.random() < CARRIED:
            yield evolve(one, args=(one.args[0], rc.BUY, chance.choice(WIDE), DELIVERY))
        else:
            yield one


def _night(chance: Random, profile: Profile, day: date, last: date) -> Iterator[Happening]:
    morning = (last - day).days * DAY_S
    if not profile.sandbox:
        yield Happening(at_s=6.75 * 3600, kind="orders_lapse")
        yield Happening(at_s=15 * 3600, kind="delivered")
        yield Happening(at_s=18 * 3600, kind="rolled_over")
        dead, login = morning - 4 * 3600, morning + chance.choice((-1800.0, -600.0, 600.0, 1500.0))
        yield Happening(at_s=dead, kind="login_ends", args=(login - dead,))
        yield Happening(at_s=login, kind="login")
    if chance.random() < 0.5:
        begins = chance.choice((6.9, 10.0, 16.0)) * 3600
        yield Happening(
            at_s=begins, kind="switched_off", args=(morning - begins + chance.choice((-900, -60, 840, 1200)),)
        )


def _with_a_bonus(symbol: str, happens: Iterable[Happening], morning: float, *, credited: bool) -> Iterator[Happening]:
    """The same two days, over whose night a share's price halves; where it is `credited`, its holdings double."""
    for one in happens:
        if one.kind == "price" and one.at_s >= morning and one.args[0] == symbol:
            yield evolve(one, args=(symbol, str(SHARES[0].on_tick(Decimal(one.args[1]) / 2))))
        else:
            yield one
    if credited:
        yield Happening(at_s=18.2 * 3600, kind="bonus", args=(symbol,))


def _orders_lapse(room: Room) -> None:
    room.toggle(other=False)  # the two modes have books of their own
    for order_id in list(room.account.orders):
        cancel(room, order_id)
    for row in list(room.account.positions.values()):
        if row.product == INTRADAY:  # what is still there the broker ends itself
            room.by_hand(row.key, -row.quantity)


def _delivered(room: Room) -> None:
    with room.broker.lock:
        room.account.deliver(room.time.now.date())


def _rolled_over(room: Room) -> None:
    with room.broker.lock:
        room.account.roll_over(room.time.now)


def _bonus(room: Room, symbol: str) -> None:
    key = f"NSE:{symbol}"
    with room.broker.lock:
        held = room.account.holdings.get(key)
        if held is not None:
            room.account.holdings[key] = evolve(held, quantity=2 * held.quantity, average=held.average / 2)
            room.checks.foreign(key)


def _login_ends(room: Room, seconds: float) -> None:
    room.broker.token_dies()
    room.checks.disturbed(seconds)


def _login(room: Room) -> None:
    room.broker.login()
    room.checks.disturbed(60)


def _switched_off(room: Room, seconds: float) -> None:
    room.kill(then_s=seconds)
    room.checks.disturbed(seconds + 60)


NIGHT: Final[dict[str, Callable[..., None]]] = {
    "orders_lapse": _orders_lapse,
    "delivered": _delivered,
    "rolled_over": _rolled_over,
    "bonus": _bonus,
    "settled": settled,
    "login_ends": _login_ends,
    "login": _login,
    "switched_off": _switched_off,
}
"""What a night does, by name."""


def market_is_open(now: datetime, key: str) -> bool:
    """Whether orders in an instrument can rest and fill, on a day of the script."""
    closes = time(15, 30) if key.startswith("NSE:") else time(15, 40)
    return now.date() in DAYS and time(9, 15) <= now.time() < closes

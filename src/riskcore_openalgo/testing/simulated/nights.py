"""Two simulated days with a night between them: what was bought for delivery is carried, and the books begin anew.

At the exchange day orders end. At the broker shares become holdings, the books of the day are emptied, and the login is
dead in the morning. OpenAlgo's sandbox does all this itself, and keeps its open orders, which no book shows any more.
In some nights a company gives a bonus, a share for each: its price halves, and its shares double, or will days later.

Nights of the higher seeds are several in a row, so that what is carried is carried over a week end or a holiday too,
and contracts expire on any day but the last. Companies split shares or pay out in them, and some mornings begin with a
journal that was restored from a backup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Final

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.testing.profile import Profile
from riskcore_openalgo.testing.simulated.catalogue import LATER_SEEDS
from riskcore_openalgo.testing.simulated.contracts import settled, trades_contracts, with_contracts
from riskcore_openalgo.testing.simulated.diwali import OVER_S, in_the_evening, tables
from riskcore_openalgo.testing.simulated.script import (
    ABOUT_MUHURAT,
    DAYS,
    MUHURAT,
    SYMBOLS,
    Happening,
    Script,
    hours_of,
    script_of,
)
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
ACTIONS: Final = ((2, 1), (2, 1), (5, 1), (3, 2), (10, 1), (1, 1))
"""How many shares there are for how many after a company's action; where as many, it pays out, and its price falls."""
OF_A_NIGHT: Final = 0.25
"""How many of several nights bring one, and how many of these runs of days a journal that is restored."""
ABOUT_DIWALI: Final = 0.15
PAID: Final = Decimal("0.9")
DAY_S: Final = 86_400.0
CONTRACTS_LATER: Final = timedelta(minutes=10)


def script_for(
    seed: int, only: str = "", *, night: bool = False, contracts: bool | None = None, wide: bool | None = None
) -> Script:
    """The day of a seed, or two with a night between; where not said, of contracts on some, drawn wider on others."""
    of_a_night = over_nights if seed >= LATER_SEEDS else over_a_night
    script = of_a_night(seed, only) if night else script_of(seed, only)
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


def over_nights(seed: int, only: str = "") -> Script:
    """Three or four days of a seed with the nights between them; with `only`, of which nothing goes wrong but that."""
    chance = Random(f"nights {seed}")  # noqa: S311 - days that can be lived again
    count = chance.choice((3, 3, 4))
    days = _days(chance, count, sandbox=script_of(seed, only).profile.sandbox)
    drawn = [script_of(seed + number * APART, only) for number in range(count)]
    happens: list[Happening] = []
    for day, script in zip(days, drawn, strict=True):
        wishes = in_the_evening(script.happenings) if day == MUHURAT else script.happenings
        happens += _later(_for_delivery(chance, tuple(wishes)), days[0], day)
    for day, after in pairwise(days):
        happens += _later(_night(chance, drawn[0].profile, day, after), days[0], day)
        if not drawn[0].profile.sandbox and chance.random() < OF_A_NIGHT:
            happens = list(_with_an_action(chance, happens, _seconds(days[0], after)))
    if not drawn[0].profile.sandbox and chance.random() < OF_A_NIGHT:
        happens += _restored_from_a_backup(chance, days)
    ordered = tuple(sorted(happens, key=lambda one: (one.at_s, one.kind, str(one.args))))
    expires = chance.choice([day for day in days[:-1] if day != MUHURAT])
    policy = drawn[0].policy | ({"tables": tables()} if MUHURAT in days else {})
    return evolve(drawn[0], day=days[0], last=days[-1], policy=policy, expires=expires, happenings=ordered)


def _days(chance: Random, count: int, *, sandbox: bool) -> tuple[date, ...]:
    """So many in a row: about Diwali, with its evening among them and not at their end, or others."""
    if chance.random() < ABOUT_DIWALI and not sandbox:  # a sandbox squares off at the same hour each day
        first = chance.choice([n for n in range(3) if MUHURAT in ABOUT_MUHURAT[n : n + count - 1]])
        return ABOUT_MUHURAT[first : first + count]
    first = chance.randrange(len(DAYS) - count + 1)
    return DAYS[first : first + count]


def _seconds(first: date, day: date) -> float:
    return (day - first).days * DAY_S


def _later(happens: Iterable[Happening], first: date, day: date) -> Iterator[Happening]:
    """What happens on a day, counted from the first of several."""
    return (evolve(one, at_s=one.at_s + _seconds(first, day)) for one in happens)


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
        yield Happening(at_s=OVER_S if day == MUHURAT else 6.75 * 3600, kind="orders_lapse")
        yield Happening(at_s=15 * 3600, kind="delivered")
        yield Happening(at_s=18 * 3600, kind="rolled_over")
        dead, login = morning - 4 * 3600, morning + chance.choice((-1800.0, -600.0, 600.0, 1500.0))
        yield Happening(at_s=dead, kind="login_ends", args=(login - dead,))
        yield Happening(at_s=login, kind="login")
    if chance.random() < 0.5:
        begins = chance.choice((6.9, 10.0, 16.0)) * 3600
        begins = max(begins, OVER_S + 900) if day == MUHURAT else begins
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


def _with_an_action(chance: Random, happens: Iterable[Happening], morning: float) -> Iterator[Happening]:
    """The same days, of which a share has another price from a morning on; its holdings follow at once, or not yet."""
    symbol, (new, old), credited = chance.choice(SYMBOLS), chance.choice(ACTIONS), chance.random() < 0.6
    for one in happens:
        if one.kind == "price" and one.at_s >= morning and one.args[0] == symbol:
            price = Decimal(one.args[1]) * (PAID if new == old else Decimal(old) / new)
            yield evolve(one, args=(symbol, str(SHARES[0].on_tick(price))))
        else:
            yield one
    yield Happening(morning - 5.8 * 3600, "given", (symbol, new, old) if credited else (symbol, 1, 1))


def _restored_from_a_backup(chance: Random, days: Sequence[date]) -> Iterator[Happening]:
    """In the night before a day the journal is replaced by what it was in the evening, at noon, or a day before."""
    number = chance.randrange(1, len(days))
    evening = _seconds(days[0], days[number - 1]) + 7.5 * 3600
    at_noon, day_before = evening - 4 * 3600, _seconds(days[0], days[max(number - 2, 0)]) + 7.5 * 3600
    yield Happening(chance.choice((evening, at_noon, day_before)), "backed_up")
    morning = _seconds(days[0], days[number])
    yield Happening(morning - chance.choice((7200.0, 1200.0)), "restored", (chance.choice((60.0, 1500.0)),))


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


def _given(room: Room, symbol: str, new: int, old: int) -> None:
    key = f"NSE:{symbol}"
    with room.broker.lock:
        held = room.account.holdings.get(key)
        if held is not None and new != old:
            room.account.holdings[key] = evolve(
                held, quantity=held.quantity * new // old, average=held.average * old / new
            )
            room.checks.foreign(key)


def _backed_up(room: Room) -> None:
    room.store.back_up()
    room.backed_up_at = room.time.now


def _restored(room: Room, seconds: float) -> None:
    room.kill(then_s=seconds)
    room.store.restore()
    room.checks.restored(room.backed_up_at)
    room.checks.disturbed(seconds + 60)


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
    "given": _given,
    "backed_up": _backed_up,
    "restored": _restored,
    "settled": settled,
    "login_ends": _login_ends,
    "login": _login,
    "switched_off": _switched_off,
}
"""What a night does, by name."""


def market_is_open(now: datetime, key: str) -> bool:
    """Whether orders in an instrument can rest and fill, on a day of the script."""
    hours = hours_of(now.date())
    if hours is None:
        return False
    opens, closes = hours
    later = timedelta(0) if key.startswith("NSE:") or now.date() == MUHURAT else CONTRACTS_LATER
    return opens <= now.time() < (datetime.combine(now, closes) + later).time()

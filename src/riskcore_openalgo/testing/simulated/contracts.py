"""Simulated days on which contracts are traded, in lots, with orders that are cut in slices.

Such a day is drawn as one of shares, and two to four of its symbols then stand for contracts: the same walk from
another price, the same wishes and faults. All else that is left to chance has a stream of its own, so that the days of
shares stay what they were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Final

from attrs import evolve

from riskcore_openalgo.testing.profile import Profile
from riskcore_openalgo.testing.simulated.catalogue import CATALOGUE
from riskcore_openalgo.testing.simulated.script import LAST_BURST_S, Happening, Script
from riskcore_openalgo.testing.simulated.traded import (
    CARRIED,
    INTRADAY,
    PRODUCTS,
    SHARES,
    Traded,
    contracts,
)

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

OF_CONTRACTS: Final = 0.25
"""On how many days contracts are traded."""
LATER_S: Final = 1200.0
"""By how much contracts are squared off, and their exchange closes, after shares."""
EXPIRES: Final = date(2026, 12, 29)
EXPIRE_NOW: Final = 0.3
"""On how many days contracts expire: on the first of them, where there is a night."""
ADDED_TO: Final = 0.3
"""On how many of these days positions are added to."""
LEAST: Final = Decimal("0.05")
"""What is left of a premium at least."""
LARGE: Final = 70_000_000
"""The money of an account that trades contracts, and the most that one entry is worth."""
DAY_S: Final = 86_400
EVENING_S: Final = 30_000
SETTLED_S: Final = 17.0 * 3600
AT_A_PRICE: Final = ("price", "entry", "reverse", "nonsense", "circuit_lock", "bought_by_hand", "sold_by_hand")
"""What cannot happen to a contract that has expired: nobody quotes it."""

AT_SLICES: Final = (
    "place_timeout_executed",
    "place_timeout_lost",
    "place_500_executed",
    "place_drop_executed",
    "place_drop",
    "place_null_id",
    "place_taken_and_lost",
    "place_taken_and_late",
    "rejected_later",
    "partial",
    "stop_rejected",
    "cancel_timeout_executed",
    "cancel_timeout",
    "cancel_refused",
    "cancel_after_a_fill",
    "modify_refused",
)
"""What goes wrong with several slices at once: each of these strikes one call."""


def trades_contracts(seed: int) -> bool:
    """Whether contracts are traded on the day of a seed."""
    return Random(f"contracts? {seed}").random() < OF_CONTRACTS  # noqa: S311 - a day that can be played again


def with_contracts(script: Script, only: str = "") -> Script:
    """The same day, or two with a night between them, on which some of the symbols are contracts.

    What goes wrong with several slices at once comes beside the rest, but on days with `only` one kind of fault.
    """
    chance = Random(f"contracts {script.seed}")  # noqa: S311 - a day that can be played again
    expires = chance.random() < EXPIRE_NOW
    whole = {one.args[0] for one in script.happenings if one.kind in ("bonus", "given")}  # companies give them
    places = [place for place, share in enumerate(SHARES) if share.symbol not in whole]
    ends = script.expires or script.day
    listed = contracts(ends if expires else EXPIRES)
    drawn = chance.sample(places, chance.randint(2, len(places)))
    stands = {SHARES[place].symbol: listed[place] for place in sorted(drawn)}
    happens = list(_with_them(chance, script, stands, expires=expires))
    if not only:
        happens += _of_several_slices(chance, script.profile, happens, [one.symbol for one in stands.values()])
    if expires and script.last is not None:
        happens.append(Happening(_after(script) - DAY_S + SETTLED_S, "settled"))
    adds = {"one_position_per_symbol": False} if chance.random() < ADDED_TO else {}
    known = {"max_notional": LARGE, "allowed_products": PRODUCTS, "sell_options": True}
    return evolve(
        script,
        policy={**script.policy, **known, **adds},
        happenings=tuple(sorted(happens, key=lambda one: (one.at_s, one.kind, str(one.args)))),
        traded=tuple(stands.get(share.symbol, share) for share in SHARES),
        cash=LARGE,
    )


def _with_them(chance: Random, script: Script, stands: Mapping[str, Traded], *, expires: bool) -> Iterator[Happening]:
    shares = {share.symbol: share for share in SHARES}
    for one in script.happenings:
        place = next((n for n, said in enumerate(one.args) if said in stands), None)
        gone = expires and one.at_s >= _after(script)
        if place is None:
            yield one
        elif not (gone and one.kind in AT_A_PRICE):
            becomes = _of_a_contract(chance, one, place, shares[one.args[place]], stands[one.args[place]])
            if not (gone and becomes.kind in AT_A_PRICE):
                yield becomes


def _after(script: Script) -> float:
    """The second from which on contracts that expire on one of the days are no more."""
    return ((script.expires or script.day) - script.day).days * DAY_S + DAY_S


def _of_a_contract(chance: Random, one: Happening, place: int, share: Traded, contract: Traded) -> Happening:
    """What happens to a share, of a contract: about its own square-off, where it was about that."""
    args = [*one.args]
    args[place] = contract.symbol
    if one.kind == "price":
        moved = (Decimal(args[1]) / share.start - 1) * contract.gearing
        args[1] = str(contract.on_tick(contract.start * max(1 + moved, LEAST)))
    elif one.kind == "entry":
        args[2] = str(Decimal(args[2]) * contract.gearing)
        carried = len(args) > 3 or chance.random() < 0.3
        args[3:] = [CARRIED if carried else INTRADAY]
    elif one.kind == "leave" and chance.random() < 0.4:
        reduced = Happening(one.at_s, "reduce", (contract.symbol, chance.choice(("25", "50", "80"))))
        reversed_ = Happening(one.at_s, "reverse", (contract.symbol, str(Decimal("0.6") * contract.gearing)))
        one = chance.choice((reduced, reversed_))
        args = [*one.args]
    later = LAST_BURST_S <= one.at_s % DAY_S < EVENING_S
    return evolve(one, at_s=one.at_s + (LATER_S if later else 0), args=tuple(args))


def _of_several_slices(
    chance: Random, profile: Profile, happens: Iterable[Happening], symbols: Collection[str]
) -> Iterator[Happening]:
    """One fault, two to four times in a row, just before something is asked of a contract."""
    asked = [one for one in happens if one.kind in ("entry", "leave") and one.args[0] in symbols]
    names = [name for name in AT_SLICES if CATALOGUE[name].possible(profile)]
    for _ in range(chance.randint(1, 2) if asked else 0):
        about, name = chance.choice(asked), chance.choice(names)
        for number in range(1, chance.randint(2, 4) + 1):
            yield Happening(round(about.at_s - number / 100, 3), name, (about.args[0], round(chance.random(), 6)))


def settled(room: Room) -> None:
    """What has expired is settled: it is gone from the books, and is listed no more."""
    with room.broker.lock:
        for one in room.script.traded:
            if one.expiry is not None and one.expiry < room.time.now.date():
                for product in PRODUCTS:
                    room.account.positions.pop((one.key, product), None)
                room.broker.unlist(one.key)
                room.broker.market.quotes.pop(one.key, None)

"""A simulated day as data: one seed becomes a broker, a policy, and all that happens, each thing at its second.

A day has six bursts of about a minute, in which prices move every second and things go wrong, and quiet hours between.
What a script holds can be taken out of it piece by piece, so that a day which fails can be made small.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from random import Random
from typing import Any, Final

import attrs
from attrs import field, frozen

import riskcore as rc
from riskcore_openalgo.testing.profile import LETTERS, LIVE, SANDBOX, SHOONYA, ZERODHA, Profile
from riskcore_openalgo.testing.simulated.catalogue import CATALOGUE
from riskcore_openalgo.testing.simulated.traded import SHARES, Traded

SYMBOLS: Final = tuple(share.symbol for share in SHARES)
DAYS: Final = tuple(date(2026, 11, day) for day in (16, 17, 18, 19, 20, 23, 25, 26, 27))
MUHURAT: Final = date(2026, 11, 8)
MUHURAT_HOURS: Final = (time(18, 0), time(19, 0))
ABOUT_MUHURAT: Final = tuple(date(2026, 11, day) for day in (5, 6, 8, 9, 11))
PROFILES: Final = (LIVE, ZERODHA, SHOONYA, SANDBOX, LETTERS)
GENEROUS: Final[dict[str, Any]] = {
    "max_trades_per_day": 40,
    "max_positions": 4,
    "max_daily_loss": 60,
    "max_position_size_percent": 100,
    "max_sector_exposure": 100,
    "position_size_basis": "margin",
    "max_notional": 150_000,
    "risk_per_trade": "0.5",
    "atr_warmup_bars": 14,
}
"""The rules of every day beside its own: wide, so that most well-formed entries pass."""
BURSTS: Final = 6
BURST_S: Final = 56
BESIDE: Final = 0.2
"""On how many days something goes wrong beside what else does."""
QUIET_S: Final = 900
CLOSES: Final = 6.6 * 3600
"""Seconds from nine o'clock to 15:36."""
LAST_BURST_S: Final = 22150


@frozen
class Happening:
    """Something that happens so many seconds after nine: its kind, and what else it needs."""

    at_s: float
    kind: str
    args: tuple[Any, ...] = ()


@frozen(kw_only=True)
class Script:
    """One day, or those up to the `last`. `policy` are settings beside the usual ones.

    `expires` is the day on which contracts do where they do on one of these, the first where it is not said. `row` is
    what the broker's row says otherwise. `seed` also decides how long each call takes.
    """

    seed: int
    day: date
    profile: Profile
    policy: dict[str, Any]
    happenings: tuple[Happening, ...]
    last: date | None = None
    expires: date | None = None
    traded: tuple[Traded, ...] = SHARES
    cash: int = 1_000_000
    row: dict[str, Any] = field(factory=dict)

    @property
    def opens(self) -> datetime:
        """Nine o'clock, from which seconds are counted."""
        return datetime.combine(self.day, time(9, 0), tzinfo=rc.IST)

    @property
    def ends(self) -> datetime:
        """24 minutes to four of the last day, or 14 where contracts are traded."""
        late = time(15, 46) if any(one.is_contract for one in self.traded) else time(15, 36)
        return datetime.combine(self.last or self.day, late, tzinfo=rc.IST)

    def only(self, happenings: tuple[Happening, ...]) -> Script:
        """The same day in which only this happens."""
        return attrs.evolve(self, happenings=happenings)

    def faults(self) -> Iterator[str]:
        """The names of what goes wrong in it."""
        yield from (one.kind for one in self.happenings if one.kind in CATALOGUE)


def hours_of(day: date) -> tuple[time, time] | None:
    """When shares trade on a day; None where none do."""
    if day == MUHURAT:
        return MUHURAT_HOURS
    return (time(9, 15), time(15, 30)) if day in DAYS or day in ABOUT_MUHURAT else None


def script_of(seed: int, only: str = "") -> Script:
    """The day of a seed, the same on every machine; with `only`, one in which nothing goes wrong but that."""
    chance = Random(seed)  # noqa: S311 - a day that can be played again
    policy: dict[str, Any] = {
        "manual_trades": chance.choice(("freeze", "freeze", "adopt", "ignore")),
        "spike_pct": chance.choice(("1", "2", "5")),
    }
    policy |= chance.choice(
        (
            {},
            {"trail": "percent", "trail_by": "0.6"},
            {"breakeven_at_r": "1"},
            {"target_legs": ["50% at 2.5R", "50% at 4R"]},
        )
    )
    profiles = [profile for profile in PROFILES if not only or CATALOGUE[only].possible(profile)]
    profile = profiles[seed % len(profiles)]
    bursts = sorted(_bursts(chance))
    happens = [*_prices(chance, bursts), *_wishes(chance, bursts), *_faults(chance, bursts, profile, only)]
    day = chance.choice(DAYS)
    if not only and chance.random() < BESIDE:
        happens.append(_one_beside(chance, bursts, profile))
    return Script(
        seed=seed,
        day=day,
        profile=profile,
        policy=policy,
        happenings=tuple(sorted(happens, key=lambda one: (one.at_s, one.kind, str(one.args)))),
    )


def _bursts(chance: Random) -> Iterator[float]:
    """When the bursts begin: the last one is about the square-off, the others lie before the last entry."""
    for number in range(BURSTS - 1):
        yield 1300 + number * 3700 + chance.random() * 2500
    yield LAST_BURST_S + chance.random() * 60


def _prices(chance: Random, bursts: list[float]) -> Iterator[Happening]:
    """Each symbol's walk: small steps, and now and then a gap that stays or a spike that is over at once."""
    moments = [(300.0 + n * QUIET_S, False) for n in range(int((CLOSES - 600) // QUIET_S))]
    moments += [(start + second, True) for start in bursts for second in range(BURST_S)]
    shares = {share.symbol: share for share in SHARES}
    levels = {symbol: share.start for symbol, share in shares.items()}
    for moment, busy in sorted(moments):
        for symbol in SYMBOLS if not busy else chance.sample(SYMBOLS, chance.choice((0, 1, 1, 2))):
            level = levels[symbol]
            step = chance.gauss(0, 0.0016)
            if busy and chance.random() < 0.004:
                step = chance.choice((-1, 1)) * chance.uniform(0.01, 0.05)
            levels[symbol] = shares[symbol].on_tick(max(level * Decimal(str(round(1 + step, 6))), Decimal(50)))
            at = moment + (chance.random() * 0.8 if busy else 0.0)
            yield Happening(round(at, 3), "price", (symbol, str(levels[symbol])))
            if busy and chance.random() < 0.004:
                far = shares[symbol].on_tick(levels[symbol] * Decimal(chance.choice(("0.93", "1.07"))))
                yield Happening(round(at + 0.1, 3), "price", (symbol, str(far)))
                yield Happening(round(at + 0.4, 3), "price", (symbol, str(levels[symbol])))


def _wishes(chance: Random, bursts: list[float]) -> Iterator[Happening]:
    """What strategies and people ask for: entries, most of them well formed; exits; tighter stops."""
    for number, start in enumerate(bursts, 1):
        for _ in range(0 if number == BURSTS else chance.randint(3, 5)):
            at = round(start + chance.random() * BURST_S * 0.8, 3)
            symbol, side = chance.choice(SYMBOLS), chance.choice((rc.BUY, rc.SELL))
            stop = chance.choice(("0.4", "0.6", "0.9"))
            yield Happening(at, "entry", (symbol, side, stop))
        if chance.random() < 0.5:
            yield Happening(round(start + 20 + chance.random() * 50, 3), "leave", (chance.choice(SYMBOLS),))
        if chance.random() < 0.4:
            yield Happening(round(start + 20 + chance.random() * 50, 3), "tighten", (chance.choice(SYMBOLS),))
        if chance.random() < 0.4:
            wrong = chance.choice(("unknown_symbol", "stale", "wrong_stop", "repeated", "from_the_future"))
            yield Happening(round(start + chance.random() * BURST_S, 3), "nonsense", (wrong, chance.choice(SYMBOLS)))


def _faults(chance: Random, bursts: list[float], profile: Profile, only: str) -> Iterator[Happening]:
    """One fault at least, chosen so that each of the catalogue comes up often."""
    usual = [name for name, fault in CATALOGUE.items() if fault.possible(profile) and fault.usual]
    possible = [only] if only else usual
    for _ in range(chance.randint(1, 5)):
        name = chance.choice(possible)
        yield _strikes(chance, bursts, name)


def _one_beside(chance: Random, bursts: list[float], profile: Profile) -> Happening:
    """Drawn after all else of a day, which stays as it was before there were these."""
    name = chance.choice([name for name, fault in CATALOGUE.items() if fault.possible(profile) and fault.beside])
    return _strikes(chance, bursts, name)


def _strikes(chance: Random, bursts: list[float], name: str) -> Happening:
    """A fault about one of the bursts, or after the last of them, with the symbol and the share that it takes."""
    at = chance.choice(bursts) + chance.random() * BURST_S * 0.6
    if CATALOGUE[name].at_the_end:
        at = bursts[-1] + 100 + chance.random() * 120
    return Happening(round(at, 3), name, (chance.choice(SYMBOLS), round(chance.random(), 6)))

"""Who may post alerts: secrets and how they are changed, addresses, the rate of a source, and who is locked out.

An alert that says who it is comes in; exits are never held up by a rate. Everybody else is turned away in words that
tell nothing, and after too many wrong secrets is not listened to for a while. All of it is in memory: a restart forgets
who was locked out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeAlias

from attrs import define, field, frozen

from riskcore_openalgo.web.mapping import PLAIN, FieldMap

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: Final = ("127.0.0.0/8", "::1/128")
PER_MINUTE: Final = 600
LOCKOUT_AFTER: Final = 20
LOCKOUT_WINDOW_S: Final = 600.0
LOCKOUT_S: Final = 900.0
WRONG_PER_MINUTE: Final = 60
"""How many unauthorised alerts a minute are written down, of all addresses together: nobody fills the disk."""
MOST_ADDRESSES: Final = 10_000
MINUTE_S: Final = 60.0
V6_HOME: Final = 64
"""The bits of an IPv6 address by which somebody is known: below, each may have as many as he likes."""


def networks(given: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and ranges such as 52.89.214.238 or 10.0.0.0/8; `ValueError` naming the one that is none."""
    found = []
    for text in given:
        try:
            found.append(ipaddress.ip_network(text))
        except ValueError:
            raise ValueError(f"{text!r} is no address, nor a range such as 10.0.0.0/8") from None
    return tuple(found)


@frozen
class Secret:
    """A secret of a source; an old one has a moment until which it still opens."""

    text: str = field(repr=False)
    until: datetime | None = None


@frozen(kw_only=True)
class SourceRules:
    """One source of alerts.

    Of its `secrets` any that is valid opens; none at all lets everybody in. `addresses` are where it sends from (empty:
    anywhere), `per_minute` how many of its alerts are taken, `mapping` what it calls its fields.
    """

    secrets: tuple[Secret, ...] = ()
    addresses: tuple[Network, ...] = ()
    per_minute: int = PER_MINUTE
    mapping: FieldMap = PLAIN

    def valid(self, now: datetime) -> tuple[str, ...] | None:
        """The secrets that open now; None where none was ever asked for."""
        if not self.secrets:
            return None
        return tuple(secret.text for secret in self.secrets if secret.until is None or now < secret.until)

    @property
    def texts(self) -> tuple[str, ...]:
        """Every secret, those that are over too: none may be kept."""
        return tuple(secret.text for secret in self.secrets)

    def takes_from(self, address: Address | None) -> bool:
        """Whether an alert from there may be this source's; of an unknown address it is only where any will do."""
        return not self.addresses or within(address, self.addresses)

    def names(self, address: Address | None) -> bool:
        """Whether the source says that it sends from there: such an address is not locked out by others' guesses."""
        return within(address, self.addresses)


class Sources:
    """The sources as they are now. Another thread may put others in their place: an alert is judged by one of the two.

    Where there were none at first, everybody may post; where there were some, nobody may once they are gone. A secret
    that opens no more stays known, so that nothing that bears it is kept.
    """

    def __init__(self, rules: Mapping[str, SourceRules]) -> None:
        self.now: Mapping[str, SourceRules] = dict(rules)
        self.asked = bool(self.now)
        self.past: frozenset[str] = frozenset()
        self._heard: Callable[[], None] | None = None

    def heard_by(self, somebody: Callable[[], None] | None) -> None:
        """Call somebody after each change: another process that judges by these too."""
        self._heard = somebody

    def settle(self, now: Mapping[str, SourceRules], past: frozenset[str]) -> None:
        """Be as the sources of another process are."""
        self.now, self.past = now, past

    def replace(self, rules: Mapping[str, SourceRules]) -> None:
        """From now on these. `ValueError` where nothing was asked for at first: that holds for the whole day."""
        if not self.asked:
            raise ValueError("this intake asks for no secret; start it anew to have it ask for some")
        self.past |= {text for known in self.now.values() for text in known.texts}
        self.now = dict(rules)
        if self._heard is not None:
            self._heard()

    def hidden(self, rules: SourceRules | None = None) -> tuple[str, ...]:
        """The secrets that may not be kept of an alert of a source."""
        return (*(rules.texts if rules is not None else ()), *self.past)


def within(address: Address | None, ranges: Iterable[Network]) -> bool:
    """Whether an address lies in one of the ranges."""
    return address is not None and any(address.version == r.version and address in r for r in ranges)


def sender_of(peer: str | None, forwarded: Iterable[str], proxies: tuple[Network, ...]) -> Address | None:
    """Where a request comes from: the peer, or behind proxies of ours the last address that is none of them.

    `forwarded` are the X-Forwarded-For headers. What a stranger wrote into one stands further left than what our proxy
    added, and is never reached. None where no address can be read.
    """
    found = _address(peer)
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    while hops and within(found, proxies):
        found = _address(hops.pop())
    return found


@lru_cache(maxsize=256)
def _address(text: str | None) -> Address | None:
    try:
        found = ipaddress.ip_address((text or "").strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


@define
class Bucket:
    """So many in a minute, all of them at once if they like; what was taken comes back evenly."""

    per_minute: int
    left: float = field(init=False)
    at: float | None = None

    def __attrs_post_init__(self) -> None:
        self.left = float(self.per_minute)

    def take(self, now: float) -> bool:
        """Take one, if one is left."""
        since = 0.0 if self.at is None else max(now - self.at, 0.0)
        self.at = now
        self.left = min(self.left + since * self.per_minute / MINUTE_S, float(self.per_minute))
        if self.left < 1:
            return False
        self.left -= 1
        return True


@define
class _Tries:
    """Wrong secrets of one address: how many since when, and until when nobody listens to it."""

    since: float
    count: int = 0
    locked_until: float = 0.0


class Gate:
    """Counts what comes in: alerts of each source, and wrong secrets of each address. Asked in one thread only."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        lockout_after: int = LOCKOUT_AFTER,
        lockout_s: float = LOCKOUT_S,
    ) -> None:
        self._monotonic, self._after, self._for_s = monotonic, lockout_after, lockout_s
        self._taken: dict[str, Bucket] = {}
        self._wrong = Bucket(WRONG_PER_MINUTE)
        self._tries: dict[str, _Tries] = {}

    def takes(self, source: str, per_minute: int) -> bool:
        """Whether one more alert of a source is within its rate; another rate than before begins anew."""
        bucket = self._taken.get(source)
        if bucket is None or bucket.per_minute != per_minute:
            bucket = self._taken[source] = Bucket(per_minute)
        return bucket.take(self._monotonic())

    def notes_wrong(self) -> bool:
        """Whether one more unauthorised alert is written down."""
        return self._wrong.take(self._monotonic())

    def locked_s(self, address: Address | None) -> float:
        """For how many seconds more an address is locked out; 0 where it is not."""
        if not self._tries:
            return 0.0
        tries = self._tries.get(_home(address))
        return 0.0 if tries is None else max(tries.locked_until - self._monotonic(), 0.0)

    def failed(self, address: Address | None) -> bool:
        """A wrong secret came from there; whether that locked it out."""
        now, home = self._monotonic(), _home(address)
        tries = self._tries.get(home)
        if tries is None or now - tries.since > LOCKOUT_WINDOW_S:
            self._make_room()
            tries = self._tries[home] = _Tries(now)
        tries.count += 1
        if tries.count < self._after:
            return False
        tries.locked_until, tries.count, tries.since = now + self._for_s, 0, now
        return True

    def _make_room(self) -> None:
        """Forget those of whom nothing was heard longest, where there are too many."""
        while len(self._tries) >= MOST_ADDRESSES:
            del self._tries[next(iter(self._tries))]


def _home(address: Address | None) -> str:
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, V6_HOME), strict=False))
    return str(address)

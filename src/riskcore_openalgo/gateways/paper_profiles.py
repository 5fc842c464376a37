"""How a paper broker behaves: named profiles, and a script of what goes wrong.

A profile is data. What it makes of an order follows from the order and the prices alone (a refusal from the order's
id), so that a paper day is rebuilt from its journal under the same profile as it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from attrs import field, fields_dict, frozen

import riskcore as rc

REJECT: Final = "reject"
HOLD: Final = "hold"
PART: Final = "part"
SILENT: Final = "silent"
FAULTS: Final = (REJECT, HOLD, PART, SILENT)
ENTRY: Final = "entry"
EXIT: Final = "exit"
ANY: Final = "any"
ORDERS: Final = (ENTRY, EXIT, ANY)
THOUSAND: Final = 1_000


@frozen(kw_only=True)
class PaperProfile:
    """How a paper broker differs from the ideal one, which fills whole orders at the first price it may.

    `latency_s`: seconds until an order is at the exchange; no price before that fills it. A bar longer than the latency
    is met all the same, at its first price, for it does not show what came after. `slip_ticks`: a fill is so many ticks
    worse, never beyond the order's limit. `part_pct`: at most so much of an order's quantity trades at each look, in
    whole lots, one at least. `protection_pct`: a limit further than so many percent beyond the last price is held to
    that, as brokers hold market orders. `rejected_per_1000`: so many orders of a thousand are refused, by their ids.
    """

    name: str
    latency_s: Decimal = Decimal(0)
    slip_ticks: int = 0
    part_pct: int = 100
    protection_pct: Decimal | None = None
    rejected_per_1000: int = 0

    def __attrs_post_init__(self) -> None:
        if self.latency_s < 0 or self.slip_ticks < 0:
            raise ValueError(f"profile {self.name}: latency_s and slip_ticks must not be below 0")
        if not 1 <= self.part_pct <= 100 or not 0 <= self.rejected_per_1000 <= THOUSAND:
            raise ValueError(f"profile {self.name}: part_pct is 1 to 100, rejected_per_1000 is 0 to 1000")
        if self.protection_pct is not None and self.protection_pct <= 0:
            raise ValueError(f"profile {self.name}: protection_pct must be above 0, or left out")

    @property
    def latency(self) -> timedelta:
        """The latency as a length of time."""
        return timedelta(seconds=float(self.latency_s))

    def refuses(self, order_id: str) -> bool:
        """Whether an order of this id is one of those that are refused: the same on every machine."""
        told = hashlib.sha256(f"{self.name}:{order_id}".encode()).digest()
        return int.from_bytes(told[:4], "big") % THOUSAND < self.rejected_per_1000

    def part_of(self, order: rc.ApprovedEntry | rc.ApprovedExit, whole: int) -> int:
        """How much of an order of `whole` shares, of which `order.quantity` are left, trades at one look."""
        lot = order.instrument.lot_size
        part = whole * self.part_pct // 100 // lot * lot
        return min(max(part, lot), order.quantity)


IDEAL: Final = PaperProfile(name="ideal")
STEADY: Final = PaperProfile(name="steady", latency_s=Decimal("0.2"), slip_ticks=1)
THIN: Final = PaperProfile(
    name="thin", latency_s=Decimal("0.3"), slip_ticks=2, part_pct=40, protection_pct=Decimal("0.5")
)
ROUGH: Final = PaperProfile(
    name="rough",
    latency_s=Decimal("1.5"),
    slip_ticks=3,
    part_pct=30,
    protection_pct=Decimal("0.5"),
    rejected_per_1000=30,
)
PROFILES: Final[Mapping[str, PaperProfile]] = {one.name: one for one in (IDEAL, STEADY, THIN, ROUGH)}


def profile_named(name: str) -> PaperProfile:
    """A profile by its name; `ValueError` with the names there are."""
    if name not in PROFILES:
        raise ValueError(f"no paper profile {name!r}; there are {', '.join(PROFILES)}")
    return PROFILES[name]


@frozen(kw_only=True)
class PaperFault:
    """Something that goes wrong with one order: the `nth` of its kind (`on`) in an instrument (`key`; "": in any).

    `reject`: refused. `hold`: nothing of it trades until it is cancelled. `part`: half of it trades, and nothing more.
    `silent`: the order is taken, and nobody says so: its outcome is unknown until it trades.
    """

    what: str = field()
    on: str = field(default=ANY)
    nth: int = field(default=1)
    key: str = ""

    def __attrs_post_init__(self) -> None:
        if self.what not in FAULTS or self.on not in ORDERS:
            raise ValueError(f"what is one of {', '.join(FAULTS)}; on is one of {', '.join(ORDERS)}; got {self}")
        if type(self.nth) is not int or self.nth < 1:
            raise ValueError(f"nth is the place of an order, from 1 on, got {self.nth!r}")
        if type(self.key) is not str or (self.key and ":" not in self.key):
            raise ValueError(f"key is an instrument with its exchange, such as NSE:INFY, got {self.key!r}")

    def concerns(self, order: rc.ApprovedEntry | rc.ApprovedExit) -> bool:
        """Whether an order is of its kind."""
        kind = ENTRY if isinstance(order, rc.ApprovedEntry) else EXIT
        return self.on in {ANY, kind} and self.key in {"", order.instrument.key}


class FaultScript:
    """Faults, and how many orders each has seen go by."""

    def __init__(self, faults: Iterable[PaperFault] = ()) -> None:
        self._faults = tuple(faults)
        self._seen = [0] * len(self._faults)

    def meets(self, order: rc.ApprovedEntry | rc.ApprovedExit) -> str:
        """What happens to this order, which is counted; "" for nothing. Of several the first in the script counts."""
        met = ""
        for place, fault in enumerate(self._faults):
            if fault.concerns(order):
                self._seen[place] += 1
                if self._seen[place] == fault.nth:
                    met = met or fault.what
        return met


def read_faults(path: Path) -> tuple[PaperFault, ...]:
    """A fault script: a JSON list such as `[{"what": "reject", "on": "entry", "nth": 2}]`.

    Raises `ValueError` with the file, the place in the list, and what is wrong.
    """
    try:
        rows = json.loads(path.read_text("utf-8-sig"))
    except ValueError as wrong:
        raise ValueError(f"{path}: not JSON: {wrong}") from None
    if not isinstance(rows, list):
        raise ValueError(f'{path}: must be a list such as [{{"what": "reject", "on": "entry", "nth": 2}}]')
    return tuple(_fault(row, f"{path}: fault {number}") for number, row in enumerate(rows, 1))


def _fault(row: Any, where: str) -> PaperFault:
    if not isinstance(row, dict):
        raise ValueError(f'{where}: must be like {{"what": "reject", "on": "entry", "nth": 2}}, got {row!r}')
    unknown = sorted(set(row) - set(fields_dict(PaperFault)))
    if unknown or "what" not in row:
        raise ValueError(f"{where}: the keys are what (needed), on, nth and key; got {', '.join(row) or 'none'}")
    try:
        return PaperFault(**row)
    except ValueError as wrong:
        raise ValueError(f"{where}: {wrong}") from None

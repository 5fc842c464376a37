"""The emergency stop as it stands: who pressed it, how far it has come, what is left. The engine folds it from facts.

| stage | meaning |
|---|---|
| `stopping` | entries are being taken back and positions left |
| `flat` | nothing of ours is held or open, and two readings of the broker's books bear that out |
| `stop_incomplete` | it was not done within `WITHIN`; what is left is listed, and it goes on trying |
| `stop_pending` | all that is left cannot be traded now: it leaves when its market opens |
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import attrs
from attrs import field, frozen

from riskcore.policy import Policy

EMERGENCY_LATCH: Final = "emergency_stop"
STOPPING: Final = "stopping"
FLAT: Final = "flat"
INCOMPLETE: Final = "stop_incomplete"
PENDING: Final = "stop_pending"
STAGES: Final = (STOPPING, FLAT, INCOMPLETE, PENDING)

WITHIN: Final = timedelta(seconds=60)
"""How long a stop may take before it is called incomplete."""
READINGS: Final = 2
"""How many readings of the broker's books must show nothing before the account counts as flat."""


@frozen(kw_only=True)
class Emergency:
    """An emergency stop that stands. `since` is when it last began to work, `readings` how many showed nothing left.

    `read_at` is when the latest reading that counts began. `contrary` is what that reading showed that should not be
    there, `asked` the orders of others that were asked to end, and when (with `whole_account`).
    """

    at: datetime
    by: str
    why: str
    whole_account: bool = False
    stage: str = STOPPING
    since: datetime
    readings: int = 0
    read_at: datetime | None = None
    contrary: tuple[str, ...] = ()
    asked: tuple[tuple[str, datetime], ...] = ()

    def asked_at(self, broker_id: str) -> datetime | None:
        """When an order of somebody else's was last asked to end."""
        return dict(self.asked).get(broker_id)


@frozen(kw_only=True)
class Control:
    """What a hand has set: the emergency stop, and changes of the policy.

    `policy` is the policy in force where a hand changed it (None: it is as it was loaded), `base` the hash of the
    loaded one under it: loading that one again changes nothing. `next_policy` waits for the next session. `digest` is
    the hash of the policy in force, and `before` what `base` will be, should the last change have been a hand's: these
    three as this version gives them, for one that has a setting more gives the same policy another hash.
    """

    emergency: Emergency | None = None
    policy: Policy | None = None
    base: str = ""
    digest: str = ""
    before: str = ""
    next_policy: Policy | None = field(default=None)

    def pressed(self, emergency: Emergency | None) -> Control:
        """The same with another emergency stop, or none."""
        return attrs.evolve(self, emergency=emergency)

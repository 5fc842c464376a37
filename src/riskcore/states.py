"""The trading states, and what each of them allows: one table, which the rules, the engine and the docs use.

Exits pass in all of them. What is on its way to be an exit is proven by `reduces`: whatever else fills, and in
whatever order, the position never grows by it nor turns round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from attrs import field, frozen

from riskcore.sessions import in_ist
from riskcore.symbols import key_or_all
from riskcore.table_checks import word_of
from riskcore.values import checks, given, optional, settle, text

ACTIVE: Final = "active"
REDUCING: Final = "reducing"
HALTED: Final = "halted"
LOCKED: Final = "locked"
WAITING_FOR_LOGIN: Final = "waiting_for_login"
SEVERITY: Final = (ACTIVE, REDUCING, HALTED, LOCKED, WAITING_FOR_LOGIN)
"""The states, the mildest first: where several latches stand, the last of theirs in this order holds."""

ENTER: Final = "entry"
ADD: Final = "add"
LEAVE: Final = "exit"
CANCEL: Final = "cancel"
TIGHTEN: Final = "tighten"
REARM: Final = "rearm"
ACTS: Final = (ENTER, ADD, LEAVE, CANCEL, TIGHTEN, REARM)
"""An entry in a free symbol, an addition to a held one, an exit, a cancel, a stop moved nearer, and a re-arm: a
latch milder than the state itself lifted by hand."""

_STATE: Final = word_of(*SEVERITY)
_ACT: Final = word_of(*ACTS)
MATRIX: Final[Mapping[str, frozenset[str]]] = {
    ACTIVE: frozenset(ACTS),
    REDUCING: frozenset((LEAVE, CANCEL, TIGHTEN, REARM)),
    HALTED: frozenset((LEAVE, CANCEL, TIGHTEN)),
    LOCKED: frozenset((LEAVE, CANCEL, TIGHTEN)),
    WAITING_FOR_LOGIN: frozenset((LEAVE, CANCEL, TIGHTEN)),
}
"""State -> what it allows. While a login is waited for, exits and cancels are intended and go when it is good."""

LIFTED_BY: Final[Mapping[str, str]] = {
    ACTIVE: "",
    REDUCING: "time or rule, as the latch says (the daily loss: the next session)",
    HALTED: "the operator, by name of the latch (or the condition of a trouble that has passed)",
    LOCKED: "the operator, with the typed word UNLOCK",
    WAITING_FOR_LOGIN: "a good login and a clean reconciliation",
}
"""State -> who or what ends it."""

NEXT_SESSION: Final = "next_session"
AFTER_S: Final = "after_s"
OPERATOR: Final = "operator"
CONDITION: Final = "condition"
RESETS: Final = (NEXT_SESSION, AFTER_S, OPERATOR, CONDITION)
"""How a latch may be lifted: by the next session date, a time after it was set, a hand, or its cause having passed."""

UNLOCK: Final = "UNLOCK"
CONFIRM: Final = "CONFIRM"


FORMER: Final = {"book_differs": "report_contradicts", "books_differ": "positions_differ"}
"""Latches and alarms that had another name once: a journal of then is folded, and lifted, under today's."""


@frozen(slots=False)
class Latch:
    """Something that stopped entries, and stays until it is lifted: who, when, why, and which state it sets.

    `resets` says what lifts it (one of `RESETS`), `until` the moment where that is a time. `key` is the instrument
    whose entries alone it stops; "" stops those of the whole account.
    """

    name: str = field(converter=given)
    state: str = field(converter=given)
    at: datetime = field(converter=given)
    by: str = field(converter=given)
    why: str = field(converter=given)
    resets: str = field(default=OPERATOR, converter=given)
    until: datetime | None = field(default=None, converter=given)
    key: str = field(default="", converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _LATCH)
        if self.state not in SEVERITY:
            raise ValueError(f"Latch.state must be one of {', '.join(SEVERITY)}, got {self.state!r}")
        if self.resets not in RESETS:
            raise ValueError(f"Latch.resets must be one of {', '.join(RESETS)}, got {self.resets!r}")


_LATCH: Final = checks(
    "Latch", name=text, state=text, at=in_ist, by=text, why=text, resets=text, until=optional(in_ist), key=key_or_all
)


def allows(state: str, act: str) -> bool:
    """Whether a trading state allows an act. Raises `ValueError` for a state or an act that there is not.

    >>> allows(REDUCING, ENTER), allows(LOCKED, LEAVE)
    (False, True)
    """
    return _ACT(act, "act") in MATRIX[_STATE(state, "state")]


def graver(state: str, other: str) -> bool:
    """Whether `state` is graver than `other`."""
    return SEVERITY.index(state) > SEVERITY.index(other)


def reduces(held: int, working: Iterable[int], order: int) -> bool:
    """Whether an order can only ever reduce a position, in the worst order of fills of all that works beside it.

    Quantities are signed shares (buys positive). The worst order lets everything fill that takes the position the
    same way as `order`, and nothing that would make room for it: held and all of these together must not pass
    through zero. A bare |held + working + order| <= |held| would let twice the position be sold; this does not.

    >>> reduces(100, [], -100), reduces(100, [-60], -60), reduces(0, [], -1), reduces(100, [], -200)
    (True, False, False, False)
    """
    if held * order >= 0:
        return False
    same_way = sum(quantity for quantity in working if quantity * order > 0)
    return abs(same_way + order) <= abs(held)


CONTROL_REFUSALS: Final[Mapping[str, str]] = {
    "no_such_latch": "no latch of that name stands (without a name: no stop by an operator)",
    "login_first": "only a good login and a clean reconciliation end waiting_for_login",
    "not_reconciled": "the login is good, but the books were not compared, or do not agree",
    "locked": f"a locked state is lifted with the typed word {UNLOCK}",
    "graver_stands": "a graver latch stands and allows no re-arm: lift that one first",
    "stop_not_over": "the emergency stop is still at work: it can be re-armed when it has ended, flat or incomplete",
    "condition_stands": "the latch is lifted by its cause having passed, and not by hand",
    "no_such_policy": "no policy of that hash is kept back",
    "still_at_limit": f"the breaker still measures at its limit: confirm with the typed word {CONFIRM}",
    "loss_stands": "the loss is at its limit still, and no hand lifts that: the next session does (week, month)",
    "no_position": "nothing is held of that instrument",
    "more_than_held": "more shares than are held",
    "not_whole_lots": "the quantity is not a whole number of lots",
    "exit_working": "an exit of it is on its way already",
    "market_shut": "the exchange does not trade it now; a position is left when it does",
    "no_such_order": "no order of that name is live",
    "stop_protects": "it is the stop of a position: exit the position, or move the stop nearer",
    "exit_goes_on": "it is the exit of a whole position: the engine would only send it again",
    "stop_not_tighter": "a stop only ever moves nearer to the price",
    "stop_beyond_market": "the price is through that stop already: exit the position instead",
    "broker_settles": "a broker holds it: its books tell what it was settled at (no hand settles but on paper)",
    "worth_nothing": "only an option can be worth nothing at its expiry",
    "not_expired": "its last session is not over: exit it, as any position",
    "policy_moved_on": "the policy is not the one that was looked at: look again",
    "nothing_changes": "the setting has that value already",
    "loosening_unconfirmed": f"looser while the day is in loss: confirm with the typed word {CONFIRM}; "
    "it then holds from the next session",
    "contradicts_scheduled": "it contradicts what is scheduled for the next session: change that setting first",
    "already_stopped": "the emergency stop stands already; its account is in the state",
}
"""Why an act by hand is refused, in the order in which it is asked."""

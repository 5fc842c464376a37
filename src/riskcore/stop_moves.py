"""The words of a stop on the move: one input, and the two facts it may lead to; `events` lists them with the others."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from attrs import frozen

from riskcore.money import positive
from riskcore.values import checks, settle


@frozen
class TightenStop:
    """Somebody wants the stop of a position tighter: an operator, or a strategy. It is never made looser."""

    at: datetime
    key: str
    stop: Decimal
    by: str = "operator"

    def __attrs_post_init__(self) -> None:
        settle(self, _TIGHTEN)


@frozen
class StopMoved:
    """The stop of a position is tighter than it was. `rule` is the setting that moved it, or who asked for it."""

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str
    position_id: str
    before: Decimal | None
    after: Decimal
    rule: str


@frozen
class StopKept:
    """A wish to move a stop that was not granted, with its reason; nothing is changed."""

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str
    stop: Decimal
    by: str
    reason: str


_TIGHTEN = checks("TightenStop", stop=positive)

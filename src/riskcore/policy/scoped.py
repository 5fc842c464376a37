"""Limits of one symbol, one strategy or one product, beside those of the account: the least of all holds."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from attrs import field, fields, frozen

from riskcore.calling import told_by_name
from riskcore.instruments import PRODUCTS, SYMBOL_SHAPE
from riskcore.money import count, plain, positive
from riskcore.policy.kinds import SMALLEST_PERCENT, list_of, meta, one_word, percent
from riskcore.values import given, optional, settle

SYMBOL: Final = "symbol"
STRATEGY: Final = "strategy"
PRODUCT: Final = "product"
LONGEST_NAME: Final = 80
_scope = one_word(SYMBOL, STRATEGY, PRODUCT)
_percent = optional(percent)


def _name(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isascii() or len(value) > LONGEST_NAME:
        raise ValueError(f"{name} must name what is limited, such as RELIANCE, got {value!r}")
    return value


@told_by_name
@frozen(kw_only=True, cache_hash=True)
class Limit:
    """What one symbol, one strategy or one product may hold, risk and lose. What is None is not limited here.

    A limit only ever tightens: it holds beside the account's own fields of the same name, never instead of them.
    Percent fields are percent; `max_exposure` counts all positions and working entries of the scope together,
    on `position_size_basis`, `max_position_size_percent` one position.

    >>> Limit(scope="symbol", name="RELIANCE", max_quantity=50).title
    'symbol RELIANCE'
    """

    scope: str = field(
        converter=given, metadata=meta(_scope, "symbol/strategy/product", "what is limited", example=SYMBOL)
    )
    name: str = field(converter=given, metadata=meta(_name, "name", "which one", example="RELIANCE"))
    max_quantity: int | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(count), "shares", "largest quantity of one entry; empty: off"),
    )
    max_position_size_percent: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(_percent, "% of the sizing base", "largest single position; empty: off", example="5"),
    )
    max_notional: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(positive), "rupees", "largest value of one entry; empty: off"),
    )
    max_exposure: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(_percent, "% of the sizing base", "largest total held and on its way; empty: off", example="15"),
    )
    risk_per_trade: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            _percent, "% of the sizing base", "most that one trade may lose; empty: the account's", example="0.5"
        ),
    )
    max_positions: int | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(count), "positions", "open and on their way; empty: off", example="2"),
    )
    max_trades_per_day: int | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(count), "entries a session", "entries sent; empty: off", example="3"),
    )
    max_daily_loss: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(_percent, "% of opening equity", "loss at which its entries stop; empty: off", example="1"),
    )

    def __attrs_post_init__(self) -> None:
        settle(self, tuple((found.name, f"Limit.{found.name}", found.metadata["check"]) for found in fields(Limit)))
        if self.scope == SYMBOL and not SYMBOL_SHAPE.fullmatch(self.name):
            raise ValueError(f"a limit of a symbol needs its name in capitals such as RELIANCE, got {self.name!r}")
        if self.scope == PRODUCT and self.name not in PRODUCTS:
            raise ValueError(f"a limit of a product needs the name {' or '.join(PRODUCTS)}, got {self.name!r}")
        if all(getattr(self, found.name) is None for found in fields(Limit)[2:]):
            raise ValueError(f"the limit of {self.title} limits nothing: write one of its numbers, or leave it out")
        risk, day = self.risk_per_trade, self.max_daily_loss
        if risk is not None and day is not None and risk > day:
            what = f"risk_per_trade {plain(risk)} of {self.title} is above its max_daily_loss {plain(day)}"
            raise ValueError(f"{what}: one trade may lose more than its whole day; lower risk_per_trade")

    @property
    def title(self) -> str:
        """What is limited, for people: scope and name."""
        return f"{self.scope} {self.name}"


def _limit(value: Any, name: str) -> Limit:
    if not isinstance(value, Limit):
        raise ValueError(f"{name} must hold limits such as Limit(scope='symbol', name='INFY', max_quantity=10)")
    return value


def _limits(value: Any, name: str) -> tuple[Limit, ...]:
    found: tuple[Limit, ...] = list_of(_limit)(value, name)
    titles = [limit.title for limit in found]
    twice = sorted({title for title in titles if titles.count(title) > 1})
    if twice:
        raise ValueError(f"{name} must name each only once; put the numbers of {twice[0]} into one limit")
    return found


@frozen(kw_only=True, slots=False)
class ScopedSettings:
    """Limits of one symbol, strategy or product, beside the account's."""

    limits: tuple[Limit, ...] = field(
        default=(),
        converter=given,
        metadata=meta(
            _limits,
            "list",
            "limits of one symbol, strategy or product, beside the account's",
            example="[{scope: symbol, name: INFY, max_quantity: 100}]",
        ),
    )

    def limits_for(self, *, symbol: str, strategy: str, product: str) -> tuple[Limit, ...]:
        """The limits that a trade of that symbol, strategy and product comes under, in the order written."""
        names = {SYMBOL: symbol, STRATEGY: strategy, PRODUCT: product}
        return tuple(limit for limit in self.limits if names[limit.scope] == limit.name)


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Percentages that were nearly always meant a hundred times as large."""
    if values.get("confirm_small"):
        return []
    limits: Iterable[Limit] = values.get("limits") or ()
    return [("limits", what) for limit in limits for what in _small(limit)]


def _small(limit: Limit) -> list[str]:
    names = (found.name for found in fields(Limit) if found.metadata["check"] is _percent)
    small = ((name, getattr(limit, name)) for name in names)
    return [
        f"{name} {plain(value)} of {limit.title} means {plain(value)} %: "
        f"write {plain(value * 100)} for {plain(value * 100)} %, or set confirm_small: true if it is meant"
        for name, value in small
        if value is not None and value < SMALLEST_PERCENT
    ]

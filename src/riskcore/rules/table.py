"""Every rule in the order in which it is asked, under the name its finding carries, and when it is asked at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final, NamedTuple, TypeAlias

from riskcore.policy import Policy
from riskcore.reasons import RUPEES, Reading
from riskcore.rules import count, exposure, levels, loss, signal as validator
from riskcore.rules.context import Context
from riskcore.rules.custom import ask_custom

Ask: TypeAlias = Callable[[Context], Reading | None]


def always(policy: Policy) -> bool:
    """A rule that no setting switches off."""
    return True


class Row(NamedTuple):
    """One rule: its name, what it asks, whether a policy has it on, and the unit of what it measures.

    `ask` answers None where something it needs is missing; the rule that misses it refuses by name.
    """

    name: str
    ask: Ask
    on: Callable[[Policy], bool] = always
    unit: str = ""


def set_in(name: str) -> Callable[[Policy], bool]:
    """On where the policy's field of that name is set."""
    return lambda policy: getattr(policy, name) is not None


ROWS: Final[tuple[Row, ...]] = (
    Row("state", validator.entries_allowed),
    Row("session", validator.session_open),
    Row("no_entry_before", validator.not_too_early),
    Row("no_entry_after", validator.not_too_late),
    Row("signal_max_age_s", validator.fresh),
    Row("clock_skew_s", validator.not_from_the_future),
    Row("allowed_sides", validator.side_allowed),
    Row("allowed_symbols", validator.symbol_allowed, set_in("allowed_symbols")),
    Row("allowed_products", validator.product_allowed),
    Row("equity", loss.equity_known),
    Row("quote_max_age_s", validator.quote_fresh),
    Row("atr_warmup_bars", levels.atr_ready),
    Row("stop_methods", levels.stop_sound),
    Row("stop_least_ticks", levels.least_ticks),
    Row("stop_least_pct", levels.least_pct, set_in("stop_least_pct")),
    Row("stop_greatest_pct", levels.greatest_pct, set_in("stop_greatest_pct")),
    Row("stop_greatest_atr", levels.greatest_atr, set_in("stop_greatest_atr")),
    Row("min_risk_reward", levels.reward_worth_it),
    Row("one_position_per_symbol", count.symbol_free),
    Row("max_positions", count.position_slot),
    Row("max_trades_per_day", count.trade_slot),
    Row("max_daily_loss", loss.daily_loss, unit=RUPEES),
    Row("max_sector_exposure", exposure.sector_exposure, unit=RUPEES),
    Row("margin", exposure.margin_known, unit="% of value"),
    Row("charges_as_of", exposure.charges_known),
    Row("funds", exposure.funds, unit=RUPEES),
    Row("max_position_size_percent", exposure.position_size, unit=RUPEES),
    Row("max_quantity", exposure.largest_quantity, set_in("max_quantity")),
)


@lru_cache(maxsize=256)
def asked(policy: Policy) -> tuple[Row, ...]:
    """The rules that a policy has on, the user's own last; the same policy gives the same tuple."""
    own = tuple(Row(rule.short, partial(ask_custom, rule)) for rule in policy.rules)
    return tuple(row for row in ROWS if row.on(policy)) + own

"""How near the limits are, as an operator sees them: in per cent, and what is left."""

from decimal import Decimal

import riskcore as rc
from riskcore.engine import InUse, limits_in_use
from tests.core.engine_days import holding


def test_every_limit_that_is_on_stands_there_in_its_own_unit():
    """Of 3,000 a day 700 are lost, of five trades one was sent, of three positions one is held; the drawdown is off."""
    day, _ = holding()
    day.prices("10:05", last=986)
    charges = day.book.charges
    lost = 700 + charges
    used = (lost / 30).quantize(Decimal("0.01"))
    assert limits_in_use(day.state, day.policy, day.at("10:05")) == (
        InUse("max_daily_loss", used, 3000 - lost),
        InUse("max_trades_per_day", Decimal(20), Decimal(4)),
        InUse("max_positions", Decimal("33.33"), Decimal(2)),
    )


def test_a_limit_is_in_use_by_what_is_held_and_under_the_policy_that_is_asked():
    """The heat of the position, 1,000 and 100 more of a drawdown that is asked for."""
    day, _ = holding()
    asked = rc.Policy(max_open_risk=2, max_daily_loss=3)
    found = {one.rule: one for one in limits_in_use(day.state, asked, day.at("10:05"))}
    base = 100_000 - day.book.charges
    assert found["max_open_risk"].left == base * 2 / 100 - 1000
    assert found["max_open_risk"].used_pct == (Decimal(100_000) / (base * 2 / 100)).quantize(Decimal("0.01"))

"""Stops and targets, written as a trader says them."""

from decimal import Decimal

import pytest


def test_stops_and_targets_are_written_as_a_trader_says_them(read):
    """Methods, bounds and legs; and what contradicts itself is told with its line."""
    text = """risk_management:
  stop_methods: [level, atr]
  stop_combine: wider
  stop_buffer_ticks: 3
  stop_least_pct: 0.3
  stop_greatest_pct: 5
  target_legs: ["50% at 2.0R", "30% at 4%", "20% at 40 points"]
  min_risk_reward: 2
"""
    policy = read(risk_management=text).policy
    assert policy.stop_methods == ("level", "atr")
    assert (policy.stop_combine, policy.stop_buffer_ticks) == ("wider", 3)
    assert (policy.stop_least_pct, policy.stop_greatest_pct) == (Decimal("0.3"), 5)
    assert policy.target_legs == ("50% at 2R", "30% at 4%", "20% at 40 points")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('target_legs: ["50% at 2R", "40% at 4R"]', "add up to 90 %; make it 100 %"),
        ('target_legs: ["half at 2R", "50% at 4R"]', 'must be legs such as "50% at 1.5R"'),
        ("stop_methods: [points]", "stop_points: must be set, because stop_methods names points"),
        ("stop_methods: [fibonacci]", "must be atr, percent, points, level, swing or rupees"),
    ],
)
def test_a_stop_or_target_written_wrongly_is_told_with_what_to_write(refused, line, told):
    """The sentence is the core's own."""
    assert told in "\n".join(refused(risk_management=f"risk_management:\n  {line}\n"))

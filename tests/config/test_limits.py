"""Limits of one symbol, one strategy or one product, as they are written."""

import riskcore as rc


def test_limits_of_a_symbol_a_strategy_and_a_product_are_read(read):
    """Percentages as percent; what is empty is off."""
    written = """
risk_management:
  limits:
    - scope: symbol
      name: M&M
      max_quantity: 50
      max_notional:
    - {scope: strategy, name: ema cross, risk_per_trade: 0.5, max_daily_loss: 1}
    - {scope: product, name: CNC, max_exposure: 15}
"""
    assert read(risk_management=written).policy.limits == (
        rc.Limit(scope="symbol", name="M&M", max_quantity=50),
        rc.Limit(scope="strategy", name="ema cross", risk_per_trade="0.5", max_daily_loss=1),
        rc.Limit(scope="product", name="CNC", max_exposure=15),
    )

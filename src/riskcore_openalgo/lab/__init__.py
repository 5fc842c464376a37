"""The laboratory: strategies and studies over bars; importable without the OpenAlgo SDK.

`lab.backtest`, `lab.Run`, `lab.rules_off`, `lab.sweep` and `lab.SignalsAt` are imported when they are first used, so
that a strategy alone costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskcore_openalgo.lab.backtests import backtest as backtest
    from riskcore_openalgo.lab.run import Run as Run
    from riskcore_openalgo.lab.signals_at import SignalsAt as SignalsAt
    from riskcore_openalgo.lab.sweeps import sweep as sweep
    from riskcore_openalgo.lab.without_rules import rules_off as rules_off

_HOME = {
    "Run": "riskcore_openalgo.lab.run",
    "SignalsAt": "riskcore_openalgo.lab.signals_at",
    "backtest": "riskcore_openalgo.lab.backtests",
    "rules_off": "riskcore_openalgo.lab.without_rules",
    "sweep": "riskcore_openalgo.lab.sweeps",
}


def __getattr__(name: str) -> Any:
    """Fetch a name from its room at first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'riskcore_openalgo.lab' has no attribute {name!r}")
    try:
        return getattr(import_module(_HOME[name]), name)
    except ModuleNotFoundError as missing:
        raise ImportError(f'lab.{name} needs {missing.name}: pip install "riskcore[openalgo]"') from missing

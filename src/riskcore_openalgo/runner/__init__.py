"""The runner: takes what happened, asks the engine, makes it durable, carries out what follows."""

from riskcore_openalgo.runner.lanes import Evidence, Gateway, InlineLanes, Lanes
from riskcore_openalgo.runner.runner import Runner
from riskcore_openalgo.runner.strategies import OnBar, StrategyError, load_strategy

__all__ = ["Evidence", "Gateway", "InlineLanes", "Lanes", "OnBar", "Runner", "StrategyError", "load_strategy"]

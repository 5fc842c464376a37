"""Sweeps: one backtest for each combination of settings, in many processes, and how much of the best one is luck."""

from riskcore_openalgo.lab.sweeps.deflated import deflated_sharpe as deflated_sharpe, expected_best as expected_best
from riskcore_openalgo.lab.sweeps.result import Sweep as Sweep, Window as Window
from riskcore_openalgo.lab.sweeps.running import sweep as sweep
from riskcore_openalgo.lab.sweeps.space import combinations as combinations
from riskcore_openalgo.lab.sweeps.trial import Trial as Trial, simulated as simulated

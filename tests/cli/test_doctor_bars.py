"""`riskcore doctor` on the bars that an ATR wants: some plugins of OpenAlgo have none, or with wrong times."""

from datetime import timedelta

import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.config import Settings
from riskcore_openalgo.config.settings import System
from riskcore_openalgo.doctor import gateway
from tests.gateways.desks import NOW, live_desk
from tests.runner.live_days import flat_bars

HERE = flat_bars(NOW)
AHEAD = [evolve(bar, at=bar.at + timedelta(hours=5, minutes=30)) for bar in HERE]


@pytest.mark.parametrize(
    ("bars", "status", "says"),
    [
        (HERE, "ok", "NSE:INFY on 5m: 231 bars, and an ATR wants 140"),
        (HERE[-20:], "warn", "NSE:INFY on 5m: 20 bars, and an ATR wants 140"),
        ([], "warn", "NSE:INFY on 5m: 0 bars, and an ATR wants 140"),
        (AHEAD, "warn", "the times of the bars are wrong"),
    ],
)
def test_whether_an_atr_has_its_bars_is_told_before_the_day(bars, status, says):
    with live_desk() as desk:
        desk.broker.bars("NSE:INFY", "5m", bars)
        found = gateway.bars(Settings(system=System(watch=("INFY",))), desk.client, NOW)
    assert (found.name, found.status) == ("bars", status)
    assert says in found.found
    assert (found.status == "ok") == (not found.remedy)


def test_nothing_is_asked_where_no_stop_goes_by_an_atr():
    with live_desk() as desk:
        policy = rc.Policy(stop_methods=["percent"], stop_pct=1)
        assert gateway.bars(Settings(policy=policy, system=System(watch=("INFY",))), desk.client, NOW).status == "ok"
        assert desk.asked("history") == 0
        assert gateway.bars(Settings(), desk.client, NOW).status == "warn"

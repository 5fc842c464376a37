"""Evidence that is at hand is an input at once; what is not is left to the lane of reads."""

import riskcore as rc
from riskcore import events
from riskcore_openalgo.runner.threads import ThreadLanes
from tests.gateways.desks import INFY, NOW
from tests.runner.test_around_a_turn import Slow, wait_for


def test_what_is_at_hand_is_there_when_send_returns_and_the_lane_is_not_asked():
    """So it does not wait behind a reading that hangs."""
    gateway, found = Slow(), []
    seen = rc.Market(instrument=INFY, at=NOW)
    lanes = ThreadLanes(gateway, gateway, clock=lambda: NOW, at_hand=lambda signal, interval: seen, read_threads=1)
    lanes.read(gateway.go.wait, found.append)
    lanes.send(events.AskEvidence(rc.Signal("INFY", "BUY", at=NOW), "5m"), NOW, found.append)
    assert [(event.market, event.at) for event in found] == [(seen, NOW)]
    gateway.go.set()
    lanes.close()


def test_a_look_that_fails_is_told_and_left_to_the_lane():
    gateway, found, failures = Slow(), [], []
    lanes = ThreadLanes(
        gateway,
        gateway,
        clock=lambda: NOW,
        at_hand=lambda signal, interval: 1 / 0,
        failed=lambda lane, problem: failures.append((lane, type(problem))),
    )
    lanes.send(events.AskEvidence(rc.Signal("NOBODY", "BUY", at=NOW), "5m"), NOW, found.append)
    wait_for(found, 1)
    assert (type(found[0]), failures) == (events.EvidenceFailed, [("reads", ZeroDivisionError)])
    gateway.go.set()
    assert lanes.close()

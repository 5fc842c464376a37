"""Every recorded exchange of OpenAlgo, sent to the fake in order: status, keys, types, and words modulo numbers."""

import json

import pytest

from tests.fake.compare import differences
from tests.fake.exchanges import FILES, exchanges, rows
from tests.fake.stories import before, stage
from tests.fake.world import World

WHOLE = "*"
MIDNIGHT = "the recording jumped over midnight, so that its delivery job did not run: overnight.json has the true order"
EXEMPT = {
    ("flow_http_forward", WHOLE): "Flow is OpenAlgo's way of sending alerts on; the fake has no web pages",
    ("rate_limit", WHOLE): "each row is many calls: test_rate_limits_are_counted_per_endpoint replays them",
    ("sessions", "next day 02:50 IST"): MIDNIGHT,
    ("sessions", "next day 03:05 IST"): MIDNIGHT,
    ("sessions", "next day 10:00"): MIDNIGHT,
    ("sessions", "next day after CNC SELL from holdings"): MIDNIGHT,
    ("sessions", "Saturday 11:00"): MIDNIGHT,
}
"""(file, case) -> why the fake need not answer so; a case that would pass fails the test."""


def answered(file):
    """Case -> what differs, for every exchange of the file."""
    world = World()
    found = {}
    try:
        stage(file, world)
        for row in exchanges(file):
            before(file, row["case"], world)
            status, body = world.replay(row)
            lines = differences(row["response"], body)
            if status != row["http_status"]:
                lines.insert(0, f"status {row['http_status']} was recorded, {status} is answered: {body!r:.120}")
            if lines:
                found.setdefault(row["case"], []).extend(lines)
    finally:
        world.close()
    return found


def test_rate_limits_are_counted_per_endpoint():
    """As many pass, in the time that was recorded, and the rest get a 429 without a status or a Retry-After."""
    now = [0.0]
    world = World(limits=True, monotonic=lambda: now[0])
    try:
        for row in [row for row in rows("rate_limit") if " x " in row["case"]]:
            number, now[0] = int(row["case"].split(" x ")[0]), now[0] + 60
            counts = {}
            for _ in range(number):
                status, body = world.replay(row)
                counts[str(status)] = counts.get(str(status), 0) + 1
                now[0] += row["elapsed_s"] / number
                if status == 429:
                    assert body == row["response"]
            # Calls that pass took longer than those that did not, so the last of a long row may fall differently.
            assert counts.keys() == row["status_counts"].keys(), row["case"]
            if row["elapsed_s"] < 1:
                assert counts == row["status_counts"], row["case"]
    finally:
        world.close()


@pytest.mark.parametrize("file", [file for file in FILES if exchanges(file)])
def test_the_fake_answers_as_openalgo_did(file):
    """And nothing that is exempt would pass without it."""
    found = answered(file)
    exempt = {case for name, case in EXEMPT if name == file}
    if WHOLE in exempt:
        assert found, f"{file} need not be exempt any more"
        return
    unexpected = {case: lines for case, lines in found.items() if case not in exempt}
    assert not unexpected, "\n".join(f"{case}: {line}" for case, lines in unexpected.items() for line in lines)
    assert exempt <= found.keys(), f"exempt, and need not be any more: {sorted(exempt - found.keys())}"


UNREPEATABLE = frozenset({"last_reset", "timestamp", "orderid", "tradeid"})


def figures(value):
    """The answer without what differs from one day to another."""
    if isinstance(value, dict):
        return {key: figures(item) for key, item in value.items() if key not in UNREPEATABLE}
    if isinstance(value, list):
        return [figures(item) for item in value]
    return round(value, 9) if isinstance(value, float) else value


@pytest.mark.parametrize(
    "file", ["positionbook", "pnl_symbols", "funds", "orderstatus", "quotes", "margin", "data_quality"]
)
def test_the_figures_are_the_recorded_ones_to_the_paisa(file):
    """Prices, averages, P&L, cash and margin of every recorded step, not their types alone."""
    world = World()
    try:
        stage(file, world)
        for row in exchanges(file):
            before(file, row["case"], world)
            status, body = world.replay(row)
            if status == 200:
                assert figures(body) == figures(row["response"]), row["case"]
    finally:
        world.close()


def test_the_recordings_hold_what_the_replay_relies_on():
    """Files are there, and most of them are replayed."""
    replayed = [row for file in FILES for row in exchanges(file)]
    assert len(FILES) >= 50
    assert len(replayed) >= 500
    assert json.dumps(replayed).count("API_KEY") > 400

"""Every recorded exchange of OpenAlgo, sent to the fake in order: status, keys, types, and words modulo numbers."""

import pytest

from tests.fake.compare import differences
from tests.fake.exchanges import FILES, exchanges
from tests.fake.stories import before, stage
from tests.fake.world import World

WHOLE = "*"
EXEMPT = {
}


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

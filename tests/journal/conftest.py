"""Events to write into journals."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import Journal

START = datetime(2026, 11, 20, 9, 30, tzinfo=rc.IST)


def inputs(count, first=0):
    """So many different inputs."""
    return [_prices(n) for n in range(first, first + count)]


def _prices(n):
    at, low, last = START + timedelta(seconds=n), Decimal(799), Decimal(800)
    return events.PricesSeen(at, "NSE:SBIN", Decimal(800 + n), Decimal(801 + n), low, last, START)


@pytest.fixture
def path(tmp_path):
    """Where a journal goes."""
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path):
    """A journal of ten rows."""
    made = Journal(path)
    made.append(inputs(10))
    yield made
    made.close()


@pytest.fixture
def more():
    """The maker of inputs."""
    return inputs

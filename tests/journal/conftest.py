"""Events to write into journals, and places to write them into."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import Journal
from tests.journal.databases import Encrypted, InPostgres, InSqlite, started

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


@pytest.fixture(scope="session")
def server():
    """One PostgreSQL server for all tests."""
    made = started()
    yield made
    made.close()


@pytest.fixture
def in_postgres(server, tmp_path):
    """A database of its own on the server."""
    made = InPostgres(server, tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "encrypted", "postgres"])
def kept(request, tmp_path):
    """A place for a journal: each test is run on every database."""
    if request.param == "postgres":
        yield request.getfixturevalue("in_postgres")
        return
    made = {"sqlite": InSqlite, "encrypted": Encrypted}[request.param](tmp_path)
    yield made
    made.close()

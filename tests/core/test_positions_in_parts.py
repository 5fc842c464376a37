"""A position book that comes in parts, of which a plugin leaves out what it could not read, says nothing by silence."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import carrying, position
from tests.core.test_carried_results import FUTURE


def read(day, *rows):
    for clock in ("09:16", "09:16:03", "09:16:06"):
        told = rc.BrokerBooks(at=day.at(clock), orders=(), trades=(), positions=rows, holdings=())
        day.take(e.BooksRead(day.at(clock), told))


OTHERS = position(5, key="NSE:TCS")


@pytest.mark.parametrize(("broker", "held"), [("indmoney", 130), ("groww", 130), ("any", None)])
def test_a_contract_that_a_part_lacks_is_held_still(broker, held):
    """It was dropped from the book, and nobody watched its level any more: no stop rests at INDmoney."""
    day = carrying(FUTURE, broker=broker)
    read(day, OTHERS)
    now = day.book.position(FUTURE.key)
    assert (now.quantity if now else None) == held


def test_a_row_that_says_none_is_an_answer():
    day = carrying(FUTURE, broker="indmoney")
    read(day, OTHERS, rc.BrokerPosition(key=FUTURE.key, product="NRML", quantity=0))
    assert day.book.position(FUTURE.key) is None

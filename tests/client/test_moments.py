"""When something was, as brokers write it."""

from datetime import datetime

import pytest

import riskcore as rc
from riskcore_openalgo.client.fields import moment


def ist(*parts):
    return datetime(*parts, tzinfo=rc.IST)


MOMENTS = [
    ("2026-11-23 10:30:10", ist(2026, 11, 23, 10, 30, 10)),
    ("2026-11-23T10:30:10", ist(2026, 11, 23, 10, 30, 10)),
    ("2026-11-23T10:30:53.0053", ist(2026, 11, 23, 10, 30, 53, 5300)),
    ("2026-11-23T10:30:47.5972834", ist(2026, 11, 23, 10, 30, 47, 597283)),
    ("2026-11-23T05:00:10Z", ist(2026, 11, 23, 10, 30, 10)),
    ("2026-11-23 05:00:10+0000", ist(2026, 11, 23, 10, 30, 10)),
    ("28-Aug-2025 09:59:10", ist(2025, 8, 28, 9, 59, 10)),
    ("23-11-2026 10:30:10", ist(2026, 11, 23, 10, 30, 10)),
    ("10:30:10 23-11-2026", ist(2026, 11, 23, 10, 30, 10)),
    ("23/11/2026 9:30:10", ist(2026, 11, 23, 9, 30, 10)),
    ("23-Nov-2026 02:15:05 PM", ist(2026, 11, 23, 14, 15, 5)),
    ("23/11/2026 12:15:05AM", ist(2026, 11, 23, 0, 15, 5)),
    ("23-11-2026 14:15:05 pm", ist(2026, 11, 23, 14, 15, 5)),
    ("2026-Nov-23 10:30:10", ist(2026, 11, 23, 10, 30, 10)),
    ("29-DEC-26", ist(2026, 12, 29)),
    (1795146300, ist(2026, 11, 20, 9, 15)),
    ("1795146300000", ist(2026, 11, 20, 9, 15)),
    ("10:30:10", None),
    ("", None),
    (None, None),
    (0, None),
    ("31-Feb-2026 10:00:00", None),
    ("2026-13-01 10:00:00", None),
    ("23-Xyz-2026", None),
]


@pytest.mark.parametrize(("written", "meant"), MOMENTS, ids=str)
def test_moments_of_many_brokers_are_indias(written, meant):
    found = moment(written)
    assert found == meant
    assert found is None or found.utcoffset() == rc.IST.utcoffset(None)

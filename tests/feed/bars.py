"""Bars for the tests: sessions of one symbol as the text of a bar file."""

from datetime import datetime, timedelta

import riskcore as rc

HEADER = "timestamp,open,high,low,close,volume"
OPENS = datetime(2020, 2, 28, 9, 15, tzinfo=rc.IST)  # an ordinary Friday
OPENS_2026 = datetime(2026, 9, 11, 9, 15, tzinfo=rc.IST)  # with a closing auction


def row(minute, *, opens=OPENS, prices="100.05,101,99.5,100", volume="10"):
    return f"{(opens + timedelta(minutes=minute)).isoformat()},{prices},{volume}"


def session(opens=OPENS, minutes=375, **kwargs):
    return [row(minute, opens=opens, **kwargs) for minute in range(minutes)]


def lines_of(rows, header=HEADER):
    return "\n".join([header, *rows]) + "\n"


def repairs_of(file):
    return {repair.code: (repair.count, repair.first_line) for repair in file.repairs}

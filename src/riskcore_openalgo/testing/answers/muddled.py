"""Books whose rows are true, and stand twice, or beside what they were before, or under ids written otherwise."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from riskcore_openalgo.testing.answers.answer import Answer


def doubled(name: str, answer: Answer, before: Answer | None) -> Answer:
    """Every row twice, one after the other; where the answer `before` has it otherwise, as it was there.

    The older one of a row that has changed stands first in every second place, for nobody says which is which.
    """
    old = {} if before is None else {row.get("orderid"): row for row in _rows(name, before)}
    rows: list[Any] = []
    for place, row in enumerate(_rows(name, answer)):
        pair = [row, old.get(row.get("orderid"), row)]
        rows += pair if place % 2 else reversed(pair)
    return _with(name, answer, rows)


def respelled(name: str, answer: Answer, how: str) -> Answer:
    """The ids of orders as numbers, with more zeros before them, or in letters of the other case."""
    return _with(name, answer, [{**row, "orderid": _spelt(row["orderid"], how)} for row in _rows(name, answer)])


def _spelt(order_id: str, how: str) -> Any:
    if how == "number":
        return int(order_id) if order_id.isdigit() else order_id
    return f"000{order_id}" if how == "zeros" else order_id.swapcase()


def _rows(name: str, answer: Answer) -> list[Any]:
    data = answer.body["data"]
    return list(data["orders"] if name == "orderbook" else data)


def _with(name: str, answer: Answer, rows: list[Any]) -> Answer:
    data = answer.body["data"]
    shown = {**data, "orders": rows} if name == "orderbook" else rows
    return evolve(answer, body={**answer.body, "data": shown})

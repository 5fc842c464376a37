"""The journal's tables. `journal` is the truth; the others are projections of it, written in the same transaction.

Prices are integers of 1/10,000 rupee (`_e4`), money integers of paise, so that plain SQL adds them up exactly, on
SQLite and on PostgreSQL. `meta` and `snapshots` can be worked out again from `journal`, but for the snapshot that a
pruned journal begins with.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text, TypeDecorator

SCHEMA_VERSION: Final = 2
METADATA: Final = MetaData()
LARGEST: Final = (1 << 63) - 1


class Whole(TypeDecorator[int]):
    """A whole number of 64 bits. A larger one (no price, no money) stands as the largest; the body has it exactly."""

    impl = BigInteger().with_variant(Integer, "sqlite")
    cache_ok = True

    def process_bind_param(self, value: int | None, _dialect: Any) -> int | None:
        """The number as it is written."""
        return None if value is None else max(-LARGEST, min(LARGEST, value))


class Said(TypeDecorator[str]):
    """Text that may be a stranger's: what no database takes (NUL, half a surrogate) is written as its escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Any) -> str | None:
        """The text as it is written."""
        return None if value is None else value.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


META: Final = Table(
    "meta",
    METADATA,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

JOURNAL: Final = Table(
    "journal",
    METADATA,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("type", String, nullable=False),
    Column("version", Whole, nullable=False),
    Column("at", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String, nullable=False),
)

SNAPSHOTS: Final = Table(
    "snapshots",
    METADATA,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("head", String, nullable=False),
    Column("tag", String, nullable=False),
    Column("base", Whole, nullable=False),
    Column("digest", String, nullable=False),
    Column("body", Text, nullable=False),
)

DECISIONS: Final = Table(
    "decisions",
    METADATA,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("at", Said, nullable=False),
    Column("signal_id", Said, nullable=False, index=True),
    Column("source", Said, nullable=False),
    Column("strategy", Said, nullable=False),
    Column("key", Said, nullable=False),
    Column("side", Said, nullable=False),
    Column("approved", Whole, nullable=False),
    Column("reason", Said, nullable=False),
    Column("text", Said, nullable=False),
    Column("quantity", Whole),
    Column("limit_e4", Whole),
    Column("stop_e4", Whole),
    Column("target_e4", Whole),
    Column("bound_by", Said),
)

ORDERS: Final = Table(
    "orders",
    METADATA,
    Column("order_id", Said, primary_key=True),
    Column("seq", Whole, nullable=False),
    Column("at", Said, nullable=False),
    Column("kind", Said, nullable=False),
    Column("key", Said, nullable=False),
    Column("side", Said, nullable=False),
    Column("quantity", Whole, nullable=False),
    Column("limit_e4", Whole, nullable=False),
    Column("reason", Said, nullable=False),
    Column("status", Said, nullable=False),
    Column("filled_quantity", Whole, nullable=False),
)

FILLS: Final = Table(
    "fills",
    METADATA,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("at", Said, nullable=False),
    Column("session", Said, nullable=False, index=True),
    Column("order_id", Said, nullable=False),
    Column("key", Said, nullable=False),
    Column("side", Said, nullable=False),
    Column("quantity", Whole, nullable=False),
    Column("price_e4", Whole, nullable=False),
    Column("charges_paise", Whole),
)

TRADES: Final = Table(
    "trades",
    METADATA,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("session", Said, nullable=False, index=True),
    Column("signal_id", Said, nullable=False),
    Column("strategy", Said, nullable=False),
    Column("key", Said, nullable=False),
    Column("side", Said, nullable=False),
    Column("quantity", Whole, nullable=False),
    Column("opened_at", Said, nullable=False),
    Column("closed_at", Said, nullable=False),
    Column("entry_e4", Whole, nullable=False),
    Column("exit_e4", Whole, nullable=False),
    Column("reason", Said, nullable=False),
    Column("gross_paise", Whole, nullable=False),
    Column("charges_paise", Whole, nullable=False),
    Column("r_multiple", Said),
)

ALERTS: Final = Table(
    "alerts",
    METADATA,
    Column("seq", Whole, primary_key=True, autoincrement=False),
    Column("at", Said, nullable=False),
    Column("source", Said, nullable=False),
    Column("signal_id", Said),
    Column("outcome", Said, nullable=False),
)

PROJECTIONS: Final = (DECISIONS, ORDERS, FILLS, TRADES, ALERTS)

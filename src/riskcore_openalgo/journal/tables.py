"""The journal's tables. `journal` is the truth; the others are projections of it, written in the same transaction.

Prices are integers of 1/10,000 rupee (`_e4`), money integers of paise, so that plain SQL adds them up exactly.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, MetaData, String, Table, Text

SCHEMA_VERSION: Final = 1
METADATA: Final = MetaData()

META: Final = Table(
    "meta",
    METADATA,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

JOURNAL: Final = Table(
    "journal",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("type", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String, nullable=False),
)

DECISIONS: Final = Table(
    "decisions",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("signal_id", String, nullable=False, index=True),
    Column("source", String, nullable=False),
    Column("strategy", String, nullable=False),
    Column("key", String, nullable=False),
    Column("side", String, nullable=False),
    Column("approved", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("quantity", Integer),
    Column("limit_e4", Integer),
    Column("stop_e4", Integer),
    Column("target_e4", Integer),
    Column("bound_by", String),
)

ORDERS: Final = Table(
    "orders",
    METADATA,
    Column("order_id", String, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("side", String, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("limit_e4", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("status", String, nullable=False),
    Column("filled_quantity", Integer, nullable=False),
)

FILLS: Final = Table(
    "fills",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("session", String, nullable=False, index=True),
    Column("order_id", String, nullable=False),
    Column("key", String, nullable=False),
    Column("side", String, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price_e4", Integer, nullable=False),
    Column("charges_paise", Integer),
)

TRADES: Final = Table(
    "trades",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("session", String, nullable=False, index=True),
    Column("signal_id", String, nullable=False),
    Column("strategy", String, nullable=False),
    Column("key", String, nullable=False),
    Column("side", String, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("opened_at", String, nullable=False),
    Column("closed_at", String, nullable=False),
    Column("entry_e4", Integer, nullable=False),
    Column("exit_e4", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("gross_paise", Integer, nullable=False),
    Column("charges_paise", Integer, nullable=False),
    Column("r_multiple", String),
)

ALERTS: Final = Table(
    "alerts",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("source", String, nullable=False),
    Column("signal_id", String),
    Column("outcome", String, nullable=False),
)

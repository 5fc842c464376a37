"""Bars in parquet files, read as the text that a csv file would hold, so that the same checks judge them."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import riskcore as rc

PARQUET: Final = ".parquet"
INDEX: Final = "__index_level_0__"
TIMESTAMP: Final = "timestamp"


class ParquetError(ValueError):
    """A parquet file that cannot be read at all."""


def records_of(path: Path) -> list[tuple[int, list[str]]]:
    """The names of the columns, then each row, numbered from 1; the index that pandas wrote is the time.

    Times without a zone are taken as IST, as `client.history` gives daily ones. Raises `ParquetError` for a file that
    is missing or is no parquet file, `ImportError` without pyarrow.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as missing:
        raise ImportError('reading parquet files needs pyarrow: pip install "riskcore[parquet]"') from missing
    try:
        table = parquet.read_table(path)
    except FileNotFoundError:
        raise ParquetError("there is no such file; check the path") from None
    except (pa.ArrowException, OSError) as wrong:
        raise ParquetError(f"{wrong}; write the file again") from None
    names = [TIMESTAMP if name in (INDEX, "index", "date", "datetime") else name for name in table.column_names]
    columns = [column.to_pylist() for column in table.columns]
    rows = [[_cell(value) for value in row] for row in zip(*columns, strict=True)]
    return [(1, names), *((number, row) for number, row in enumerate(rows, 2))]


def _cell(value: Any) -> str:
    """A value as text: floats by their shortest form, times in ISO 8601 with their zone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=rc.IST)
        return aware.astimezone(rc.IST).replace(microsecond=0, tzinfo=rc.IST).isoformat()
    if isinstance(value, date):
        return datetime.combine(value, time(0), rc.IST).isoformat()
    if isinstance(value, float):
        return "nan" if value != value else f"{Decimal(repr(value)):f}"  # noqa: PLR0124 - how a float says that it is no number
    return str(value)

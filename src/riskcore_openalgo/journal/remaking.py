"""A derived table that somebody dropped, or that a repair of the file left behind, is made again from the rows."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine

from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.journal.chain import Row
from riskcore_openalgo.journal.places import Place
from riskcore_openalgo.journal.projections import PROJECTED, changes_of
from riskcore_openalgo.journal.schema import tables_of
from riskcore_openalgo.journal.tables import METADATA, PROJECTIONS


def make_again(place: Place, engine: Engine, rows: Iterable[Row]) -> None:
    """Make the derived tables that are not there, and fill them with what all `rows` of the journal say, at once."""
    there = tables_of(engine)
    lost = [table for table in PROJECTIONS if table.name not in there]
    if not lost:
        return
    with place.begun(engine) as connection:
        METADATA.create_all(connection, tables=lost)
        for row in rows:
            for statement, values in changes_of(row.seq, row.event) if row.type in PROJECTED else ():
                if statement.table in lost:
                    connection.execute(statement, values)
        reach("journal.tables.put")
    reach("journal.tables.kept")

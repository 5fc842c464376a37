"""The schema of a journal: made where there is none, moved on where it is older, refused where it is newer.

Before anything is changed the journal is copied; what is changed is changed in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.journal.places import Place
from riskcore_openalgo.journal.tables import META, METADATA, SCHEMA_VERSION, SNAPSHOTS
from riskcore_openalgo.journal.troubles import JournalBroken

SCHEMA: Final = "schema"
VERIFIED: Final = "verified"
GENESIS_AT: Final = "genesis"
SENDER: Final = "sender"
"""Who sends orders by this journal, while it is kept on a server."""


def prepare(place: Place, engine: Engine) -> str:
    """Bring the tables to this version's schema; where the copy of an older one lies, or ""."""
    try:
        found = refuse_newer(place, engine)
        if found == SCHEMA_VERSION:
            return ""
        if found is None:
            with place.begun(engine) as connection:
                METADATA.create_all(connection)
                put(connection, SCHEMA, str(SCHEMA_VERSION))
                reach("journal.schema.put")
            reach("journal.schema.made")
            return ""
        return _moved_on(place, engine, found)
    except DBAPIError as problem:
        raise JournalBroken(f"{place.where}: {place.why(problem)}") from problem


def refuse_newer(place: Place, engine: Engine) -> int | None:
    """The schema of a journal, None where there is none yet; `JournalBroken` for one that a later version made."""
    found = _schema(engine)
    if found is not None and found > SCHEMA_VERSION:
        raise JournalBroken(f"{place.where}: schema {found} is newer than {SCHEMA_VERSION}; update riskcore")
    return found


def tables_of(engine: Engine) -> frozenset[str]:
    """The names of all tables that are there."""
    with engine.connect() as connection:
        return frozenset(inspect(connection).get_table_names(schema=_where(connection)))


def known(connection: Connection, key: str) -> str | None:
    """What `meta` says under a key."""
    value: str | None = connection.execute(select(META.c.value).where(META.c.key == key)).scalar()
    return value


def put(connection: Connection, key: str, value: str) -> None:
    """Write it there."""
    connection.execute(delete(META).where(META.c.key == key))
    connection.execute(insert(META).values(key=key, value=value))


def is_empty(engine: Engine) -> bool:
    """Whether there is no table at all: a journal's come in one transaction, all or none."""
    return not tables_of(engine)


def _schema(engine: Engine) -> int | None:
    with engine.connect() as connection:
        if not _has(connection, META.name):
            return None
        found = known(connection, SCHEMA)
    return None if found is None else int(found)


def _has(connection: Connection, table: str) -> bool:
    return inspect(connection).has_table(table, schema=_where(connection))


def _where(connection: Connection) -> str | None:
    """The schema of the server in which the tables lie; None in a file."""
    schema: str | None = (connection.get_execution_options().get("schema_translate_map") or {}).get(None)
    return schema


def _moved_on(place: Place, engine: Engine, found: int) -> str:
    copy = place.back_up(engine, found)
    reach("journal.copy.made")
    with place.begun(engine) as connection:
        for step in range(found, SCHEMA_VERSION):
            STEPS[step](connection)
        put(connection, SCHEMA, str(SCHEMA_VERSION))
        reach("journal.migration.put")
    reach("journal.migration.kept")
    return copy


def _snapshots(connection: Connection) -> None:
    """Schema 2 has snapshots, for fast starts and for what is left of a pruned journal."""
    SNAPSHOTS.create(connection, checkfirst=True)


STEPS: Final[dict[int, Callable[[Connection], None]]] = {1: _snapshots}
"""What leads from a schema to the next one."""

"""A PostgreSQL server for the commands too."""

from tests.journal.conftest import in_postgres, server

__all__ = ["in_postgres", "server"]

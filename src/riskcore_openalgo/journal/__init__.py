"""The journal: every input and every fact, append-only and hash-chained, in SQL."""

try:
    import cattrs  # noqa: F401 - the rooms below need them; asked here once, to say what to install
    import sqlalchemy  # noqa: F401
except ImportError as missing:
    raise ImportError(
        'riskcore_openalgo.journal needs SQLAlchemy and cattrs: pip install "riskcore[openalgo]"'
    ) from missing

from riskcore_openalgo.journal.codec import CodecError, decode, encode
from riskcore_openalgo.journal.store import (
    Durability,
    Journal,
    JournalBroken,
    JournalConflict,
    JournalLost,
    Reader,
    Row,
)

__all__ = [
    "CodecError",
    "Durability",
    "Journal",
    "JournalBroken",
    "JournalConflict",
    "JournalLost",
    "Reader",
    "Row",
    "decode",
    "encode",
]

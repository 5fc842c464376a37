"""The journal: every input and every fact, append-only and hash-chained, in SQL."""

try:
    import cattrs  # noqa: F401 - the rooms below need them; asked here once, to say what to install
    import sqlalchemy  # noqa: F401
except ImportError as missing:
    raise ImportError(
        'riskcore_openalgo.journal needs SQLAlchemy and cattrs: pip install "riskcore[openalgo]"'
    ) from missing

from riskcore_openalgo.journal.chain import Mark, Row
from riskcore_openalgo.journal.codec import CodecError, decode, encode
from riskcore_openalgo.journal.places import At
from riskcore_openalgo.journal.reader import Loaded, Reader, fold
from riskcore_openalgo.journal.store import Durability, Journal
from riskcore_openalgo.journal.troubles import (
    JournalBroken,
    JournalConflict,
    JournalInUse,
    JournalLost,
    JournalMoved,
    JournalTaken,
)

__all__ = [
    "At",
    "CodecError",
    "Durability",
    "Journal",
    "JournalBroken",
    "JournalConflict",
    "JournalInUse",
    "JournalLost",
    "JournalMoved",
    "JournalTaken",
    "Loaded",
    "Mark",
    "Reader",
    "Row",
    "decode",
    "encode",
    "fold",
]

"""riskcore_openalgo: the thin shell around `riskcore` - desk, journal, runner, intake, gateways, command line.

It holds no trading rule. Importing this package imports nothing heavy; its rooms say what to install when an
extra is missing. `Client`, `Desk` and `DeskError` are fetched at first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskcore_openalgo.client import Client as Client
    from riskcore_openalgo.desk import Desk as Desk, DeskError as DeskError

_ROOMS = {"Client": "client", "Desk": "desk", "DeskError": "desk"}

__all__ = ["Client", "Desk", "DeskError"]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Code of the user's own, by the name under which a configuration or a command line has it."""

from __future__ import annotations

import importlib
import traceback
from decimal import localcontext
from pathlib import Path
from typing import Any


class OwnCodeError(ValueError):
    """A name that leads to nothing, or code that cannot be imported; the message says which, and where."""


def own_code(module: str, path: str) -> Any:
    """What stands at `path` in a module, which is imported. Whatever its import raises is told with its line."""
    try:
        with localcontext():  # what it does to the context of this thread's decimals ends with it
            found: Any = importlib.import_module(module)
    except ImportError as problem:
        raise OwnCodeError(f"{problem}; is its folder on PYTHONPATH?") from problem
    except (Exception, SystemExit) as problem:  # a script that ends as one would take the whole process with it
        raise OwnCodeError(f"{module} cannot be imported: {in_one_line(problem)}") from problem
    for part in path.split("."):
        if not hasattr(found, part):
            raise OwnCodeError(f"module {module} has no {path}")
        found = getattr(found, part)
    return found


def in_one_line(problem: BaseException) -> str:
    """An error of somebody's code in one line: its kind, what it says, and where that is."""
    where = "" if isinstance(problem, SyntaxError) else line_of(problem)  # whose words name its file and line
    return f"{type(problem).__name__}: {problem}{where}"


def line_of(problem: BaseException) -> str:
    """The deepest line of somebody's own file that an error came from, where there is one."""
    frames = [one for one in traceback.extract_tb(problem.__traceback__)[1:] if "importlib" not in one.filename]
    own = [frame for frame in frames if frame.filename == frames[0].filename]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""

"""A progress bar on standard error, so that output can be piped away from it; ASCII, for consoles differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

try:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
    from rich.text import Text
except ImportError as missing:
    raise ImportError('the progress bar needs rich: pip install "riskcore[runner]"') from missing

T = TypeVar("T")
WIDTH = 40


class AsciiBar(ProgressColumn):
    """`[######......]`."""

    def render(self, task: Task) -> Text:
        """The bar of a task."""
        done = int(WIDTH * task.completed / task.total) if task.total else 0
        return Text(f"[{'#' * done}{'.' * (WIDTH - done)}]")


def progress(steps: Iterable[T], total: int, label: str) -> Iterator[T]:
    """The steps, with a bar that shows how many are done; silent where nobody watches."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), AsciiBar(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        for step in steps:
            yield step
            bar.advance(task)

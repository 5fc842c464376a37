"""The control page is tested in a real browser."""

from tests.browsers import browser, tab

__all__ = ["browser", "tab"]

"""The report is looked at in a real browser, as well as read."""

from tests.browsers import browser, looked_at

__all__ = ["browser", "looked_at"]

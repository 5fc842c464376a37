"""The desk of a script: look, decide, send, and stay to watch (`riskcore_openalgo.Desk`)."""

from riskcore_openalgo.desk.desk import Desk
from riskcore_openalgo.desk.errors import DeskError
from riskcore_openalgo.desk.results import Left, Look, Sent, Watched

__all__ = ["Desk", "DeskError", "Left", "Look", "Sent", "Watched"]

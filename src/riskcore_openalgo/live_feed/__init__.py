"""The live feed: streamed prices and order updates, polled quotes beside them, as inputs of a runner's turn."""

from riskcore_openalgo.live_feed.hours import by_calendar
from riskcore_openalgo.live_feed.judge import Judge
from riskcore_openalgo.live_feed.live import FreshTiming, LiveFeed
from riskcore_openalgo.live_feed.messages import DEPTH, LTP, QUOTE, OrderUpdate
from riskcore_openalgo.live_feed.plausible import DOUBTS, Doubt, Known, Limits, plausible
from riskcore_openalgo.live_feed.poller import Ask, Poller, PollTiming
from riskcore_openalgo.live_feed.prices import Prices, Stale
from riskcore_openalgo.live_feed.stream import Stream, StreamTiming
from riskcore_openalgo.live_feed.ticks import POLL, STREAM, Moment, Quote, Tick

__all__ = [
    "DEPTH",
    "DOUBTS",
    "LTP",
    "POLL",
    "QUOTE",
    "STREAM",
    "Ask",
    "Doubt",
    "FreshTiming",
    "Judge",
    "Known",
    "Limits",
    "LiveFeed",
    "Moment",
    "OrderUpdate",
    "PollTiming",
    "Poller",
    "Prices",
    "Quote",
    "Stale",
    "Stream",
    "StreamTiming",
    "Tick",
    "by_calendar",
    "plausible",
]

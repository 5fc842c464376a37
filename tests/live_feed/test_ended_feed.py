"""A feed that OpenAlgo ends while its own connection stands: what riskcore does not do to it, and how it comes back."""

from decimal import Decimal

import pytest

from tests.live_feed.conftest import real_moment
from tests.live_feed.server import until
from tests.live_feed.test_stream import STAMP, Heard, up

pytestmark = pytest.mark.smoke


def test_what_is_watched_no_more_is_not_taken_off_the_feed_and_its_prices_are_left(fake, url):
    """Plugins of the XTS family end the feed of all instruments when one is taken off it."""
    with Heard(url) as heard:
        heard.stream.watch(["NSE:TCS", "NSE:INFY"])
        until(lambda: set(fake.subscribed) == {"NSE:TCS", "NSE:INFY"})
        heard.stream.watch(["NSE:INFY"])
        heard.stream.again(["NSE:INFY"])
        until(lambda: fake.subscribed["NSE:INFY"] == 2)
        fake.tick("TCS", 3000, STAMP)
        fake.tick("INFY", 1500, STAMP)
        until(lambda: heard.ticks)
    assert "unsubscribe" not in [request["action"] for request in fake.asked]
    assert heard.prices == [("NSE:INFY", Decimal(1500))]


def test_a_feed_that_brings_nothing_any_more_is_connected_anew(fake, url):
    with Heard(url) as heard:
        heard.stream.watch(["NSE:TCS"])
        until(lambda: fake.subscribed.get("NSE:TCS") == 1)
        up(heard)
        assert heard.stream.silent_s(real_moment().mono + 99) == 0, "it has brought nothing yet"
        fake.tick("TCS", 3000, STAMP)
        until(lambda: heard.ticks)
        assert heard.stream.silent_s(real_moment().mono + 99) > 90
        heard.stream.renew()
        until(lambda: fake.logins == 2 and fake.subscribed["NSE:TCS"] == 2)
        up(heard)
        assert heard.stream.silent_s(real_moment().mono + 99) == 0
    assert "no price came" in heard.connections[1][1]

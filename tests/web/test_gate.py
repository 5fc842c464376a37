"""Who may post: secrets that change, addresses behind proxies, rates that never hold up an exit, and lock-outs."""

import ipaddress
from concurrent.futures import Future
from datetime import datetime, timedelta

import pytest

import riskcore as rc
from riskcore_openalgo.web.alerts import BadAlert, Receipt
from riskcore_openalgo.web.gate import Bucket, Gate, Secret, SourceRules, networks, sender_of
from riskcore_openalgo.web.intake import intake_app, serve
from tests.web.senders import ask, post

NOW = datetime(2026, 8, 18, 9, 20, 3, tzinfo=rc.IST)
BUY = {"symbol": "TCS", "action": "buy"}
FLAT = {"symbol": "TCS", "action": "sell", "position_size": "0"}
LOCAL = networks(["127.0.0.1"])


class Seen:
    """A runner that answers at once, a clock that is set, and what was told."""

    def __init__(self):
        self.taken, self.told, self.now, self.ticks = [], [], NOW, 0.0

    def submit(self, reading, source):
        self.taken.append(reading)
        pending = Future()
        if isinstance(reading, BadAlert):
            said = {"status": "error", "reason": reading.reason, "message": reading.message}
            pending.set_result(Receipt(reading.status, said))
        else:
            pending.set_result(Receipt(200, {"status": "accepted"}))
        return pending

    def serve(self, **settings):
        app = intake_app(
            self.submit, clock=lambda: self.now, monotonic=lambda: self.ticks, tell=self.told.append, **settings
        )
        return serve(app, "127.0.0.1", 0)


@pytest.fixture
def seen():
    return Seen()


def source(*secrets, **more):
    return SourceRules(secrets=secrets or (Secret("new"),), **more)


def test_two_secrets_open_while_one_takes_the_place_of_the_other(seen):
    """Until its time the old one does, in body and path; the new one always."""
    rules = source(Secret("new"), Secret("old", NOW + timedelta(hours=1)))
    with seen.serve(sources={"tv": rules}) as server:
        for secret in ("new", "old"):
            assert post(server, "/webhook/tv", {**BUY, "secret": secret})[0] == 200
            assert post(server, f"/webhook/tv/{secret}", BUY)[0] == 200
        seen.now += timedelta(hours=1)
        assert post(server, "/webhook/tv", {**BUY, "secret": "old"})[0] == 401
        assert post(server, "/webhook/tv/old", BUY)[0] == 401
        assert post(server, "/webhook/tv/new", BUY)[0] == 200
    assert "old" not in seen.taken[-2].safe_body + seen.taken[-3].safe_body.replace("TCS", "")


def test_a_source_whose_only_secret_is_over_lets_nobody_in(seen):
    with seen.serve(sources={"tv": source(Secret("old", NOW))}) as server:
        assert post(server, "/webhook/tv", {**BUY, "secret": "old"})[0] == 401
        assert post(server, "/webhook/tv", BUY)[0] == 401


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1, 127.0.0.1"], "198.51.100.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["nonsense"], None),
        ("::ffff:127.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        (None, [], None),
        ("not an address", ["198.51.100.1"], None),
    ],
)
def test_where_an_alert_comes_from(peer, forwarded, found):
    """The peer's own word, unless it is a proxy of ours: then the last hop that is none, not a stranger's."""
    assert sender_of(peer, forwarded, LOCAL) == (None if found is None else ipaddress.ip_address(found))


def test_a_source_with_addresses_takes_alerts_from_there_alone(seen):
    """Through a proxy of ours too; from elsewhere the answer is that of a wrong secret, and the journal knows why."""
    rules = source(addresses=networks(["198.51.100.0/24", "2001:db8::/32"]))
    good = {**BUY, "secret": "new"}
    with seen.serve(sources={"tv": rules}) as server:
        assert post(server, "/webhook/tv", good, x_forwarded_for="198.51.100.9")[0] == 200
        assert post(server, "/webhook/tv", good, x_forwarded_for="2001:db8::5")[0] == 200
        strange = [post(server, "/webhook/tv", good, x_forwarded_for=a) for a in ("203.0.113.1", "x")]
        strange.append(post(server, "/webhook/tv", good))
        wrong = post(server, "/webhook/tv", BUY, x_forwarded_for="198.51.100.9")
    assert strange == [wrong] * 3
    assert "203.0.113.1 is no address of this source" in seen.taken[2].detail


RUBBISH = (b"x", b"", b"\xff", b"[]", b"x" * 70_000, b'{"a":1,"a":2}', b'{"secret": "guess", "symbol": }', b"[" * 99)


@pytest.mark.parametrize("body", RUBBISH, ids=range(len(RUBBISH)))
def test_F04_what_cannot_be_read_counts_as_a_wrong_secret_where_it_shows_none(seen, body):
    """A stranger is told nothing of it, not even whether there is such a source; he is locked out as for a guess."""
    with seen.serve(sources={"tv": source()}, lockout_after=3) as server:
        assert post(server, "/webhook/tv", body) == post(server, "/webhook/no", body)
        assert post(server, "/webhook/tv", body)[1]["reason"] == "alert_unauthorised"
        assert post(server, "/webhook/tv", body)[1]["reason"] == "alert_locked_out"


def test_F04_strangers_rubbish_takes_nothing_of_the_rate_of_a_source(seen):
    """Six hundred lines of it without the secret had kept the entries of the minute out."""
    with seen.serve(sources={"tv": source(per_minute=1)}) as server:
        assert [post(server, "/webhook/tv", "x")[0] for _ in range(3)] == [401] * 3
        assert post(server, "/webhook/tv", {**BUY, "secret": "new"})[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/webhook/tv", b'{"secret": "new", "symbol": TCS}', "alert_not_json"),
        ("/webhook/tv", b'{"price": NaN, "KEY" : "n\\u0065w"}', "alert_number_invalid"),
        ("/webhook/tv", b'{"secret": "new", "note": "' + b"x" * 70_000, "alert_too_large"),
        ("/webhook/tv/new", b"x", "alert_not_json"),
        ("/webhook/tv/new", b"x" * 70_000, "alert_too_large"),
    ],
)
def test_who_shows_the_secret_is_told_what_is_wrong_and_not_locked_out(seen, path, body, reason):
    """A plot that is not a number must not shut a source's exits out."""
    with seen.serve(sources={"tv": source()}, lockout_after=1) as server:
        for _ in range(2):
            assert post(server, path, body)[1]["reason"] == reason


def test_F04_twenty_wrong_secrets_lock_an_address_out_and_no_other(seen):
    """For a quarter of an hour it is not listened to, whatever it sends; somebody is told, once."""
    bad, good = {**BUY, "secret": "guess"}, {**BUY, "secret": "new"}
    with seen.serve(sources={"tv": source()}) as server:
        tries = [post(server, "/webhook/tv", bad, x_forwarded_for="203.0.113.1")[0] for _ in range(20)]
        status, text, headers = ask(server, "POST", "/webhook/tv/new", "{}", {"X-Forwarded-For": "203.0.113.1"})
        assert (tries, status, headers["retry-after"]) == ([401] * 20, 429, "900")
        assert "alert_locked_out" in text
        assert post(server, "/webhook/tv", good, x_forwarded_for="203.0.113.1")[0] == 429
        assert post(server, "/webhook/tv", good, x_forwarded_for="203.0.113.2")[0] == 200
        seen.ticks += 901
        assert post(server, "/webhook/tv", good, x_forwarded_for="203.0.113.1")[0] == 200
    assert len(seen.told) == 1
    assert "203.0.113.1" in seen.told[0]


def test_an_address_that_a_source_names_is_not_locked_out_by_others_guesses(seen):
    """Anybody can make TradingView post to us: its addresses must stay open for our own alerts."""
    rules = source(addresses=networks(["198.51.100.0/24"]))
    with seen.serve(sources={"tv": rules}) as server:
        for _ in range(25):
            assert post(server, "/webhook/tv", BUY, x_forwarded_for="198.51.100.9")[0] == 401
        assert post(server, "/webhook/tv", {**BUY, "secret": "new"}, x_forwarded_for="198.51.100.9")[0] == 200


def test_unauthorised_alerts_by_the_hundred_are_not_written_down(seen):
    """Sixty a minute are; the answer to the others is the same."""
    with seen.serve(sources={"tv": source()}, lockout_after=1000) as server:
        answers = {ask(server, "POST", "/webhook/tv", "{}")[:2] for _ in range(70)}
    assert len(answers) == 1
    assert len(seen.taken) == 60


def test_a_rate_holds_up_entries_and_never_an_exit(seen):
    """429, with when to come again; a source that was quiet for a while may send again."""
    with seen.serve(sources={"tv": source(per_minute=3)}) as server:
        statuses = [post(server, "/webhook/tv", {**BUY, "secret": "new"})[0] for _ in range(5)]
        exits = [post(server, "/webhook/tv", {**FLAT, "secret": "new"})[0] for _ in range(5)]
        assert (statuses, exits) == ([200] * 3 + [429] * 2, [200] * 5)
        for kind in ("reversal", "cancel"):
            assert post(server, "/webhook/tv", {**BUY, "secret": "new", "kind": kind})[0] == 200
        seen.ticks += 20
        assert post(server, "/webhook/tv", {**BUY, "secret": "new"})[0] == 200
    assert len(seen.told) == 1
    assert "tv sends more alerts" in seen.told[0]


def test_a_bucket_fills_evenly_up_to_its_brim():
    bucket = Bucket(60)
    assert [bucket.take(0.0) for _ in range(61)] == [True] * 60 + [False]
    assert bucket.take(1.0)
    assert not bucket.take(1.5)
    assert [bucket.take(1000.0) for _ in range(61)].count(True) == 60
    assert not bucket.take(0.0)  # a clock that runs back gives nothing


def test_one_who_has_many_ipv6_addresses_is_one():
    """Known by the first 64 bits; and the table of those who failed stays small."""
    gate = Gate(monotonic=lambda: 0.0, lockout_after=2)
    one, other = (ipaddress.ip_address(f"2001:db8::{n}") for n in (1, 2))
    assert [gate.failed(one), gate.failed(other)] == [False, True]
    assert gate.locked_s(ipaddress.ip_address("2001:db8::ffff")) == 900
    assert gate.locked_s(ipaddress.ip_address("2001:db8:0:1::1")) == 0
    for n in range(20_000):
        gate.failed(ipaddress.ip_address(n))
    assert len(gate._tries) <= 10_000


@pytest.mark.parametrize("wrong", ["10.0.0.0/33", "somewhere", "10.0.0.1/8"])
def test_a_range_that_is_none_is_named(wrong):
    with pytest.raises(ValueError, match="is no address, nor a range"):
        networks([wrong])

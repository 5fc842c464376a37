"""Faults of alerts by their numbers, through real HTTP, a real runner and a real journal; and ten thousand bodies."""

import json
import random
import threading
from datetime import timedelta, timezone

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.web.alerts import BadAlert, ReadSignal, read_alert
from riskcore_openalgo.web.gate import Secret, SourceRules
from tests.runner.test_runner import SBIN, Bench
from tests.web.senders import post, taking

BUY = {"symbol": "SBIN", "action": "buy"}
PATH = "/webhook/tv"
SECRET, OLD = "sw0rdf1sh-of-the-day", "sw0rdf1sh-of-yesterday"


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "journal.db")
    yield made
    made.journal.close()


def stamp(at):
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def reasons(bench, answer):
    """Why the signal of an answer was refused; none where it was approved."""
    fate = bench.runner.fate(answer["signal"])
    return [found.reason for found in fate.findings if not found.passed]


def test_F01_an_alert_without_a_time_twice_within_a_second_and_again_after_a_restart(bench):
    """One intent; the repetitions are answered 200 with the first one's id; the journal shows all of them."""
    with taking(bench) as server:
        first = post(server, PATH, BUY)
        bench.now += timedelta(seconds=1)
        second = post(server, PATH, json.dumps(BUY, indent=2))
    bench.journal.close()
    again = Bench(bench.journal.path)
    again.now = bench.now + timedelta(seconds=10)
    with taking(again) as server:
        third = post(server, PATH, BUY)
    assert (first[0], first[1]["status"]) == (200, "accepted")
    for status, answer in (second, third):
        wanted = {"status": "duplicate", "of": first[1]["signal"], "receipt": first[1]["receipt"]}
        assert (status, answer) == (200, wanted)
    types = [row.type for row in again.journal.rows()]
    assert (types.count("SignalArrived"), types.count("EntryApproved")) == (3, 1)
    assert replay(again.journal).same
    again.journal.close()


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (timedelta(hours=3), "signal_stale"),
        (timedelta(seconds=61), "signal_stale"),
        (timedelta(seconds=-2), None),
        (timedelta(minutes=-10), "signal_from_future"),
    ],
)
def test_F02_an_alert_is_as_old_as_it_says(bench, age, reason):
    """Three hours is too old; two seconds ahead is a clock, ten minutes is not."""
    with taking(bench) as server:
        answer = post(server, PATH, {**BUY, "timenow": stamp(bench.now - age)})[1]
    assert reasons(bench, answer) == ([reason] if reason else [])


def test_F03_hostile_bodies_are_refused_one_by_one_and_a_good_one_is_taken_after_them(bench):
    """Each with a reason of its own and a receipt, and nothing is raised."""
    hostile = [
        "buy SBIN",
        b"x" * 2_000_000,
        '{"a":' * 10_000,
        '{"symbol":"SBIN","symbol":"TCS","action":"buy"}',
        *(f'{{"symbol":"SBIN","action":"buy","price":{price}}}' for price in ("NaN", "Infinity", "1e999", "-0")),
        '{"symbol":"SBIN","action":"buy","price":"1,250.5"}',
        '{"symbol":"SBIN","action":"buy","price":"\u0967\u0968"}'.encode(),
    ]
    with taking(bench) as server:
        answers = [post(server, PATH, body) for body in hostile]
        assert post(server, PATH, BUY, content_type="text/plain; charset=utf-8")[0] == 200
    assert {status for status, _ in answers} == {400, 413}
    assert all(answer["reason"].startswith("alert_") for _, answer in answers)
    kept = [row.event for row in bench.journal.rows() if row.type == "AlertRefused"]
    assert len(kept) == len(hostile)
    assert [answer.get("receipt", "") for _, answer in answers] == [event.receipt for event in kept]


def pieces(rng):
    """A value such as a hostile, a broken or a careless sender writes."""
    plain = ["buy", "SELL", "NSE:SBIN", "M_M", "", "0", "-5", "1e400", "{{close}}", "\u0967", "\x00", "a" * 500]
    kinds = (
        lambda: rng.choice(plain),
        lambda: rng.choice([None, True, False, rng.randint(-(10**30), 10**30), rng.random() * 1e9, float("nan")]),
        lambda: [pieces(rng) for _ in range(rng.randint(0, 3))],
        lambda: {rng.choice(["a", "symbol", "secret", "\ud800"]): pieces(rng) for _ in range(rng.randint(0, 2))},
    )
    return rng.choices(kinds, (6, 4, 1, 1))[0]()


def random_body(rng):
    """Bytes at random, text at random, or an alert with fields at random, some of them cut or bitten."""
    kind = rng.random()
    if kind < 0.2:
        return rng.randbytes(rng.randint(0, 400))
    names = ["symbol", "action", "price", "time", "timenow", "bar_time", "interval", "quantity", "secret", "exchange"]
    names += ["position_size", "market_position", "stop", "target", "levels", "product", "strategy", "stocks"]
    names += ["kind", "prev_market_position", "reduce_by", "reduce_pct", "context"]
    fields = {rng.choice(names): pieces(rng) for _ in range(rng.randint(0, 8))}
    if kind < 0.7:
        fields |= {"symbol": "SBIN", "action": rng.choice(["buy", "sell"])}
    body = json.dumps(fields).encode("utf-8", "surrogatepass")
    if rng.random() < 0.3:
        at = rng.randint(0, len(body))
        body = body[:at] + rng.randbytes(rng.randint(0, 3)) + body[at + rng.randint(0, 3) :]
    return body


@pytest.mark.parametrize("part", range(4))
def test_F03_ten_thousand_random_bodies_without_an_exception(bench, part):
    """In four parts, each from its own seed: every one is a signal or a named refusal, and both can be kept."""
    rng, signals = random.Random(part), 0  # noqa: S311 - the same bodies in each run
    for _ in range(2_500):
        reading = read_alert(random_body(rng), source="tv", received_at=bench.now, secret=rng.choice([None, SECRET]))
        assert isinstance(reading, (ReadSignal, BadAlert))
        signals += isinstance(reading, ReadSignal)
        kept = reading.signal.note if isinstance(reading, ReadSignal) else reading.safe_body + reading.detail
        assert SECRET not in kept
    assert 50 < signals < 2_400


def test_F04_no_secret_is_in_the_journal_or_the_log_whatever_was_sent(bench, caplog, capfd):
    """In the path, in the body, right, wrong, old, in the wrong field, in broken JSON, in a sentence."""
    caplog.set_level(0)
    rules = SourceRules(secrets=(Secret(SECRET), Secret(OLD, bench.now + timedelta(days=1))))
    bodies = [
        {**BUY, "secret": SECRET},
        {**BUY, "key": OLD, "strategy": f"my {OLD}"},
        {**BUY, "secret": SECRET, "strategy": f"by {SECRET}", "action": SECRET},
        f'{{"secret": "{SECRET}", "symbol": SBIN}}',
        f"buy SBIN {OLD}",
        {**BUY, "note": SECRET, "secret": "wrong"},
    ]
    with taking(bench, sources={"tv": rules}) as server:
        for body in bodies:
            post(server, PATH, body)
            post(server, f"{PATH}/{SECRET}", body)
        post(server, f"{PATH}/{SECRET}x", BUY)
    bench.journal.close()
    told = caplog.text + "".join(capfd.readouterr())
    for secret in (SECRET, OLD):
        assert secret not in told
        for path in bench.journal.path.parent.glob("journal.db*"):
            assert path.is_dir() or secret.encode() not in path.read_bytes()


def test_F04_a_secret_in_a_field_that_is_kept_is_blanked_and_keeps_nobody_in(bench):
    """An exit with it goes through as any other."""
    with taking(bench, secrets={"tv": SECRET}) as server:
        for flat in (False, True):
            fields = {**BUY, "strategy": f"by {SECRET}", "quantity": SECRET, "close_position": flat}
            assert post(server, f"{PATH}/{SECRET}", fields)[0] == 200
    taken = [fact.signal for fact in bench.sent(events.SignalTaken)]
    assert [(signal.strategy, signal.note) for signal in taken] == [("by ***", "asked for quantity '***'")] * 2


@pytest.mark.parametrize("secret", ["7F3A9C5517B24E60A1D2", "my-secret_of-44-letters-which-is-cut-when-it-is-shown"])
@pytest.mark.parametrize("field", ["symbol", "exchange", "product", "action", "timenow"])
def test_F04_a_secret_in_a_field_that_decides_is_kept_nowhere_either(bench, secret, field):
    """In capitals it passes for a symbol, and stood in ids, journal and answers; a long one was shown in part."""
    fields = {**BUY, "close_position": True, field: f"NSE:{secret}" if field == "symbol" else secret}
    with taking(bench, secrets={"tv": secret}) as server:
        status, answer = post(server, f"{PATH}/{secret}", fields)
    bench.journal.close()
    assert status == (200 if field == "timenow" else 400)
    kept = str(answer) + bench.journal.path.read_bytes().decode("utf-8", "replace")
    assert secret[:20].upper() not in kept.upper()


def test_F04_a_short_word_that_is_a_secret_keeps_nobody_in(bench):
    """Whoever takes the symbol for a secret has none; his exits go."""
    with taking(bench, secrets={"tv": "SBIN"}) as server:
        assert post(server, PATH, {**BUY, "secret": "SBIN", "close_position": True})[0] == 200


def test_F05_contracts_in_an_alert_are_noted_and_not_bought(bench):
    """The size is what it would have been without them; the note stands in the journal."""
    with taking(bench) as server:
        answer = post(server, PATH, {**BUY, "contracts": 4_000_000})[1]
    fate = bench.runner.fate(answer["signal"])
    assert fate.order.quantity < 4_000_000
    assert fate.bound_by != "signal_quantity"
    assert fate.signal.note == "asked for contracts '4000000'"


def test_F06_flat_afterwards_with_nothing_held_opens_no_short(bench):
    """Refused by name; so is a plain sale where only buys may be entered."""
    with taking(bench) as server:
        answer = post(server, PATH, {**BUY, "action": "sell", "position_size": "0"})[1]
        assert reasons(bench, answer) == ["exit_without_position"]
        bench.runner.offer(events.PolicyLoaded(bench.now, rc.Policy(allowed_sides=["BUY"])))
        answer = post(server, PATH, {**BUY, "action": "sell"})[1]
    assert reasons(bench, answer) == ["side_not_allowed"]
    assert bench.sent(events.EntryApproved) == []


@pytest.mark.parametrize(
    ("price", "status", "reason"),
    [
        (0, 400, "alert_price_invalid"),
        (-800, 400, "alert_price_invalid"),
        (8000, 200, "price_drifted"),
        ("800.0123", 200, None),
    ],
)
def test_F08_a_price_that_cannot_be_is_refused_and_one_off_the_tick_is_not_traded_at(bench, price, status, reason):
    """Zero and below when it is read, ten times the quote by `max_price_drift_pct`; our limit is on the tick."""
    bench.runner.offer(events.PolicyLoaded(bench.now, rc.Policy(max_price_drift_pct=2, position_size_basis="margin")))
    with taking(bench) as server:
        found, answer = post(server, PATH, {**BUY, "price": price})
    assert found == status
    if status == 400:
        assert answer["reason"] == reason
        return
    refused = reasons(bench, answer)
    assert len(refused) == (reason is not None)
    if reason is None:
        assert bench.runner.fate(answer["signal"]).order.limit % SBIN.tick == 0


def test_fifty_senders_at_once_lose_nothing(bench):
    """Every receipt that was answered is in the journal; every sender has one of its own."""
    answers = []

    def send(number):
        answers.extend(post(server, PATH, {**BUY, "bar_time": stamp(bench.now - timedelta(seconds=number))})[1:])

    with taking(bench) as server:
        threads = [threading.Thread(target=send, args=[number]) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    bench.journal.close()
    with Reader(bench.journal.path) as journal:
        kept = {row.event.signal.receipt for row in journal.rows() if row.type == "SignalArrived"}
    assert len({answer["receipt"] for answer in answers}) == 50
    assert kept == {answer["receipt"] for answer in answers}

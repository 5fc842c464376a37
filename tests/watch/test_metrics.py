"""The metrics: counted from the facts of a day, read off a state, listed in the page and used by the dashboard."""

import json
import re
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families

import riskcore as rc
from riskcore import events
from riskcore_openalgo.metrics import METRICS, Metrics, Seen, healthy
from riskcore_openalgo.web.intake import serve
from riskcore_openalgo.web.watch import watch_app
from tests.core.custody_days import held, ticks
from tests.journal.test_codec import every_event

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(riskcore_\w+)` \| (\w+) \| (.*?) \| (.+?) \|$", re.MULTILINE)
PAGE = ROOT / "docs/metrics.md"
BOARD = ROOT / "examples/service/grafana-dashboard.json"


def seen(day, **more):
    now = day.state.now
    return Seen(clock=lambda: now, state=lambda: day.state, policy=lambda: day.policy, turned_at=lambda: now, **more)


def samples(metrics):
    """name, labels -> value of a scrape."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


def a_day():
    day, _ = held()
    metrics = Metrics()
    for fact in day.facts:
        metrics.watch(fact)
    channel = SimpleNamespace(name="phone", backlog=2, failures=3, missed=4)
    metrics.look_at(
        seen(
            day, price_ages=lambda: {"NSE:INFY": 1.5, "NSE:TCS": 7.0}, queue=lambda: 3, lanes=lambda: {"exits": 1},
            channels=lambda: [channel], journal=lambda: (12, "locked"), books_at=lambda: day.state.now,
            heartbeat=lambda: 5, prices_unused=lambda: {"quotes.wrong_instrument": 6},
        )
    )  # fmt: skip
    return day, metrics


def test_a_day_is_counted_and_measured():
    day, metrics = a_day()
    found = samples(metrics)
    wanted = {
        ("riskcore_up",): 1,
        ("riskcore_state", "active"): float(day.book.state == "active"),
        ("riskcore_signals_total", "entry"): 1,
        ("riskcore_entries_total",): 1,
        ("riskcore_fills_total", "BUY"): 1,
        ("riskcore_positions",): 1,
        ("riskcore_seconds_since_tick",): 1.5,
        ("riskcore_seconds_since_quote", "NSE:TCS"): 7,
        ("riskcore_seconds_since_books",): 0,
        ("riskcore_queue_depth",): 3,
        ("riskcore_lane_depth", "exits"): 1,
        ("riskcore_alert_backlog", "phone"): 2,
        ("riskcore_alert_failures", "phone"): 3,
        ("riskcore_heartbeat_failures",): 5,
        ("riskcore_alerts_missed_total",): 4,
        ("riskcore_prices_unused_total", "quotes.wrong_instrument"): 6,
        ("riskcore_journal_rows",): 12,
        ("riskcore_journal_trouble",): 1,
        ("riskcore_equity_rupees",): float(day.book.equity),
        ("riskcore_charges_rupees",): float(day.book.charges),
        ("riskcore_decision_seconds_count",): 1,
        ("riskcore_trades_today",): 1,
        ("riskcore_limit_left", "max_trades_per_day"): day.policy.max_trades_per_day - 1,
        ("riskcore_limit_used_pct", "max_trades_per_day"): 100 / day.policy.max_trades_per_day,
    }
    assert {name: found.get(name) for name in wanted} == wanted


def test_a_trade_that_ended_is_won_or_lost_and_a_bare_position_is_counted():
    day, _ = held()
    ticks(day, "10:05", 979)
    bare = Metrics()
    bare.look_at(seen(day))
    for fact in (
        events.Covered(day.state.now, "NSE:INFY", rc.Policy().grace_s + 0),
        events.OrderMoved(day.state.now, "x", "rejected", ""),
        events.ConnectionStaged(day.state.now, "lost", "live", day.state.now),
    ):
        bare.watch(fact)
    found = samples(bare)
    assert found["riskcore_unprotected_seconds_total",] == float(rc.Policy().grace_s)
    assert found["riskcore_order_errors_total", "rejected"] == 1
    assert found["riskcore_disconnects_total",] == 1


def test_every_fact_can_be_counted_and_every_name_is_a_known_one():
    metrics = Metrics()
    for event in every_event():
        if isinstance(event, events.FACTS):
            metrics.watch(event)
    metrics.called("placeorder", 0.2, taken=True)
    known = {one.name for one in METRICS}
    names = {family.name for family in text_string_to_metric_families(metrics.text().decode())}
    created = {name for name in names if name.endswith("_created")}
    mine = {name for name in names if name.startswith("riskcore_")}
    assert mine <= known | {name.removesuffix("_total") for name in known} | created
    assert len(mine) > 15


def test_the_page_lists_every_metric_and_no_other():
    rows = re.findall(
        r"^\| `(riskcore_\w+)` \| (\w+) \| (.*?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert rows == [(one.name, one.kind, ", ".join(one.labels), one.says) for one in METRICS]


def test_each_metric_of_the_dashboard_exists():
    board = json.loads(BOARD.read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    used = {name for text in asked for name in re.findall(r"riskcore_\w+", text)}
    known = {one.name for one in METRICS}
    known |= {f"{one.name}{end}" for one in METRICS if one.kind == "histogram" for end in ("_bucket", "_count", "_sum")}
    assert len(used) > 15
    assert used <= known


def test_a_runner_that_does_not_turn_is_not_healthy_and_says_since_when():
    day, metrics = a_day()
    late = Seen(
        clock=lambda: day.state.now + timedelta(seconds=31), state=lambda: day.state, policy=lambda: day.policy,
        turned_at=lambda: day.state.now,
    )  # fmt: skip
    never = Seen(clock=late.clock, state=late.state, policy=late.policy, turned_at=lambda: None)
    assert healthy(seen(day)) == (True, "the last turn was 0 s ago")
    assert healthy(late) == (False, "the last turn was 31 s ago")
    assert healthy(never) == (False, "the runner has not turned yet")
    for health, status in ((seen(day), 200), (late, 503)):
        with serve(watch_app(metrics, lambda health=health: healthy(health)), "127.0.0.1", 0) as server:
            assert b"riskcore_positions 1.0" in get(f"{server.url}/metrics")[1]
            assert get(f"{server.url}/healthz")[0] == status


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()

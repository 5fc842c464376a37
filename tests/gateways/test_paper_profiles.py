"""Paper brokers by profile, and what goes wrong by script: told apart order by order, and the same when rebuilt."""

from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.demo.day import FAST, INTERVAL, SLOW, demo_bars, demo_policy
from riskcore_openalgo.gateways.paper import PaperGateway, PaperSilenceError
from riskcore_openalgo.gateways.paper_profiles import (
    IDEAL,
    PROFILES,
    ROUGH,
    PaperFault,
    PaperProfile,
    profile_named,
    read_faults,
)
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.runner.player import BarPlayer
from tests.gateways.desks import INFY
from tests.gateways.papers import TEN, an_entry, an_exit

SECOND = timedelta(seconds=1)


def bar(at, low=998, high=1002, *, first=1000, length=60):
    """A minute's prices, known at its end."""
    ends = at + length * SECOND
    return events.PricesSeen(ends, INFY.key, Decimal(first), Decimal(high), Decimal(low), Decimal(first), at)


def tick(at, price):
    """One price."""
    price = Decimal(price)
    return events.PricesSeen(at, INFY.key, price, price, price, price, at, ticks=1)


def told(gateway, *prices):
    """What it says of these prices: (status, shares, rupees) each."""
    return [(r.status, r.filled_quantity, r.filled_value) for seen in prices for r in gateway.see(seen)]


def test_latency_makes_an_order_miss_the_prices_before_it_arrives():
    gateway = PaperGateway(PaperProfile(name="x", latency_s=Decimal(2)))
    gateway.place(an_entry(10), TEN)
    assert told(gateway, tick(TEN + SECOND, 1000)) == []
    assert told(gateway, tick(TEN + 2 * SECOND, 1000)) == [("filled", 10, 10_000)]


def test_a_bar_longer_than_the_latency_is_met():
    gateway = PaperGateway(PaperProfile(name="x", latency_s=Decimal(2)))
    gateway.place(an_entry(10), TEN)
    assert told(gateway, bar(TEN)) == [("filled", 10, 10_000)]


def test_a_fill_slips_by_ticks_and_never_beyond_the_limit():
    gateway = PaperGateway(PaperProfile(name="x", slip_ticks=3))
    gateway.place(an_entry(10), TEN)
    gateway.place(an_entry(10, order_id="b", limit=Decimal("1000.1")), TEN)
    paid = [value / 10 for _, _, value in told(gateway, tick(TEN + SECOND, 1000))]
    assert paid == [1000 + 3 * INFY.tick, Decimal("1000.1")]


def test_an_order_trades_in_parts_that_add_up():
    gateway = PaperGateway(PaperProfile(name="x", part_pct=40))
    gateway.place(an_entry(10), TEN)
    seen = told(gateway, *(tick(TEN + n * SECOND, 1000) for n in (1, 2, 3, 4)))
    assert [(status, shares) for status, shares, _ in seen] == [("working", 4), ("working", 8), ("filled", 10)]


def test_a_part_is_whole_lots_and_one_at_least():
    thing = evolve(INFY, lot_size=25)
    order = an_entry(100, instrument=thing)
    profile = PaperProfile(name="x", part_pct=40)
    assert [profile.part_of(order, 100), profile.part_of(order, 25)] == [25, 25]


def test_a_cancel_keeps_what_has_traded():
    gateway = PaperGateway(PaperProfile(name="x", part_pct=40))
    gateway.place(an_entry(10), TEN)
    told(gateway, tick(TEN + SECOND, 1000))
    [gone] = gateway.cancel(events.CancelOrder("a"), TEN + 2 * SECOND)
    assert (gone.status, gone.filled_quantity, gone.filled_value) == ("cancelled", 4, 4_000)


def test_protection_holds_an_exits_limit_and_leaves_it_unfilled_beyond():
    gateway = PaperGateway(PaperProfile(name="x", protection_pct=Decimal("0.5")))
    told(gateway, tick(TEN, 1000))
    gateway.place(an_exit(10, limit=Decimal(950)), TEN)
    assert told(gateway, tick(TEN + SECOND, 990)) == []
    assert told(gateway, tick(TEN + 2 * SECOND, 996)) == [("filled", 10, 9_960)]


def test_refusals_go_by_the_id_and_come_about_as_often_as_said():
    refused = [n for n in range(4000) if ROUGH.refuses(f"order-{n}")]
    assert 80 <= len(refused) <= 160
    gateway = PaperGateway(ROUGH)
    [report] = gateway.place(an_entry(10, order_id=f"order-{refused[0]}"), TEN)
    assert (report.status, report.error) == ("rejected", "rejected")
    assert told(gateway, bar(TEN)) == []


def test_a_script_meets_the_order_it_names():
    faults = [PaperFault(what="reject", on="entry", nth=2), PaperFault(what="hold", on="exit")]
    gateway = PaperGateway(faults=faults)
    told(gateway, tick(TEN, 1000))
    states = [gateway.place(an_entry(1, order_id=name), TEN)[0].status for name in "abc"]
    assert states == ["working", "rejected", "working"]
    gateway.place(an_exit(1, order_id="d"), TEN)
    assert [shares for _, shares, _ in told(gateway, bar(TEN))] == [1, 1]
    assert gateway.latest("d").status == "working"
    assert [report.status for report in gateway.cancel(events.CancelOrder("d"), TEN)] == ["cancelled"]


def test_F31_a_part_and_nothing_more():
    gateway = PaperGateway(faults=[PaperFault(what="part")])
    gateway.place(an_entry(10), TEN)
    assert told(gateway, bar(TEN), bar(TEN + 60 * SECOND)) == [("working", 5, 5_000)]


def test_F20_a_silent_broker_has_the_order():
    gateway = PaperGateway(faults=[PaperFault(what="silent")])
    with pytest.raises(PaperSilenceError):
        gateway.place(an_entry(10), TEN)
    assert told(gateway, bar(TEN)) == [("filled", 10, 10_000)]


@pytest.mark.parametrize("name", PROFILES)
def test_a_day_under_any_profile_is_rebuilt_from_its_journal(tmp_path, name):
    """Played, read again: the same book, no share more; the record replays; and a broker from it knows each order."""
    bars = demo_bars()
    own = {i.key: [EmaCross(symbol=i.symbol, interval=INTERVAL, fast=FAST, slow=SLOW)] for i in bars}
    faults = [PaperFault(what="silent", nth=2), PaperFault(what="reject", on="exit", nth=1)]
    with Journal(tmp_path / "j.db") as journal:
        paper = PaperGateway(profile_named(name), faults)
        player = BarPlayer(journal, demo_policy(), bars, own, interval=INTERVAL, paper=paper)
        for _ in player.play():
            pass
        book = player.runner.state.book
        assert not book.positions
        assert replay(journal).same
        again = PaperGateway(profile_named(name), faults)
        again.rebuild(row.event for row in journal.rows())
        orders = [row.event.order.order_id for row in journal.rows(types=["EntryApproved", "ExitApproved"])]
        assert len(orders) >= 6
        assert all(again.latest(one) == paper.latest(one) for one in orders)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("{}", "must be a list"),
        ("[1]", "fault 1: must be like"),
        ('[{"on": "entry"}]', "fault 1: the keys are what"),
        ('[{"what": "reject"}, {"what": "burn"}]', "fault 2: what is one of reject, hold, part, silent"),
        ('[{"what": "hold", "nth": 0}]', "nth is the place of an order"),
        ('[{"what": "hold", "key": "INFY"}]', "fault 1: key is an instrument with its exchange, .* got 'INFY'"),
        ('[{"what": "hold", "key": ["NSE:INFY"]}]', "fault 1: key is an instrument with its exchange"),
        ('[{"what": "hold", "key": null}]', "fault 1: key is an instrument with its exchange"),
    ],
)
def test_a_script_that_cannot_be_is_told_by_place(tmp_path, text, why):
    path = tmp_path / "faults.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=why):
        read_faults(path)


def test_a_script_is_read(tmp_path):
    path = tmp_path / "faults.json"
    path.write_text('[{"what": "part", "on": "exit", "nth": 3, "key": "NSE:INFY"}]', "utf-8")
    assert read_faults(path) == (PaperFault(what="part", on="exit", nth=3, key="NSE:INFY"),)


def test_a_name_that_is_no_profile_lists_those_there_are():
    with pytest.raises(ValueError, match="ideal, steady, thin, rough"):
        profile_named("best")
    assert profile_named("ideal") is IDEAL


@pytest.mark.parametrize(
    "wrong", [{"latency_s": Decimal(-1)}, {"part_pct": 0}, {"rejected_per_1000": 1001}, {"protection_pct": Decimal(0)}]
)
def test_a_profile_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="profile x"):
        PaperProfile(name="x", **wrong)


def test_the_ideal_profile_is_the_cores_broker():
    """Order by order, report by report."""
    broker, gateway = rc.Broker(), PaperGateway(IDEAL)
    for event in (
        an_entry(10),
        bar(TEN),
        an_exit(10, level=Decimal(999), reference=Decimal(999)),
        bar(TEN + 60 * SECOND),
    ):
        if isinstance(event, events.PricesSeen):
            broker, reports = broker.see(event)
            assert gateway.see(event) == reports
        else:
            broker, report = broker.place(event, TEN)
            assert gateway.place(event, TEN) == (report,)


def test_prices_that_were_met_before_a_restart_are_not_met_again():
    """A part of a bar is journalled before the bar: who is killed in between is shown it once more."""
    order, met, signal = an_entry(999), bar(TEN), rc.Signal("INFY", "BUY", at=TEN)
    whole, ended, again = (PaperGateway(PROFILES["thin"]) for _ in range(3))
    for gateway in (whole, ended):
        gateway.place(order, TEN)
    [part] = ended.see(met)
    again.rebuild([events.EntryApproved(TEN, signal, order, "", ()), part])
    later = bar(met.at)
    assert told(again, met, later) == told(whole, met, later)[1:]


def test_the_part_of_the_fault_script_is_of_whole_lots():
    for whole, part in ((25, 25), (75, 25), (100, 50)):
        gateway = PaperGateway(faults=[PaperFault(what="part")])
        gateway.place(an_entry(whole, instrument=evolve(INFY, lot_size=25)), TEN)
        assert gateway.see(bar(TEN))[0].filled_quantity == part


def test_after_a_restart_an_order_fills_what_it_had_left_and_one_that_never_went_fills_nothing():
    """Cancelled and refused ones neither."""
    signal = rc.Signal("INFY", "BUY", at=TEN)
    half = events.OrderReported(TEN + SECOND, "a", "working", 4, Decimal(4_000))
    unsent = events.OrderReported(TEN, "b", "rejected", 0, Decimal(0), note="not sent: a hard cap")
    gone = events.OrderReported(TEN + SECOND, "d", "cancelled", 3, Decimal(3_000))
    again = PaperGateway(IDEAL)
    again.rebuild(
        [
            *(events.EntryApproved(TEN, signal, an_entry(10, order_id=name), "", ()) for name in "abcd"),
            unsent,
            half,
            gone,
            events.CancelRequested(TEN + SECOND, "c", "too late"),
        ]
    )
    found = [(r.order_id, r.status, r.filled_quantity, r.filled_value) for r in again.see(tick(TEN + 2 * SECOND, 999))]
    assert found == [("a", "filled", 10, 4_000 + 6 * 999)]
    assert [again.latest(name).status for name in "abcd"] == ["filled", "cancelled", "cancelled", "cancelled"]

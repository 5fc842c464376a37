"""What must have happened in an account before each recorded exchange: a setup per file, and steps before cases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import riskcore as rc
from tests.fake.exchanges import exchanges, rows
from tests.fake.world import MONDAY


def stage(file, world):
    """Make the account that the recording begins with."""
    SETUPS.get(file, lambda world: None)(world)


def before(file, case, world):
    """Do what happened right before this exchange."""
    for beginning, step in STEPS.get(file, {}).items():
        if case.startswith(beginning):
            step(world)


def busy(world):
    """The account after all that placeorder.json did."""
    world.fresh()
    for row in exchanges("placeorder"):
        before("placeorder", row["case"], world)
        world.replay(row)
    world.broker.data_fails = ""
    world.post("positionbook")


def some_orders(world):
    """Those that other recordings speak of: open, waiting, complete, rejected."""
    world.place("26112383122212", "RELIANCE", "BUY", 10, pricetype="LIMIT", price=1390)
    world.place("26112396767149", "RELIANCE", "SELL", 10, pricetype="SL", price=1379, trigger=1380)
    world.place("26112311151654", "RELIANCE", "SELL", 10, pricetype="SL-M", trigger=1380)
    world.place("26112324361803", "YESBANK", "BUY", 7)
    world.place("a purchase", "INFY", "BUY", 5, product="CNC")
    world.place("26112314227291", "INFY", "SELL", 50, product="CNC")
    world.place("26112332745416", "RELIANCE", "BUY", 10, pricetype="LIMIT", price=1300)


def pnl_story(number):
    """One step of the story that positionbook, funds and pnl/symbols tell."""

    def step(world):
        if number == 1:
            world.fresh()
            world.place("s1", "RELIANCE", "BUY", 100)
        elif number == 3:
            world.place("s3", "RELIANCE", "SELL", 40)
        elif number == 5:
            world.place("s5", "RELIANCE", "SELL", 60)
        elif number == 7:
            world.place("s7", "RELIANCE", "SELL", 20)
        elif number == 8:
            world.tick("RELIANCE", 1385)
            world.place("s8", "RELIANCE", "BUY", 50)
        elif number == 9:
            world.place("s9", "INFY", "BUY", 5, product="CNC")
            world.place("s10", "TCS", "SELL", 2)
        else:
            world.tick("RELIANCE", {2: 1410, 4: 1380, 6: 1390}[number])
        world.post("positionbook")

    return step


STORY = {f"story {number}:": pnl_story(number) for number in range(1, 10)}
ACCOUNT = {"success (busy account)": busy, "success (fresh account": lambda world: world.fresh(), **STORY}


def whole_story(world):
    for number in range(1, 9):
        pnl_story(number)(world)


def after_closeposition(world):
    pnl_story(9)(world)
    world.post("closeposition", strategy="demo")


def three_limits_and_a_stop(world):
    for number, strategy in enumerate(("demo", "s1", "s2")):
        world.place(f"L{number}", "RELIANCE", "BUY", 1, pricetype="LIMIT", price=1300 + number, strategy=strategy)
    world.place("S", "RELIANCE", "SELL", 1, pricetype="SL-M", trigger=1200)


def after_cancelall(world):
    three_limits_and_a_stop(world)
    world.post("cancelallorder", strategy="demo")


def three_positions(world):
    world.place("1", "RELIANCE", "BUY", 30)
    world.place("2", "INFY", "BUY", 5, product="CNC")
    world.place("3", "TCS", "SELL", 2)


def gtts(world):
    for row in exchanges("placegttorder"):
        world.replay(row)


def gtt_triggered(world):
    world.place("held", "SBIN", "BUY", 10, product="CNC")
    gtts(world)
    world.tick("SBIN", 755)


def once(step):
    """A step that several exchanges share, taken before the first of them."""

    def only_first(world):
        if step not in world.taken:
            world.taken.add(step)
            step(world)

    return only_first


def at(text, tick=None):
    """Set the clock to a moment of the recordings' week."""

    def step(world):
        day, _, time = text.partition(" ")
        date = MONDAY.date() + timedelta(days=int(day))
        world.clock.at = datetime.fromisoformat(f"{date.isoformat()}T{time}").replace(tzinfo=rc.IST)
        if tick:
            world.tick(*tick)
        world.broker.check()

    return step


def fails(words):
    def step(world):
        world.broker.data_fails = words

    return step


def quoted(symbol, last, **more):
    def step(world):
        world.broker.quote(f"NSE:{symbol}", last, **more)

    return step


def bars(world):
    """A week of days and two days of minutes."""

    def some(first, step, count):
        return [
            rc.Bar(at=first + n * step, open=1400, high=1410, low=1390, close=1405, volume=1000) for n in range(count)
        ]

    day, minute = timedelta(days=1), timedelta(minutes=1)
    world.broker.bars("NSE:RELIANCE", "D", some(MONDAY.replace(hour=9, minute=15) - 7 * day, day, 5))
    world.broker.bars("NSE:RELIANCE", "1m", some(datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST), minute, 375))
    world.broker.bars("NSE:RELIANCE", "5m", some(MONDAY.replace(hour=9, minute=15), 5 * minute, 16))


def holidays(world):
    listed = exchanges("market_holidays")[0]["response"]["data"]
    world.broker.holidays[2026] = [row for row in listed if isinstance(row, dict)]


def foreign_symbol(world):
    """A symbol that trades at the broker and is in no table of OpenAlgo's."""
    world.broker.analyzer = False
    world.broker.quote("NSE:NOSUCH", "219.66")
    world.broker.unlist("NSE:NOSUCH")


def dead(world):
    world.broker.token_dies()


def live(*, on):
    def step(world):
        world.broker.analyzer = not on

    return step


def incoherent(world):
    world.fresh()
    world.broker.quote("NSE:INFY", 1500, bid="1499.95", ask="1500.05", high=1490, low=1480)


def coherent(world):
    world.broker.quote("NSE:INFY", 1500, bid="1499.95", ask="1500.05")


def orphan_stop(world):
    world.fresh()
    world.place("p", "RELIANCE", "BUY", 10)
    world.place("q", "RELIANCE", "SELL", 10, pricetype="SL-M", trigger=1390)


def ten_reliance(world):
    world.fresh()
    world.place("p", "RELIANCE", "BUY", 10)
    world.tick("RELIANCE", 1420)


def eight_at_once(world):
    """Eight callers, cash for one."""
    world.fresh(2800)
    order = next(row for row in rows("concurrency") if row["case"].startswith("8 identical"))["request"]["json"]
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: world.post("placeorder", **order), range(8)))
    assert sorted(status for status, _ in answers) == [200] + [400] * 7


def gtt_book(world):
    world.tick("SBIN", 755)


SETUPS = {
    "modifyorder": some_orders,
    "cancelorder": some_orders,
    "orderstatus": some_orders,
    "cancelgttorder": gtts,
    "modifygttorder": gtts,
    "gttorderbook": gtts,
    "history": bars,
    "market_holidays": holidays,
    "market_timings": holidays,
    "live_mode": foreign_symbol,
    "gunicorn_eventlet": lambda world: setattr(world.broker, "slow_first_fill", 12.0),
    "sessions": at("0 15:13:52"),
    "overnight": at("0 14:00:03"),
    "semi_auto_mode": lambda world: setattr(world.broker, "semi_auto", True),
}

STEPS = {
    "placeorder": {"broker quote failure on MARKET": fails("stub: broker says no")},
    "analyzer": {"after 'off' text": live(on=True), "live": live(on=True), "analyze": live(on=False)},
    "cancelallorder": {"success (3 LIMIT": three_limits_and_a_stop},
    "closeposition": {"success (3 open": three_positions},
    "openposition": {"success long": busy},
    "orderbook": {
        "success (busy account)": busy,
        "after the P&L story": whole_story,
        "after closeposition": after_closeposition,
        "after cancelallorder": after_cancelall,
        "after GTT trigger": gtt_triggered,
    },
    "tradebook": {"success (busy account)": busy, "after the P&L story": whole_story},
    "positionbook": {**ACCOUNT, "after closeposition": lambda world: world.post("closeposition", strategy="demo")},
    "funds": ACCOUNT,
    "pnl_symbols": ACCOUNT,
    "holdings": {"success (busy account)": busy},
    "gttorderbook": {"after stop leg": gtt_book},
    "orderstatus": {
        "after modify": lambda world: world.broker.modify(world.ids["26112383122212"], quantity=12, price=1385),
        "7 s after": lambda world: (
            world.broker.modify(world.ids["26112383122212"], quantity=12, price=1450),
            world.broker.check(),
        ),
        "cancelled": lambda world: world.broker.cancel(world.ids["26112332745416"]),
    },
    "quotes": {"broker error": fails("stub: broker says no"), "slow broker (3 s)": fails("")},
    "multiquotes": {"broker error": fails("stub: broker says no"), "success": fails("")},
    "depth": {"broker error": fails("stub: broker says no")},
    "history": {"broker error": fails("stub: broker says no"), "daily success": fails("")},
    "live_mode": {
        "placeorder broker raises": dead,
        "placegttorder": lambda world: world.broker.login(),
        "positionbook of the sandbox": live(on=False),
    },
    "semi_auto_mode": {"placeorder with analyzer OFF": live(on=True)},
    "data_quality": {
        "immediately after": ten_reliance,
        "broker data calls fail": fails("stub: feed down"),
        "MARKET while last price": incoherent,
        "7 s after the range": coherent,
        "MARKET with bid/ask 0": quoted("TCS", 3000, bid=0, ask=0),
        "MARKET with last price 0": quoted(
            "SBIN", 0, bid="-0.05", ask="0.05", open=800, prev_close=800, high=816, low=0, volume=1234567
        ),
        "closeposition with a resting": orphan_stop,
        "price falls through": lambda world: world.tick("RELIANCE", 1385),
        "capital 2800": lambda world: world.fresh(2800),
    },
    "concurrency": {"after the 8 parallel": once(eight_at_once)},
    "sessions": {
        "after square-off (seen": at("0 15:15:01"),
        "15:16": at("0 15:16:00"),
        "15:45": at("0 15:45:02"),
        "22:00": at("0 22:00:02"),
        "next day 02:50": at("1 02:50:00"),
        "next day 03:05": at("1 03:05:00"),
        "next day 08:30": at("1 08:30:02"),
        "next day 09:05": at("1 09:05:02"),
        "next day 10:00": at("1 10:00:00"),
        "Saturday 11:00": at("5 11:00:00"),
    },
    "overnight": {
        "Tue 00:00:35": at("1 00:00:35"),
        "Tue 03:00:35": at("1 03:00:35"),
        "Tue 10:00 after the price falls through Monday's limit (2490)": at("1 10:00:08", ("TCS", 2490)),
        "Tue 10:00": at("1 10:00:08"),
    },
}

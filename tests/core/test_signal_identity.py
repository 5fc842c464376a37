"""Which signals are the same one: by exchange too, whatever the number of what is to leave is written like."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.engine_days import SEEN, a_day


def signal(**more):
    day = a_day()
    return rc.Signal("INFY", "SELL", **{"at": day.at("10:05"), "bar_at": day.at("10:00"), "kind": rc.EXIT, **more})


def test_the_same_symbol_of_another_exchange_is_another_signal():
    """The NSE is not named: an order of an older journal keeps its id."""
    assert signal().id == "script:INFY:SELL:exit:20261120T100000"
    assert signal(exchange="BSE").id == "script:INFY@BSE:SELL:exit:20261120T100000"


@pytest.mark.parametrize("name", ["BSE", "BSE:INFY", "INFY@BSE", "INFY@BSE:SELL:exit"])
@pytest.mark.parametrize("which", ["strategy", "source"])
def test_no_strategy_and_no_source_has_a_name_that_is_an_exchange(name, which):
    """A strategy that was called BSE took the exit on the BSE for a repetition of its own."""
    other = {"exchange": "BSE"} if which == "strategy" else {"exchange": "BSE", "source": ""}
    assert signal(**{which: name}).id != signal(**other).id
    assert signal(**{which: name}, exchange="BSE").id != signal(**other).id


def test_an_exit_on_one_exchange_does_not_swallow_that_on_another():
    """Both are held; a strategy leaves both on one bar."""
    day = a_day()
    for exchange in ("NSE", "BSE"):
        taken = day.take(e.SignalArrived(day.at("10:05"), signal(exchange=exchange)))
        assert not any(isinstance(fact, e.SignalRepeated) for fact in taken)


@pytest.mark.parametrize("written", [50, 50.0, "50.00"])
def test_a_part_is_the_same_however_its_number_is_written(written):
    assert (
        signal(reduce_pct=written).id == signal(reduce_pct="50.0").id == "script:INFY:SELL:exit-50pct:20261120T100000"
    )


@pytest.mark.parametrize("exchange", ["", "NSE ", "XXX", "nse"])
def test_an_exchange_that_is_none_is_refused_where_the_signal_is_made(exchange):
    with pytest.raises(ValueError, match=r"Signal\.exchange must be one of NSE, BSE, NFO"):
        signal(exchange=exchange)


def test_a_waiting_signal_of_what_is_no_instrument_holds_up_no_stop():
    """Whatever got into the journal: the clock and the stops of the account go on."""
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000)
    odd = rc.Signal("TCS", "BUY", at=day.at("10:01"))
    object.__setattr__(odd, "exchange", "nowhere")
    day.take(e.SignalArrived(day.at("10:01"), odd))
    assert [one.symbol for one in day.state.pending] == ["TCS"]
    day.prices("10:01:30", last=979)
    assert day.sent()[-1].reason == "stop"

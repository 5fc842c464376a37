"""An entry that the exchange takes in slices alone is one entry to whoever looks: console, page, alarms, metrics."""

from riskcore_openalgo.cli import control
from riskcore_openalgo.cli.main import parser
from riskcore_openalgo.metrics import Metrics
from tests.runner.live_days import live_day
from tests.watch.test_metrics import samples
from tests.web.control.pages import page_of

ACT = ("control", "enter", "buy", "INFY", "--stop", "980", "--why", "the tests", "--by", "asha")


def test_an_entry_in_slices_is_told_of_once_and_as_a_whole(tmp_path, capsys):
    """The console told of the first slice alone; on the page, in the alarms and in the metrics each was an entry."""
    with live_day(tmp_path / "live.db", start=False) as day:
        day.broker.contract("NSE:INFY", tick="0.1", freeze=20)
        day.start()
        day.ready()
        assert control.run(parser().parse_args([*ACT, "--journal", str(day.path)]), clock=day.clock) == 0
        day.until(lambda: day.position is not None and day.covered(), "1000.1")
        entries = [order.approved for order in day.state.book.orders if order.is_entry]
        whole = sum(entry.quantity for entry in entries)
        assert len(entries) > 1
        assert capsys.readouterr().out.startswith(f"approved: BUY {whole} NSE:INFY")
        with page_of(day) as page:
            page.login()
            (decision,) = page.state()["decisions"]
        assert decision["why"][0].startswith(f"{whole} to ")
        metrics = Metrics()
        for row in day.day.live.runner.journal.rows("fact"):
            metrics.watch(row.event)
    assert samples(metrics)["riskcore_entries_total",] == 1

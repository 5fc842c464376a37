"""`riskcore doctor`: every check on its own, and the command against the fake OpenAlgo, an intake, and nobody."""

import json
import time
from argparse import Namespace
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.cli.doctor import run
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.cli.watching import refuse_plain
from riskcore_openalgo.config import ConfigurationError, OldSecret, Settings, load_settings, write_defaults
from riskcore_openalgo.doctor import gateway, limits, machine
from riskcore_openalgo.doctor.strategies import strategies
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.story import story
from riskcore_openalgo.journal.synced import refuse_synced, synced_by
from riskcore_openalgo.testing import LIVE, FakeBroker, FakeOpenAlgo
from tests.runner.test_runner import Bench
from tests.web.senders import taking

DAY = datetime(2026, 11, 20, 10, 30, tzinfo=rc.IST)
SECRET = "a-long-secret-of-the-tests"
KEY = "a-key-of-the-tests"


def now():
    return datetime.now(rc.IST)


def written(folder, host, port, *, mode="live", watch="[INFY]", key=KEY):
    """A configuration in a folder, its journal beside it."""
    (folder / "api_credentials.yaml").write_text(
        f'api_credentials:\n  openalgo:\n    host: {host}\n    api_key: "{key}"\n'
        f'  webhook:\n    secrets: {{tv: "{SECRET}"}}\n',
        encoding="utf-8",
    )
    (folder / "system_config.yaml").write_text(
        f'system:\n  mode: {mode}\n  journal: "{(folder / "riskcore.db").as_posix()}"\n  watch: {watch}\n'
        f"  intake:\n    port: {port}\n",
        encoding="utf-8",
    )
    return folder


def doctor(folder, capsys, **more):
    """Exit code, and the checks by name."""
    asked = {"config": folder, "journal": None, "url": None, "send_alert": None, "json": True, **more}
    code = run(Namespace(**asked), clock=now)
    return code, {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}


@contextmanager
def answering(body):
    """Another program, which answers everything alike; its port."""

    class Alike(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.do_GET()

        def log_message(self, *_):
            """It says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Alike) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def openalgo():
    broker = FakeBroker(clock=now, cash=1_000_000, profile=LIVE)
    broker.contract("NSE:INFY", tick="0.05")
    with FakeOpenAlgo(broker, key=KEY) as server:
        yield server


def test_a_desk_that_is_well_has_no_failure(tmp_path, openalgo, capsys):
    """Against OpenAlgo and a running intake; what only the first order can show is a warning."""
    bench = Bench(tmp_path / "other.db")
    with taking(bench, secrets={"tv": SECRET}) as server:
        folder = written(tmp_path, openalgo.host, server.port)
        assert main(["credentials", "encrypt", "--config", str(folder)]) == 0
        capsys.readouterr()
        code, checks = doctor(folder, capsys)
    bench.journal.close()
    told = {name: check["status"] for name, check in checks.items()}
    well = ("clock", "version", "credentials", "mode", "money", "stops")
    well += ("symbols", "journal", "secrets", "intake", "off")
    assert code == 0
    assert [told[name] for name in well] == ["ok"] * len(well)
    assert told["semi_auto"] == "warn"
    assert all(check["remedy"] for check in checks.values() if check["status"] != "ok")
    assert KEY not in json.dumps(checks) + SECRET


@pytest.mark.parametrize(
    ("change", "name", "says"),
    [
        ({"key": "another-key"}, "credentials", "not accepted"),
        ({"watch": "[INFY, NOSUCH]"}, "symbols", "NSE:NOSUCH"),
    ],
)
def test_what_openalgo_does_not_take_fails_by_name(tmp_path, openalgo, capsys, change, name, says):
    code, checks = doctor(written(tmp_path, openalgo.host, 1, **change), capsys)
    assert (code, checks[name]["status"]) == (1, "fail")
    assert says in checks[name]["found"]


@pytest.mark.parametrize("made", [False, True])
def test_without_any_openalgo_it_says_so_and_looks_at_the_rest(tmp_path, capsys, made):
    """One failure; what could not be asked is named, and nothing waits for long.

    A journal whose making was cut off is made by the first run, as one that is not there.
    """
    if made:
        (tmp_path / "riskcore.db").touch()
    code, checks = doctor(written(tmp_path, "http://127.0.0.1:9", 9), capsys)
    assert code == 1
    assert "nobody answers at http://127.0.0.1:9" in checks["credentials"]["found"]
    assert [checks[name]["status"] for name in ("clock", "mode", "symbols", "intake")] == ["warn"] * 4
    assert checks["journal"]["status"] == "ok"


def test_without_a_key_and_without_a_configuration_the_text_has_a_remedy_for_each(monkeypatch, capsys):
    monkeypatch.delenv("OPENALGO_API_KEY", raising=False)
    assert main(["doctor"]) == 1
    text = capsys.readouterr().out
    assert text.isascii()
    assert "FAIL  credentials     there is no API key" in text
    assert text.count("-> ") == text.count("FAIL  ") + text.count("WARN  ")


def test_a_sample_alert_goes_the_whole_way_and_can_trade_nothing(tmp_path, capsys):
    """Its receipt leads to its story in the journal: taken, and refused by name."""
    bench = Bench(tmp_path / "riskcore.db")
    with taking(bench, secrets={"tv": SECRET}) as server:
        folder = written(tmp_path, "http://127.0.0.1:9", server.port)
        code, checks = doctor(folder, capsys, send_alert="")
        again, other = doctor(folder, capsys, send_alert="nobody")
    found = checks["send_alert"]["found"]
    bench.journal.close()
    assert (code, again, other["send_alert"]["found"]) == (0, 1, "there is no secret of nobody")
    with Reader(bench.journal.path) as journal:
        told = story(journal, found.rpartition(" ")[2])
    assert told.ending == "refused"
    assert any("FAIL position: " in line for line in told.steps[-1].lines)


def test_the_sign_of_life_is_given_once_and_told_where_nobody_answers(tmp_path, capsys):
    """A slip in its address would else be found out when a runner had died."""
    folder = written(tmp_path, "http://127.0.0.1:1", 1)
    plain = (folder / "api_credentials.yaml").read_text(encoding="utf-8")
    assert "heartbeat" not in doctor(folder, capsys)[1]
    with answering(b"OK") as port:
        for place, status in ((port, "ok"), (1, "fail")):
            told = f'{plain}  alerts: {{heartbeat_url: "http://127.0.0.1:{place}/a-token"}}\n'
            (folder / "api_credentials.yaml").write_text(told, encoding="utf-8")
            checks = doctor(folder, capsys)[1]
            assert (checks["heartbeat"]["status"], "a-token" in str(checks)) == (status, False)


@pytest.mark.parametrize("body", [b"[1]", b"null", b"3", b"<html>", b"\xff\xfe", b"", b"[" * 2000])
def test_a_sample_alert_to_another_program_fails_in_words(tmp_path, capsys, body):
    with answering(body) as port:
        folder = written(tmp_path, "http://127.0.0.1:9", port)
        code, checks = doctor(folder, capsys, send_alert="")
        again, others = doctor(folder, capsys)
    assert (code, checks["send_alert"]["status"], again, others["intake"]["status"]) == (1, "fail", 1, "fail")
    assert checks["send_alert"]["found"].endswith("answers 200, and no receipt: that is another program")


@pytest.mark.parametrize(
    "url", ["nonsense", "", "ftp://x", "http://:80", "http://h:abc", "http://h:99999", "http://[::1", "http://a b/"]
)
def test_what_is_no_address_is_said_to_be_none(tmp_path, capsys, url):
    folder = written(tmp_path, "http://127.0.0.1:9", 9)
    _, checks = doctor(folder, capsys, url=url)
    _, sent = doctor(folder, capsys, url=url, send_alert="")
    for check in (checks["intake"], sent["send_alert"]):
        assert check["status"] == "fail"
        assert check["found"].endswith("is no address such as https://alerts.example.org")


def test_a_sample_alert_to_nobody_fails(tmp_path, capsys):
    code, checks = doctor(written(tmp_path, "http://127.0.0.1:9", 9), capsys, send_alert="tv")
    assert (code, checks["send_alert"]["status"]) == (1, "fail")


@pytest.mark.parametrize(("seconds", "status"), [(0, "ok"), (4, "ok"), (-4, "ok"), (60, "fail"), (-60, "fail")])
def test_the_clock_is_held_against_openalgos(openalgo, seconds, status):
    """To the second that a Date header has."""
    found = machine.clock(openalgo.host, now() + timedelta(seconds=seconds), 5)
    assert (found.status, bool(found.remedy)) == (status, status == "fail")


def test_an_openalgo_that_is_slow_to_answer_is_no_clock_that_is_off(openalgo, monkeypatch):
    """Our moment is that of the question, its own that of the answer."""
    date_of = machine._date_of

    def slow(host):
        time.sleep(2.1)
        return date_of(host)

    monkeypatch.setattr(machine, "_date_of", slow)
    assert machine.clock(openalgo.host, now(), 1).status == "ok"
    assert machine.clock(openalgo.host, now() - timedelta(seconds=60), 1).status == "fail"


@pytest.mark.parametrize(
    ("day", "status"),
    [("2026-11-20", "ok"), ("2026-12-01", "warn"), ("2026-12-31", "warn"), ("2027-02-01", "fail")],
)
def test_the_calendars_end_is_told_a_month_before(day, status):
    """And a day that it does not know fails: entries are refused then."""
    assert machine.calendar(datetime.fromisoformat(day).date(), None).status == status


@pytest.mark.parametrize(
    ("path", "program"),
    [
        ("/srv/a/OneDrive/desk/riskcore.db", "OneDrive"),
        ("/srv/a/OneDrive - Firm/riskcore.db", "OneDrive"),
        ("/srv/a/Dropbox/riskcore.db", "Dropbox"),
        ("/srv/a/Google Drive/My Drive/x/riskcore.db", "Google Drive"),
        ("/srv/a/Library/Mobile Documents/com~apple~CloudDocs/riskcore.db", "iCloud"),
        ("/srv/a/Library/CloudStorage/x/riskcore.db", "a cloud of macOS"),
        ("/srv/a/Nextcloud/riskcore.db", "Nextcloud"),
        ("/srv/a/boxes/riskcore.db", None),
        ("/srv/a/journal/riskcore.db", None),
    ],
)
def test_a_synced_folder_is_known_by_its_name(path, program):
    assert synced_by(Path(path), {}) == program
    assert (
        machine.journal_place(Path(path), {}).status == ("ok" if Path(path).parent.exists() else "fail") or not program
    )


def test_a_synced_folder_is_known_by_its_marks_through_a_link_and_by_the_environment(tmp_path):
    """And a live day refuses it before anything is written there."""
    cloud, link = tmp_path / "cloud", tmp_path / "link"
    cloud.mkdir()
    assert synced_by(cloud / "a.db", {}) is None
    assert synced_by(cloud / "a.db", {"OneDrive": str(tmp_path)}) == "OneDrive"
    (cloud / ".stfolder").mkdir()
    link.symlink_to(cloud, target_is_directory=True)
    assert synced_by(link / "a.db", {}) == "Syncthing"
    with pytest.raises(ValueError, match="Syncthing copies while the journal is written"):
        refuse_synced(link / "a.db")
    assert machine.journal_place(cloud / "a.db", {}).status == "fail"
    assert machine.nearest(Path(tmp_path.anchor)) == Path(tmp_path.anchor)


def test_room_on_the_disk(monkeypatch, tmp_path):
    for free, status in ((50, "fail"), (500, "warn"), (5000, "ok")):
        usage = Namespace(free=free * machine.MIB)
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda _, usage=usage: usage)
        assert machine.disk(tmp_path / "a" / "b.db").status == status


def test_secrets_that_are_short_or_old_are_told_without_themselves():
    webhook = Settings().credentials.webhook
    short = attrs.evolve(webhook, secrets={"tv": "short", "scan": SECRET})
    old = OldSecret(secret="before-" + SECRET, until=DAY)
    both = attrs.evolve(webhook, secrets={"tv": SECRET}, old_secrets={"tv": old})
    for made, status, says in (
        (webhook, "warn", "no source"),
        (short, "warn", "20 characters: tv"),
        (both, "ok", "tv's old one opens until 2026-11-20 10:30"),
    ):
        settings = Settings(credentials=attrs.evolve(Settings().credentials, webhook=made))
        found = machine.secrets(settings)
        assert (found.status, says in found.found) == (status, True)
        assert "before-" not in found.found


def test_secrets_in_plain_text_with_which_live_does_not_start_are_told_before_it(tmp_path):
    """`riskcore live` refuses them; the doctor of a configuration for live says so, and of one for paper nothing."""
    write_defaults(tmp_path)
    given = "api_credentials:\n  openalgo: {api_key: a-key-of-the-tests}\n"
    (tmp_path / "api_credentials.yaml").write_text(given, encoding="utf-8")
    paper = load_settings(tmp_path)
    live = attrs.evolve(paper, system=attrs.evolve(paper.system, mode="live"))
    with pytest.raises(ConfigurationError):
        refuse_plain(live, real=True)
    found = machine.secrets(live)
    assert (found.status, found.remedy) == ("fail", "riskcore credentials encrypt")
    assert "openalgo.api_key" in found.found
    assert "a-key-of-the-tests" not in found.found
    assert machine.secrets(paper).status == "warn"


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({}, ""),
        ({"max_trades_per_day": 1, "max_positions": 3}, "max_positions 3"),
        ({"max_position_size_percent": 5, "max_positions": 2}, "max_sector_exposure 20 %"),
        ({"max_daily_loss": 6}, "max_daily_loss 6 %: 5 trades lose at most 5 %"),
        ({"max_open_risk": 10}, "max_open_risk 10 %"),
        ({"stop_greatest_pct": 3}, "risk_per_trade: no stop is wider than 3 %"),
        ({"breakeven_at_r": 3}, "breakeven_at_r 3R: target_r_multiple takes all of a position at 2.5R"),
    ],
)
def test_limits_that_can_never_bind_are_named(policy, says):
    found = limits.never_bind(rc.Policy(**policy), DAY.date()).found
    assert says in found
    assert says or "max_daily_loss" not in found


def test_the_risk_that_is_really_taken_is_worked_out():
    """A position of a tenth of the capital loses a tenth of a percent at a stop one percent away."""
    plain = limits.effective_risk(rc.Policy(), DAY.date())
    assert (plain.status, "0.1 % at a stop 1 % away" in plain.found) == ("warn", True)
    margin = limits.effective_risk(rc.Policy(position_size_basis="margin"), DAY.date())
    assert (margin.status, "0.5 % at a stop 1 % away" in margin.found) == ("ok", True)
    assert "max_drawdown" in limits.switched_off(rc.Policy()).found
    assert "max_drawdown" not in limits.switched_off(rc.Policy(max_drawdown=10)).found


class Held(PaperGateway):
    """A gateway of an OpenAlgo in semi-auto mode."""

    def place(self, order, at):
        return (events.OrderReported(at, order.order_id, "awaiting_approval", 0, 0),)


@pytest.mark.parametrize(("gateway_of", "status"), [(Held, "fail"), (PaperGateway, "ok")])
def test_orders_that_waited_for_approval_are_a_failure(tmp_path, gateway_of, status):
    """The journal tells what OpenAlgo does not: whether orders of ours were held."""
    (tmp_path / "system_config.yaml").write_text("system:\n  mode: live\n", encoding="utf-8")
    live = load_settings(tmp_path)
    bench = Bench(tmp_path / "riskcore.db", gateway_of())
    with Reader(bench.journal.path) as journal:
        assert gateway.semi_auto(live, journal).status == "warn"
    bench.signal()
    bench.journal.close()
    with Reader(bench.journal.path) as journal:
        assert gateway.semi_auto(live, journal).status == status
    assert gateway.semi_auto(Settings(), None).status == "ok"


# ---------------------------------------------------------------- strategies of one's own


def of_rules(folder, text):
    """What the doctor says of these trading rules."""
    (folder / "trading_rules.yaml").write_text(f"trading_rules:\n{text}", encoding="utf-8")
    check = strategies(load_settings(folder))
    return check.status, check.found, check.remedy


def test_strategies_are_made_as_a_day_makes_them(tmp_path):
    """What is sent of each, and what only shadows."""
    two = "  strategies:\n    - {name: one, function: donchian, symbols: [INFY, TCS], interval: 5m}\n"
    assert strategies(Settings()).found == "none of your own"
    assert of_rules(tmp_path, two)[:2] == ("ok", "one on 5m of INFY, TCS: sent")
    assert of_rules(tmp_path, f"  live_symbols: [TCS]\n{two}")[:2] == ("ok", "one on 5m of INFY, TCS: sent of TCS")
    for none in ("[SBIN]", "[]"):
        status, found, remedy = of_rules(tmp_path, f"  live_symbols: {none}\n{two}")
        assert (status, found) == ("warn", "one on 5m of INFY, TCS: shadows")
        assert "live_symbols" in remedy


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("no_such_module:thing", "is its folder on PYTHONPATH?"),
        ("donchian, parameters: {length: 5}", "unexpected keyword argument 'length'"),
    ],
)
def test_a_strategy_that_leads_nowhere_is_found_before_the_day_is(tmp_path, function, said):
    status, found, remedy = of_rules(
        tmp_path, f"  strategies: [{{name: one, symbols: [INFY], function: {function}}}]\n"
    )
    assert status == "fail"
    assert said in found
    assert "trading_rules.yaml" in remedy

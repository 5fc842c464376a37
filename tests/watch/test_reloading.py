"""Hot reload: what is whole and right comes into force between decisions; else the old stays, and somebody is told."""

import time
from datetime import datetime

import attrs
import pytest

import riskcore as rc
from riskcore import engine, events
from riskcore.control import Control
from riskcore.state import HeldPolicy
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.runner.reloading import Reloader, Swaps, needs_a_restart

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)
RISK, KEYS, SYSTEM = "risk_management.yaml", "api_credentials.yaml", "system_config.yaml"


class Watched:
    """A folder, and who hears of what."""

    def __init__(self, folder, *, keys=True, meanwhile="", sources=None, users=None, channels=None, **more):
        self.folder, self.offered, self.told, self.keys, self.learnt = folder, [], [], [], []
        self.state = engine.State()
        self.write(RISK, "risk_management:\n  max_positions: 3\n")
        if keys:
            self.write(KEYS, "api_credentials:\n  openalgo:\n    api_key: the-first-key\n")
        settings = load_settings(folder)
        if meanwhile:
            self.write(RISK, meanwhile)
        self.reloader = Reloader(
            folder, settings, clock=lambda: NOW, offer=self.offered.append, state=lambda: self.state,
            tell=lambda text, *, name, subject="": self.told.append((name, text)), **more,
            swaps=Swaps(
                key=self.keys.append, sources=sources, users=users, channels=channels, learn=self.learnt.extend
            ),
        )  # fmt: skip

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="ascii")

    def looks(self, times=3):
        for _ in range(times):
            self.reloader.look()


@pytest.fixture
def watched(tmp_path):
    return Watched(tmp_path)


def test_a_changed_policy_is_offered_once_it_stands_still_and_the_change_is_told(watched):
    watched.looks()
    assert (watched.offered, watched.told) == ([], [])
    watched.write(RISK, "risk_management:\n  max_positions: 2\n  max_trades_per_day: 6\n")
    watched.looks(1)
    assert watched.offered == []
    watched.looks()
    assert [event.policy.max_positions for event in watched.offered] == [2]
    name, text = watched.told[0]
    assert (name, len(watched.told)) == ("configuration_changed", 1)
    changes, also = text.split("; ")
    assert changes == "policy: max_positions 3 -> 2, max_trades_per_day 5 -> 6 (looser)"
    assert also == "while the day is in loss all of it waits"
    watched.write(RISK, "risk_management:\n  max_positions: 1\n  max_trades_per_day: 6\n")
    watched.looks(2)
    assert watched.told[1][1] == "policy: max_positions 2 -> 1"


def test_what_was_changed_between_the_start_and_the_first_look_is_taken_too(tmp_path):
    """The journal is folded and the books are read in between: some seconds."""
    watched = Watched(tmp_path, meanwhile="risk_management:\n  max_positions: 2\n")
    watched.looks()
    assert [event.policy.max_positions for event in watched.offered] == [2]


def test_what_a_hand_had_set_and_the_file_undoes_is_told_with_the_change(watched):
    """An operator has taken it down to one position; somebody edits another line, and three are allowed again."""
    loaded = watched.reloader.settings.policy
    base, by_hand = rc.policy_hash(loaded), attrs.evolve(loaded, max_positions=1)
    watched.state = attrs.evolve(watched.state, control=Control(policy=by_hand, base=base))
    watched.write(RISK, "risk_management:\n  max_positions: 3\n  max_trades_per_day: 4\n")
    watched.looks()
    changed = "policy: max_trades_per_day 5 -> 4"
    assert watched.told[0][1] == f"{changed}; set by hand, and as the files say again: max_positions 1 -> 3 (looser)"
    watched.write(RISK, "risk_management:\n  max_positions: 3\n")
    watched.looks()
    assert watched.told[1][1].startswith("policy: max_trades_per_day 4 -> 5"), "the file under the hand undoes nothing"
    assert "by hand" not in watched.told[1][1]


def test_what_a_hand_had_scheduled_and_the_file_drops_is_told_too(watched):
    """Confirmed for tomorrow, and gone: whoever scheduled it would look for it in vain."""
    loaded = watched.reloader.settings.policy
    watched.state = attrs.evolve(watched.state, control=Control(next_policy=attrs.evolve(loaded, max_positions=4)))
    watched.write(RISK, "risk_management:\n  max_positions: 3\n  max_trades_per_day: 4\n")
    watched.looks()
    assert watched.told[0][1].endswith("scheduled by hand, and as the files say again: max_positions 4 -> 3")


@pytest.fixture
def tabled(watched):
    """The same, with a folder of tables: the list of Friday."""
    (watched.folder / "mine").mkdir()
    watched.write("mine/surveillance-2026-11-20.csv", "symbol,list,since\nABC,GSM,2026-11-20\n")
    watched.write(SYSTEM, "system:\n  tables: mine\n")
    watched.looks()
    watched.reloader.settings = load_settings(watched.folder)
    watched.looks()
    watched.offered.clear()
    watched.told.clear()
    return watched


def test_a_table_that_is_new_in_its_folder_is_taken(tabled):
    """A holiday that is announced today; its rows are not told one by one."""
    tabled.write("mine/days.csv", "day,kind,source\n2026-11-24,closed,NSE circular\n")
    tabled.looks()
    assert [event.policy.tables.days[0].day.day for event in tabled.offered] == [24]
    assert tabled.told == [("configuration_changed", "policy: tables")]


def test_the_list_of_a_new_day_takes_the_place_of_the_day_befores(tabled):
    """It bears its date in its name; beside the old one neither is taken, and without any nothing changes."""
    tabled.write("mine/surveillance-2026-11-23.csv", "symbol,list,since\nTCS,ASM-LT,2026-11-23\n")
    tabled.looks()
    assert tabled.told[-1][1].endswith("a second file for surveillance; keep one of them")
    (tabled.folder / "mine/surveillance-2026-11-20.csv").unlink()
    tabled.looks()
    assert [row.symbol for row in tabled.offered[-1].policy.tables.surveillance] == ["TCS"]
    (tabled.folder / "mine/surveillance-2026-11-23.csv").unlink()
    tabled.looks()
    assert tabled.told[-1][1].startswith("the old configuration stays: surveillance-2026-11-23.csv: empty, or gone")
    assert len(tabled.offered) == 1


def test_a_new_limit_whose_name_nothing_bears_is_told_with_the_change(watched):
    """Once: the next change says nothing of it."""
    limits = "  limits:\n    - {scope: strategy, name: dips, max_quantity: 5}\n"
    watched.write(RISK, f"risk_management:\n  max_positions: 3\n{limits}")
    watched.looks()
    watched.write(RISK, f"risk_management:\n  max_positions: 2\n{limits}")
    watched.looks()
    told = ["strategy dips: nothing configured has that name" in text for _, text in watched.told]
    assert told == [True, False]
    watched.write(RISK, "risk_management:\n  target_method: percent\n  target_pct: 1\n  stop_least_pct: 1\n")
    watched.looks()
    assert "target_pct: 1% at stop_least_pct 1 are 1.00 R, below min_risk_reward 2.5" in watched.told[-1][1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("risk_management:\n  max_posit", "risk_management.yaml:1"),
        ("risk_management:\n  max_positions: -1\n", "risk_management.yaml:2: max_positions"),
        ("risk_management:\n\tmax_positions: 2\n", "risk_management.yaml:2"),
        ("", "risk_management.yaml: empty, or gone: half written?"),
    ],
)
def test_F55_a_file_that_is_wrong_or_half_written_changes_nothing(watched, text, said):
    """The old policy stays, and the alarm names the place; once it is whole it is taken."""
    watched.write(RISK, text)
    watched.looks()
    assert (watched.offered, len(watched.told)) == ([], 1)
    assert watched.told[0][0] == "configuration_refused"
    assert watched.told[0][1].startswith(f"the old configuration stays: {said}")
    watched.write(RISK, "risk_management:\n  max_positions: 1\n")
    watched.looks()
    assert [event.policy.max_positions for event in watched.offered] == [1]


def test_F55_a_file_that_is_gone_is_not_taken_for_its_defaults(watched):
    (watched.folder / RISK).unlink()
    watched.looks()
    assert (watched.offered, watched.told[0][0]) == ([], "configuration_refused")


def test_F55_a_file_that_is_still_being_written_is_not_read(watched):
    for number in range(5):
        watched.write(RISK, "risk_management:\n  max_positions: 1\n" + "# more\n" * number)
        watched.looks(1)
    assert watched.offered == []


def test_F55_a_confirmed_policy_is_offered_again_in_the_next_session_alone(watched):
    policy = watched.reloader.settings.policy
    today = NOW.date()
    held = HeldPolicy(rc.policy_hash(policy), today)
    for session, waits, expected in (
        (today, held, 0),
        (today, attrs.evolve(held, confirmed=True), 0),
        (today.replace(day=24), held, 0),
        (today.replace(day=24), attrs.evolve(held, confirmed=True), 1),
        (today.replace(day=24), HeldPolicy("ab" * 32, today, confirmed=True), 1),
    ):
        book = attrs.evolve(watched.state.book, session=session)
        watched.state = attrs.evolve(watched.state, book=book, held_policy=waits)
        watched.looks(1)
        assert len(watched.offered) == expected
    assert watched.offered == [events.PolicyLoaded(NOW, policy)]


def test_a_new_key_is_in_use_from_the_next_call_on_and_kept_out_of_the_log(watched):
    watched.write(KEYS, "api_credentials:\n  openalgo:\n    api_key: another-key\n")
    watched.looks()
    assert (watched.keys, watched.offered) == (["another-key"], [])
    assert "another-key" in watched.learnt
    assert watched.told == [("configuration_changed", "another OpenAlgo key is in use")]


def test_hard_caps_and_what_is_built_at_the_start_need_a_restart(watched):
    before = watched.reloader.settings
    watched.write(SYSTEM, "system:\n  hard_caps: {hard_max_quantity: 5}\n  watch: [INFY]\n")
    assert needs_a_restart(before, before) == []
    (watched.folder / "trading_rules.yaml").write_text(
        "trading_rules:\n  strategies:\n    - {name: a, function: m:f, symbols: [INFY]}\n", encoding="ascii"
    )
    watched.looks()
    assert watched.told == [("configuration_changed", "only after a restart: system.watch, hard caps, strategies")]
    assert watched.offered == []


def test_a_plain_key_is_refused_where_real_money_is(tmp_path):
    watched = Watched(tmp_path, plain_allowed=False)
    watched.write(RISK, "risk_management:\n  max_positions: 1\n")
    watched.looks()
    assert watched.offered == []
    assert "api_credentials.yaml:3: openalgo.api_key: stands there in plain text" in watched.told[0][1]


def test_it_looks_in_a_thread(watched, monkeypatch):
    monkeypatch.setattr("riskcore_openalgo.runner.reloading.LOOK_S", 0.01)
    watched.write(RISK, "risk_management:\n  max_positions: 1\n")
    watched.reloader.start()
    ends = time.monotonic() + 60
    while not watched.offered and time.monotonic() < ends:
        time.sleep(0.01)
    watched.reloader.close()
    assert [event.policy.max_positions for event in watched.offered] == [1]

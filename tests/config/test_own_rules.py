"""Rules of one's own in trading_rules.yaml: a dotted name in one line, or with parameters; loaded when started."""

import sys
from datetime import datetime

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.config import ConfigurationError, load_settings
from riskcore_openalgo.journal import decode, encode
from riskcore_openalgo.own_rules import RuleNotFoundError, with_loaded_rules

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
CODE = """
import riskcore as rc

def no_fridays(context):
    return rc.Finding("no_fridays", context.market.at.weekday() != 4, "friday")

def at_most(context, shares):
    return rc.Finding("at_most", True, max_quantity=shares)
"""


@pytest.fixture
def my_rules(tmp_path, monkeypatch):
    (tmp_path / "my_rules.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    yield "my_rules"
    sys.modules.pop("my_rules", None)


def policy_from(tmp_path, text):
    (tmp_path / "trading_rules.yaml").write_text(f"trading_rules:\n{text}")
    return load_settings(tmp_path).policy


def test_one_line_of_yaml_adds_a_rule(tmp_path, my_rules):
    """Reading runs nobody's code; loading does, and notes the digest of what was loaded."""
    read = policy_from(tmp_path, "  rules: [my_rules:no_fridays]\n")
    assert [(rule.name, rule.ask) for rule in read.rules] == [("my_rules:no_fridays", None)]
    [rule] = with_loaded_rules(read).rules
    assert rule.ask is sys.modules["my_rules"].no_fridays
    assert len(rule.source) == 64


def test_a_rule_with_parameters(tmp_path, my_rules):
    text = "  rules:\n    - name: my_rules:at_most\n      parameters: {shares: 2}\n"
    policy = with_loaded_rules(policy_from(tmp_path, text))
    market = rc.Market(instrument=rc.Instrument(symbol="INFY", tick="0.05"), at=NOON, last=1000, atr=10)
    approved = rc.decide(rc.Signal("INFY", "BUY", at=NOON), rc.Book(100_000), market, policy)
    assert (approved.order.quantity, approved.size.bound_by) == (2, "at_most")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("not_there:rule", "No module named 'not_there'; is its folder on PYTHONPATH?"),
        ("my_rules:lost", "module my_rules has no lost"),
        ("my_rules:rc.IST", "is no function of the context"),
    ],
)
def test_a_name_that_leads_nowhere_stops_the_start(tmp_path, my_rules, name, message):
    with pytest.raises(RuleNotFoundError, match=message.replace("?", r"\?")):
        with_loaded_rules(policy_from(tmp_path, f"  rules: ['{name}']\n"))


def test_a_module_of_rules_that_cannot_be_imported_is_told_with_its_line(tmp_path, monkeypatch):
    """It had ended the command with a traceback, or, for an AttributeError, said that the rule is not there."""
    (tmp_path / "torn_rules.py").write_text("import math\nlimit = math.nothing\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        RuleNotFoundError, match=r"torn_rules cannot be imported: AttributeError.*torn_rules.py, line 2"
    ):
        with_loaded_rules(policy_from(tmp_path, "  rules: ['torn_rules:limit']\n"))


def test_a_wrong_name_is_told_with_its_line(tmp_path):
    with pytest.raises(ConfigurationError, match=r"trading_rules.yaml:2: rules\[1\].name: must name a function"):
        policy_from(tmp_path, "  rules: [oops]\n")


def test_the_journal_keeps_name_parameters_and_digest_but_no_code():
    """What is read back is the same rule without its function."""
    rule = rc.custom_rule(lambda context, limit: None, limit=3)
    policy = rc.Policy(rules=(rule,))
    body = encode(events.PolicyLoaded(NOON, policy))
    [again] = decode("PolicyLoaded", 1, body).policy.rules
    assert (again.name, again.parameters, again.source, again.ask) == (rule.name, (("limit", 3),), rule.source, None)
    assert encode(decode("PolicyLoaded", 1, body)) == body
    assert "ask" not in body

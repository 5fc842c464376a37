"""What was taken as it stands, and meant something else to whoever wrote it."""

import pytest


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('alerting: {summary_at: "9:20"}', 'alerting.summary_at: must be a time of day in IST such as "15:45"'),
        ('alerting: {summary_at: "15"}', "alerting.summary_at: must be a time of day in IST"),
        ("alerting: {login_times: ['25:00']}", "alerting.login_times[1]: must be a time of day in IST"),
        ("journal: ~/riskcore.db", "journal: begins with ~, which is not filled in here; write the whole path"),
        ("logging: {folder: ~/logs}", "logging.folder: begins with ~, which is not filled in here"),
        (
            "sources: {tradingview: {actions: {long: buy, LONG: sell}}}",
            "sources.tradingview.actions: the name LONG is there twice, with other capitals",
        ),
        ("sources: {tv: {symbols: {reli: RELIANCE, RELI: INFY}}}", "sources.tv.symbols: the name RELI is there twice"),
        ("sources: {tv: {given: {product: FOO}}}", "sources.tv.given: the product must be one of MIS, CNC, NRML"),
    ],
)
def test_what_is_not_filled_in_or_read_twice_is_refused(refused, text, answer):
    """`~/riskcore.db` made a folder named ~; LONG was a sale, for it stood last."""
    (line,) = refused(system_config=f"system:\n  {text}\n")
    assert line.startswith(f"system_config.yaml:2: {answer}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("intake: {port: 8782}", "intake.port and metrics.port are both 8782"),
        ("control: {port: 8780}", "intake.port and control.port are both 8780"),
        ("metrics: {port: 8781}", "control.port and metrics.port are both 8781"),
    ],
)
def test_two_that_listen_at_one_port_are_refused(refused, text, told):
    """One of the two was not served; where it was the intake, no alert came."""
    (line,) = refused(system_config=f"system:\n  {text}\n")
    assert f"{told}, where one of them alone can listen; give each its own" in line


def test_what_listens_elsewhere_may_have_the_same_port(read):
    assert read(system_config="system:\n  metrics: {host: 127.0.0.2, port: 8780}\n").system.metrics.port == 8780
    assert read(system_config="system:\n  metrics: {port: }\n").system.metrics.port is None


@pytest.mark.parametrize("variable", ["${TV_SECRET}", "$TV_SECRET", "${}", "%TV_SECRET%"])
@pytest.mark.parametrize("place", ["openalgo: {{api_key: '{}'}}", "webhook: {{secrets: {{tradingview: '{}'}}}}"])
def test_a_variable_in_the_place_of_a_secret_is_refused(refused, variable, place):
    """It was the secret itself: whoever knows how such files are written could send alerts."""
    (line,) = refused(api_credentials=f"api_credentials:\n  {place.format(variable)}\n")
    assert "names a variable, which is not filled in here; write the secret itself" in line
    assert "TV_SECRET" not in line


def test_the_same_words_in_one_spelling_are_read(read):
    text = "system:\n  sources: {tv: {actions: {long: buy, short: sell}, given: {product: cnc}}}\n"
    found = read(system_config=text).system.sources["tv"]
    assert (found.actions, found.given) == ({"LONG": "BUY", "SHORT": "SELL"}, {"product": "cnc"})

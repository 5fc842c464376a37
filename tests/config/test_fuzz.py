"""Whatever stands in the files: settings, or a `ConfigurationError` in plain lines that shows no secret."""

import tempfile
from decimal import Decimal
from pathlib import Path

import attrs
from hypothesis import given, strategies as st

import riskcore as rc
from riskcore_openalgo.config import ConfigurationError, Settings, load_settings
from riskcore_openalgo.config.loader import SECTIONS, policy_settings
from riskcore_openalgo.config.schema import settings_of
from riskcore_openalgo.config.yaml_reader import NUMBER, plain_scalar

SECRET = "S3cretS3cret"
KEYS = [*SECTIONS.values(), *(field.name for field in attrs.fields(rc.Policy)), *settings_of(Settings)]
NESTED = ["openalgo", "webhook", "secrets", "api_key", "host", "intake", "port", "instruments", "INFY", "tick"]
MARKS = ["\n", "\n  ", "\n    ", ": ", ":", "- ", "? ", ", ", "[", "]", "{", "}", "'", '"', "#", "&a ", "*a", "!t "]
MORE_MARKS = ["|", ">", "%", "@", "\t", "---\n", "...\n", "\\", "<<: ", "\r\n", "\x00", "\u2028", "\ufeff"]
VALUES = ["1", "0.01", "2.5", "1e3", "0x1", "010", "1_0", ".inf", "true", "no", "~", "15:10", "2026-08-03", "\u0663"]
pieces = st.sampled_from([*KEYS, *NESTED, *MARKS, *MORE_MARKS, *VALUES]) | st.text(max_size=5)
yaml_like = st.lists(pieces, max_size=40).map("".join)
under_top = st.tuples(st.sampled_from(list(SECTIONS.values())), yaml_like).map(lambda two: f"{two[0]}:\n  {two[1]}")
surrogates_too = (yaml_like | under_top | st.text()).map(lambda text: text.encode("utf-8", "surrogatepass"))
files = st.dictionaries(st.sampled_from(list(SECTIONS)), st.binary() | surrogates_too, min_size=1)


def refusal(contents):
    """The text of the refusal of these files; empty when they are accepted."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in contents.items():
            (Path(folder) / name).write_bytes(data)
        try:
            settings = load_settings(Path(folder))
        except ConfigurationError as error:
            return str(error)
    rc.policy_hash(settings.policy)
    return ""


@given(files)
def test_anything_is_accepted_or_refused_in_plain_lines(contents):
    """No other exception, no line without a file's name, no letter that a console cannot print."""
    text = refusal(contents)
    assert text.replace("\n", "").isascii()
    assert text.replace("\n", "").isprintable()
    assert all(line.startswith(tuple(SECTIONS)) for line in text.split("\n") if text)


@given(st.lists(pieces | st.just(SECRET), max_size=20), st.sampled_from(["", "openalgo: ", "webhook: {secrets: "]))
def test_no_refusal_shows_a_secret(parts, begin):
    """Wherever in its file it was written."""
    text = f"api_credentials:\n  {begin}{''.join(parts)}{SECRET}"
    assert SECRET not in refusal({"api_credentials.yaml": text.encode("utf-8", "surrogatepass")})


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_a_plain_number_is_the_number_written(number):
    """Exactly, sign and zeros included."""
    assert Decimal(plain_scalar(f"{number:f}")) == number


@given(st.text(alphabet="0123456789+-._eExoinfa:, \u0663", max_size=12))
def test_nothing_but_plain_decimals_is_a_number(text):
    """And what is one has no second reading."""
    if not isinstance(plain_scalar(text), (str, type(None))):
        assert NUMBER.fullmatch(text)
        assert text.isascii()
        assert text.lstrip("+-")[:2] not in {f"0{digit}" for digit in range(10)}


@given(st.data())
def test_every_valid_policy_comes_back_from_its_text(data):
    """Whole numbers and percentages in any of the fields that take them."""
    lines = ["confirm_small: true"]
    settings = policy_settings("risk_management.yaml")
    wanted = {"max_positions": int, "max_trades_per_day": int, "entry_timeout_s": int, "default_capital": Decimal}
    values = {}
    for name, kind in wanted.items():
        assert settings[name].kind is kind
        places = 0 if kind is int else data.draw(st.integers(0, 6))
        most = 31_622_400 if name.endswith("_s") else 10**9  # no wait is longer than a year
        values[name] = data.draw(st.decimals(min_value=1, max_value=most, places=places))
        lines.append(f"{name}: {values[name]:f}")
    text = "\n  ".join(["risk_management:", *lines]) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "risk_management.yaml").write_text(text)
        policy = load_settings(Path(folder)).policy
    assert policy == rc.Policy(confirm_small=True, **values)

"""Secrets are read, and shown nowhere."""

import re

import pytest

from riskcore_openalgo.config import Credentials, OpenAlgoAccess, Settings, Webhook

SECRET = "S3cretS3cret"
HIDDEN = "(not shown)"


def credentials(read, text):
    return read(api_credentials=f"api_credentials:\n  {text}\n").credentials


def test_credentials_are_read(read):
    """All keys; an address loses its last slash, digits stay the digits written."""
    found = credentials(
        read,
        "openalgo: {host: 'https://desk.example:443/', api_key: 00123, ws_url: ws://10.0.0.7:8765}\n"
        "  webhook: {secrets: {tradingview: 12.50, flow: no}}",
    )
    assert found.openalgo == OpenAlgoAccess(
        host="https://desk.example:443", api_key="00123", ws_url="ws://10.0.0.7:8765"
    )
    assert found.webhook.secrets == {"tradingview": "12.50", "flow": "no"}


def test_nothing_written_is_nothing_known(read):
    """No key, no source; OpenAlgo beside us."""
    for text in ("openalgo:\n  webhook:", "webhook: {secrets: }", "openalgo: {api_key: }"):
        assert credentials(read, text) == Credentials()
    assert (Credentials().openalgo.api_key, Credentials().webhook.secrets) == (None, {})


def test_no_repr_shows_a_secret():
    """Neither of the values nor of all settings."""
    held = Credentials(openalgo=OpenAlgoAccess(api_key=SECRET), webhook=Webhook(secrets={"tv": SECRET}))
    assert SECRET not in repr(Settings(credentials=held))
    assert (held.openalgo.api_key, held.webhook.secrets["tv"]) == (SECRET, SECRET)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (f"openalgo: {SECRET}", "2: openalgo: must be keys with their values, indented below it"),
        (f"openalgo: {{api_key:{SECRET}}}", f"2: openalgo.{HIDDEN}: unknown key; delete it"),
        (f"openalgo:\n    api_key:{SECRET}", "2: openalgo: must be keys with their values, indented below it"),
        (f"openalgo: {{api_key: [{SECRET}]}}", "2: openalgo.api_key: must be text such as put-the-key-here"),
        (f"openalgo: {{api_key: {{{SECRET}: 1}}}}", "2: openalgo.api_key: must be text such as put-the-key-here"),
        (f"openalgo: {{api_key: ' {SECRET}'}}", "2: openalgo.api_key: begins or ends with a space; delete the space"),
        ("openalgo: {api_key: ''}", "2: openalgo.api_key: must be text; write the secret in double quotes"),
        ("openalgo: {api_key: true}", "2: openalgo.api_key: must be text; write the secret in double quotes"),
        (f"openalgo: {{api_key: {SECRET}\u20b9}}", "2: openalgo.api_key: must be written in ASCII letters and digits"),
        (f"openalgo: {{api_key: '{SECRET}}}", "2: a quote is opened here and never closed; close it"),
        (f"openalgo: {{api_key: @{SECRET}}}", "2: a value cannot begin with this character; put the text in"),
        (f"openalgo: {{api_key: *{SECRET}}}", "2: openalgo.api_key: anchors and aliases (& and *) are not used here"),
        (f"openalgo: {{api_key: !{SECRET} x}}", "2: openalgo.api_key: tags (!) are not used here"),
        (f"openalgo: {{api_key: !{SECRET}!x y}}", "2: this cannot be read as YAML"),
        (f'openalgo: {{api_key: "\\{SECRET}"}}', "2: a backslash in double quotes"),
        (f"openalgo: {{api-key: {SECRET}}}", f"2: openalgo.{HIDDEN}: unknown key; did you mean api_key?"),
        ("openalgo: {api_key: a, api_key: b}", "2: openalgo.api_key: written twice, first in line 2; keep one"),
        (f"{SECRET}: a\n  {SECRET}: b", f"3: {HIDDEN}: written twice, first in line 2; keep one of them"),
        (f"openalgo: {{host: 'http://u:{SECRET}@x'}}", "2: openalgo.host: must be an address such as http://127"),
        (f"openalgo: {{host: {SECRET}}}", "2: openalgo.host: must be an address such as http://127.0.0.1:5000,"),
        ("openalgo: {host: 'http://x:99999'}", "2: openalgo.host: must be an address such as"),
        ("openalgo: {host: 'http://x/y'}", "2: openalgo.host: must be an address such as"),
        ("openalgo: {host: 'http://x?y'}", "2: openalgo.host: must be an address such as"),
        ("openalgo: {host: 'http://[x'}", "2: openalgo.host: must be an address such as"),
        ("openalgo: {host: 'http://'}", "2: openalgo.host: must be an address such as"),
        ("openalgo: {host: 'ws://x'}", "2: openalgo.host: must be an address such as http"),
        ("openalgo: {ws_url: 'http://x'}", "2: openalgo.ws_url: must be an address such as ws"),
        (f"webhook: {{secrets: {{tradingview:{SECRET}}}}}", f"2: webhook.secrets.{HIDDEN}: has no value; write text"),
        (f"webhook: {{secrets: [{SECRET}]}}", "2: webhook.secrets: must be keys with their values"),
        (f"webhook: {{secrets: {{'a {SECRET}': x}}}}", f"2: webhook.secrets.{HIDDEN}: must be a name of letters"),
        (f"{SECRET}", "1: api_credentials: must hold keys with their values"),
        ("max_positions: 3", "2: max_positions: belongs under `risk_management:` in risk_management.yaml"),
    ],
)
def test_a_wrong_secret_is_refused_and_not_repeated(refused, text, answer):
    """The line is enough to find it."""
    lines = refused(api_credentials=f"api_credentials:\n  {text}\n")
    assert lines[-1].startswith(f"api_credentials.yaml:{answer}"), lines
    assert len(set(lines)) == len(lines)
    assert SECRET not in "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("openalgo: {api_key: put-the-key-here}", "openalgo.api_key: is the example, .* page API Key shows"),
        ("webhook: {secrets: {tv: put-a-long-random-text-here}}", "is the example, .*: python -c .*token_urlsafe"),
        ("webhook: {secrets: {tv: the-long-random-text}}", "is the example, .*token_urlsafe"),
        ("alerts: {channels: {phone: put-an-apprise-url-here}}", "is the example, .* the channel's own address"),
        ("alerts: {heartbeat_url: 'https://heartbeat.example/put-your-id-here'}", "heartbeat_url: is the example"),
    ],
)
def test_the_examples_are_no_secrets(refused, text, answer):
    """Uncommented as they stand they would let anybody post alerts who has read the template."""
    [line] = refused(api_credentials=f"api_credentials:\n  {text}\n")
    assert re.match(f"api_credentials.yaml:2: .*{answer}", line), line


def test_a_secret_at_the_left_margin_is_not_repeated(refused):
    """As a key, as a value, or alone."""
    for text in (f"{SECRET}: 1", f"api_key: {SECRET}", SECRET, f"api_credentials: [{SECRET}]"):
        assert SECRET not in "\n".join(refused(api_credentials=text))

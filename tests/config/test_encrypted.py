"""Encrypted credentials: what opens them, what does not, and the verbs that write them."""

import os
import stat
import sys

import pytest

from riskcore_openalgo.cli import credentials as verbs
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.cli.watching import refuse_plain
from riskcore_openalgo.config import ConfigurationError, Keys, load_settings
from riskcore_openalgo.config.credentials_file import CredentialsFile
from riskcore_openalgo.config.keys import KEY_FILE, new_key

SECRET = "S3cret-of-the-tests"
PASSPHRASE = "correct horse battery"
PLAIN = f"api_credentials:\n  openalgo:\n    host: http://127.0.0.1:5000\n    api_key: {SECRET}\n"


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with one plain secret, and answers at the keyboard."""
    for name in ("RISKCORE_KEY", "RISKCORE_PASSPHRASE", "RISKCORE_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "api_credentials.yaml").write_text(PLAIN, encoding="ascii")
    (folder / "api_credentials.yaml").chmod(0o600)
    answers = []
    monkeypatch.setattr(verbs, "_asked", lambda question: answers.pop(0))
    return folder, answers


def run(folder, *words):
    return main(["credentials", words[0], *words[1:], "--config", str(folder)])


def text(folder):
    return (folder / "api_credentials.yaml").read_text(encoding="ascii")


def key(folder):
    return load_settings(folder).credentials.openalgo.api_key


def test_a_plain_secret_is_encrypted_and_opens_with_the_key_that_was_made(desk, capsys):
    folder, _ = desk
    [plain] = load_settings(folder).plain_secrets
    assert str(plain).startswith("api_credentials.yaml:4: openalgo.api_key: stands there in plain text: `riskcore")
    assert run(folder, "check") == 1
    assert run(folder, "encrypt") == 0
    assert SECRET not in text(folder)
    assert "fernet:" in text(folder)
    assert (key(folder), load_settings(folder).plain_secrets) == (SECRET, ())
    assert load_settings(folder).credentials.openalgo.host == "http://127.0.0.1:5000"
    assert run(folder, "check") == 0
    assert SECRET not in capsys.readouterr().out
    if sys.platform != "win32":
        for name in (KEY_FILE, "api_credentials.yaml"):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name", ["openalgo.api_key", "webhook.secrets.tv", "alerts.channels.phone", "alerts.heartbeat_url"]
)
def test_a_secret_is_set_and_read_again(desk, name):
    folder, answers = desk
    answers.append("https://a.new/secret")
    assert run(folder, "set", name) == 0
    found = load_settings(folder).credentials
    assert "https://a.new/secret" in found.secrets()
    assert "a.new" not in text(folder)


def test_what_is_no_secret_or_no_answer_writes_nothing(desk, capsys):
    folder, answers = desk
    assert run(folder, "set", "openalgo.host") == 1
    assert "there is no such secret; the names are openalgo.api_key, webhook.secrets.NAME" in capsys.readouterr().err
    answers.append("")
    assert run(folder, "set", "openalgo.api_key") == 1
    answers.append(" a space")
    assert run(folder, "set", "openalgo.api_key") == 78
    assert text(folder) == PLAIN


def test_rotating_the_key_leaves_nothing_that_the_old_one_opens(desk):
    folder, _ = desk
    run(folder, "encrypt")
    old, before = (folder / KEY_FILE).read_text(), text(folder)
    assert run(folder, "rotate") == 0
    assert key(folder) == SECRET
    assert (folder / KEY_FILE).read_text() != old
    (folder / KEY_FILE).write_text(old)
    with pytest.raises(ConfigurationError, match="it was encrypted with another, or was changed"):
        load_settings(folder)
    (folder / "api_credentials.yaml").write_text(before)
    assert key(folder) == SECRET


def test_keys_of_the_environment_open_and_the_first_encrypts(desk, monkeypatch):
    folder, _ = desk
    one, other = new_key(), new_key()
    monkeypatch.setenv("RISKCORE_KEY", one)
    assert run(folder, "encrypt") == 0
    assert not (folder / KEY_FILE).exists()
    monkeypatch.setenv("RISKCORE_KEY", f"{other},{one}")
    assert (key(folder), run(folder, "rotate")) == (SECRET, 0)
    monkeypatch.setenv("RISKCORE_KEY", other)
    assert key(folder) == SECRET
    monkeypatch.delenv("RISKCORE_KEY")
    (folder / ".env").write_text(f"RISKCORE_KEY={other}\n")
    assert key(folder) == SECRET
    assert "RISKCORE_KEY" not in os.environ


def test_a_passphrase_encrypts_and_opens_and_can_be_another(desk, monkeypatch):
    folder, answers = desk
    answers.append(PASSPHRASE)
    assert run(folder, "encrypt", "--passphrase") == 0
    assert "scrypt:" in text(folder)
    with pytest.raises(ConfigurationError, match="is encrypted under a passphrase: set RISKCORE_PASSPHRASE"):
        load_settings(folder, keys=Keys(folder, ask=lambda question: ""))
    with pytest.raises(ConfigurationError, match="another passphrase encrypted it"):
        load_settings(folder, keys=Keys(folder, ask=lambda question: "wrong wrong wrong"))
    monkeypatch.setenv("RISKCORE_PASSPHRASE", PASSPHRASE)
    assert key(folder) == SECRET
    answers += ["another phrase of mine"]
    assert run(folder, "rotate") == 0
    monkeypatch.setenv("RISKCORE_PASSPHRASE", "another phrase of mine")
    assert key(folder) == SECRET
    with pytest.raises(ValueError, match="at least 12 letters"):
        Keys(folder).use_passphrase("short")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda folder: (folder / KEY_FILE).unlink(), "is encrypted, and no key is there: set RISKCORE_KEY"),
        (lambda folder: (folder / KEY_FILE).write_text("nonsense"), "holds what is no Fernet key"),
        (lambda folder: (folder / KEY_FILE).write_text(new_key()), "it was encrypted with another, or was changed"),
    ],
)
def test_without_its_key_a_secret_is_refused_with_line_and_remedy(desk, prepare, said, capsys):
    folder, _ = desk
    run(folder, "encrypt")
    prepare(folder)
    with pytest.raises(ConfigurationError) as refused:
        load_settings(folder)
    assert said in str(refused.value)
    assert str(refused.value).startswith("api_credentials.yaml:6: openalgo.api_key: ")
    assert run(folder, "check") in (1, 78)
    assert SECRET not in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_key_file_that_others_may_read_is_refused(desk):
    folder, _ = desk
    run(folder, "encrypt")
    (folder / KEY_FILE).chmod(0o640)
    with pytest.raises(ConfigurationError, match="others may read it; chmod 600 it, and rotate the key"):
        load_settings(folder)


def test_with_real_money_no_secret_stands_in_plain_text(desk):
    folder, _ = desk
    settings = load_settings(folder)
    refuse_plain(settings, real=False)
    with pytest.raises(ConfigurationError, match=r"api_credentials\.yaml:4: openalgo\.api_key: stands there in plain"):
        refuse_plain(settings, real=True)
    run(folder, "encrypt")
    refuse_plain(load_settings(folder), real=True)
    assert next(CredentialsFile(folder).secrets()).encrypted

"""`riskcore control password`: a line of the configuration, that opens for one password alone."""

import json

import pytest

from riskcore_openalgo.cli.main import main
from riskcore_openalgo.config.control_page import ControlAccess
from riskcore_openalgo.web.control.passwords import hashed, is_right


def test_a_password_is_made_as_a_line_of_the_configuration(capsys, monkeypatch):
    """The line is taken by the settings, and opens for that password alone."""
    monkeypatch.setattr("getpass.getpass", lambda prompt: "a long enough sentence")
    assert main(["control", "password", "asha"]) == 0
    line = json.loads(capsys.readouterr().out.rpartition("asha: ")[2])
    assert is_right("a long enough sentence", ControlAccess(users={"asha": line}).users["asha"])
    assert not is_right("another sentence", line)
    assert "scrypt" not in repr(ControlAccess(users={"asha": line}))


@pytest.mark.parametrize("line", ["", "plain", "scrypt$2$8$1$AAAAAAAA$AAAAAAAAAAAAAAAA", None, 5])
def test_a_line_that_is_no_hash_is_refused_without_being_shown(line):
    """A password written where its hash belongs must not end in a message."""
    with pytest.raises(ValueError, match="riskcore control password NAME") as told:
        ControlAccess(users={"asha": line})
    assert str(line) not in str(told.value) or line in ("", None)
    assert not is_right("x", str(line))


@pytest.mark.parametrize("user", ["as ha", "../x", "", "x" * 300])
def test_a_password_is_made_for_no_name_that_the_settings_refuse(capsys, user):
    assert main(["control", "password", user])
    assert "must be a name of letters, digits" in capsys.readouterr().err


def test_where_no_password_is_given_it_is_said(capsys, monkeypatch):
    def closed(prompt):
        raise EOFError

    monkeypatch.setattr("getpass.getpass", closed)
    assert main(["control", "password", "asha"])
    assert "no password was given" in capsys.readouterr().err


def test_a_short_password_is_refused():
    """Before it is hashed."""
    with pytest.raises(ValueError, match="10 to 512"):
        hashed("short")

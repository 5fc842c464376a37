"""Files written into a fresh folder and read: the settings, or the lines of the refusal."""

import pytest

from riskcore_openalgo.config import ConfigurationError, load_settings


@pytest.fixture
def read(tmp_path):
    """`read(risk_management="...")` writes the files and loads the folder."""

    def read_files(**texts):
        for name, text in texts.items():
            data = text if isinstance(text, bytes) else text.encode("utf-8")
            (tmp_path / f"{name}.yaml").write_bytes(data)
        return load_settings(tmp_path)

    return read_files


@pytest.fixture
def refused(read):
    """The lines of the `ConfigurationError` that reading the files raises."""

    def lines(**texts):
        with pytest.raises(ConfigurationError) as raised:
            read(**texts)
        return str(raised.value).split("\n")

    return lines

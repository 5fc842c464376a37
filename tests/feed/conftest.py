"""Bar files written for one test, and read."""

import pytest

from riskcore_openalgo.feed import BarFileError, read_bars


@pytest.fixture
def write(tmp_path):
    def to_file(content, name="INFY.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_file


@pytest.fixture
def read(write):
    def from_content(content, **kwargs):
        return read_bars(write(content), **{"symbol": "INFY", "interval": "1m", **kwargs})

    return from_content


@pytest.fixture
def problems(read):
    """The reason codes and lines for which a file is refused."""

    def of(content, **kwargs):
        with pytest.raises(BarFileError) as refused:
            read(content, **kwargs)
        return [(problem.code, problem.line) for problem in refused.value.problems]

    return of

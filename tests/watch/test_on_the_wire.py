"""On the wire: https that is vouched for and https that is not, a key that is replaced in a running day."""

import os
import ssl
import urllib.error
import urllib.request

import pytest
from attrs import evolve
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from riskcore_openalgo.cli.watching import trusting, unsafe
from riskcore_openalgo.client import Client, ReadFailed
from riskcore_openalgo.client.client import now_in_ist
from riskcore_openalgo.config import Credentials, Intake, OpenAlgoAccess, Settings, System, Watching
from riskcore_openalgo.testing import FakeBroker, FakeOpenAlgo
from riskcore_openalgo.web.intake import serve
from tests.certificates import certificate_in


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    return certificate_in(tmp_path_factory.mktemp("tls"))


FUNDS = ("availablecash", "collateral", "m2mrealized", "m2munrealized", "utiliseddebits")


def openalgo(request):
    return JSONResponse({"status": "success", "data": dict.fromkeys(FUNDS, "5")})


def test_what_is_served_can_speak_https(certificate):
    app = Starlette(routes=[Route("/x", openalgo)])
    with serve(app, "127.0.0.1", 0, certfile=certificate[0], keyfile=certificate[1]) as server:
        assert server.url.startswith("https://127.0.0.1:")
        known = ssl.create_default_context(cafile=str(certificate[0]))
        with urllib.request.urlopen(f"{server.url}/x", context=known, timeout=5) as answer:  # noqa: S310 - our own
            assert answer.status == 200
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"{server.url}/x", timeout=5)  # noqa: S310 - our own


def test_openalgo_over_https_is_verified_and_a_ca_file_vouches_for_it(certificate):
    """Without it the call fails and the key is not sent; with it the call goes through; afterwards all is as before."""
    heard = []

    async def funds(request):
        heard.append(await request.json())
        return openalgo(request)

    app = Starlette(routes=[Route("/api/v1/funds", funds, methods=["POST"])])
    before = dict(os.environ)
    with serve(app, "127.0.0.1", 0, certfile=certificate[0], keyfile=certificate[1]) as server:
        access = OpenAlgoAccess(host=server.url, api_key="a-key", ca_file=certificate[0])
        with Client(access.host, access.api_key, sleep=lambda seconds: None) as client, pytest.raises(ReadFailed):
            client.funds()
        assert heard == []
        settings = Settings(credentials=Credentials(openalgo=access))
        with trusting(settings, None), Client(access.host, access.api_key) as client:
            assert client.funds().available_cash == 5
    assert heard[0]["apikey"] == "a-key"
    assert dict(os.environ) == before


def test_a_ca_file_that_is_not_there_is_named(tmp_path):
    settings = Settings(credentials=Credentials(openalgo=OpenAlgoAccess(ca_file="nowhere.pem")))
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pem: no such file; ca_file under openalgo"):
        trusting(settings, tmp_path).__enter__()


def test_what_the_network_could_read_is_told():
    assert unsafe(Settings()) == []
    open_doors = Settings(
        credentials=Credentials(openalgo=OpenAlgoAccess(host="http://10.0.0.7:5000")),
        system=System(intake=Intake(host="0.0.0.0"), metrics=Watching(host="0.0.0.0")),  # noqa: S104 - what is told
    )
    assert [line.split(" ")[0] for line in unsafe(open_doors)] == ["OpenAlgo", "alerts", "/metrics"]
    closed = evolve(open_doors.system.intake, ssl_certfile="a.pem", ssl_keyfile="a.key")
    assert len(unsafe(evolve(open_doors, system=evolve(open_doors.system, intake=closed)))) == 2


def test_a_key_is_replaced_in_a_running_day_and_each_call_is_seen():
    seen = []
    broker = FakeBroker(clock=now_in_ist, cash=1000)
    with (
        FakeOpenAlgo(broker, key="the-new-key", limits=False) as server,
        Client(server.host, "the-old-key", sleep=lambda seconds: None) as client,
    ):
        client.observe(lambda call, seconds, taken: seen.append((call, seconds >= 0, taken)))
        with pytest.raises(ReadFailed):
            client.funds()
        client.rekey("the-new-key")
        assert client.funds().available_cash == 1000
        assert client.stream_login() == "the-new-key"
        with pytest.raises(ValueError, match="api_key is missing"):
            client.rekey("")
    assert seen[-1] == ("funds", True, True)
    assert seen[0] == ("funds", True, False)

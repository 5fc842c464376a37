"""`/metrics` and `/healthz`, on a port of their own: whoever posts alerts sees neither.

with serve(access_log(watch_app(metrics, health)), "127.0.0.1", 8782): ...
"""

from __future__ import annotations

from collections.abc import Callable

from riskcore_openalgo.metrics import Metrics

try:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route
except ImportError as missing:
    raise ImportError('riskcore_openalgo.web needs Starlette and uvicorn: pip install "riskcore[runner]"') from missing

FORMAT = "text/plain; version=0.0.4; charset=utf-8"


def watch_app(metrics: Metrics, health: Callable[[], tuple[bool, str]]) -> Starlette:
    """The application. `/healthz` answers 200 while the runner turns, and 503 with the reason else."""

    def scrape(_request: Request) -> Response:
        return Response(metrics.text(), media_type=FORMAT)

    def healthz(_request: Request) -> Response:
        fine, why = health()
        return JSONResponse({"status": "ok" if fine else "failing", "why": why}, 200 if fine else 503)

    return Starlette(routes=[Route("/metrics", scrape), Route("/healthz", healthz)])

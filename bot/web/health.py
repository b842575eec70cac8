"""Whether the bot is alive (`/healthz`), ready (`/readyz`), and what it counts (`/metrics`)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.errors import WalkbackError
from bot.web.metrics import Metrics
from bot.web.site import site_of

TEXT = "text/plain; version=0.0.4; charset=utf-8"


async def alive(request: Request) -> Response:
    """503 where a stage is wedged. Slack or a feed being down is no reason to restart, and does not count."""
    site = site_of(request)
    wedged = list(site.wedged())
    stages = {name: None if busy is None else round(busy, 1) for name, busy in site.busy().items()}
    told = {"status": "wedged" if wedged else "ok", "wedged": wedged, "busy_s": stages}
    return JSONResponse(told, status_code=503 if wedged else 200)


def ready(request: Request) -> Response:
    """503 where the database or the model cannot be used, with what is wrong."""
    problems = {}
    for name, look in site_of(request).ready.items():
        try:
            problem = look()
        except WalkbackError as fault:
            problem = str(fault)
        problems[name] = problem or "ok"
    sound = all(told == "ok" for told in problems.values())
    return JSONResponse({"ready": sound, "checks": problems}, status_code=200 if sound else 503)


def measured(request: Request) -> Response:
    """What is counted, in the text format that Prometheus reads."""
    metrics = request.app.state.metrics
    assert isinstance(metrics, Metrics)
    return Response(metrics.text(), media_type=TEXT)

"""Joins the page: which address is answered by what."""

from __future__ import annotations

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from bot.errors import StoreError
from bot.stages.desk import DeskActions
from bot.web import forms, health, views
from bot.web.guard import Guard
from bot.web.metrics import Metrics
from bot.web.site import STATIC, Site, render

log = structlog.get_logger()

HEALTH = [
    Route("/healthz", health.alive),
    Route("/readyz", health.ready),
    Route("/metrics", health.measured),
]
ROUTES = [
    Route("/", views.positions),
    Route("/positions/{position_id}", views.position),
    Route("/positions/{position_id}/timeline.png", views.picture),
    Route("/positions/{position_id}/mute", forms.mute, methods=["POST"]),
    Route("/positions/{position_id}/unmute", forms.unmute, methods=["POST"]),
    Route("/shifts", views.shifts),
    Route("/shifts/{key}", views.shift),
    Route("/shifts/{key}/confirm", forms.confirm, methods=["POST"]),
    Route("/shifts/{key}/reject", forms.reject, methods=["POST"]),
    Route("/verdicts/{verdict_id}/undo", forms.undo, methods=["POST"]),
    Route("/feeds", views.feeds),
    Route("/how", views.rules),
    Route("/sign-in", forms.sign_in_page),
    Route("/sign-in", forms.sign_in, methods=["POST"]),
    Route("/sign-out", forms.sign_out, methods=["POST"]),
    *HEALTH,
]


def build_page(site: Site, metrics: Metrics) -> Guard:
    """Return the application."""
    app = Starlette(
        routes=[*ROUTES, Mount("/static", _Kept(directory=STATIC))],
        exception_handlers={HTTPException: _refused, StoreError: _no_store, Exception: _fault},
    )
    app.state.site = site
    app.state.metrics = metrics
    app.state.actions = DeskActions(site.engine)
    return Guard(app, hosts=site.hosts)  # outermost, so that even a fault's page is fenced in


def build_health(site: Site, metrics: Metrics) -> Guard:
    """Return the application of a process that has no page: health and metrics alone, and no word of the ledger."""
    app = Starlette(routes=HEALTH)
    app.state.site = site
    app.state.metrics = metrics
    return Guard(app, hosts=site.hosts)


class _Kept(StaticFiles):
    """Static files that a browser may keep: their addresses change with them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    heading = {404: "Not found", 403: "Not allowed", 405: "Not possible here"}.get(error.status_code, "Not possible")
    told = (
        error.detail if error.detail not in ("Not Found", "Method Not Allowed") else "There is nothing at this address."
    )
    return render(request, "message.html", status=error.status_code, heading=heading, told=told)


def _no_store(request: Request, error: Exception) -> Response:
    log.error("page_without_database", problem=str(error))
    return render(request, "message.html", status=503, heading="The database cannot be read", told=f"{error}.")


def _fault(request: Request, error: Exception) -> Response:
    log.error("page_failed", path=request.url.path[:200], exc_info=error)
    told = "This is a fault of the bot; its log has the details under the number of this request."
    return render(request, "message.html", status=500, heading="Something went wrong", told=told)

"""What is decided on the page: each form is one of the desk's actions, for people who are known, from this page alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.core.desk import RejectReason
from bot.stages.desk import ActionOutcome, DeskActions
from bot.web.access import COOKIE, SESSION_S, is_same_origin
from bot.web.site import SAID, render, site_of

log = structlog.get_logger()

LONGEST_FORM = 16_384
NOT_SIGNED_IN = "Only people who are signed in can decide."
FOREIGN = "This form is not from this page, or the page is older than the bot: load it again."


async def confirm(request: Request) -> Response:
    """Call a shift real; the form's `baseline` is the line from now on."""
    key = request.path_params["key"]
    return await _act(
        request,
        f"/shifts/{quote(key)}",
        lambda desk, by, now, form: desk.confirm(key, by=by, now=now, baseline=form.get("baseline", "")),
    )


async def reject(request: Request) -> Response:
    """Call an alert no shift, for the form's `reason`."""
    key = request.path_params["key"]

    def rejecting(desk: DeskActions, by: str, now: datetime, form: dict[str, str]) -> ActionOutcome:
        reason = form.get("reason", "")
        if reason not in {one.value for one in RejectReason}:
            return ActionOutcome(done=False, told="Choose why this is no shift.")
        return desk.reject(key, by=by, now=now, reason=reason)

    return await _act(request, f"/shifts/{quote(key)}", rejecting)


async def mute(request: Request) -> Response:
    """Keep a position quiet for the form's `days`."""
    position_id = request.path_params["position_id"]

    def muting(desk: DeskActions, by: str, now: datetime, form: dict[str, str]) -> ActionOutcome:
        days = form.get("days", "")
        if not days.isdigit() or not 1 <= len(days) <= 4 or int(days) < 1:
            return ActionOutcome(done=False, told="Say for how many days, in figures.")
        return desk.mute(position_id, by=by, now=now, until=now + timedelta(days=int(days)))

    return await _act(request, f"/positions/{quote(position_id)}", muting)


async def unmute(request: Request) -> Response:
    """Let a muted position alert again."""
    position_id = request.path_params["position_id"]
    return await _act(
        request,
        f"/positions/{quote(position_id)}",
        lambda desk, by, now, _: desk.unmute(position_id, by=by, now=now),
    )


async def undo(request: Request) -> Response:
    """Take a verdict back; `back` of the form is the shift that it was about."""
    verdict_id = request.path_params["verdict_id"]
    return await _act(request, "", lambda desk, by, now, _: desk.undo(verdict_id, by=by, now=now))


def sign_in_page(request: Request) -> Response:
    """Where a token is asked for."""
    if not site_of(request).access.has_sign_in:
        raise HTTPException(404, "Nobody signs in here: no token is configured.")
    return render(request, "sign_in.html", problem="")


async def sign_in(request: Request) -> Response:
    """Begin a session for whoever has the token."""
    access = site_of(request).access
    form = await _form(request)
    if not access.has_sign_in or not is_same_origin(request):
        raise HTTPException(403, FOREIGN)
    session = access.sign_in(form.get("name", ""), form.get("token", ""))
    if session is None:
        log.warning("sign_in_refused", client=request.client.host if request.client else "")
        problem = "That is not the token, or no name was given. After ten wrong ones, wait a minute."
        return await run_in_threadpool(render, request, "sign_in.html", status=403, problem=problem)
    response = RedirectResponse("/", status_code=303)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, session, max_age=SESSION_S, httponly=True, samesite="strict", secure=secure)
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    form = await _form(request)
    if not site_of(request).access.is_own_form(request, form.get("form_token", "")):
        raise HTTPException(403, FOREIGN)
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(COOKIE)
    return response


async def _act(
    request: Request,
    back: str,
    action: Callable[[DeskActions, str, datetime, dict[str, str]], ActionOutcome],
) -> Response:
    """Carry an action out and go back to the page, which then tells what came of it. "" as `back` leaves it to the form."""
    site = site_of(request)
    form = await _form(request)
    by = site.access.who(request)
    if not by:
        raise HTTPException(403, NOT_SIGNED_IN)
    if not site.access.is_own_form(request, form.get("form_token", "")):
        raise HTTPException(403, FOREIGN)
    outcome = await run_in_threadpool(action, request.app.state.actions, by, site.clock(), form)
    log.info("decided_on_page", path=request.url.path, by=by, done=outcome.done, verdict=outcome.verdict_id)
    response = RedirectResponse(back or f"/shifts/{quote(form.get('back', ''), safe='')}", status_code=303)
    response.set_cookie(SAID, site.access.sealed(outcome.told), max_age=60, httponly=True, samesite="strict")
    return response


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form, the last of each name; 413 for one that is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            raise HTTPException(413, "This form is too long.")
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise HTTPException(400, "This form cannot be read.") from None
    return {name: values[-1] for name, values in fields.items()}

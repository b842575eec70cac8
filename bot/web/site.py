"""What the page is made of, how its templates are filled, and what every page is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bot.charts.trend import trend_svg, trend_words
from bot.core.alert_words import day, host, minute
from bot.core.policies import AlertPolicy, DispatchPolicy, PollPolicy
from bot.core.safe_text import clean
from bot.detection.manifest import Manifest
from bot.domain import Decision, Mode, Relation
from bot.web.access import Access

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
SAID = "walkback_said"
"""The cookie in which what came of a form waits for the next page."""
RELATION_WORDS = {
    Relation.UNRELATED: "unrelated",
    Relation.CONSISTENT: "as on record",
    Relation.SOFTENING: "softening",
    Relation.HARDENING: "hardening",
    Relation.CONTRADICTION: "contradiction",
    Relation.NEW_OFFER: "new offer",
}
DECISION_WORDS = {
    Decision.ALERT: "told the desk",
    Decision.DIGEST: "kept as a near miss",
    Decision.SILENT: "kept silent",
}
ABOUT_WORDS = {"shift": "", "differ": "accounts differ", "mixed": "mixed signals"}
"""Why an alert was made where a line did not just move."""
BEARING_WORDS = {"": "", "denies": "denies a shift", "differs": "has a statement otherwise", "mixed": "another voice"}
"""What a statement does to the shift that it speaks against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the page tells of how the bot decides: the desk's policies and the model's manifest."""

    alert: AlertPolicy = field(default_factory=AlertPolicy)
    dispatch: DispatchPolicy = field(default_factory=DispatchPolicy)
    poll: PollPolicy = field(default_factory=PollPolicy)
    manifest: Manifest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the page stands on.

    `hosts` are the names under which it may be asked for; `busy` gives by stage for how many seconds it has been at one
    step, None for an idle one, and `wedged` the stages that are at it for too long; `ready` gives what is wrong by check,
    "" for nothing.
    """

    engine: Engine
    access: Access
    rules: Rules = field(default_factory=Rules)
    hosts: Sequence[str] = ("localhost", "127.0.0.1", "::1")
    busy: Callable[[], Mapping[str, float | None]] = dict
    wedged: Callable[[], Sequence[str]] = list
    ready: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    version: str = ""


def render(request: Request, name: str, *, status: int = 200, **told: Any) -> HTMLResponse:
    """Return the page `name` filled with `told` and with what every page shows."""
    site = site_of(request)
    said = site.access.unsealed(request.cookies.get(SAID, ""))
    page = (
        templates()
        .get_template(name)
        .render(
            **told,
            here=request.url.path,
            who=site.access.who(request),
            access=site.access,
            form_token=site.access.form_token(request),
            said=said,
            now=site.clock(),
            version=site.version,
            style=f"/static/page.css?v={static_version()}",
        )
    )
    response = HTMLResponse(page, status_code=status)
    if said:
        response.delete_cookie(SAID)
    return response


def site_of(request: Request) -> Site:
    """Return the site that a request is answered for."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


@cache
def templates() -> Environment:
    """Return the templates. They escape whatever is put into them and fail on a name that nobody gave."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        day=day,
        minute=minute,
        clean=clean,
        host=host,
        link=link,
        percent=lambda share: f"{share * 100:.0f} %",
        ago=ago,
        relation=RELATION_WORDS.__getitem__,
        decision=DECISION_WORDS.__getitem__,
        about=lambda kind: ABOUT_WORDS.get(kind, ""),
        bearing=lambda what: BEARING_WORDS.get(what, ""),
        kebab=lambda value: str(value).replace("_", "-"),
        words=lambda value: str(value).replace("_", " "),
        trend=lambda weeks: Markup(trend_svg(weeks)),  # noqa: S704  drawn by us, every text in it escaped
        trend_words=trend_words,
    )
    environment.globals.update(relations=RELATION_WORDS, Relation=Relation, Mode=Mode)
    return environment


def link(url: str) -> str:
    """Return an http or https address as it is, "" for any other: a feed's word is not to run anything."""
    return url if url.startswith(("https://", "http://")) else ""


def ago(moment: datetime | None, now: datetime) -> str:
    """Return how long ago, in one unit: "3 hours ago"; "never" for None."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    if seconds < 90:
        return "just now" if seconds >= -60 else "later"
    for size, unit in ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute")):
        if seconds >= size * 1.5 or unit == "minute":
            n = round(seconds / size)
            return f"{n} {unit}{'s' if n != 1 else ''} ago"
    return ""


@cache
def static_version() -> str:
    """Return a short hash of the style sheet, so that a browser may keep it until it changes."""
    return hashlib.sha256((STATIC / "page.css").read_bytes()).hexdigest()[:12]

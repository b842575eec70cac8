"""The pages that are read. Each takes its numbers in one snapshot of the store."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.charts.timeline import timeline_png, timeline_svg
from bot.core.desk import REASON_WORDS, UNDO_FOR, VerdictKind, told_before
from bot.domain import Relation
from bot.stages.pictures import changes_of, points_of, title_of
from bot.store import mutes, pages, tallies, timeline
from bot.store.engine import snapshot
from bot.store.pages import OPEN, ShiftFilter
from bot.store.verdicts import VerdictRecord
from bot.web.differences import compare_all
from bot.web.site import render, site_of

STATEMENTS, SHIFTS, ACCOUNTS = 200, 50, 40
VERDICTS = {OPEN: "not decided", "confirm": "confirmed", "reject": "no shift", "merge": "merged"}
TALLIED_DAYS = 7


def positions(request: Request) -> Response:
    """Every tracked position with its line and trend."""
    site = site_of(request)
    wanted = _word(request, "q")
    with snapshot(site.engine) as connection:
        lines = pages.position_lines(connection, site.clock(), wanted=wanted)
    return render(request, "positions.html", lines=lines, wanted=wanted)


def position(request: Request) -> Response:
    """One position: its timeline, its lines and its statements."""
    site = site_of(request)
    position_id = request.path_params["position_id"]
    relation = _relation(request)
    with snapshot(site.engine) as connection:
        lines = timeline.baselines(connection, position_id)
        if not lines:
            raise HTTPException(404, "This position is not on record.")
        drawn = timeline.position_timeline(connection, position_id, limit=STATEMENTS, related=True)
        rows = timeline.position_timeline(connection, position_id, limit=STATEMENTS, relation=relation)
        counted = timeline.counts(connection, position_id)
        mute = mutes.active(connection, site.clock()).get(position_id)
    drawable = timeline.related(counted)
    chart = timeline_svg(points_of(drawn), changes_of(lines), title=title_of(lines[-1], len(drawn), drawable))
    return render(
        request,
        "position.html",
        line=lines[-1],
        lines=lines[::-1],
        rows=rows,
        total=counted.get(relation, 0) if relation else sum(counted.values()),
        drawn=len(drawn),
        drawable=drawable,
        relation=relation,
        mute=mute,
        chart=Markup(chart),  # noqa: S704  drawn by us, every text in it escaped
    )


def picture(request: Request) -> Response:
    """A position's timeline as PNG."""
    site = site_of(request)
    position_id = request.path_params["position_id"]
    with snapshot(site.engine) as connection:
        lines = timeline.baselines(connection, position_id)
        if not lines:
            raise HTTPException(404, "This position is not on record.")
        drawn = timeline.position_timeline(connection, position_id, limit=STATEMENTS, related=True)
        drawable = timeline.related(timeline.counts(connection, position_id))
    title = title_of(lines[-1], len(drawn), drawable)
    return Response(timeline_png(points_of(drawn), changes_of(lines), title=title), media_type="image/png")


def shifts(request: Request) -> Response:
    """Shifts, the newest first, as the filter has them."""
    site = site_of(request)
    wanted = _filter(request)
    with snapshot(site.engine) as connection:
        found = pages.shift_lines(connection, wanted, limit=SHIFTS + 1, before=_before(request))
        known = pages.position_names(connection)
    more = ""
    if len(found) > SHIFTS:
        last = found[SHIFTS - 1].shift
        more = f"?{request.url.include_query_params(before=f'{last.opened_at.isoformat()}~{last.key}').query}"
    return render(
        request,
        "shifts.html",
        found=found[:SHIFTS],
        more=more,
        wanted=wanted,
        known=known,
        kinds=[relation for relation in Relation if relation.is_shift],
        verdicts=VERDICTS,
        tell=tell,
    )


def shift(request: Request) -> Response:
    """One shift with all its accounts side by side, and what speaks against it."""
    site = site_of(request)
    with snapshot(site.engine) as connection:
        sheet = pages.shift_sheet(connection, request.path_params["key"])
    if sheet is None:
        raise HTTPException(404, "This shift is not on file.")
    accounts = sheet.accounts[:ACCOUNTS]
    verdict = sheet.verdict
    return render(
        request,
        "shift.html",
        sheet=sheet,
        accounts=list(zip(accounts, compare_all([entry.statement.text for entry in accounts]), strict=True)),
        disputes=sheet.disputes[:ACCOUNTS],
        verdict=tell(verdict) if verdict else "",
        undo=verdict.id if verdict and site.clock() - verdict.at <= UNDO_FOR else "",
        reasons=REASON_WORDS,
        draft=request.app.state.actions.draft(sheet.shift.key) if site.access.who(request) and not verdict else "",
    )


def feeds(request: Request) -> Response:
    """Every feed with its health."""
    site = site_of(request)
    with snapshot(site.engine) as connection:
        lines = pages.feed_lines(connection)
    health = {name: sum(line.health == name for line in lines) for name in dict.fromkeys(line.health for line in lines)}
    return render(request, "feeds.html", lines=lines, health=health)


def rules(request: Request) -> Response:
    """How the bot decides, and what became of everything lately."""
    site = site_of(request)
    with snapshot(site.engine) as connection:
        counted = tallies.totals(connection, site.clock().date() - timedelta(days=TALLIED_DAYS - 1))
    return render(request, "rules.html", rules=site.rules, counted=counted, days=TALLIED_DAYS)


def tell(verdict: VerdictRecord) -> str:
    """Return who decided what and when, in a sentence."""
    return told_before(VerdictKind(verdict.kind), by=verdict.by, at=verdict.at, reason=verdict.reason)


def _filter(request: Request) -> ShiftFilter:
    told = _word(request, "told")
    verdict = _word(request, "verdict")
    return ShiftFilter(
        position_id=_word(request, "position"),
        relation=_relation(request),
        verdict=verdict if verdict in VERDICTS else "",
        told={"yes": True, "no": False}.get(told),
        since=_day(request, "since"),
        until=_day(request, "until"),
    )


def _before(request: Request) -> tuple[datetime, str] | None:
    moment, _, key = _word(request, "before").partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (at, key) if at.tzinfo else None


def _relation(request: Request) -> Relation | None:
    word = _word(request, "relation")
    return Relation(word) if word in {relation.value for relation in Relation} else None


def _day(request: Request, name: str) -> date | None:
    try:
        return date.fromisoformat(_word(request, name))
    except ValueError:
        return None


def _word(request: Request, name: str) -> str:
    return request.query_params.get(name, "").strip()[:200]

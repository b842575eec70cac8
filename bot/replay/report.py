"""The report of a replay in a folder: Markdown, one HTML page, a timeline picture per position, and the alerts as JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.charts.timeline import timeline_png, timeline_svg
from bot.errors import InputError
from bot.replay.story import RELATIONS, Chapter, Difference, Story, Told

_MARK_UP = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def write_report(folder: Path, story: Story, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write the report and return its page; `rows` are the alerts. InputError where the folder cannot be written."""
    try:
        (folder / "timelines").mkdir(parents=True, exist_ok=True)
        for chapter in story.chapters:
            picture = timeline_png(chapter.points, chapter.changes, title=chapter.title)
            (folder / "timelines" / f"{chapter.picture}.png").write_bytes(picture)
        lines = [json.dumps(row, ensure_ascii=True) for row in rows]
        (folder / "alerts.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        (folder / "report.md").write_text(markdown(story), encoding="utf-8")
        page = folder / "report.html"
        page.write_text(html(story), encoding="utf-8")
    except OSError as fault:
        raise InputError(f"{folder}: the report cannot be written ({fault.strerror}).") from fault
    return page


def html(story: Story) -> str:
    """Return the report as one page that needs nothing beside it."""
    environment = Environment(
        loader=PackageLoader("bot.replay"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pictures = {
        chapter.id: Markup(timeline_svg(chapter.points, chapter.changes, title=chapter.title))  # noqa: S704  drawn by us, every text in it escaped
        for chapter in story.chapters
    }
    return environment.get_template("report.html").render(story=story, pictures=pictures, relations=RELATIONS)


def markdown(story: Story) -> str:
    """Return the report as Markdown; its pictures lie in `timelines/`."""
    lines = [f"# {escaped(story.title)}", "", *_spaced(story.summary), "## How to read this", ""]
    lines += [
        "A *line* is what somebody was on record as holding. A statement that moves it makes one alert, however many reports",
        "carry it; whatever keeps to the line makes none. A statement that moves the line is",
        "",
        *(
            f"- a **{relation.value.replace('_', ' ')}** where it {does}"
            for relation, does in RELATIONS.items()
            if relation.is_shift
        ),
        "",
    ]
    if story.by_day:
        lines += [
            "## Alerts by day",
            "",
            "| day | alerts |",
            "|---|---:|",
            *(f"| {d} | {n} |" for d, n in story.by_day),
            "",
        ]
    if story.difference:
        lines += _difference(story.difference)
    for chapter in story.chapters:
        lines += _chapter(chapter)
    if story.quiet:
        lines += ["## Lines on which nothing was said", "", *(f"- {escaped(line)}" for line in story.quiet), ""]
    if story.unheard:
        lines += ["## What was told to nobody, and why", "", *(f"- {escaped(line)}" for line in story.unheard), ""]
    lines += ["## Made with", "", *(f"- {escaped(line)}" for line in story.made_with), ""]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Return text from elsewhere so that Markdown shows it as it is."""
    shown = _MARK_UP.sub(r"\\\1", text)
    return re.sub(r"^(\d+)([.)])|^([-+=])", r"\1\\\2\3", shown) if re.match(r"\d+[.)]|[-+=]", shown) else shown


def _chapter(chapter: Chapter) -> list[str]:
    source = f" Source: {escaped(chapter.source)}." if chapter.source else ""
    lines = [
        f"## {escaped(chapter.title)}",
        "",
        f"**The line since {chapter.since}:** {escaped(chapter.baseline)}{source}",
        "",
        chapter.counts,
        "",
        f"![Timeline of {escaped(chapter.title)}](timelines/{chapter.picture}.png)",
        "",
    ]
    for alert in chapter.alerts:
        lines += _alert(alert)
    if chapter.moves:
        lines += ["How the line moved meanwhile:", "", *(f"- {escaped(move)}" for move in chapter.moves), ""]
    if chapter.near:
        lines += [
            "Near misses, which the digest would have had:",
            "",
            *(f"- {escaped(one)}" for one in chapter.near),
            "",
        ]
    return lines


def _alert(alert: Told) -> list[str]:
    where = f"[{escaped(alert.where or 'source')}](<{alert.link}>)" if alert.link else escaped(alert.where)
    lines = [f"### {alert.at}: {escaped(alert.headline)}", ""]
    around = [f"{escaped(alert.before)} " if alert.before else "", f"**{escaped(alert.now)}**"]
    around.append(f" {escaped(alert.after)}" if alert.after else "")
    lines += [f"> {''.join(around)}", "", f"{escaped(alert.who)}; {where}", ""]
    lines += [f"Was: {escaped(alert.was)}", "", f"Why: {escaped(alert.why)}. {escaped(alert.confidence)}.", ""]
    if alert.accounts:
        lines += ["Also reported:", "", *(f"- {escaped(one)}" for one in alert.accounts), ""]
    if alert.disputes:
        lines += ["Against it:", "", *(f"- {escaped(one)}" for one in alert.disputes), ""]
    return lines


def _difference(difference: Difference) -> list[str]:
    lines = [f"## Compared with {escaped(difference.against)}", "", escaped(difference.summary), ""]
    listed = (("appear", difference.appears), ("vanish", difference.vanishes), ("stay", difference.stays))
    for does, found in listed:
        if found:
            lines += [f"Would {does}:", "", *(f"- {escaped(one)}" for one in found), ""]
    return lines


def _spaced(paragraphs: Iterable[str]) -> list[str]:
    return [part for paragraph in paragraphs for part in (escaped(paragraph), "")]

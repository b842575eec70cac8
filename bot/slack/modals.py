"""The windows of the conversation, and what people wrote into them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.core.alert_words import day, is_several, minute
from bot.core.desk import LONGEST_BASELINE, REASON_WORDS
from bot.core.safe_text import clean
from bot.ports import AlertSheet, Choice, Finding, History, NewLine, Reading
from bot.slack import buttons, limits
from bot.slack.escape import link, mrkdwn
from bot.slack.parts import (
    Block,
    asked,
    choice_field,
    context,
    day_field,
    divider,
    section,
    text_field,
    window,
)

WORDING, REASON, INTO = "wording", "reason", "into"
HOLDER, TOPIC, BASELINE, SINCE, SOURCE, TOPICS = "holder", "topic", "baseline", "since", "source", "topics"
MOST_FINDINGS = 12
_WEB_ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a window remembers until it is sent: what it is about, and where it was opened."""

    subject: str
    channel: str = ""

    def __str__(self) -> str:
        return json.dumps([self.subject, self.channel])


def memory_of(view: Mapping[str, Any]) -> Memory:
    """Return what a window remembered; empty where it remembered nothing of ours."""
    try:
        subject, channel = json.loads(str(view.get("private_metadata") or ""))
    except (ValueError, TypeError):
        return Memory(subject="")
    return Memory(subject=str(subject), channel=str(channel))


def confirm(sheet: AlertSheet, channel: str) -> Block:
    """Return the window in which a shift is confirmed and the new line worded."""
    field = text_field(sheet.draft, least=5, most=LONGEST_BASELINE, several_lines=True)
    blocks = [
        section(f"*{mrkdwn(sheet.headline, 200) or 'This shift'}*\n> {mrkdwn(sheet.words, 1200)}"),
        context(f"Was, since {day(sheet.since)}: {mrkdwn(sheet.baseline, 600)}"),
        asked("The line on record from now on", WORDING, field, hint="One sentence that names who holds what."),
    ]
    return window(
        "Confirm shift", blocks, callback=buttons.CONFIRM, submit="Confirm", memory=str(_memory(sheet, channel))
    )


def reject(sheet: AlertSheet, channel: str) -> Block:
    """Return the window that asks why an alert is no shift."""
    choices = [Choice(value=reason.value, label=_first_upper(words)) for reason, words in REASON_WORDS.items()]
    blocks = [
        section(f"*{mrkdwn(sheet.headline, 200) or 'This alert'}*\n> {mrkdwn(sheet.words, 1200)}"),
        asked("Why is this not a shift?", REASON, choice_field(choices), hint="The detector is trained on this."),
    ]
    return window("Not a shift", blocks, callback=buttons.REJECT, submit="Send", memory=str(_memory(sheet, channel)))


def same(sheet: AlertSheet, channel: str) -> Block:
    """Return the window that asks which shift this one is the same as."""
    head = section(f"*{mrkdwn(sheet.headline, 200) or 'This alert'}*\n> {mrkdwn(sheet.words, 600)}")
    if not sheet.same_as:
        return window("Same as…", [head, section("No other shift of this position is on file.")])
    field = asked("It is the same as", INTO, choice_field(sheet.same_as))
    return window("Same as…", [head, field], callback=buttons.SAME, submit="Merge", memory=str(_memory(sheet, channel)))


def track(today: date, channel: str, *, holder: str = "") -> Block:
    """Return the window in which a further line is put on record."""
    blocks = [
        asked("Who holds it", HOLDER, text_field(holder, least=2, most=120), hint="As the news names them."),
        asked("On what", TOPIC, text_field(least=3, most=200), hint="A noun phrase: Ukraine's NATO membership"),
        asked(
            "The line on record",
            BASELINE,
            text_field(least=10, most=LONGEST_BASELINE, several_lines=True),
            hint="One sentence in your own words. Say how far it goes: what is refused, and under which conditions.",
        ),
        asked("On record since", SINCE, day_field(today.isoformat())),
        asked("Where that is on record", SOURCE, text_field(most=500), optional=True),
        asked(
            "Other names of the topic",
            TOPICS,
            text_field(most=1000, several_lines=True),
            hint="One a line, three to six.",
            optional=True,
        ),
    ]
    memory = str(Memory(subject="", channel=channel))
    return window("Track a position", blocks, callback=buttons.TRACK, submit="Track", memory=memory)


def waiting(title: str, words: str) -> Block:
    """Return the window that stands until the answer is there."""
    return window(title, [section(words)])


def told(title: str, words: str) -> Block:
    """Return a window that says one thing."""
    return window(title, [section(mrkdwn(words, limits.SECTION) or "–")])


def reading(found: Reading) -> Block:
    """Return the window that says what a text does to the tracked lines."""
    return window("Check this text", reading_blocks(found))


def reading_blocks(found: Reading) -> list[Block]:
    """Return what became of an article or a text, statement by statement."""
    title = link(found.url, found.title or "the article") or mrkdwn(found.title, 200)
    blocks = [section(f"*{title}*")] if title else []
    if found.problem:
        return [*blocks, section(mrkdwn(found.problem, 1000))]
    if not found.findings:
        return [*blocks, section("Nothing in it touches a tracked line.")]
    for finding in found.findings[:MOST_FINDINGS]:
        blocks += [section(_finding(finding)), context(mrkdwn(finding.reason, 600) or "–")]
    rest = len(found.findings) - MOST_FINDINGS
    return [*blocks, context(f"and {rest} more statements")] if rest > 0 else blocks


def history(way: History) -> Block:
    """Return the window that shows a position's way: its lines, and what was said on it lately."""
    line = way.line
    verb = "have" if is_several(line.holder) else "has"
    blocks = [section(f"*{mrkdwn(line.holder, 80)}* on {mrkdwn(line.topic, 200)} {verb} held:")]
    for since, baseline in way.lines[:8]:
        blocks.append(section(f"since *{day(since)}*\n> {mrkdwn(baseline, 700)}"))
    blocks.append(divider())
    if not way.findings:
        blocks.append(section("Nothing was said on it since it is tracked."))
    blocks += [section(_finding(finding)) for finding in way.findings[:MOST_FINDINGS]]
    return window("Timeline", blocks)


def faults(callback: str, view: Mapping[str, Any], today: date) -> dict[str, str]:
    """Return what is wrong with what was sent, by field; {} where nothing is. Asks nobody, so that it can be told at once."""
    values = written(view)
    wrong: dict[str, str] = {}
    if callback == buttons.CONFIRM and len(clean(values.get(WORDING, "")).split()) < 2:
        wrong[WORDING] = "Please write one sentence."
    if callback == buttons.TRACK:
        for field in (HOLDER, TOPIC, BASELINE):
            if not clean(values.get(field, "")):
                wrong[field] = "Please write something here."
        if values.get(SINCE, "") > today.isoformat():
            wrong[SINCE] = "This day is yet to come."
    return wrong


def written(view: Mapping[str, Any]) -> dict[str, str]:
    """Return what was written or chosen, by field."""
    fields = (view.get("state") or {}).get("values") or {}
    found: dict[str, str] = {}
    for name, elements in fields.items():
        for element in elements.values():
            chosen = (element.get("selected_option") or {}).get("value")
            found[name] = str(element.get("value") or element.get("selected_date") or chosen or "")
    return found


def new_line(values: Mapping[str, str], today: date) -> NewLine:
    """Return the line that somebody wants tracked."""
    topics = [clean(line) for line in values.get(TOPICS, "").splitlines()]
    return NewLine(
        holder=clean(values.get(HOLDER, "")),
        topic=clean(values.get(TOPIC, "")),
        baseline=clean(values.get(BASELINE, "")),
        since=date.fromisoformat(values.get(SINCE) or today.isoformat()),
        source=clean(values.get(SOURCE, "")),
        topics=tuple(topic for topic in topics if topic)[:6],
    )


def link_in(text: str) -> str:
    """Return the first web address in what somebody typed, as Slack may have wrapped it; "" for none."""
    found = _WEB_ADDRESS.search(text.replace("&amp;", "&"))
    return found[0].partition("|")[0].rstrip(">") if found else ""


def _finding(finding: Finding) -> str:
    source = link(finding.url, finding.outlet or "article", 80) or mrkdwn(finding.outlet, 80)
    when = minute(finding.at) if finding.at else ""
    share = f"{finding.decision}, {round(finding.probability * 100)}% a shift"
    small = " · ".join(part for part in (share, source, when) if part)
    return f"*{mrkdwn(finding.headline, 200) or 'A statement'}*\n> {mrkdwn(finding.words, 700)}\n{small}"


def _memory(sheet: AlertSheet, channel: str) -> Memory:
    return Memory(subject=sheet.key, channel=channel)


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]

"""When not to read: pages that extract like articles and are none, and languages that are not read."""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.ports import Abstained
from bot.reading.language import READ, identify_language
from bot.reading.sentences import paragraphs

_I = re.IGNORECASE
_CONSENT = re.compile(
    r"\b(?:we (?:and our (?:\d+ )?partners )?(?:use|store)\b[^.]{0,60}\bcookies?|accept (?:all )?cookies|"
    r"cookie (?:policy|settings|preferences|consent)|"
    r"manage (?:your )?(?:consent|preferences|choices|options)|reject all|accept all|legitimate interests?|"
    r"your privacy (?:choices|matters|is important)|"
    r"privacy (?:policy|settings|centre|center)|consent to (?:the use|our use|store)|personali[sz]ed (?:ads|"
    r"advertising|content)|store and/or access information|before you continue)\b",
    _I,
)
_CAPTCHA = re.compile(
    r"\b(?:verify (?:that )?you are (?:a )?human|are you a (?:human|robot)|i['’]?m not a robot|"
    r"complete the (?:security check|captcha)|captcha|"
    r"checking (?:if the site connection is secure|your browser)|enable javascript and cookies to continue|"
    r"please enable (?:javascript|cookies|js)|"
    r"unusual (?:traffic|activity) from your|access (?:to this page has been )?denied|just a moment\.\.\.|"
    r"ddos protection by|ray id|"
    r"attention required|press (?:and|&) hold|why have i been blocked|request unsuccessful|403 forbidden|"
    r"bot detection)\b",
    _I,
)
_PAYWALL = re.compile(
    r"\b(?:subscribe (?:now )?to (?:continue|read|keep|unlock|access)|to (?:continue|keep) reading|already (?:a|"
    r"have a) (?:subscriber|subscription|member)|"
    r"(?:for|to|our) subscribers only|subscriber[- ](?:only|exclusive)|(?:sign|log) in to (?:continue|read)|"
    r"create (?:a free|an) account to|"
    r"this (?:article|content|story) is (?:for|available to|reserved for|exclusive to)|unlock (?:this|the full)|"
    r"start your (?:free )?trial|"
    r"you['’]ve (?:reached|read) your|(?:free|remaining) articles? (?:this|left|remaining)|read the full (?:story|"
    r"article) (?:with|by subscribing)|subscription required)\b",
    _I,
)
_ENDED = re.compile(r"[.!?…:;,][\"'”’»)\]*_]*$")
SHORT = 2500
"""Characters above which a page with such phrases is an article with a banner."""


def assess_readability(text: str, *, languages: Collection[str] = READ) -> Abstained | None:
    """Return why `text` should not be read, or None for an article in one of `languages`.

    Reasons: empty, captcha, consent_wall, paywall, index_page, language (`detail` is its code).
    """
    letters = sum(map(str.isalpha, text[:4000]))
    if letters < 20:
        return Abstained(reason="empty", detail=f"{letters} letters")
    wall = _wall(text)
    if wall is not None:
        return wall
    language = identify_language(text)
    if language and language not in languages:
        return Abstained(reason="language", detail=language)
    return _index_page(text)


def _wall(text: str) -> Abstained | None:
    """Return the wall that stands in place of the article: its phrases fill a short text."""
    if len(text) > SHORT:
        return None
    words = max(1, len(text.split()))
    for reason, pattern, per_words, always in (
        ("captcha", _CAPTCHA, 90, 60),
        ("consent_wall", _CONSENT, 70, 25),
        ("paywall", _PAYWALL, 260, 0),
    ):
        hits = [match.group().lower() for match in pattern.finditer(text)]
        dense = len(hits) * per_words >= words and (len(set(hits)) > 1 or reason == "paywall")
        if hits and (dense or words <= always):
            return Abstained(reason=reason, detail=hits[0])
    return None


def _index_page(text: str) -> Abstained | None:
    """Return an abstention where most of the text is short lines without a sentence's end: headlines, menus, teasers."""
    spans = paragraphs(text[:40_000])
    if len(spans) < 12:
        return None
    lines = [text[start:end] for start, end in spans]
    headlines = [line for line in lines if len(line.split()) <= 22 and not _ENDED.search(line)]
    long = sum(len(line) for line in lines if len(line.split()) > 30)
    share = len(headlines) / len(lines)
    if share >= 0.7 and long < 0.35 * sum(map(len, lines)):
        return Abstained(reason="index_page", detail=f"{len(headlines)} of {len(lines)} lines are headlines")
    return None

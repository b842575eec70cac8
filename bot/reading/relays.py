"""Who stands behind whoever is cited: the source of a news agency's or paper's words, and the issuer of an official text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.attribution import Attribution, Span, covered, principal
from bot.reading import lexicon

HEAD = 600
"""Characters of a text in which it says who issues it."""
ENOUGH = 0.4
"""Share of what is passed on that must be the inner source's for the sentence to be theirs."""

_MEDIA = re.compile(
    r"\b(?:news|agency|newspaper|paper|daily|weekly|magazine|tabloid|broadcaster|television|TV|channel|radio|press service|media|"
    r"outlet|website|Reuters|TASS|AFP|AP|DPA|ANSA|Interfax|RIA|Xinhua|Ukrinform|Bloomberg|BBC|CNN|Fox|Times|Post|Journal|"
    r"Guardian|Telegraph|Economist|Politico|Axios)\b"
)
_ISSUER = re.compile(
    r"^\W*(?:joint |press |official |written )*(?:statement|declaration|communiqu[ée]|comment)\s+(?:by|of|from)\s+"
    r"(?:the\s+)?([A-Z][^\n.:;–—]{3,120}?)"
    r"(?=\s+(?:on|regarding|concerning|about|in connection|after|following|at)\b|\s*[\n.:;–—(]|\s*$)",
    re.IGNORECASE | re.MULTILINE,
)
_UNSAID = re.compile(
    r"\b(?:will|would|may|might|can|could|should|shall|must|never|not|is going to)\b|n['’]t\b", re.IGNORECASE
)
_UTTERED = lexicon.PURE | {"promise", "pledge", "vow"}
_SMALL = re.compile(r"\b(?:Of|The|And|For|On)\b")


def relayed(text: str, here: Sequence[Attribution], span: Span) -> Attribution | None:
    """Return whose words a sentence chiefly is; where a news agency or paper passes words on, whoever it has them from."""
    outer = principal(here, span)
    if outer is None or outer.source is None or not _MEDIA.search(text[slice(*outer.source)]):
        return outer
    inside = [
        one
        for one in here
        if one is not outer and one.head.lower() not in lexicon.WEAK_SUBJECTS and told_within(one, outer)
    ]
    inner = principal(inside, span)
    if inner is None or not inner.strength or covered(inner.contents, span) < ENOUGH * covered(outer.contents, span):
        return outer
    return inner


def told_within(inner: Attribution, outer: Attribution) -> bool:
    """Whether the source of `inner` is named in what `outer` cites, and `outer` has a source."""
    if inner.source is None or outer.source is None:
        return False
    return any(start <= inner.source[0] < end for start, end in outer.contents)


def passed_on(text: str, inner: Attribution) -> bool:
    """Whether words are passed on that `inner` was heard to say, rather than what it wants, does or would say."""
    if inner.source is None or inner.strength < 2 or inner.lemma not in _UTTERED:
        return False
    return not _UNSAID.search(text, min(inner.source[1], inner.cue[0]), max(inner.source[1], inner.cue[1]))


def issuer_of(text: str) -> str:
    """Return who issues an official text, as its head names them ("Statement by the Ministry of ..."), "" for other texts."""
    match = _ISSUER.search(text[:HEAD])
    if match is None:
        return ""
    name = " ".join(match.group(1).split())
    return _SMALL.sub(lambda small: small.group().lower(), name.title()) if name.isupper() else name


def is_issuer(source: str, issuer: str) -> bool:
    """Whether an official text speaks of its issuer: by its name, or by a part of it ("the Ministry")."""
    words = [word for word in re.findall(r"\w+", source.lower()) if word != "the"]
    return bool(issuer and words) and set(words) <= set(re.findall(r"\w+", issuer.lower())) and words != ["of"]

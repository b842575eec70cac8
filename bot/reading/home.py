"""Whose office it is where a text leaves the state unsaid ("the foreign minister"): by what the article says, never by a guess.

An office that was named with its state before ("Turkish Foreign Minister ...") stays that state's. Otherwise it is that of the
state whose site the text stands on, of the place where it is datelined, of the one state whose offices the headline names, or of
the only one whose offices are spoken of. Where two of these differ, or one of them gives two states, nothing is concluded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.reading import gazetteer, lexicon
from bot.reading.furniture import Furniture
from bot.reading.layout import Layout

LEAD = 400
"""Characters of a text in which it says what it is about."""
LONGEST_STATE = 5
"""Words of the longest name of a state."""
FAR = 40
"""Characters between "address by" and the office that it is by."""
READ = 60_000
"""Characters of an article in which offices are looked for."""
MOST = 200
"""Offices of an article that are looked at."""

DEPARTMENTS = (
    "foreign|prime|defen[cs]e|finance|interior|home|energy|oil|trade|commerce|economy|economic|justice|health|agriculture|farm|"
    "transport|environment|climate|culture|education|labou?r|industry|unification|development|planning|security|migration|"
    "immigration|science|digital|treasury|europe|european affairs|foreign affairs|external affairs|national defen[cs]e|state"
)
_RANK = re.compile(
    rf"\b(?:(?:(?:{DEPARTMENTS})\s)*(?:ministers?|ministry|secretary)|presidents?|premier|chancellor|government|cabinet|presidency|"
    r"parliament|spokes(?:man|woman|person)|ambassadors?|envoys?|negotiators?|negotiating team|delegation|officials?|diplomats?|"
    r"aides?|advis[eo]rs?)"
    r"(?:\sof\s(?:foreign affairs|(?:national )?defen[cs]e|(?:the )?interior|finance|energy|commerce|trade))?\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    rf"(?:the\s|our\s|its\s)?(?:(?:deputy|acting|first|vice|new)\s)*(?:(?:{DEPARTMENTS})(?:\sand\s\w+)?\s(?:minister|secretary)|"
    rf"minister(?:\s(?:of|for)\s(?:the\s)?(?:{DEPARTMENTS})(?:\sand\s\w+)?)?|president(?:\sof\sthe\srepublic)?|premier|chancellor|"
    rf"(?:(?:{DEPARTMENTS})\s)?ministry(?:\sof\s(?:the\s)?(?:{DEPARTMENTS}))?|government|cabinet|presidency|presidential office|"
    r"prime minister['’]s office|president['’]s office|"
    rf"(?:presidential|government|cabinet|(?:(?:{DEPARTMENTS})\s)?ministry)\s(?:spokes(?:man|woman|person)|aide|advis[eo]r))",
    re.IGNORECASE,
)
_NOT_OURS = re.compile(
    r"\b(?:former|ex|late|ousted|then|opposition|shadow|exiled|candidates?|nominee|party|union|company|club|university|bank|"
    r"separatist|rebel|acting as)\b|\bex-",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"((?:[\w.’'-]+[ \u00a0]){1,4}?)((?:(?:deputy|vice|chief|top|senior|acting|first|permanent|special|presidential|"
    rf"and|new|{DEPARTMENTS})[ \u00a0])*)$",
    re.IGNORECASE,
)
"""The words before an office: whose it is, and what only tells its rank."""
_AFTER = re.compile(
    r"[ \u00a0](?:of|for)[ \u00a0](?:the[ \u00a0])?"
    r"((?:[A-Z][\w.’'-]*[ \u00a0]?)(?:(?:of[ \u00a0])?[A-Z][\w.’'-]*[ \u00a0]?){0,5})"
)
_ABROAD = frozenset({"ambassador", "envoy", "diplomat", "delegation", "negotiator", "official"})
"""Offices that are held abroad: that a headline names one says nothing of whose the other offices are."""
_OFFICIAL = re.compile(
    r"\b(?:presidents?|presidency|ministry|minister|government|department|kremlin|white house|chancellery|cabinet|embassy|"
    r"office|MFA)\b",
    re.IGNORECASE,
)
_ISSUED = re.compile(
    r"\b(?:address|remarks|speech|statement|comment|commentary|briefing|article|message|answers)\s(?:by|of|from)\s(?:the\s)?",
    re.IGNORECASE,
)
_ACTING = re.compile(r"((?:[A-Z][\w.’'-]+ ){1,3})(?=[a-z]+s\b)")
"""A headline's subject before its verb: "Berlin promises air defence"."""
_SMALL = lexicon.words("the of for and affair our it deputy acting first vice new national")
_PRIME = frozenset({"prime"})
_IN = re.compile(r"[\s“\"*]*In ([A-Z]\w+(?: [A-Z]\w+)?)(?:,| an?\b| the\b| (?=[a-z]))")
_NAME_NEXT = re.compile(
    r",?[ \u00a0](?!(?:The|And|In|On|At|For|To|With|By|Of|Holds|Meets|Gives)\b)[A-ZÀ-ÞŁŠŽČĆŞİ][\w’'-]+"
)
_COMMISSIONER = re.compile(
    r"(?:(?:eu|european|trade|energy|sanctions|budget|climate|competition|defen[cs]e|migration|economy) )?commissioner"
)
_CITY = re.compile(r"[\s*_]*([A-Z][A-Za-z]+(?: [A-Z][a-z]+)?)(?:,|\s*[(—–-])")
_HEADED = re.compile(r"(?:,\s|\()([A-Z][\w]+(?: [A-Z]\w+)?)(?:,\s[\w .]*\d[\w .,]*)?\)?\s*$")
_LACKS = {
    "United States": ("minister", "premier", "chancellor"),
    "NATO": ("minister", "premier", "chancellor", "president"),
    "United Kingdom": ("president",),
    "Canada": ("president",),
    "Australia": ("president",),
    "Japan": ("president",),
    "Netherlands": ("president",),
    "Belgium": ("president",),
    "Denmark": ("president",),
    "Norway": ("president",),
    "Sweden": ("president",),
}
"""Offices that a state has not, so that one of them is another's wherever the article was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An office that is named with its state: where (-1 in the headline), its words as they are compared, whose it is."""

    start: int
    words: frozenset[str]
    state: str


class Home:
    """Whose the offices of one article are that it names without a state.

    `office` is the only one that its headline names without a name beside it, in lower case with its state: in an interview that
    of whoever answers ("on the night train with Ukraine's chief negotiator"). `issuer` is the state whose official the text is by
    ("Address by the President of Ukraine"), `official` the one on whose site it stands; "" for none.
    """

    def __init__(self, text: str, title: str, layout: Layout, outlet: str = "") -> None:
        above = list(_offices(title, at=-1))
        self._offices = (*above, *islice(_offices(text[:READ]), MOST))
        self.official = _official(outlet)
        self._dateline = self.official or _dateline(text, title, layout)
        self._lead = frozenset(states_in(f"{title} . {text[:LEAD]}"))
        self._union = "European Union" in self._lead or "Brussels" in title or "Brussels" in text[:LEAD]
        self._state = self._dateline or self._from_offices(title, above)
        self.office = _only_office(title)
        self.issuer = self._issued(title)

    def _issued(self, title: str) -> str:
        """Return the state of the office that a headline says the text is by, "" where it says none."""
        by = _ISSUED.search(title)
        office = next(_offices(title[by.end() :]), None) if by else None
        return "" if office is None or office.start > FAR else office.state or self._state

    def state_of(self, office: str, at: int, sentence: str = "") -> str:
        """Return the state of the plain `office` that stands at offset `at`, as the gazetteer names it; "" where none is sure.

        `sentence` is the one that it stands in: "In Ankara the defence ministry said ...".
        """
        plain = " ".join(office.lower().split()).removeprefix("the ")
        if plain in gazetteer.OFFICES:
            return gazetteer.OFFICES[plain]
        if _COMMISSIONER.fullmatch(plain):
            return "European Union" if self._union else ""
        if not is_plain(plain):
            return ""
        words = _compared(plain)
        place = _IN.match(sentence)
        state = (_capital(place.group(1)) if place else "") or self._named_before(words, at)
        return "" if any(lacking in words for lacking in _LACKS.get(state, ())) else state

    def _named_before(self, words: frozenset[str], at: int) -> str:
        """Return whose an office is by its earlier mentions; where the first leaves the state out, that is the article's home."""
        same = [one.state for one in self._offices if one.start < at and words <= one.words - (_PRIME - words)]
        named = {state for state in same if state} if same and same[0] else set()
        if self._dateline:
            named.add(self._dateline)
        found = named or {self._state}
        return found.pop() if len(found) == 1 else ""

    def _from_offices(self, title: str, above: Sequence[Office]) -> str:
        """Return the one state whose offices the headline names, the only one whose offices are spoken of, or who acts in it.

        The last two only where the headline and the first lines name no other state.
        """
        ours = [one for one in above if not one.words <= _ABROAD]
        # One without a state may stand beside that of another: "... Foreign Minister's talks with that of Iran".
        if ours:
            states = {one.state for one in ours}
            return states.pop() if len(states) == 1 else ""
        states = {one.state for one in self._offices if one.state and not one.words <= _ABROAD}
        if len(states) == 1 and self._lead == states:
            return states.pop()
        acting = _ACTING.match(title)
        subject = next(states_in(acting.group(1)), "") if acting else ""
        return subject if self._lead == {subject} else ""


def is_plain(office: str) -> bool:
    """Whether the words are an office of a state that they do not name."""
    return _PLAIN.fullmatch(" ".join(office.split())) is not None


def states_in(words: str) -> Iterator[str]:
    """Yield the states that `words` name, each by its longest name; a name begins with a capital."""
    called = gazetteer.called()
    parts = [part.strip('“”"()[],;:!?') for part in words.split()]
    bare = [re.sub(r"['’]s?$", "", part) for part in parts]
    at = 0
    while at < len(bare):
        step = 1
        if bare[at][:1].isupper():
            for length in range(min(LONGEST_STATE, len(bare) - at), 0, -1):
                name = " ".join(bare[at : at + length])
                state = called.get(name) or called.get(name.rstrip("."))
                if state:
                    yield state
                    step = length
                    break
        at += step


def _offices(words: str, at: int | None = None) -> Iterator[Office]:
    """Yield the offices that `words` name, with their states where they have them there; `at` stands for where, if given."""
    for match in _RANK.finditer(words):
        before = _BEFORE.search(words, max(0, match.start() - 80), match.start())
        if before and _NOT_OURS.search(before.group()):
            continue
        start = match.start() if at is None else at
        yield Office(start=start, words=_compared(match.group()), state=_state_at(words, match, before))


def _state_at(words: str, match: re.Match[str], before: re.Match[str] | None) -> str:
    """Return the state that stands right before an office ("Polish", "Iran’s"), or behind it ("of the Republic of Poland")."""
    told = before.group(1).strip().split() if before else []
    for length in range(min(3, len(told)), 0, -1):
        named = list(states_in(" ".join(told[-length:])))
        if len(named) == 1 and told[-length][:1].isupper() and all(word[:1].isupper() for word in told[-length:]):
            several = told[-length - 1 : -length] == ["and"] and any(states_in(" ".join(told[: -length - 1])))
            return "" if several else named[0]
    after = _AFTER.match(words, match.end())
    return next(states_in(after.group(1)), "") if after else ""


def _only_office(title: str) -> str:
    """Return the one office of a headline that stands there without a name, with its state, in lower case; "" for none or two."""
    found = []
    for match in _RANK.finditer(title):
        if _NAME_NEXT.match(title, match.end()):
            continue
        before = _BEFORE.search(title, max(0, match.start() - 80), match.start())
        rank = before.group(2) if before else ""
        found.append(f"{_state_at(title, match, before)} {rank}{match.group()}".strip().lower())
    return found[0] if len(found) == 1 else ""


def _compared(office: str) -> frozenset[str]:
    words = re.findall(r"[a-z]+", office.lower().replace("premier", "prime minister").replace("defense", "defence"))
    plain = ("minister" if word in ("ministry", "ministers") else word.removesuffix("s") for word in words)
    plain = ("spokesman" if word.startswith("spokes") else word for word in plain)
    return frozenset(plain) - _SMALL


def _official(outlet: str) -> str:
    """Return the state whose office an outlet is ("President of Ukraine"), "" for the press."""
    states = set(states_in(outlet)) if _OFFICIAL.search(outlet) else set()
    return states.pop() if len(states) == 1 else ""


def _dateline(text: str, title: str, layout: Layout) -> str:
    """Return the state in whose capital an article is datelined, above its text, before its first words or behind its headline."""
    first = layout.sentences[0].start if layout.sentences else 0
    kinds = zip(layout.paragraphs[:8], layout.kinds[:8], strict=True)
    stamps = [text[start:end] for (start, end), kind in kinds if kind is Furniture.STAMP]
    cities = [match.group(1) for line in (*stamps, text[first : first + 60]) if (match := _CITY.match(line))]
    cities += [match.group(1) for line in (title, text[:first].strip()) if (match := _HEADED.search(line))]
    return next(filter(None, map(_capital, cities)), "")


def _capital(city: str) -> str:
    """Return the state whose seat is a city; "" for a seat of several, and for names that are not of one place."""
    for name in (city, city.title(), city.split(maxsplit=1)[0].title()):
        state = gazetteer.called().get(name, "")
        if (
            state
            and name not in gazetteer.SHARED
            and state != name
            and state not in ("NATO", "European Union", "European states")
        ):
            return state
    return ""

"""For whom a source speaks: by the desk's configuration with its dates, by metonym, and by the office that the text names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache, lru_cache

from bot.core.naming import short_forms
from bot.domain import Holder, Voice
from bot.reading import gazetteer

_FORMER = re.compile(r"\b(?:former|ex|one-time|onetime|erstwhile|ousted|late|retired|then)\b|\bex-", re.IGNORECASE)
_OFFICE = re.compile(
    r"\b(?:president|prime minister|premier|chancellor|minister|secretary|spokes(?:man|woman|person|people)|"
    r"ambassadors?|envoys?|officials?|"
    r"government|ministry|authorities|administration|diplomats?|negotiators?|delegation|leadership|leaders?|army|"
    r"military|parliament|"
    r"embassy|presidency|cabinet|representatives?|governor|lawmakers?|senators?|commander|admiral|general|team|"
    r"commission|commissioner|"
    r"mission|side|regime|capital|adviser|advisor|aide|treasury|department|council|king|queen|foreign minister)\b",
    re.IGNORECASE,
)
_NOT_OFFICE = re.compile(
    r"\b(?:analysts?|experts?|scholars?|journalists?|bloggers?|media|newspaper|daily|agency|opposition|dissidents?|"
    r"activists?|"
    r"pollsters?|economists?|residents?|citizens?|soldiers?|people|public|man|woman|businessman|historian|professor|"
    r"observers?|commentators?|writer|author|think tank|institute|candidate|nominee|hopeful|voters?|protesters?)\b",
    re.IGNORECASE,
)
_OUTSIDER = re.compile(
    r"\b(?:analysts?|experts?|scholars?|historians?|professors?|economists?|strategists?|pollsters?|researchers?|fellow|"
    r"political scientists?|observers?|commentators?|columnists?|bloggers?|pundits?|critics?|opponents?|opposition|dissidents?|"
    r"exiled?|shadow|activists?|protesters?|candidates?|hopefuls?|think[- ]tanks?|institute)\b",
    re.IGNORECASE,
)
_PAPER = re.compile(r"\b(?:paper|proposals?|draft|offer|terms|position|reply)$")
_PLAIN_OFFICE = re.compile(
    r"(?:the\s+)?(?:\w+\s+){0,2}(?:minister|president|premier|chancellor|spokes(?:man|woman|person)|ministry|government|secretary|"
    r"cabinet|presidency|prime minister)\b(?!['’])",
    re.IGNORECASE,
)
_TITLE = re.compile(
    rf"{_OFFICE.pattern}|\b(?:chair(?:man|woman|person)?|commissioner|chief|head|director)\b", re.IGNORECASE
)
UNCHANGED = frozenset({"chinese", "japanese", "french", "dutch", "british", "lebanese", "taiwanese", "spanish"})
"""Peoples that are called as their adjective is."""
LONGEST_FOREIGN = 4
"""Words of the longest name of a state that is looked for in a title."""
_ARTICLE = re.compile(r"^(?:the|a|an|both)\s+", re.IGNORECASE)
_LOWER = re.compile(r"\b(?!(?:US|UK|EU|RF|USA|PRC|U\.S|U\.K|E\.U)\b)\w+")


class Registry:
    """The desk's holders, ready to be matched with sources."""

    def __init__(self, holders: Sequence[Holder]) -> None:
        self._holders = tuple(holders)
        self._bodies: dict[str, str] = {}
        self._adjectives: dict[str, str] = {}
        self._voices: dict[str, list[tuple[str, Voice]]] = {}
        for holder in self._holders:
            people, seats = _known(holder)
            for name in (holder.name, *holder.aliases, *seats, *short_forms(holder)):
                self._bodies.setdefault(fold(_ARTICLE.sub("", name)), holder.name)
            for word in people:
                self._adjectives.setdefault(fold(word), holder.name)
            for voice in holder.voices:
                for name in (voice.name, *voice.aliases):
                    self._voices.setdefault(fold(_ARTICLE.sub("", name)), []).append((holder.name, voice))
        self._peoples = frozenset(word for word in self._adjectives if word.endswith("s") or word in UNCHANGED)
        self._words: dict[str, re.Pattern[str]] = {word: _whole(word) for word in (*self._adjectives, *self._bodies)}
        self._nation = lru_cache(maxsize=4096)(self._nation_in)

    def body(self, phrase: str, context: str = "") -> str:
        """Return the holder that `phrase` itself names ("Moscow", "the Kremlin", "the Russian government"), or ""."""
        bare = fold(_ARTICLE.sub("", phrase.strip()))
        if bare in self._bodies:
            return self._bodies[bare]
        for seat, owners in gazetteer.SHARED.items():
            if bare == seat.lower():
                return self._shared(owners, context)
        if bare in self._peoples and phrase.strip()[:4].lower() == "the ":
            return self._adjectives[bare]  # "the Russians", as officials call those across the table
        if _FORMER.search(phrase) or _NOT_OFFICE.search(phrase) or not _OFFICE.search(phrase):
            return ""
        return self._nation(phrase)

    def stance(self, phrase: str, context: str = "") -> str:
        """Return the holder whose stance a subject tells: its own name, or a paper of its ("the Iranian proposal"); or ""."""
        return self.body(phrase, context) or (self._nation(phrase) if _PAPER.search(phrase) else "")

    def voice(self, name: str) -> str:
        """Return the full name of the voice that `name` is an alias of, `name` itself where it is none or several."""
        known = {voice.name for _, voice in self._voices.get(fold(name), [])}
        return known.pop() if len(known) == 1 and " " not in name.strip() else name

    def _known_as(self, name: str) -> list[tuple[str, Voice]]:
        """Return the voices that `name` names: exactly, or by surname and first letter ("Sergei" for "Sergey")."""
        flat = fold(_ARTICLE.sub("", name))
        exact = self._voices.get(flat, [])
        words = flat.split()
        if exact or len(words) < 2 or _TITLE.search(words[-1]):  # a title is no surname that two people share
            return exact
        alike = [one for one in self._voices if " " in one and one.split()[-1] == words[-1] and one[0] == flat[0]]
        return [voice for one in alike for voice in self._voices[one]]

    def is_plain_office(self, phrase: str) -> bool:
        """Whether `phrase` is an office whose state it leaves unsaid ("the foreign minister"): that of whom the text is about."""
        return _PLAIN_OFFICE.match(phrase) is not None and not _FORMER.search(phrase) and not self._foreign(phrase)

    def is_outsider(self, name: str, phrase: str, titles: Iterable[str], when: date) -> bool:
        """Whether a source knows a state's mind from outside alone, so that nobody's stance is taken from what it tells.

        That is who was in office once, by the text or by the desk's dates, analysts and experts, opposition and candidates.
        """
        titles = tuple(titles)
        if any(_FORMER.search(words) for words in (name, phrase, *titles[:3])):
            return True
        configured = self._known_as(name)
        if configured:
            return not any(in_office(voice, when) for _, voice in configured)
        return any(_OUTSIDER.search(words) for words in (name, phrase, *titles))

    def of(
        self,
        name: str,
        phrase: str,
        titles: Iterable[str],
        when: date,
        *,
        context: str = "",
        home: Callable[[str], str] = lambda _: "",
    ) -> str:
        """Return for whom a source speaks on `when`, or "".

        `name` is the resolved name, `phrase` the source as the text has it, `titles` what the article calls that person
        anywhere, `context` the passage (for seats that two holders share), `home` the state that an office is of which names none.
        """
        titles = tuple(titles)
        if any(_FORMER.search(words) for words in (phrase, *titles[:3])):
            return ""
        configured = self._known_as(name)
        if configured:
            return next((holder for holder, voice in configured if in_office(voice, when)), "")
        body = self.body(name, context) or self.body(phrase, context)
        if body:
            return body
        for words in (phrase, *titles):
            if _OFFICE.search(words) and not _NOT_OFFICE.search(words):
                nation = self._nation(words)
                if nation:
                    return nation
        if any(self._foreign(words) or _NOT_OFFICE.search(words) for words in (phrase, *titles)):
            return ""
        states = {home(words) for words in titles or (name, phrase)} - {""}
        return self.body(states.pop()) if len(states) == 1 else ""

    def _nation_in(self, words: str) -> str:
        """Return the one holder whose adjective, name or seat stands in `words`; "" where there are two or a foreign one."""
        flat = fold(words)
        found = {
            holder
            for word, holder in (*self._adjectives.items(), *self._bodies.items())
            if self._words[word].search(flat)
        }
        return found.pop() if len(found) == 1 else ""

    def _foreign(self, words: str) -> bool:
        said = re.findall(r"[^\s,;:()]+", re.sub(r"'s?(?=\s|$)", "", fold(words)))
        return any(
            " ".join(said[at : at + length]) in _foreign_words()
            for at in range(len(said))
            for length in range(1, min(LONGEST_FOREIGN, len(said) - at) + 1)
        )

    def _shared(self, owners: tuple[str, ...], context: str) -> str:
        ours = [owner for owner in owners if any(self._bodies.get(fold(owner)) == h.name for h in self._holders)]
        flat = fold(context)
        named = [
            owner
            for owner in owners
            if any(fold(word) in flat for word in (owner, *gazetteer.STATES[owner][0], *gazetteer.STATES[owner][1]))
        ]
        if len(named) == 1 and named[0] in ours:
            return self._bodies[fold(named[0])]
        return ""


@cache
def _foreign_words() -> frozenset[str]:
    """Return the folded words for states, their people and seats."""
    return frozenset(fold(name) for name in gazetteer.called() if name not in gazetteer.AMBIGUOUS)


def in_office(voice: Voice, when: date) -> bool:
    """Whether `voice` speaks for its holder on `when`."""
    return (voice.since is None or voice.since <= when) and (voice.until is None or when <= voice.until)


def fold(text: str) -> str:
    """Return `text` for comparing names: lower case but for "US" and its like, without accents, apostrophes plain."""
    if not text.isascii():
        flat = unicodedata.normalize("NFKD", text.replace("’", "'").replace("\u00a0", " "))
        text = "".join(ch for ch in flat if not unicodedata.combining(ch))
    return _LOWER.sub(lambda match: match.group().lower(), text)


def _whole(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")


def _known(holder: Holder) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the adjectives and seats of the state that `holder` is, by its name or an alias; empty for others."""
    for name in (holder.name, *holder.aliases):
        people, seats = gazetteer.known(_ARTICLE.sub("", name))
        if people or seats:
            return people, seats
    return (), ()

"""Who a source is, by name: surnames, pronouns and descriptions resolved within the article."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.attribution import Attribution, Span
from bot.ports import Sentence
from bot.reading import gazetteer, lexicon
from bot.reading.names import TITLES, Cast, Named, Person, find_names

_DETERMINER = re.compile(r"^(?:the|a|an|this|that|these|those)\s+", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['’]s?$")
_DESCRIBED = re.compile(
    r"\b(?:people|person|one|some|many|most|several|both|two|others)\s(?:of\s\w|\w*\s?(?:familiar|close|briefed|involved|aware)\b|with\s(?:direct\s)?knowledge)",
    re.IGNORECASE,
)
_APPOSITION = re.compile(r",\s((?:[A-Z][\w.'’-]+\s){1,3}[A-Z][\w'’-]+)(?=,)")
_SYNONYMS = {"diplomat": ("top", "foreign minister"), "leader": ("", "president"), "head": ("state", "president")}
_WORDS_OF = lexicon.words(
    """comment comments remark remarks statement statements words position speech interview message tweet tweets post
    posts letter
    rhetoric stance pronouncements pronouncement dismissal article book testimony response answer claim claims
    argument"""
)
LOOK_BACK = 8
"""Sentences in which a pronoun's antecedent is sought."""


class Kind(StrEnum):
    """What a source is: somebody, people by their trade, a state or body, somebody's words, another thing, nobody named."""

    PERSON = "person"
    PEOPLE = "people"
    BODY = "body"
    WORDS = "words"
    THING = "thing"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who is cited: the resolved `name`, the words of the text, and the person where it is one known to the article."""

    name: str
    phrase: str
    kind: Kind
    person: Person | None = None


class Resolver:
    """Resolves the sources of one article in their order, and remembers who spoke."""

    def __init__(self, text: str, title: str, sentences: Sequence[Sentence]) -> None:
        self._text = text
        self._sentences = sentences
        self._cast = Cast(text, title)
        self._spoke: dict[int, list[tuple[int, Speaker]]] = {}
        self._cache: dict[tuple[Span, int], Speaker] = {}

    @property
    def cast(self) -> Cast:
        """The people of the article."""
        return self._cast

    def resolve(self, source: Span, head: str, index: int, *, within: str = "") -> Speaker:
        """Return who the source at `source` with head word `head` is, in sentence `index`; `within` is whose words it stands in."""
        key = (source, index)
        if key not in self._cache:
            speaker = self._resolve(source, head, index, within)
            self._cache[key] = speaker
            self._spoke.setdefault(index, []).append((source[0], speaker))
        return self._cache[key]

    def _resolve(self, source: Span, head: str, index: int, within: str) -> Speaker:
        phrase = self._text[source[0] : source[1]]
        word = _POSSESSIVE.sub("", head.lower())
        if word in lexicon.PERSONAL:
            return Speaker(name=within, phrase=phrase, kind=Kind.PERSON if within else Kind.NOBODY)
        if word in lexicon.HE or word in lexicon.SHE:
            person = self._antecedent(source[0], index, "m" if word in lexicon.HE else "f")
            return _somebody(person, phrase)
        if word in lexicon.THEY or word in lexicon.IT:
            return self._body_before(source[0], index, phrase)
        if word in lexicon.RELATIVE:
            return self._relative(source[0], index, phrase)
        if word in lexicon.WEAK_SUBJECTS or word == "one":
            kind = Kind.PEOPLE if _DESCRIBED.search(phrase) else Kind.NOBODY
            return Speaker(name=_plain(phrase), phrase=phrase, kind=kind)
        return self._noun(source, phrase, head, index)

    def _noun(self, source: Span, phrase: str, head: str, index: int) -> Speaker:
        word = head.lower()
        names = find_names(phrase)
        if word in _WORDS_OF:
            return self._words(source, phrase, names, index)
        for named in names:
            parts = re.split(r"[\s-]", named.name)
            if head in parts or head.rstrip("'’s") in parts:
                return self._named(named, phrase, source[0])
        person = self._in_office(source, phrase, word, names)
        if person is not None:
            return _somebody(person, phrase)
        if word in lexicon.PEOPLE or word in TITLES:
            return Speaker(name=_plain(phrase), phrase=phrase, kind=Kind.PEOPLE)
        body = word in lexicon.ORGANISATIONS or head[:1].isupper()
        return Speaker(name=_plain(phrase), phrase=phrase, kind=Kind.BODY if body else Kind.THING)

    def _in_office(self, source: Span, phrase: str, word: str, names: Sequence[Named]) -> Person | None:
        """Return the person whom a source headed by an office or trade means, by a name beside it, in it or elsewhere."""
        if word not in TITLES | lexicon.PEOPLE | _SYNONYMS.keys():
            return None
        person = self._beside(source[1])
        if person is None and word in TITLES and names and not re.search(r"['’]s?\s", phrase):
            person = self._cast.person(names[-1].name, source[0])
        definite = not re.match(r"(?:a|an)\s", phrase, re.IGNORECASE)
        if person is None and word in TITLES | _SYNONYMS.keys() and definite:
            person = self._described(phrase, word, source[0])
        return person

    def _beside(self, end: int) -> Person | None:
        """Return the person whose name stands between commas after a source: "her spokesman, Erik Holm, said"."""
        match = _APPOSITION.match(self._text, end)
        return self._cast.person(match.group(1), end) if match else None

    def _words(self, source: Span, phrase: str, names: Sequence[Named], index: int) -> Speaker:
        """Return whose words the source is: "Lavrov's comments", "his remarks"."""
        person = self._cast.person(names[0].name, source[0]) if names else None
        possessive = re.match(r"(his|her)\b", phrase, re.IGNORECASE)
        if person is None and possessive:
            person = self._antecedent(source[0], index, "m" if possessive.group(1).lower() == "his" else "f")
        name = person.full if person else names[0].name if names else _plain(phrase)
        return Speaker(name=name, phrase=phrase, kind=Kind.WORDS, person=person)

    def _named(self, named: Named, phrase: str, at: int) -> Speaker:
        person = self._cast.person(named.name, at)
        if person is not None:
            return _somebody(person, phrase)
        words = named.name.split()
        body = any(word.lower() in lexicon.ORGANISATIONS or word in _PLACE_WORDS or word.isupper() for word in words)
        return Speaker(
            name=named.name if not body else _plain(phrase), phrase=phrase, kind=Kind.BODY if body else Kind.PERSON
        )

    def _described(self, phrase: str, word: str, at: int) -> Person | None:
        """Return the person that an office means here: "the minister", "Russia's top diplomat"."""
        said = re.findall(r"[\w-]+", phrase.lower())
        words = [w for w in said if w in TITLES and w not in {"the", "former", "then", "top", "senior"}]
        near, instead = _SYNONYMS.get(word, ("", ""))
        if instead and (not near or near in said):
            return self._cast.described(instead.split(), at)
        if not words:
            return None
        return self._cast.described(words, at) or (self._cast.described([word], at) if len(words) == 1 else None)

    def _antecedent(self, at: int, index: int, sex: str) -> Person | None:
        """Return the person a pronoun at `at` means: in its sentence first, then back sentence by sentence.

        In each, who is known to be of the right sex goes before who may be, and who spoke before who was only named.
        """
        for back in range(min(LOOK_BACK, index + 1)):
            sentence = self._sentences[index - back]
            until = at if back == 0 else sentence.end
            spoke = [
                s.person for place, s in self._spoke.get(index - back, ()) if place < until and s.person is not None
            ]
            named = list(self._cast.before(until, sentence.start))
            for person in (*reversed(spoke), *named):
                if person.sex == sex:
                    return person
            for person in (*reversed(spoke), *named):
                if not person.sex and (person.titles or person in spoke or " " in person.full):
                    return person
        return None

    def _body_before(self, at: int, index: int, phrase: str) -> Speaker:
        """Return whom "they" or "it" means: the last source in this sentence or the three before that is no one person."""
        for back in range(min(4, index + 1)):
            for place, speaker in reversed(self._spoke.get(index - back, [])):
                if place < at and speaker.person is None and speaker.kind is not Kind.NOBODY and speaker.name:
                    return Speaker(name=speaker.name, phrase=phrase, kind=speaker.kind)
        return Speaker(name=phrase, phrase=phrase, kind=Kind.NOBODY)

    def _relative(self, at: int, index: int, phrase: str) -> Speaker:
        start = max(self._sentences[index].start, at - 160)
        people = self._cast.before(at, start)
        if people and at - start <= 160:
            return _somebody(people[-1], phrase)
        before = re.search(r"([\w'’ -]{2,60})[,\s]*$", self._text[start:at])
        words = _DETERMINER.sub("", " ".join(before.group(1).split()[-3:])) if before else ""
        last = words.split()[-1].lower() if words else ""
        return Speaker(name=words or phrase, phrase=phrase, kind=Kind.PEOPLE if last in lexicon.PEOPLE else Kind.THING)


def _somebody(person: Person | None, phrase: str) -> Speaker:
    return Speaker(name=person.full if person else phrase, phrase=phrase, kind=Kind.PERSON, person=person)


def _plain(phrase: str) -> str:
    return _POSSESSIVE.sub("", _DETERMINER.sub("", phrase))


def voiced(speaker: Speaker, one: Attribution) -> bool:
    """Whether the source is the speaker of the words, rather than the reporter who tells what a body did or a text shows."""
    if speaker.kind is Kind.PERSON:
        return one.strength > 0 or one.lemma in lexicon.SAYING
    if speaker.kind is Kind.PEOPLE:
        return one.strength == 2
    if one.lemma == "according":
        return True
    bodily = speaker.kind in (Kind.BODY, Kind.WORDS, Kind.THING)
    return bodily and one.strength == 2 and not one.depth and one.lemma in lexicon.PURE


_PLACE_WORDS = frozenset(gazetteer.SHARED) | frozenset(
    word
    for state, (people, seats) in gazetteer.STATES.items()
    for name in (state, *people, *seats)
    for word in name.split()
)

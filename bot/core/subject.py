"""Whether a passage speaks of what a position is about at all.

Topic vectors bring near what sounds alike: a ministry's thanks for "talks on strengthening relations" lie as close to the line
on relations with the United States whomever the talks were with. A reader looks for the other party first, and so does this:
where a topic names somebody beside the holder, a passage about it names them too, or shares the topic's own words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

from bot.core.naming import by_meaning, names_of, short_forms
from bot.domain import Holder, Position

SHARED_WORDS = 2
"""Words of a topic that names somebody which stand in for the name: "frozen assets" are those in the European Union."""
LONGEST_NAME = 5
"""Words of the longest name that is looked for."""
SHORTEST_WORD = 3
REMEMBERED = 4096

_STEMMER = snowballstemmer.stemmer("english")
_WORD = re.compile(r"[^\W_](?:[\w.&-]*[^\W_])?")
_COMMON_WORDS = """
accept agreement answer basis call condition conflict cooperation country day demand dialogue end foreign force government hold
interest international issue leader meeting member minister negotiate negotiation new offer open part party peace people plan
policy political position possible preparation president project proposal readiness ready refuse reject relation role say
security settlement side state support talk term treaty want war world year
"""
_FUNCTION_WORDS = """
about above across after again against all almost also although always among and another any anyone anything are around
because been before being below between both but can cannot could did does done down during each either else enough even ever
every everyone few for from further get had has have having hence her here herself him himself his how however into its itself
just last least less made make many may might mine more moreover most much must neither never next nobody none nor not nothing
now off often once one only onto other others otherwise our ours out over own per perhaps put rather same see seem shall she
should since some somebody someone something still such than that the their theirs them themselves then there therefore these
they this those though through thus together too toward towards two under until upon very via was well were what whatever when
where whether which while who whole whom whose why will with within without would yes yet you your yours
"""
_SAME = """
truce ceasefire armistice cease-fire
weapon arms rifle rocket missile munition
soldier troop peacekeeper contingent battalion brigade
army military
enrichment uranium centrifuge
membership accession join
territory land region
sanction embargo
tariff duty levy
election vote ballot poll
prisoner captive detainee hostage
asset reserve
border frontier
disarm disarmament demilitarise demilitarisation
withdraw withdrawal pull-out pullout
recognise recognition recognize
refugee migrant migration
loan borrowing debt
strike bombing shelling
"""
"""A line for each thing that is called by several words: whichever stands there counts as its first."""
_OFFICIAL = frozenset(_STEMMER.stemWords(_COMMON_WORDS.split()))
"""What official statements on every subject are made of."""
_COMMON = _OFFICIAL | frozenset(_STEMMER.stemWords(_FUNCTION_WORDS.split()))
_SPEAKING = re.compile(
    r"\b(?:I|me|my|we|(?-i:us)|our|ours|you|your|he|him|his|she|her|it|its|they|them|their)\b|[\"“”„«»]", re.IGNORECASE
)
VOICED = "*"
"""Stands among the stems of a text in which somebody may speak: with official words, a pronoun or a quotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a topic is recognised by: whom it names, whom the line on record names, the stems of both's words not on everything.

    The holder itself is not among the names.
    """

    names: frozenset[str]
    beside: frozenset[str]
    words: frozenset[str]

    @property
    def parties(self) -> frozenset[str]:
        """Return everybody of whom one named is enough."""
        return self.names | self.beside

    @property
    def enough(self) -> int:
        """Return how many of its words are enough where nobody is named."""
        return SHARED_WORDS if self.names else 1


def _firsts() -> dict[str, str]:
    """Return for the stem of each word in `_SAME` that of its line's first."""
    lines = [_STEMMER.stemWords(line.split()) for line in _SAME.strip().splitlines()]
    return {stem: stems[0] for stems in lines for stem in stems}


_FIRST = _firsts()


class Subjects:
    """Reads subjects and looks for them. `called` tells by each name, as written, whom it means."""

    def __init__(self, called: Mapping[str, str], holders: Collection[Holder] = ()) -> None:
        self._means, self._names_for = called, by_meaning(called)
        mine = {name: holder.name for holder in holders for name in _names(holder)}
        self._called = {_joined(name): whom for name, whom in {**called, **mine}.items()}
        self._known: dict[str, tuple[frozenset[str], frozenset[str]]] = {}

    def names_of(self, holder: Holder) -> tuple[str, ...]:
        """Return every name by which a text may show that it speaks of `holder`: its own, and those that mean the same whom.

        An article that says "Warsaw", "the Polish minister" or a voice's surname speaks of Poland, too.
        """
        whom = next((self._means[name] for name in (holder.name, *holder.aliases) if name in self._means), "")
        return tuple(dict.fromkeys((*_names(holder), *self._names_for.get(whom, ()))))

    def of(self, position: Position) -> Subject:
        """Return what the position's topic is recognised by; its paraphrases add words to it."""
        own, own_words = self.read(" . ".join(_names(position.holder)))
        own = own | {position.holder.name}
        named, of_topic = self.read(position.topic)
        beside, of_line = self.read(position.baseline)
        _, words = self.read(" . ".join((position.topic, *position.paraphrases)))
        words = words - own_words - {VOICED}
        if named <= own and of_topic <= own_words | {VOICED}:
            words |= {VOICED}  # "readiness for talks": paraphrases must not narrow it to less than somebody's words
        elif named <= own:
            # Where another party is named, the line's words would let in what is said to anybody.
            words |= of_line - own_words - {VOICED}
        return Subject(names=named - own, beside=beside - own, words=words)

    def speaks_of(self, text: str, subject: Subject) -> bool:
        """Whether `text` names somebody of the subject, or shares enough of its words."""
        named, words = self.read(text)
        return bool(named & subject.parties) or len(words & subject.words) >= subject.enough

    def read(self, text: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return whom `text` names and the stems of its words, with `VOICED` where somebody may speak in it."""
        if text not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            found = _WORD.findall(text.replace("’s", " ").replace("'s", " "))
            parts = [part for word in found if "-" in word for part in word.split("-")]
            stems = frozenset(_stem(word.lower()) for word in (*found, *parts) if len(word) >= SHORTEST_WORD)
            voiced = {VOICED} if stems & _OFFICIAL or _SPEAKING.search(text) else frozenset()
            self._known[text] = (
                frozenset(self._named(found)) | frozenset(self._named(parts)),
                (stems - _COMMON) | voiced,
            )
        return self._known[text]

    def _named(self, words: list[str]) -> set[str]:
        """Return whom the longest names mean that stand in `words`; a name begins with a capital."""
        named = set()
        at = 0
        while at < len(words):
            step = 1
            if words[at][0].isupper():
                for length in range(min(LONGEST_NAME, len(words) - at), 0, -1):
                    whom = self._called.get(" ".join(words[at : at + length]))
                    if whom:
                        named.add(whom)
                        step = length
                        break
            at += step
        return named


def _names(holder: Holder) -> list[str]:
    """Return every name of a holder and its voices, its initials, and each voice's surname."""
    return [*names_of(holder), *short_forms(holder), *(voice.name.split()[-1] for voice in holder.voices)]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    stem: str = _STEMMER.stemWord(word)
    return _FIRST.get(stem, stem)


def _joined(name: str) -> str:
    return " ".join(_WORD.findall(name))

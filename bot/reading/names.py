"""People in an article: full names, surnames, titles and sex, as far as the text gives them. Regular expressions only."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bot.reading import gazetteer, lexicon

TITLES = lexicon.words(
    """mr mrs ms miss dr sir dame lord lady sen sens senator rep reps representative gov governor president
    president-elect vice prime minister chancellor secretary foreign defence defense interior finance deputy first
    general gen col colonel maj major lt lieutenant capt captain adm admiral sgt sergeant ambassador envoy special
    representative spokesman spokeswoman spokesperson speaker mayor judge justice attorney prof professor rev
    reverend pope king queen prince princess chief director chairman chairwoman chair leader head commissioner
    commander press state treasury national security adviser advisor aide nominee candidate democrat republican
    congressman congresswoman officer detective analyst economist strategist pollster journalist writer author
    lawyer diplomat top senior acting former ex then late correspondent reporter editor columnist the high chargé
    premier premier-designate marshal sheriff councilman councilwoman representative undersecretary counsel"""
)
LONGEST_KNOWN = 80
"""Characters of a run of capitalised words that is remembered: the same names come again and again."""
_PARTICLES = r"(?:de|da|di|del|der|van|von|bin|ibn|al|el|la|le|dos|du|ter|ten)"
_CAP = r"(?:[A-ZÀ-ÖØ-ÞŁŠŽČĆŞİ][\w'’.-]*\w|[A-Z]\.)"
NAME = re.compile(rf"\b{_CAP}(?:(?:[ \u00a0]{_PARTICLES})?[ \u00a0#]{{1,2}}{_CAP})*")
_POSSESSIVE = re.compile(r"['’]s?$")
_NOT_NAMES = lexicon.words(
    """the a an he she it they we i you in on at but and so this that these those there if when while as after before
    his her its their our my for from however meanwhile what who why how by with to since according one both many
    some yesterday today tomorrow monday tuesday wednesday thursday friday saturday sunday january february march
    april may june july august september october november december no yes not or nor under over during speaking
    asked instead earlier later also even now then still yet although though because despite last next such all any
    each every most more other another several few here where which your is are was were has have had do does did
    will would can could should new"""
)
_PERSONAL_TITLES = lexicon.words(
    """mr mrs ms miss dr sir dame lord lady sen senator rep gov governor president minister chancellor secretary gen
    general col colonel maj major lt capt captain adm admiral sgt ambassador envoy spokesman spokeswoman spokesperson
    mayor judge justice prof professor rev pope king queen prince princess chairman chairwoman premier"""
)
_THEIRS = re.compile(
    r"(?:['’]s (?:[a-z]+ ){0,2}(?:spokes\w+|aides?|lawyers?|office|wife|husband|chief of staff|deputy|party|"
    r"advis[eo]rs?)\b|,? who(?:se)?\b)"
)
_CALLED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Gen|Sen|Col|Capt|Lt|Prof|Rev|Adm)\.\s$")
_HE_TITLES = frozenset({"mr", "sir", "lord", "king", "prince", "chairman", "spokesman", "congressman", "pope"})
_SHE_TITLES = frozenset(
    {"mrs", "ms", "miss", "lady", "dame", "queen", "princess", "chairwoman", "spokeswoman", "congresswoman"}
)


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody with a name: `full` as first given in full, `titles` as they stood before or after the name, in lower case."""

    full: str
    surname: str
    sex: str = ""
    titles: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A name found in a phrase, with the titles that stood before it ("Russian Foreign Minister")."""

    name: str
    title: str
    start: int


def find_names(text: str) -> list[Named]:
    """Return the names in `text` in order, without titles, possessives and words that only begin a sentence."""
    out = []
    for match in NAME.finditer(text):
        run, start = match.group(), match.start()
        named = _known(run) if len(run) <= LONGEST_KNOWN else _without_title(run, 0)
        if named is not None:
            out.append(Named(name=named.name, title=named.title, start=start + named.start))
    return out


@lru_cache(maxsize=8192)
def _known(run: str) -> Named | None:
    return _without_title(run, 0)


def _without_title(run: str, start: int) -> Named | None:
    words = [(m.group(), m.start()) for m in re.finditer(r"[^\s#]+", run)]
    cut_at = _last_possessive(words)
    whose = words[cut_at - 1][0] if cut_at else ""
    words = words[cut_at:]
    first = 0
    while first < len(words) and words[first][0].lower().rstrip(".,") in _NOT_NAMES:
        first += 1
    cut = first
    for index in range(first, len(words)):
        word = words[index][0]
        is_title = word.lower().strip(".'’").removeprefix("ex-").removeprefix("vice-") in TITLES
        of_place = cut == index > first and word in _PLACES and index + 1 < len(words)
        if is_title or of_place:
            cut = index + 1
    title = " ".join(word for word, _ in words[first:cut])
    if title and _POSSESSIVE.sub("", whose) in _PLACES:
        title = f"{whose} {title}"
    rest = words[cut:]
    if rest and title and rest[0][0].lower() in lexicon.ORGANISATIONS:
        title, rest = "", words[first:]
    if rest and not title and len(rest) > 2 and (rest[0][0] in _ADJECTIVES or rest[0][0] in _PLACES):
        title, rest = rest[0][0], rest[1:]
    if not rest:
        return None
    name = _POSSESSIVE.sub("", " ".join(word for word, _ in rest)).rstrip(".,")
    if not name or len(name) < 2 or name.lower() in _NOT_NAMES:
        return None
    return Named(name=name, title=title, start=start + rest[0][1])


def _last_possessive(words: Sequence[tuple[str, int]]) -> int:
    """Return where the words after the last possessive begin ("Russia's FM Sergey ..."), 0 without one."""
    after = [index + 1 for index, (word, _) in enumerate(words[:-1]) if word.endswith(("'s", "’s", "s’", "s'"))]
    return after[-1] if after else 0


def _personal(word: str) -> bool:
    """Whether the word may be part of a person's name: no state, seat, body, number or acronym."""
    bare = word.strip(".,'’")
    if bare.lower() in lexicon.ORGANISATIONS or bare in _PLACES or (bare.isupper() and len(bare) > 2):
        return False
    return bare.isalpha() or any(mark in bare for mark in "-’'")


_ADJECTIVES = frozenset(word for people, _ in gazetteer.STATES.values() for word in people)


_PLACES = frozenset(
    word for people, seats in gazetteer.STATES.values() for name in (*people, *seats) for word in name.split()
) | frozenset(word for name in gazetteer.STATES for word in name.split()) - {"Georgia"}


class Cast:
    """The people of one article, from its title and text."""

    def __init__(self, text: str, title: str = "") -> None:
        self._people: dict[str, Person] = {}
        self._by_surname: dict[str, list[Person]] = {}
        self._mentions: list[tuple[int, Person]] = []
        names = [*find_names(text)]
        for named in [*names, *(Named(name=n.name, title=n.title, start=-1) for n in find_names(title))]:
            self._note_full(named)
        for named in names:
            self._note_titled(named, text)
        for named in names:
            person = self.person(named.name, named.start)
            if person is not None:
                self._mentions.append((named.start, person))
                self._note_title(person, named)
        self._note_around(text, self._mentions)
        self._note_headline(title)
        self._places = [place for place, _ in self._mentions]

    def _note_full(self, named: Named) -> None:
        words = named.name.split()
        if not 2 <= len(words) <= 4 or not all(map(_personal, words)):
            return
        person = self._people.get(named.name)
        if person is None:
            person = Person(full=named.name, surname=words[-1], sex=_sex(words[0]))
            self._people[named.name] = person
            for surname in {words[-1], words[0]} if _FAMILY_FIRST.fullmatch(named.name) else {words[-1]}:
                self._by_surname.setdefault(surname.lower(), []).append(person)
        person.places.append(named.start)

    def _note_titled(self, named: Named, text: str) -> None:
        """Take somebody who is only ever called by a surname, with a title or somebody of theirs: "Ms. Berg", "Berg's aide"."""
        name = named.name
        before = _CALLED.search(text, max(0, named.start - 12), named.start)
        known = " " in name or name.lower() in self._by_surname or not _personal(name)
        titled = {word.strip(".").lower() for word in named.title.split()} & _PERSONAL_TITLES
        if known or not (titled or before or _THEIRS.match(text, named.start + len(name))):
            return
        self._people[name] = Person(full=name, surname=name, places=[named.start])
        self._by_surname[name.lower()] = [self._people[name]]

    def _note_title(self, person: Person, named: Named) -> None:
        if named.title:
            title = named.title.lower()
            if title not in person.titles:
                person.titles.append(title)
            words = {word.strip(".") for word in title.split()}
            if not person.sex:
                person.sex = "m" if words & _HE_TITLES else "f" if words & _SHE_TITLES else ""

    def _note_headline(self, title: str) -> None:
        """Take what the headline calls people of the text: "Israel's ambassador Yael Brenner"."""
        mentions = []
        for named in find_names(title):
            person = self.person(named.name, 0)
            if person is not None:
                mentions.append((named.start, person))
                self._note_title(person, named)
        self._note_around(title, mentions)

    def _note_around(self, text: str, mentions: Sequence[tuple[int, Person]]) -> None:
        """Take titles in small letters: "Kremlin spokesman Dmitry Peskov", "Peskov, the Kremlin spokesman," and the like."""
        for place, person in mentions:
            before = _BEFORE.search(text, max(0, place - 60), place) or _ROLE.search(text, max(0, place - 80), place)
            after = _AFTER.match(text, place)
            for title in (before.group(1).lower().strip() if before else "", _whole_title(after) if after else ""):
                if (
                    title
                    and title not in person.titles
                    and len(person.titles) < 12
                    and TITLES & set(title.split()) - {"the"}
                ):
                    person.titles.append(title)

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody named in full."""
        return tuple(self._people.values())

    def person(self, name: str, at: int) -> Person | None:
        """Return whom `name` (in full or a surname) means at offset `at`, None for nobody known."""
        whole = self._people.get(name)
        if whole is not None:
            return whole
        words = name.split()
        namesakes = self._by_surname.get(words[-1].lower(), []) if len(words) == 1 else []
        if not namesakes:
            return None
        return max(
            namesakes, key=lambda p: (_before(p, at) > 0, len(p.places) if len(namesakes) > 1 else 0, -min(p.places))
        )

    def before(self, at: int, since: int) -> Sequence[Person]:
        """Return the people named in text[since:at], in order."""
        return [
            person for _, person in self._mentions[bisect_left(self._places, since) : bisect_left(self._places, at)]
        ]

    def described(self, words: Sequence[str], at: int) -> Person | None:
        """Return the latest person named before `at` (else the first after) whose titles hold all of `words`."""
        fitting = [
            p for p in self._people.values() if any(all(w in title.split() for w in words) for title in p.titles)
        ]
        if not fitting:
            return None
        return max(
            fitting, key=lambda p: (_before(p, at) > 0, max((x for x in p.places if x < at), default=-min(p.places)))
        )


_BEFORE = re.compile(r"((?:[A-Z][\w.]+(?:['’]s?)? )?(?:[a-z][\w'’-]+ ){1,3})$")
_FAMILY_FIRST = re.compile(r"[A-Z]\w+ [A-Z]\w+-[a-z]\w*")
"""Chinese and Korean names, whose family name comes first: "Cho Min-gyu"."""
_ROLE = re.compile(r"\b[Tt]he ((?:[\w.’'-]+ ){0,6}?[\w’'-]+), $")
_AFTER = re.compile(
    r"(?:[A-Z][\w.'’-]+ ){0,3}[A-Z][\w'’-]+, (?:the |a |an |its |their |his |her )?((?:[\w.'’-]+ ){0,5}?[\w-]+)(?=,|"
    r" of | for | at | in |\.|;)(?: of (?:the )?((?:[A-Z][\w.’'-]+ ?){1,4}(?:[a-z]+ ){0,2}[a-z]*))?"
)


def _whole_title(after: re.Match[str]) -> str:
    """Return a title behind a name with whose it is: "the ambassador of Israel", "head of the Russian negotiating team"."""
    title, whose = after.group(1).lower(), after.group(2)
    return f"{title} of {whose.lower().strip()}" if whose else title


def _before(person: Person, at: int) -> int:
    return sum(1 for place in person.places if place <= at)


def _sex(first: str) -> str:
    word = first.lower().rstrip(".")
    return "m" if word in gazetteer.MALE else "f" if word in gazetteer.FEMALE else ""

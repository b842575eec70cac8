"""The reader: who says what in an article, for whom and in what mode. Parses only the passages that are asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.core.attribution import Attribution, Span, covered, principal
from bot.domain import Article, Certainty, Holder, Mode, Statement, identify
from bot.ports import Sentence
from bot.reading import lexicon
from bot.reading.citing import citations
from bot.reading.holders import Registry
from bot.reading.home import Home
from bot.reading.layout import Layout, lay_out
from bot.reading.mode import is_past, mode_of, names_past
from bot.reading.parts import frame_of, gaps, pieces_of
from bot.reading.passages import by_sentence, index_of, needed, opening_subject, parseable, subjects
from bot.reading.past import past_date
from bot.reading.relays import is_issuer, issuer_of, passed_on, relayed, told_within
from bot.reading.resolve import Kind, Resolver, Speaker, voiced
from bot.reading.transcript import Turn, is_answer

_FIRST_PERSON = re.compile(r"\b(?:I|[Ww]e|[Oo]ur|us|[Mm]y)\b")
_QUOTED = re.compile(r"[\"“„«][^\"”»]*[\"”»]?")
_OURS = re.compile(r"(?:our|my)\b", re.IGNORECASE)
_HEARING = frozenset({"hear", "see", "know", "remember", "notice", "understand", "read"})
_DENYING = frozenset({"deny", "refute", "dismiss"})
NEAR = 160
"""Characters before a pronoun in which somebody without a name is described, "the former minister"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One article under the reader's eyes. `by_sentence` has the attributions that reach into each sentence."""

    article: Article
    layout: Layout
    resolver: Resolver
    by_sentence: Mapping[int, Sequence[Attribution]]
    home: Home
    issuer: str
    answers: str
    """Who has most of the turns that are no questions, "" for nobody."""

    @property
    def day(self) -> date:
        return self.article.published.date()

    def seat_at(self, at: int, sentence: str = "") -> Callable[[str], str]:
        """Return what tells of which state a plain office is that stands at offset `at`, in `sentence`."""
        return lambda office: self.home.state_of(office, at, sentence)

    def issuer_of(self, bare: str) -> str:
        """Return the state whose words a sentence is that nobody is cited for: of an address all, of other official texts "we"."""
        return self.home.issuer or (self.home.official if _FIRST_PERSON.search(_QUOTED.sub("", bare)) else "")

    def sentence(self, index: int) -> str:
        """Return the words of a sentence: what tells of its parts which holder "Brussels" is."""
        sentence = self.layout.sentences[index]
        return self.article.text[sentence.start : sentence.end]


class ArticleReader:
    """Splits articles and finds who says what, for the holders that the desk tracks."""

    def __init__(self, holders: Sequence[Holder] = ()) -> None:
        self._registry = Registry(holders)

    def sentences(self, text: str) -> tuple[Sentence, ...]:
        """Return the sentences of `text` without furniture and headings, in order. No parse."""
        return lay_out(text).sentences

    def read(self, article: Article, wanted: Collection[int] | None = None) -> tuple[Statement, ...]:
        """Return one statement per sentence, or per sentence whose index is in `wanted`, in order."""
        case, indices = self._open(article, wanted)
        return tuple(self._statement(case, index) for index in indices)

    def utterances(self, article: Article, wanted: Collection[int] | None = None) -> tuple[Statement, ...]:
        """Return statements as fine as the attributions: a sentence of which only a part is cited gives several.

        Chains give both ends: the outer content first, then the content cited inside it.
        """
        case, indices = self._open(article, wanted)
        return tuple(statement for index in indices for statement in self._pieces(case, index))

    def _open(self, article: Article, wanted: Collection[int] | None) -> tuple[_Case, list[int]]:
        text = article.text
        layout = lay_out(text)
        count = len(layout.sentences)
        indices = sorted({i for i in wanted if 0 <= i < count}) if wanted is not None else list(range(count))
        places = list(parseable(text, [layout.sentences[i] for i in needed(text, layout.sentences, indices)]))
        resolver = Resolver(text, article.title, layout.sentences)
        found = citations(text, layout, places, [person.full for person in resolver.cast.people])
        reaching = by_sentence(layout.sentences, found)
        case = _Case(
            article=article,
            layout=layout,
            resolver=resolver,
            by_sentence=reaching,
            home=Home(text, article.title, layout, article.outlet),
            issuer=issuer_of(text),
            answers=_answering(layout.turns),
        )
        for one in sorted(found, key=lambda a: (a.source or a.cue)[0]):
            self._speaker(case, one)
        return case, indices

    def _speaker(self, case: _Case, one: Attribution) -> Speaker:
        if one.source is None:
            return Speaker(name="", phrase="", kind=Kind.NOBODY)
        index = index_of(case.layout.sentences, one.source[0])
        if one.antecedent is not None:
            return case.resolver.resolve(one.antecedent, one.antecedent_head, index)
        turn = case.layout.turn_at(one.source[0])
        within = turn.speaker if turn else case.issuer
        speaker = case.resolver.resolve(one.source, one.head, index, within=within)
        if case.issuer and speaker.kind is Kind.BODY and is_issuer(speaker.phrase, case.issuer):
            return Speaker(name=case.issuer, phrase=case.issuer, kind=Kind.PERSON)
        return replace(speaker, name=self._registry.voice(speaker.name))

    def _statement(self, case: _Case, index: int) -> Statement:
        sentence = case.layout.sentences[index]
        span = (sentence.start, sentence.end)
        here = case.by_sentence.get(index, ())
        turn = case.layout.turn_at(sentence.start)
        if turn is None:
            return self._cited(case, index, span, relayed(case.article.text, here, span))
        others = [one for one in here if one.head.lower() not in lexicon.PERSONAL]
        own = [one for one in here if one.head.lower() in lexicon.PERSONAL and not one.depth]
        heard = bool(own) and all(one.lemma in _HEARING for one in own)
        return self._in_turn(case, index, turn, principal([one for one in others if not one.depth or heard], span))

    def _cited(self, case: _Case, index: int, span: Span, one: Attribution | None) -> Statement:
        """Return the statement at `span`, whose words are given to the source of `one`, or to nobody."""
        text = case.article.text
        bare = self._bare(case, index, span)
        context = case.sentence(index)
        if one is None:
            past = is_past(context, case.day) and names_past(bare.text, case.day)
            mode = mode_of(bare.text, when=case.day, past=past)
            when = past_date(context if past else bare.text, case.day) if past or mode is Mode.HISTORY else ""
            holder = self._subject(bare.text, context) or self._registry.body(case.issuer_of(bare.text))
            return replace(bare, holder=holder, mode=mode, past_date=when)
        speaker = self._speaker(case, one)
        holder = self._holder(case, speaker, context, span[0])
        if not passed_on(text, one) and self._told_from_outside(case, index, one):
            holder, chain, secondhand = "", "", True
        else:
            chain, secondhand = self._chain(case, index, one, speaker, holder)
        if chain and not holder and self._registry.is_plain_office(speaker.phrase):
            holder, chain, secondhand = chain, "", False
        told = chain or holder
        name = speaker.name if voiced(speaker, one) else ""
        says = one.strength == 2 and one.lemma in lexicon.SAYING and one.lemma not in lexicon.SHOWING
        says = says or bool(case.issuer and name == case.issuer)
        start, end = one.source or (None, None)
        sentence = case.layout.sentences[index]
        frame = frame_of(text, (sentence.start, sentence.end), span, one, case.by_sentence.get(index, ()))
        return replace(
            bare,
            speaker=name,
            holder=told,
            outsider=not told and self._is_outsider(case, speaker, one),
            attributed=True,
            cue=text[one.cue[0] : one.cue[1]],
            source_start=start,
            source_end=end,
            mode=mode_of(
                bare.text,
                when=case.day,
                asks=one.asks,
                denies=one.lemma in _DENYING and one.strength == 2,
                past=is_past(frame, case.day),
            ),
            past_date=past_date(frame, case.day) or past_date(bare.text, case.day),
            certainty=Certainty.STATED if says and name and not secondhand else Certainty.REPORTED,
        )

    def _in_turn(self, case: _Case, index: int, turn: Turn, one: Attribution | None) -> Statement:
        """Return the statement of a transcript: its turn's speaker's, unless they chiefly pass on somebody else's words."""
        sentence = case.layout.sentences[index]
        span = (sentence.start, sentence.end)
        bare = self._bare(case, index, span)
        name = turn.speaker if turn.asks else self._full(case, turn.speaker)
        titles = self._titles(case, name)
        if case.home.office and turn.speaker == case.answers:
            if is_answer(case.article.text[turn.label[0] : turn.label[1]]):
                name, titles = case.home.office, ()
            titles = titles or (case.home.office,)
        holder = "" if turn.asks else self._registry.of(name, name, titles, case.day, home=case.seat_at(span[0]))
        own = replace(
            bare,
            speaker=name,
            holder=holder,
            outsider=not holder and (turn.asks or self._registry.is_outsider(name, name, titles, case.day)),
            attributed=True,
            cue=":",
            source_start=turn.label[0] if turn.label[0] < turn.label[1] else None,
            source_end=turn.label[1] if turn.label[0] < turn.label[1] else None,
            mode=mode_of(bare.text, when=case.day, asks=turn.asks),
            past_date=past_date(bare.text, case.day),
            certainty=Certainty.STATED,
        )
        ours = one is not None and one.source is not None and _OURS.match(case.article.text, one.source[0]) is not None
        if (
            one is None
            or turn.asks
            or ours
            or one.strength < 2
            or covered(one.contents, span) < 0.4 * (span[1] - span[0])
        ):
            return own
        other = self._cited(case, index, span, one)
        if not other.speaker or other.speaker == name or (holder and other.holder == holder):
            return own
        mode = Mode.OPPONENT if other.mode is Mode.ASSERTION else other.mode
        return replace(other, mode=mode, certainty=Certainty.REPORTED)

    def _full(self, case: _Case, name: str) -> str:
        """Return the full name for a turn's label that has the surname only."""
        person = case.resolver.cast.person(name, len(case.article.text))
        return person.full if person else self._registry.voice(name)

    def _bare(self, case: _Case, index: int, span: Span) -> Statement:
        article, sentences = case.article, case.layout.sentences
        neighbours = [sentences[i] if 0 <= i < len(sentences) else None for i in (index - 1, index + 1)]
        before, after = ("" if s is None else article.text[s.start : s.end] for s in neighbours)
        return Statement(
            id=identify(article.id, *span),
            article_id=article.id,
            start=span[0],
            end=span[1],
            text=article.text[span[0] : span[1]],
            before=before,
            after=after,
        )

    def _pieces(self, case: _Case, index: int) -> Iterator[Statement]:
        sentence = case.layout.sentences[index]
        span = (sentence.start, sentence.end)
        here = case.by_sentence.get(index, ())
        if case.layout.turn_at(sentence.start) is not None or not here:
            yield self._statement(case, index)
        for clipped, one in pieces_of(here, span):
            yield self._cited(case, index, clipped, one)
        if here and case.layout.turn_at(sentence.start) is None:
            for rest in gaps(case.article.text, here, span):
                yield self._cited(case, index, rest, None)

    def _holder(self, case: _Case, speaker: Speaker, context: str, at: int) -> str:
        if not speaker.name or speaker.kind is Kind.NOBODY:
            return ""
        titles = speaker.person.titles if speaker.person else self._titles(case, speaker.name)
        return self._registry.of(
            speaker.name, speaker.phrase, titles, case.day, context=context, home=case.seat_at(at, context)
        )

    def _titles(self, case: _Case, name: str) -> Sequence[str]:
        person = case.resolver.cast.person(name, 0)
        return person.titles if person else ()

    def _chain(self, case: _Case, index: int, one: Attribution, speaker: Speaker, holder: str) -> tuple[str, bool]:
        """Return the holder whose stance is told secondhand inside `one` ("diplomats said that Russia had ..."), or "".

        With it, whether somebody else's stance is told at all. Who speaks for a holder tells of another's where the words begin
        with that other; others that are named on the way ("Moscow does not know what the United States has offered") leave it
        with the speaker. Outsiders tell what they think of a holder: only words that they pass on ("analysts said that Moscow
        had told Ankara ...") are its own.
        """
        content = " ".join(case.article.text[start:end] for start, end in one.contents)
        context = case.sentence(index)
        if holder:
            told = self._registry.body(opening_subject(content), context)
            return (told, True) if told and told != holder else ("", False)
        outside = self._is_outsider(case, speaker, one)
        for inner in case.by_sentence.get(index, ()):
            if inner is one or not told_within(inner, one) or inner.head.lower() in lexicon.PRONOUNS:
                continue
            if outside and not passed_on(case.article.text, inner):
                continue
            voice = self._speaker(case, inner)
            told = self._holder(case, voice, context, (inner.source or inner.cue)[0])
            if told:
                return told, True
            outside = outside or self._is_outsider(case, voice, inner)
        about = self._subject(content, context)
        return "" if outside else about, bool(about)

    def _is_outsider(self, case: _Case, speaker: Speaker, one: Attribution) -> bool:
        titles = speaker.person.titles if speaker.person else self._titles(case, speaker.name)
        if speaker.person is None and one.source is not None and one.head.lower() in lexicon.HE | lexicon.SHE:
            titles = (*titles, case.article.text[max(0, one.source[0] - NEAR) : one.source[0]])
        return self._registry.is_outsider(speaker.name, speaker.phrase, titles, case.day)

    def _told_from_outside(self, case: _Case, index: int, act: Attribution) -> bool:
        """Whether an outsider tells of the act: "Analysts say that Moscow refuses to leave"."""
        return any(
            outer is not act and told_within(act, outer) and self._is_outsider(case, self._speaker(case, outer), outer)
            for outer in case.by_sentence.get(index, ())
        )

    def _subject(self, passage: str, context: str) -> str:
        """Return the first holder that stands as a subject in the passage ("Moscow remains opposed ..."), or ""."""
        bodies = (self._registry.stance(phrase, context) for phrase in subjects(passage))
        return next(filter(None, bodies), "")


def _answering(turns: Sequence[Turn]) -> str:
    """Return who has most of the turns that are no questions, "" where nobody has."""
    answers = Counter(turn.speaker for turn in turns if not turn.asks)
    speaker, most = next(iter(answers.most_common(1)), ("", 0))
    return speaker if most * 2 > answers.total() else ""

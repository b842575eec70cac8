"""Copies: an article whose words were assessed in another one takes over what was found there, and only its own are judged.

A syndicated copy so becomes one more account of the shifts that its original moved, in their threads, and a later edition of
an article is judged by what is new in it. A copy is told by its fingerprint first and then sentence by sentence: what it does
not share with its original is assessed like anything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, Engine

from bot.core.alerting import rule_each
from bot.core.editions import key_of
from bot.core.policies import AlertPolicy
from bot.domain import Article, Assessment, Candidate, Position, Ruling, Statement, identify
from bot.ports import Sentence
from bot.reading.fingerprint import Fingerprint, fingerprint
from bot.reading.layout import lay_out
from bot.stages.judge import JudgedArticle, carried_as
from bot.store import articles, assessments, fingerprints, shifts
from bot.store.assessments import TimelineEntry
from bot.store.engine import snapshot

LIKELY = 0.25
"""Likeness of fingerprints from which an article is compared sentence by sentence."""
COMMON = 0.5
"""Share of an article's sentences that its original must have; below, it is an article of its own that quotes another."""
MOST_COMPARED = 3
FORGOTTEN_EVERY = timedelta(hours=1)
SAME_WORDS = "same words as in an article assessed before"


class Judge(Protocol):
    """What judges an article; `known` are the sentences to leave out, given only where there are any."""

    def judge(self, article: Article, now: datetime) -> JudgedArticle:
        """Return what `article` does to the positions."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What an article has from another: the sentences that are the same, and what these were assessed to do."""

    article: Article
    ledger: str
    print: Fingerprint | None = None
    original_id: str = ""
    known: frozenset[int] = frozenset()
    found: Sequence[tuple[Assessment, Ruling]] = ()
    carried: Mapping[str, str] = field(default_factory=dict)


class Copies:
    """Finds copies among the articles assessed within the desk's window. `policy` rules on what a copy takes over."""

    def __init__(self, engine: Engine, policy: AlertPolicy) -> None:
        self._engine = engine
        self._policy = policy
        self._forgotten_at: datetime | None = None
        self._named: tuple[Sequence[Position], str] = ((), identify())

    def judge(
        self, judge: Judge, article: Article, in_force: Sequence[Position], now: datetime
    ) -> tuple[JudgedArticle, Copy]:
        """Return what an article does to the positions `in_force`, and what of that it has from another article."""
        copy = self._look(article, in_force, now)
        if not copy.known:
            return judge.judge(article, now), copy
        judged = judge.judge(article, now, known=copy.known)  # type: ignore[call-arg]  # the judge of `stages.judge` has it
        if judged.abstained:
            return judged, copy
        both = sorted((*copy.found, *judged.assessments), key=lambda item: -item[0].shift_probability)
        dropped = judged.dropped + Counter({SAME_WORDS: len(copy.known)})
        return replace(judged, assessments=tuple(both), dropped=dropped, carried=copy.carried), copy

    def save(self, connection: Connection, copy: Copy, now: datetime) -> None:
        """Store an assessed article's fingerprint, in the transaction that stores its assessments."""
        if copy.print is None:
            return
        stored = fingerprints.Stored(
            article_id=copy.article.id,
            signature=copy.print.signature,
            ledger=copy.ledger,
            original_id=copy.original_id,
        )
        fingerprints.save(connection, stored, copy.print.bands, now)
        if self._forgotten_at is None or now - self._forgotten_at > FORGOTTEN_EVERY:
            fingerprints.forget(connection, now - timedelta(days=self._policy.known_for_days))
            self._forgotten_at = now

    def _ledger(self, in_force: Sequence[Position]) -> str:
        """Return what names these revisions of these lines; the lines before are mostly the same."""
        known, name = self._named
        if known is not in_force:
            name = identify(*sorted(f"{position.id}:{position.revision}" for position in in_force))
            self._named = in_force, name
        return name

    def _look(self, article: Article, in_force: Sequence[Position], now: datetime) -> Copy:
        ledger = self._ledger(in_force)
        own = fingerprint(article.text)
        nothing = Copy(article=article, ledger=ledger, print=own)
        if own is None:
            return nothing
        with snapshot(self._engine) as connection:
            alike = [one for one in fingerprints.alike(connection, own.bands, ledger) if one.article_id != article.id]
            likely = [one for one in alike if own.likeness(one.signature) >= LIKELY]
            likely.sort(key=lambda one: -own.likeness(one.signature))  # stable: the earliest of the same likeness
            if not likely:
                return nothing
            here = lay_out(article.text).sentences
            keys = [key_of(article.text[s.start : s.end]) for s in here]
            best: tuple[frozenset[int], Article] | None = None
            for one in likely[:MOST_COMPARED]:
                original = articles.get(connection, one.article_id)
                known = _common(keys, original) if original else frozenset()
                if original and (best is None or len(known) > len(best[0])):
                    best = known, original
            if best is None or len(best[0]) < COMMON * len(here):
                return nothing
            entries = assessments.for_article(connection, best[1].id)
            keyed = {entry.shift_key for entry in entries if entry.shift_key}
            roots = {key: root.key for key in keyed if (root := shifts.root(connection, key))}
        taken = _taken(article, here, keys, entries, {position.id: position for position in in_force})
        return replace(
            nothing,
            original_id=best[1].id,
            known=best[0],
            found=tuple(rule_each([assessment for assessment, _ in taken], self._policy, now)),
            carried={carried_as(assessment): roots[key] for assessment, key in taken if key in roots},
        )


def _common(keys: Sequence[str], original: Article) -> frozenset[int]:
    """Return which sentences, given by their keys, the original has."""
    there = {key_of(original.text[s.start : s.end]) for s in lay_out(original.text).sentences}
    return frozenset(index for index, key in enumerate(keys) if key in there)


def _taken(
    article: Article,
    here: Sequence[Sentence],
    keys: Sequence[str],
    entries: Sequence[TimelineEntry],
    in_force: Mapping[str, Position],
) -> list[tuple[Assessment, str]]:
    """Return the original's assessments of sentences that stand here too, with the shifts that they belong to ("" for none)."""
    places: dict[str, int] = {}
    for index, key in enumerate(keys):
        places.setdefault(key, index)
    taken = []
    for entry in entries:
        index = places.get(key_of(entry.statement.text), -1)
        position = in_force.get(entry.position_id)
        if index < 0 or position is None or position.revision != entry.position_revision:
            continue
        candidate = Candidate(
            statement=_moved(article, here, index, entry.statement),
            position=position,
            similarity=entry.similarity,
            title=article.title,
            published=article.published,
        )
        taken.append((entry.judged(candidate), entry.shift_key or ""))
    return taken


def _moved(article: Article, here: Sequence[Sentence], index: int, statement: Statement) -> Statement:
    """Return the original's statement as it stands in the copy; where its source is named may be in another place there."""
    sentence = here[index]
    around = [here[i] if 0 <= i < len(here) else None for i in (index - 1, index + 1)]
    before, after = ("" if s is None else article.text[s.start : s.end] for s in around)
    inside = statement.source_start is not None and statement.start <= statement.source_start < statement.end
    text = article.text[sentence.start : sentence.end]
    by = sentence.start - statement.start if inside and text == statement.text else None
    return replace(
        statement,
        id=identify(article.id, sentence.start, sentence.end),
        article_id=article.id,
        start=sentence.start,
        end=sentence.end,
        text=text,
        before=before,
        after=after,
        source_start=None if by is None else (statement.source_start or 0) + by,
        source_end=None if by is None else (statement.source_end or 0) + by,
    )

"""Attribution rules over the dependency parse of one sentence: source, cue and content of everything that is cited.

Labels are those of spaCy's English models (ClearNLP style). A token is a spaCy token; offsets count the sentence's characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from bot.core.attribution import Attribution, Span, merge
from bot.reading import lexicon
from bot.reading.lemmas import is_name, is_nominal, is_noun, is_verb, lemma_of
from bot.reading.tree import (
    depth_of,
    inherited,
    is_aside,
    is_passive,
    phrase,
    source_of,
    spans_of,
    stands_for,
    subtree,
    trim,
)

MOST = 12
"""Attributions of one sentence; no sentence that somebody wrote for readers has more."""

_BREAKS = frozenset({",", '"', "”", "''", "—", "–", "--"})
_CLOSING = " \t\"'”’*_\u00a0"
_FINITE = frozenset({"VBD", "VBZ", "VBP"})
_STOPS = frozenset({".", "!", "?", ";", ":"})
_PLAIN = frozenset({"nsubj", "aux", "mark", "advmod", "npadvmod", "punct", "prep", "prt", "neg"})
_VIEWS = frozenset({"view", "opinion", "words", "eyes", "estimation", "telling", "assessment", "judgment", "judgement"})
_COMPLETING = frozenset({"as", "for", "of", "to", "on", "from", "with", "over", "about", "against", "at", "in"})


def attributions(doc: Any) -> list[Attribution]:
    """Return the attributions in the parsed sentence `doc`, outer ones before inner ones, `MOST` at most."""
    found = [*_verbs(doc), *_according(doc), *_as_said(doc), *_nouns(doc), *_adjectives(doc), *_views(doc)]
    return sorted(found, key=lambda one: (one.outer[0], -one.size))[:MOST]


def _verbs(doc: Any) -> Iterator[Attribution]:
    opens = doc.text.rstrip(_CLOSING).endswith(":")
    for token in doc:
        if not is_verb(token) or token.dep_ in ("aux", "auxpass"):
            continue
        lemma = lemma_of(token)
        if lemma == "ask" and is_aside(token):
            continue
        contents, strength = _contents(token, lemma)
        aside = _parenthetical(doc, token, lemma)
        beside = bool(aside) and _length(contents) < 0.6 * _length(aside)
        if beside:
            contents, strength = aside, 2
        subject = source_of(token, lemma)
        passive = is_passive(token, lemma)
        introduces = opens and token.dep_ == "ROOT" and subject is not None
        if not (contents or introduces) or (subject is None and not passive):
            continue
        if introduces and not contents:
            strength = 2 if lemma in lexicon.SAYING else 1
        if strength == 0 and subject is not None and _says(subject, lemma):
            strength = 2
        one = _make(doc, token, subject, contents, lemma=lemma, strength=strength)
        yield replace(one, depth=0) if beside else one


def _says(subject: Any, lemma: str) -> bool:
    """Whether a verb that may merely show ("suggest") is said of somebody who says."""
    return subject.lower_ in lexicon.PEOPLE or (lemma in lexicon.SAYING and is_name(subject))


def _length(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in spans)


def _make(doc: Any, token: Any, subject: Any, contents: Iterable[Span], *, lemma: str, strength: int) -> Attribution:
    referent = None if subject is None else stands_for(subject)
    return Attribution(
        source=None if subject is None else phrase(subject),
        cue=(token.idx, token.idx + len(token)),
        contents=tuple(span for span in (trim(doc.text, s) for s in merge(contents)) if span[1] > span[0]),
        head="" if subject is None else subject.text,
        antecedent=None if referent is None else phrase(referent),
        antecedent_head="" if referent is None else referent.text,
        lemma=lemma,
        strength=strength,
        depth=depth_of(token),
        asks=lemma in ("ask", "wonder", "question", "inquire"),
    )


def _contents(token: Any, lemma: str) -> tuple[list[Span], int]:
    """Return what the verb at `token` cites, and how strongly it cites."""
    for rule in (_light, _clause, _infinitive, _taken, _prepositional):
        spans, strength = rule(token, lemma)
        if spans:
            return spans, strength
    return [], 0


def _clause(token: Any, lemma: str) -> tuple[list[Span], int]:
    """Clauses: "said that X", and "X, he said"."""
    clauses = [c for c in token.children if c.dep_ == "ccomp"]
    if not clauses or lemma in lexicon.NO_CUE:
        return [], 0
    more = [c for c in token.children if c.dep_ == "parataxis" or (c.dep_ == "conj" and c.i < token.i)]
    spans = [span for c in (*clauses, *more) for span in subtree(c, without=token)]
    return spans, 0 if lemma in lexicon.SHOWING else 2


def _infinitive(token: Any, lemma: str) -> tuple[list[Span], int]:
    """Infinitives: "promised to X", "urged them to X"."""
    cites = lemma in lexicon.INTENDING | lexicon.ADDRESSING | lexicon.SAYING | lexicon.THINKING
    clauses = [c for c in token.children if c.dep_ == "xcomp"]
    if not cites or not clauses or lemma in lexicon.NO_CUE:
        return [], 0
    objects = [c for c in token.children if c.dep_ in ("dobj", "dative") and c.i < clauses[0].i]
    return [span for c in (*objects, *clauses) for span in subtree(c)], 2 if lemma in lexicon.SAYING else 1


def _taken(token: Any, lemma: str) -> tuple[list[Span], int]:
    """Objects: "rejected X", "called X a trap", "expressed concern"."""
    noun = any(c.dep_ == "dobj" and c.lower_ in lexicon.CUE_NOUNS for c in token.children)
    if lemma in lexicon.STANCE or (noun and lemma in lexicon.SAYING | lexicon.THINKING):
        return _object(token), 1
    return [], 0


def _prepositional(token: Any, lemma: str) -> tuple[list[Span], int]:
    """Prepositions: "called for X", "spoke of X", "ruled out X"."""
    prepositions = lexicon.STANCE_PREPOSITIONS.get(lemma, frozenset())
    for child in token.children:
        if child.dep_ in ("prep", "prt", "agent") and child.lower_ in prepositions and child.i > token.i:
            spans = [span for inner in child.children if inner.dep_ in ("pobj", "pcomp") for span in subtree(inner)]
            if not spans and child.dep_ == "prt":
                spans = _object(token)
            if spans:
                return spans, 1
    return [], 0


def _parenthetical(doc: Any, token: Any, lemma: str) -> list[Span]:
    """Return what stands around a citing clause set off by commas or quotation marks: ", he said,", "said the ruling."."""
    if lemma not in lexicon.SAYING or token.dep_ in ("relcl", "acl") or token.tag_ not in _FINITE:
        return []
    subjects = [c for c in token.children if c.dep_ == "nsubj" and is_nominal(c)]
    subject = min(subjects, key=lambda c: abs(c.i - token.i), default=None)
    if subject is None or subject.lower_ in lexicon.RELATIVE:
        return []
    first = min(subject.left_edge.i, token.i) if subject.i < token.i else token.i
    last = token.i if subject.i < token.i else subject.right_edge.i
    if last - first > 25 or first == 0 or doc[first - 1].text not in _BREAKS:
        return []
    while (
        last + 1 < len(doc)
        and doc[last + 1].text not in _BREAKS
        and doc[last + 1].text not in _STOPS
        and last - first < 12
    ):
        if doc[last + 1].dep_ in ("mark", "nsubj", "ccomp", "dobj") or doc[last + 1].lower_ in ("that", "to"):
            return []
        last += 1
    if last + 1 < len(doc) and doc[last + 1].text not in _BREAKS and doc[last + 1].text not in _STOPS:
        return []
    before = (0, doc[first - 1].idx)
    after = (doc[last + 1].idx, len(doc.text)) if last + 1 < len(doc) else (len(doc.text), len(doc.text))
    return [span for span in (before, after) if span[1] - span[0] > 3]


def _light(token: Any, lemma: str) -> tuple[list[Span], int]:
    """Idioms: "cast doubt on X", "made it clear that X", "left the door open to X"."""
    nouns = lexicon.LIGHT.get(lemma, frozenset())
    clear = next((c for c in token.children if c.lower_ == "clear"), None)
    if lemma == "make" and clear is not None:
        clauses = [
            c for c in (*token.children, *clear.children) if c.dep_ in ("ccomp", "xcomp", "advcl") and c.i != clear.i
        ]
        return [span for c in clauses for span in subtree(c)], 2
    for child in token.children:
        if child.dep_ == "dobj" and child.lower_ in nouns:
            around = [
                child,
                *(() if lemma == "make" else (token, *(c for c in token.children if c.dep_ in ("oprd", "acomp")))),
            ]
            after = [
                c
                for head in around
                for c in head.children
                if c.i > child.i and c.dep_ in ("prep", "acl", "ccomp", "xcomp")
            ]
            return [span for c in after for span in subtree(c)], 1
    return [], 0


def _object(token: Any) -> list[Span]:
    """Return the object of a verb of stance with what completes it ("described X as a disgrace")."""
    objects = [c for c in token.children if c.dep_ in ("dobj", "oprd") and c.i > token.i]
    if not objects:
        passive = [c for c in token.children if c.dep_ == "nsubjpass"]
        agent = [c for c in token.children if c.dep_ == "agent"]
        return [span for c in passive for span in subtree(c)] if passive and agent else []
    rest = [
        c
        for c in token.children
        if c.i > objects[0].i
        and (c.dep_ in ("xcomp", "oprd", "pcomp", "acomp") or (c.dep_ == "prep" and c.lower_ in _COMPLETING))
    ]
    return [span for c in [objects[0], *rest] for span in subtree(c)]


def _according(doc: Any) -> Iterator[Attribution]:
    for token in doc:
        if token.lower_ == "according":
            target = next((c for c in token.children if c.lower_ == "to"), None)
            if target is None:
                continue
            source = next((c for c in target.children if c.dep_ == "pobj"), None)
            if source is None:
                continue
            inside = {t.i for t in token.subtree}
            if token.head.i == token.i:
                continue
            head = token.head
            while not is_verb(head) and head.head.i != head.i:
                head = head.head
            spans = spans_of(t for t in head.subtree if t.i not in inside)
            yield Attribution(
                source=phrase(source),
                cue=(token.idx, target.idx + len(target)),
                contents=tuple(span for span in (trim(doc.text, s) for s in spans) if span[1] - span[0] > 2),
                head=source.text,
                lemma="according",
            )


def _as_said(doc: Any) -> Iterator[Attribution]:
    """Yield attributions by a clause with "as" beside what it cites: "as the minister put it"."""
    for token in doc:
        if not is_verb(token) or token.dep_ not in ("advcl", "parataxis"):
            continue
        lemma = lemma_of(token)
        if lemma not in lexicon.SAYING and lemma not in ("put", "see", "know"):
            continue
        if not any(c.lower_ == "as" and c.i < token.i for c in token.children) or any(
            c.dep_ in ("ccomp", "xcomp") for c in token.children
        ):
            continue
        if any(c.dep_ not in _PLAIN and c.lower_ != "it" for c in token.children):
            continue
        source = next((c for c in token.children if c.dep_ == "nsubj"), None)
        if source is None:
            continue
        inside = {t.i for t in token.subtree}
        spans = spans_of(t for t in token.head.subtree if t.i not in inside)
        yield _make(doc, token, source, [span for span in spans if span[1] - span[0] > 2], lemma=lemma, strength=2)


def _views(doc: Any) -> Iterator[Attribution]:
    """Yield "in his view, X", "in the words of the minister, X", and "her position is that X"."""
    for token in doc:
        if not is_noun(token):
            continue
        lemma = lemma_of(token)
        source = next((c for c in token.children if c.dep_ == "poss"), None) or next(
            (i for c in token.children if c.lower_ == "of" for i in c.children if i.dep_ == "pobj"), None
        )
        if source is None:
            continue
        verb = token.head
        if token.dep_ == "nsubj" and lemma in lexicon.CUE_NOUNS and lemma_of(verb) in ("be", "remain"):
            spans = [span for c in verb.children if c.dep_ == "ccomp" and c.i > verb.i for span in subtree(c)]
            if spans:
                yield _make(doc, token, source, spans, lemma=lemma, strength=2)
        elif token.dep_ == "pobj" and token.lower_ in _VIEWS and verb.lower_ == "in":
            inside = {t.i for t in verb.subtree}
            spans = spans_of(t for t in verb.head.subtree if t.i not in inside)
            yield _make(doc, token, source, [s for s in spans if s[1] - s[0] > 2], lemma="according", strength=2)


def _nouns(doc: Any) -> Iterator[Attribution]:
    for token in doc:
        if not is_noun(token) or lemma_of(token) not in lexicon.CUE_NOUNS:
            continue
        clause = [c for c in token.children if c.dep_ in ("acl", "ccomp", "relcl") and c.i > token.i and _is_content(c)]
        source = next((c for c in token.children if c.dep_ == "poss"), None)
        by = next(
            (
                i
                for c in token.children
                if c.dep_ == "prep" and c.lower_ in ("by", "from")
                for i in c.children
                if i.dep_ == "pobj"
            ),
            None,
        )
        source = source or by
        if not clause and source is not None:
            clause = [
                i
                for c in token.children
                if c.dep_ == "prep" and c.lower_ in ("of", "about", "for", "on", "against", "over")
                for i in c.children
                if i.dep_ in ("pobj", "pcomp")
            ]
        if not clause:
            continue
        if source is None and token.dep_ in ("dobj", "attr"):
            source = next((c for c in token.head.children if c.dep_ == "nsubj"), None) or inherited(token.head)
        if source is None:
            continue
        yield _make(doc, token, source, [s for c in clause for s in subtree(c)], lemma=lemma_of(token), strength=1)


def _is_content(clause: Any) -> bool:
    if clause.dep_ == "relcl":
        return False
    return any(c.dep_ in ("mark", "aux") or c.lower_ in ("that", "to") for c in clause.children if c.i < clause.i)


def _adjectives(doc: Any) -> Iterator[Attribution]:
    for token in doc:
        if token.lower_ not in lexicon.CUE_ADJECTIVES or token.dep_ not in ("acomp", "ROOT", "attr", "conj", "oprd"):
            continue
        clause = [c for c in token.children if c.dep_ in ("ccomp", "xcomp") and c.i > token.i]
        clause += [
            i
            for c in token.children
            if c.dep_ == "prep" and c.i > token.i
            for i in c.children
            if i.dep_ in ("pobj", "pcomp")
        ]
        verb = token.head
        source = next((c for c in verb.children if c.dep_ in ("nsubj", "nsubjpass")), None)
        if clause and source is not None:
            yield _make(doc, token, source, [s for c in clause for s in subtree(c)], lemma=token.lower_, strength=1)

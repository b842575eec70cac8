"""What the attribution rules ask of a dependency tree: subjects, phrases, spans. Tokens are spaCy's, offsets the sentence's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.core.attribution import Span
from bot.reading import lexicon
from bot.reading.lemmas import is_nominal, is_noun, is_verb, lemma_of

_LOWER = frozenset({"ccomp", "advcl", "relcl", "acl", "pcomp", "csubj", "parataxis"})
_TRIM = " \t\u00a0,;:—–-"
_OUTSIDE = " \t\u00a0,;\"”»’'"
_SHARES_SUBJECT = frozenset({"conj", "advcl", "xcomp", "pcomp", "prep", "ccomp"})
_ADDRESSED = frozenset({"tell", "ask", "inform", "warn", "urge", "advise", "call", "accuse"})


def stands_for(source: Any) -> Any:
    """Return the noun that a relative pronoun, or a possessive one in its own clause, stands for, or None."""
    if source.lower_ in lexicon.RELATIVE:
        verb = source.head
        for _ in range(4):
            if verb.dep_ == "relcl":
                return verb.head
            verb = verb.head
        return None
    if source.dep_ == "poss" and source.lower_ in ("its", "their", "his", "her"):
        verb = source.head.head
        for child in verb.children:
            if child.dep_ == "nsubj" and child.i < source.i and is_noun(child):
                return child
    return None


def depth_of(token: Any) -> int:
    """Return how many clauses stand between the token and the root; a coordinate clause or a verb's object adds none."""
    depth = 0
    while token.head.i != token.i and depth < 20:
        if token.dep_ in _LOWER:
            depth += 1
        token = token.head
    return depth


def is_passive(token: Any, lemma: str) -> bool:
    """Whether what stands as the verb's subject is who is spoken to: "was told", and "asked whether ..., she said"."""
    if any(c.dep_ in ("nsubjpass", "auxpass") for c in token.children):
        return True
    bare = token.tag_ == "VBN" and token.dep_ in ("acl", "advcl") and lemma in _ADDRESSED
    return bare and not any(c.dep_ in ("aux", "nsubj") for c in token.children)


def is_aside(token: Any) -> bool:
    """Whether a participle only says what was asked of whoever is cited later: "Berg, asked whether ..., said: ..."."""
    after = token.doc[token.i + 1 :]
    beside = token.i > 0 and token.doc[token.i - 1].text == ","
    return beside and any(t.text == "," and t.i + 1 < len(token.doc) and is_verb(token.doc[t.i + 1]) for t in after)


def source_of(token: Any, lemma: str) -> Any:
    """Return the token that heads who is cited by the verb at `token`, or None."""
    if is_passive(token, lemma):
        agents = [c for c in token.children if c.dep_ == "agent" or (c.dep_ == "prep" and c.lower_ == "by")]
        by = [inner for agent in agents for inner in agent.children if inner.dep_ == "pobj"]
        if by:
            return by[0]
        if lemma in _ADDRESSED or lemma in lexicon.SAYING:
            return None
    subjects = [c for c in token.children if c.dep_ in ("nsubj", "nsubjpass", "csubj")]
    return min(subjects, key=lambda c: abs(c.i - token.i)) if subjects else inherited(token)


def inherited(token: Any) -> Any:
    """Return the subject that a verb without one takes from the clause around it, or None."""
    head, dep = token.head, token.dep_
    for _ in range(6):
        if dep in ("acl", "relcl"):
            return head if is_nominal(head) else None
        if dep == "xcomp" and lemma_of(head) not in ("promise", "vow"):
            objects = [c for c in head.children if c.dep_ == "dobj"]
            if objects:
                return objects[0]
        if dep in _SHARES_SUBJECT and (dep != "conj" or is_verb(head)):
            for child in head.children:
                if child.dep_ in ("nsubj", "nsubjpass") and child.i != token.i:
                    return child
        if head.head.i == head.i:
            return None
        head, dep = head.head, head.dep_
    return None


def subtree(token: Any, without: Any = None) -> list[Span]:
    """Return the spans of the words below `token` and of itself, without the word `without`."""
    left, right = token.left_edge, token.right_edge
    if without is None or not left.i <= without.i <= right.i:
        return [(left.idx, right.idx + len(right))]
    return spans_of(t for t in token.subtree if t.i != without.i)


def spans_of(tokens: Iterable[Any]) -> list[Span]:
    """Return the spans of runs of neighbouring tokens."""
    out: list[Span] = []
    last = -2
    for token in sorted(tokens, key=lambda t: t.i):
        end = token.idx + len(token)
        if token.i == last + 1:
            out[-1] = (out[-1][0], end)
        else:
            out.append((token.idx, end))
        last = token.i
    return out


def phrase(token: Any) -> Span:
    """Return the span of the noun phrase that `token` heads, without relative clauses that stand after a comma."""
    inside = list(token.subtree)
    for child in token.children:
        if child.dep_ in ("relcl", "acl", "appos", "advcl", "parataxis") and child.i > token.i:
            before = token.doc[child.left_edge.i - 1].text if child.left_edge.i else ""
            if child.dep_ != "appos" or before == ",":
                cut = {t.i for t in child.subtree}
                inside = [t for t in inside if t.i not in cut]
    indices = {t.i for t in inside}
    left, right = token.i, token.i
    while left - 1 in indices:
        left -= 1
    while right + 1 in indices:
        right += 1
    run = [t for t in inside if left <= t.i <= right]
    start, end = run[0].idx, run[-1].idx + len(run[-1])
    text = token.doc.text
    while start < token.idx and text[start] in _OUTSIDE:  # the quotation before ends here
        start += 1
    return trim(text, (start, end))


def trim(text: str, span: Span) -> Span:
    """Return `span` without the marks and white space at its ends that only part it from what stands beside it."""
    start, end = span
    while start < end and text[start] in _TRIM:
        start += 1
    while end > start and text[end - 1] in _TRIM:
        end -= 1
    return start, end

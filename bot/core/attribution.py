"""Who is cited for what: the values that attribution rules produce, and the choices among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """A source cited for content. Spans are offsets into the article's text.

    `source` is where the text names who is cited, None where it does not; `cue` the words that cite; `contents` what is
    attributed, in one or more pieces, none where a line with a colon only opens it. `head` is the source's head word.
    """

    source: Span | None
    cue: Span
    contents: tuple[Span, ...]
    head: str = ""
    antecedent: Span | None = None
    """What a relative or possessive pronoun as source stands for by grammar, None where grammar does not say."""
    antecedent_head: str = ""
    lemma: str = ""
    strength: int = 2
    """2 for words of saying and thinking, 1 for acts of stance (criticised, demanded), 0 for what merely shows or seems."""
    depth: int = 0
    """Clauses between the cue and the sentence's main verb: 0 where the cue is the main verb."""
    asks: bool = False

    @property
    def size(self) -> int:
        """Characters of content."""
        return sum(end - start for start, end in self.contents)

    @property
    def outer(self) -> Span:
        """The span from the first piece of content to the last, the cue's where there is none."""
        spans = self.contents or (self.cue,)
        return min(start for start, _ in spans), max(end for _, end in spans)


def overlap(a: Span, b: Span) -> int:
    """Return how many characters two spans share."""
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def covered(spans: Iterable[Span], within: Span) -> int:
    """Return how many characters of `within` lie in any of `spans`."""
    total, reached = 0, within[0]
    for start, end in sorted(spans):
        start, end = max(start, reached), min(end, within[1])  # noqa: PLW2901 - clipped to what is new
        if end > start:
            total, reached = total + end - start, end
    return total


def principal(attributions: Sequence[Attribution], sentence: Span) -> Attribution | None:
    """Return whose words the sentence chiefly is, or None where nobody is cited in it.

    The share of the sentence that the content covers decides, less for acts of stance than for words, and less for each
    clause by which the cue stands below the main verb.
    """
    best, most = None, 0.0
    for attribution in attributions:
        share = covered(attribution.contents, sentence)
        weight = share * (1.0, 1.0, 1.8)[attribution.strength] * 0.6 ** min(attribution.depth, 6)
        if weight > most:
            best, most = attribution, weight
    return best


def merge(spans: Iterable[Span], *, gap: int = 1) -> tuple[Span, ...]:
    """Return `spans` in order, those joined that overlap or lie at most `gap` characters apart."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start - out[-1][1] <= gap:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return tuple(out)


def shifted(attribution: Attribution, by: int) -> Attribution:
    """Return the attribution with every offset moved by `by`."""
    return replace(
        attribution,
        source=_moved(attribution.source, by),
        antecedent=_moved(attribution.antecedent, by),
        cue=(attribution.cue[0] + by, attribution.cue[1] + by),
        contents=tuple((start + by, end + by) for start, end in attribution.contents),
    )


def _moved(span: Span | None, by: int) -> Span | None:
    return None if span is None else (span[0] + by, span[1] + by)

"""Which language a text is in: py3langid, whose model is 4.5 MB of plain arrays and whose answers do not vary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from bot.core.attribution import Span
from bot.reading.quotes import quotations
from bot.reading.sentences import paragraphs

READ = frozenset({"en"})
"""Languages that the reader reads."""
ENOUGH = 100
"""Letters below which no language is told: a name or two would decide it."""
SURE = 0.9
_SAMPLE = 3000
_URL = re.compile(r"(?:https?://|www\.|@|#)\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A passage in a language that is not read."""

    span: Span
    language: str


_LOADING = Lock()
"""Held while the model is unpacked, for which py3langid takes 70 MB of temporary space each time."""


def _identifier() -> Any:
    with _LOADING:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def identify_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`, "" where the text is too short or the answer is not sure."""
    sample = _URL.sub(" ", _sampled(text))
    if sum(map(str.isalpha, sample)) < ENOUGH:
        return ""
    language, probability = _identifier().classify(sample)
    return str(language) if float(probability) >= SURE else ""


def foreign_passages(text: str) -> tuple[Foreign, ...]:
    """Return the paragraphs of `text`, and the long quotations in the others, that are in a language not read."""
    out: list[Foreign] = []
    spans = paragraphs(text)
    read = []
    for span in spans:
        language = identify_language(text[span[0] : span[1]])
        if language and language not in READ:
            out.append(Foreign(span=span, language=language))
        else:
            read.append(span)
    for quote in quotations(text, read):
        if quote.end - quote.start < ENOUGH:
            continue
        language = identify_language(text[quote.start : quote.end])
        if language and language not in READ:
            out.append(Foreign(span=(quote.start, quote.end), language=language))
    return tuple(sorted(out, key=lambda one: one.span))


def _sampled(text: str) -> str:
    """Return the beginning and the middle of a long text, where the language shows and the costs end."""
    if len(text) <= 2 * _SAMPLE:
        return text
    middle = len(text) // 2
    return text[:_SAMPLE] + " " + text[middle : middle + _SAMPLE]

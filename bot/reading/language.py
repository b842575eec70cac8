"""Which language a text is in: English by its small words, others by py3langid, whose answers do not vary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from bot.core.attribution import Span
from bot.reading.lexicon import words

READ = frozenset({"en"})
"""Languages that the reader reads."""
ENOUGH = 100
"""Letters below which no language is told: a name or two would decide it."""
SURE = 0.9
_SAMPLE = 3000
_SMALL = re.compile(
    r"\b(?:the|of|and|to|that|with|which|said|his|has|have|not|they|by|from|are|were|it|is|for|we|you|this|be|been|but)\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"\b(?:the|and|that|with|which|said|they|their|from|this|been|would|were|has)\b", re.IGNORECASE)
_DISTINCT, _SHARE = 4, 0.1
"""How many of the small words that English hardly shares, and which share of all words, make a text English beyond doubt."""
_THE = re.compile(r"\bthe\b", re.IGNORECASE)
_BESIDE_THE = re.compile(
    r"\b(?:the|of|and|to|that|which|from|with|by|for|on|at|as|was|were|is|are|has|had|have|said|an|it|this|its|their|they)\b",
    re.IGNORECASE,
)
_FEWEST_THE, _SHARE_OF_THE, _SHARE_BESIDE = 2, 0.03, 0.15
"""So does the article, which no other language has, among as many different small words that some share."""
_ABOUT_ENGLISH = words(
    "the of and to that with which said his has have not they by from are were it is for we this be but a in on at as he an"
)
_OTHERS = words(
    """
aan ad adalah af agus al ang ar att auf avec ay az bat bir bu che con cu da dan dans das dat del della dem den dengan der des
det dhe di die din du een egy ei ein eine ekki el em er es esas est estas este et eta ett ez gli har het hogy i'r ikke il ile
im ini inte ir ist ito itu ja je jeg jest kad kaj kas katika ke kwa la las le les lo los mae meg mga mi mit na ne nem ng nga
ni nicht nie niet non nu och og ogu op os ovat par para pas pe per por pour que qui sa sau se si sich som sono su sur tidak
til u um uma un una und une untuk ut v van ve von voor w wa y ya yang yn yra z za zijn zu
    """
)
"""Small words of some fifty other languages that are written in these letters, those that English has as well left out."""
_FEWEST_ENGLISH, _SHARE_OF_OTHERS, _FOREIGN_LETTERS = 0.04, 0.06, 0.02
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_QUOTED = re.compile(r"[“„«][^“”„«»]{100,5000}[”“»]|\"[^\"]{100,5000}\"")
_URL = re.compile(r"(?:https?://|www\.|@|#)\S+")


_LOADING = Lock()
"""Held while the model is unpacked, for which py3langid takes 70 MB of temporary space each time."""


def _identifier() -> Any:
    with _LOADING:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A paragraph or quotation in a language that is not read, by its ISO 639-1 code; offsets into the text."""

    start: int
    end: int
    language: str


def unread_passages(text: str, spans: Sequence[Span]) -> tuple[Passage, ...]:
    """Return the paragraphs `spans` of an English text, and the long quotations in them, that are in another language.

    Whatever has English's small words in it is English, without asking further: that is nearly every paragraph.
    """
    found = []
    for start, end in spans:
        if (language := _foreign(text, start, end)) is not None:
            found.append(Passage(start=start, end=end, language=language))
            continue
        quotes = [match.span() for match in _QUOTED.finditer(text, start, end)] if end - start > ENOUGH else []
        told = ((span, _foreign(text, *span)) for span in quotes)
        found += [Passage(start=span[0], end=span[1], language=language) for span, language in told if language]
    return tuple(found)


def _foreign(text: str, start: int, end: int) -> str | None:
    if end - start < ENOUGH:
        return None
    piece = text[start : min(end, start + _SAMPLE)]
    small = _SMALL.findall(piece)
    if len(set(map(str.lower, small))) >= 2 and len(small) >= 0.06 * len(piece.split()):
        return None
    language = identify_language(piece)
    return language if language and language not in READ else None


@lru_cache(maxsize=4)  # a page's text is asked for its readability first, and then for its language
def identify_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`, "" where the text is too short or the answer is not sure.

    The model, 75 MB in each process, is loaded for what has something of another language alone.
    """
    sample = _URL.sub(" ", _sampled(text))
    if sum(map(str.isalpha, sample)) < ENOUGH:
        return ""
    if _is_english(sample):
        return "en"
    if not _may_be_foreign(sample):
        return ""
    language, probability = _identifier().classify(sample)
    return str(language) if float(probability) >= SURE else ""


def _is_english(sample: str) -> bool:
    count = len(sample.split())
    english = _ENGLISH.findall(sample)
    if len(set(map(str.lower, english))) >= _DISTINCT and len(english) >= _SHARE * count:
        return True
    articles = len(_THE.findall(sample))
    if articles < max(_FEWEST_THE, _SHARE_OF_THE * count):
        return False
    small = _BESIDE_THE.findall(sample)
    return len(set(map(str.lower, small))) >= _DISTINCT and len(small) >= _SHARE_BESIDE * count


def _may_be_foreign(sample: str) -> bool:
    """Whether anything speaks for another language: its letters, its small words, or hardly one of English's.

    Names, figures and headlines have little of any language; they are no reason to load the model.
    """
    told = [word.lower() for word in _WORDS.findall(sample)]
    letters = "".join(told)
    if not letters.isascii() and sum(ch > "\x7f" for ch in letters) >= _FOREIGN_LETTERS * len(letters):
        return True
    others = [word for word in told if word in _OTHERS]
    if len(set(others)) > 1 and len(others) >= _SHARE_OF_OTHERS * len(told):
        return True
    return sum(word in _ABOUT_ENGLISH for word in told) < _FEWEST_ENGLISH * len(told)


def _sampled(text: str) -> str:
    """Return the beginning and the middle of a long text, where the language shows and the costs end."""
    if len(text) <= 2 * _SAMPLE:
        return text
    middle = len(text) // 2
    return text[:_SAMPLE] + " " + text[middle : middle + _SAMPLE]

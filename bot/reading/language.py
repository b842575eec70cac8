"""Which language a text is in: py3langid, whose model is 4.5 MB of plain arrays and whose answers do not vary."""

from __future__ import annotations

import re
from functools import lru_cache
from threading import Lock
from typing import Any

READ = frozenset({"en"})
"""Languages that the reader reads."""
ENOUGH = 100
"""Letters below which no language is told: a name or two would decide it."""
SURE = 0.9
_SAMPLE = 3000
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


def identify_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`, "" where the text is too short or the answer is not sure."""
    sample = _URL.sub(" ", _sampled(text))
    if sum(map(str.isalpha, sample)) < ENOUGH:
        return ""
    language, probability = _identifier().classify(sample)
    return str(language) if float(probability) >= SURE else ""


def _sampled(text: str) -> str:
    """Return the beginning and the middle of a long text, where the language shows and the costs end."""
    if len(text) <= 2 * _SAMPLE:
        return text
    middle = len(text) // 2
    return text[:_SAMPLE] + " " + text[middle : middle + _SAMPLE]

"""The classifier's features: their names, their order and how they are computed, for training and serving alike.

A row describes one (position, statement) pair. The text that the encoder reads is made here too, so that the pair which the
encoder was taught on and the pair which it meets are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bot.core.lexicon import CUES, cues_in
from bot.core.naming import NameIndex
from bot.domain import Certainty, Mode, Relation

ENCODER_NAMES: tuple[str, ...] = (
    "nli_entailment",
    "nli_neutral",
    "nli_contradiction",
    *(f"relation_{relation.value}" for relation in Relation),
)
SIMILARITY_NAMES = ("similarity_topic", "similarity_baseline")
ATTRIBUTION_NAMES = ("holder_speaks", "other_speaks", "holder_named", "reported")
MODE_NAMES = tuple(f"mode_{mode.value}" for mode in Mode)
CUE_NAMES = tuple(f"cue_{cue.name}" for cue in CUES)
SHAPE_NAMES = ("baseline_refuses", "polarity_differs", "words")

FEATURE_NAMES: tuple[str, ...] = (
    *ENCODER_NAMES,
    *SIMILARITY_NAMES,
    *ATTRIBUTION_NAMES,
    *MODE_NAMES,
    *CUE_NAMES,
    *SHAPE_NAMES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What the detector is asked: does `statement` move `position` of `holder` on `topic`?

    `names` are the words by which the text may call the holder; `speaker_holder` is whom the speaker speaks for by the desk's
    configuration, "" where that is not known; `before` is the sentence before the statement in its article, "" where there is none.
    """

    holder: str
    topic: str
    position: str
    statement: str
    before: str = ""
    speaker: str = ""
    title: str = ""
    names: tuple[str, ...] = ()
    speaker_holder: str = ""
    mode: Mode = Mode.ASSERTION
    certainty: Certainty = Certainty.STATED


def encoder_pair(pair: Pair) -> tuple[str, str]:
    """Return (claim, evidence) as the encoder reads them. It was taught on rows with titles; the topic stands in for one."""
    head = f"{pair.speaker or 'Report'} ({pair.title or pair.topic})"
    return f"{pair.holder} on {pair.topic}: {pair.position}", f"{head}: {pair.statement}"


def mentions(text: str, names: Sequence[str]) -> bool:
    """Whether one of `names` stands in `text` as a whole word; False for no names."""
    return bool(_index(tuple(names)).mentioned(text))


@lru_cache(maxsize=4096)
def _index(names: tuple[str, ...]) -> NameIndex:
    return NameIndex([names])


def symbolic_row(pair: Pair) -> NDArray[np.float64]:
    """Return the features that need no model, in the order of FEATURE_NAMES from the attribution on."""
    names = (pair.holder, *pair.names)
    known = bool(pair.speaker_holder)
    holder_speaks = pair.speaker_holder == pair.holder if known else mentions(pair.speaker, names)
    statement_cues, baseline_cues = cues_in(pair.statement), cues_in(pair.position)
    refuses = "refusal" in baseline_cues
    values = [
        float(holder_speaks),
        float(known and not holder_speaks),
        float(mentions(pair.statement, names)),
        float(pair.certainty is Certainty.REPORTED),
        *(float(pair.mode is mode) for mode in Mode),
        *(float(cue.name in statement_cues) for cue in CUES),
        float(refuses),
        float(refuses != ("refusal" in statement_cues)),
        min(len(pair.statement.split()) / 60.0, 2.0),
    ]
    return np.array(values, dtype=np.float64)


def feature_matrix(
    pairs: Sequence[Pair], logits: NDArray[np.floating], similarities: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return the features, shape (pairs, len(FEATURE_NAMES)).

    `logits` is (pairs, len(ENCODER_NAMES)); each head's logits are turned into log-probabilities, so that two encoders differ
    in what they believe and not in scale. `similarities` is (pairs, 2): cosines of the statement with topic and baseline.
    """
    if not pairs:
        return np.empty((0, len(FEATURE_NAMES)))
    symbolic = np.stack([symbolic_row(pair) for pair in pairs])
    return np.hstack([_log_softmax(logits[:, :3]), _log_softmax(logits[:, 3:]), similarities, symbolic])


def _log_softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    shifted = np.asarray(logits, dtype=np.float64) - np.max(logits, axis=1, keepdims=True)
    result: NDArray[np.float64] = np.maximum(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), -12.0)
    return result

"""A vocabulary with only what English news needs: a third of a small encoder is the embedding of words that it never meets.

What is left out falls to word pieces and single characters, never to the unknown token: every single character keeps its piece.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

from bot.errors import InputError

_CONTINUES = "##"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A tokenizer (the text of tokenizer.json) and, for each of its ids, the id that the token had before."""

    tokenizer: str
    kept: tuple[int, ...]


def whole(tokenizer: str) -> Vocabulary:
    """Return the vocabulary of a tokenizer.json as it is."""
    return Vocabulary(tokenizer=tokenizer, kept=tuple(range(Tokenizer.from_str(tokenizer).get_vocab_size())))


def trimmed(tokenizer: str, *, seen: Iterable[str], frequent: int) -> Vocabulary:
    """Return a WordPiece tokenizer cut to its special tokens, single characters, numbers, `seen` and the `frequent` first.

    Args:
        tokenizer: The text of tokenizer.json.
        seen: Texts of which every token is kept that stands in two of them at least.
        frequent: How many ids are kept from the start: vocabularies are written by falling frequency.

    Raises:
        InputError: For a tokenizer that is no WordPiece.
    """
    made = json.loads(tokenizer)
    model = made["model"]
    if model.get("type") != "WordPiece":
        raise InputError(f"only a WordPiece vocabulary can be trimmed, this is {model.get('type')}.")
    reader = Tokenizer.from_str(tokenizer)
    reader.no_truncation()
    reader.no_padding()
    met = Counter(id_ for encoding in reader.encode_batch(list(seen)) for id_ in set(encoding.ids))
    ids = {id_ for id_, texts in met.items() if texts > 1}
    ids |= {token["id"] for token in made["added_tokens"]} | set(range(frequent))
    ids |= {id_ for token, id_ in model["vocab"].items() if _is_needed(token, model["vocab"])}
    kept = tuple(id_ for id_ in sorted(ids) if id_ < len(model["vocab"]))
    places = {id_: place for place, id_ in enumerate(kept)}
    model["vocab"] = {token: places[id_] for token, id_ in model["vocab"].items() if id_ in places}
    for token in made["added_tokens"]:
        token["id"] = places[token["id"]]
    made["truncation"] = made["padding"] = None
    _renumber(made["post_processor"], places)
    return Vocabulary(tokenizer=json.dumps(made, ensure_ascii=False, separators=(",", ":")), kept=kept)


def _is_needed(token: str, vocabulary: Collection[str]) -> bool:
    """Whether a piece is a number or a character, or holds a character that has no piece of its own there."""
    inner = token.startswith(_CONTINUES) and token != _CONTINUES
    word = token.removeprefix(_CONTINUES) if inner else token
    if len(word) == 1 or word.isdigit():
        return True
    forms = [char if place == 0 and not inner else _CONTINUES + char for place, char in enumerate(word)]
    return any(form not in vocabulary for form in forms)


def _renumber(post_processor: Any, places: dict[int, int]) -> None:
    """Give the special tokens of a post-processor (RoBERTa's, BERT's or a template) their new ids, in place."""
    if not post_processor:
        return
    for part in post_processor.get("processors", ()):
        _renumber(part, places)
    for key in ("sep", "cls"):
        if key in post_processor:
            token, id_ = post_processor[key]
            post_processor[key] = [token, places[id_]]
    special = post_processor.get("special_tokens") or {}
    for token in special.values():
        token["ids"] = [places[id_] for id_ in token["ids"]]

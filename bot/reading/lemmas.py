"""Base forms of the verbs and nouns that the rules look up, by word and tag: a lemmatizer would double the parser's time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from bot.reading import lexicon

_IRREGULAR = {
    form: base
    for base, forms in {
        "be": "is are was were been am being 's 're 'm ’s ’re ’m", "have": "has had having 've ’ve", "do": "does did done",
        "say": "said", "tell": "told", "think": "thought", "know": "knew known", "feel": "felt", "see": "saw seen", "hear": "heard",
        "write": "wrote written", "make": "made", "give": "gave given", "go": "went gone", "hold": "held", "find": "found",
        "mean": "meant", "speak": "spoke spoken", "take": "took taken", "swear": "swore sworn", "foresee": "foresaw foreseen",
        "put": "put", "set": "set", "lay": "laid", "leave": "left", "send": "sent", "strike": "struck", "draw": "drew drawn",
        "throw": "threw thrown", "cast": "cast", "pay": "paid", "show": "shown", "seek": "sought", "understand": "understood",
        "forget": "forgot forgotten", "read": "read", "bet": "bet", "let": "let", "get": "got gotten", "keep": "kept",
        "withdraw": "withdrew withdrawn", "spell": "spelt", "learn": "learnt", "dream": "dreamt", "choose": "chose chosen",
        "forbid": "forbade forbidden", "fight": "fought", "stand": "stood", "begin": "began begun", "come": "came", "run": "ran",
        "become": "became", "lead": "led", "bring": "brought", "lose": "lost", "win": "won", "meet": "met", "sit": "sat",
        "buy": "bought",
        "sell": "sold", "spend": "spent", "grow": "grew grown", "drive": "drove driven", "lie": "lying", "die": "dying",
        "undertake": "undertook undertaken", "overrule": "overruled", "hit": "hit", "quit": "quit", "rethink": "rethought",
    }.items()
    for form in forms.split()
}  # fmt: skip
_KNOWN = (
    lexicon.SAYING | lexicon.THINKING | lexicon.SHOWING | lexicon.INTENDING | lexicon.ADDRESSING | lexicon.STANCE | lexicon.NO_CUE
    | lexicon.STANCE_PREPOSITIONS.keys() | lexicon.LIGHT.keys() | lexicon.CUE_NOUNS
)  # fmt: skip
_ENDINGS = (("ies", ("y",)), ("ied", ("y",)), ("es", ("e", "")), ("ed", ("e", "")), ("ing", ("e", "")), ("s", ("",)))


def lemma_of(token: Any) -> str:
    """Return the base form of a parsed token, in lower case."""
    word, tag = token.lower_, token.tag_
    return word if tag in ("VB", "VBP", "NN", "NNP", "JJ") and word not in _IRREGULAR else base_form(word)


@lru_cache(maxsize=20_000)
def base_form(word: str) -> str:
    """Return the base form of an inflected word: irregular ones by a table, others by endings, known words first."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    guess = ""
    for ending, replacements in _ENDINGS:
        if not word.endswith(ending) or len(word) < len(ending) + 2:
            continue
        stem = word[: -len(ending)]
        doubled = len(stem) > 2 and stem[-1] == stem[-2] and ending in ("ed", "ing")
        candidates = [stem + replacement for replacement in replacements] + ([stem[:-1]] if doubled else [])
        known = next((candidate for candidate in candidates if candidate in _KNOWN), None)
        if known is not None:
            return known
        guess = guess or (stem[:-1] if doubled else stem + replacements[-1])
    return guess or word


def is_verb(token: Any) -> bool:
    """Whether the token is tagged as a verb, auxiliaries included."""
    return str(token.tag_).startswith(("VB", "MD"))


def is_noun(token: Any) -> bool:
    """Whether the token is tagged as a noun, proper or common."""
    return str(token.tag_).startswith("NN")


def is_name(token: Any) -> bool:
    """Whether the token is tagged as a proper noun."""
    return str(token.tag_).startswith("NNP")


def is_nominal(token: Any) -> bool:
    """Whether the token may be who is cited: a noun or a pronoun."""
    return str(token.tag_).startswith(("NN", "PRP", "WP", "WDT", "EX", "DT", "CD"))

from __future__ import annotations

import random

from datasketch import MinHash

from bot.reading.fingerprint import BANDS, ROWS, RUN, SEED, fingerprint

WORDS = [
    "harbour",
    "envoy",
    "quay",
    "talks",
    "list",
    "evening",
    "customs",
    "house",
    "minister",
    "paper",
    "signed",
    "tanks",
    "winter",
    "port",
    "bridge",
    "rail",
]


def text(seed: int, sentences: int = 30) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=12)).capitalize() + "." for _ in range(sentences)]


def test_a_copy_with_another_dateline_and_two_lines_more_shares_a_band():
    original = text(1)
    copy = ["NORPORT (Wire) -", *original[:28], "A house line of the other outlet follows here."]
    one, other = fingerprint(" ".join(original)), fingerprint("\n\n".join(copy).upper())
    assert one is not None
    assert other is not None
    assert set(one.bands) & set(other.bands)
    assert one.likeness(other.signature) > 0.7


def test_texts_about_the_same_in_other_words_are_not_alike():
    one, other = fingerprint(" ".join(text(1))), fingerprint(" ".join(text(2)))
    assert one is not None
    assert other is not None
    assert not set(one.bands) & set(other.bands)
    assert one.likeness(other.signature) < 0.1


def test_marks_case_and_spaces_do_not_count():
    plain = " ".join(text(3))
    assert fingerprint(plain) == fingerprint(plain.upper().replace(" ", "  ").replace(".", " !"))


def test_a_text_too_short_to_be_a_copy_of_anything_has_none():
    assert fingerprint("The envoys met and nothing was said. " * 5) is None
    assert fingerprint("") is None


def test_a_fingerprint_is_the_same_in_every_process():
    found = fingerprint(" ".join(text(4)))
    assert found is not None
    assert (len(found.signature), len(found.bands)) == (BANDS * ROWS, BANDS)
    assert (found.signature[0], found.bands[0]) == (13421617, "3b9100476f2087d7")


def test_the_signature_is_that_of_the_library_whose_arithmetic_it_is():
    for seed in range(20):
        words = " ".join(text(seed)).casefold().replace(".", "").split()
        sketch = MinHash(num_perm=BANDS * ROWS, seed=SEED, scheme="affine32")
        sketch.update_batch({" ".join(words[at : at + RUN]).encode() for at in range(len(words) - RUN + 1)})
        found = fingerprint(" ".join(words))
        assert found is not None
        assert found.signature == tuple(sketch.hashvalues.tolist())

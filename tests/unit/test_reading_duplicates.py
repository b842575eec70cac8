from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reading.duplicates import SAME, SIGNATURE_BYTES, signature, similar

WORDS = (
    "the", "envoys", "met", "in", "an", "old", "house", "by", "harbour", "and", "talked", "until", "evening", "about", "list",
    "of", "names", "which", "both", "sides", "had", "kept",
)  # fmt: skip
TEXT = " ".join(WORDS[(n * 7 + n // 3) % len(WORDS)] + str(n % 11) for n in range(400))


def test_copies_under_another_headline_are_the_same():
    assert (
        similar(signature("Envoys meet. " + TEXT), signature("Talks go on. KYIV (Agency) — " + TEXT + " More soon."))
        >= SAME
    )


def test_other_texts_are_not_the_same():
    other = " ".join(reversed(TEXT.split()))
    assert similar(signature(TEXT), signature(other)) < 0.2


def test_case_and_punctuation_do_not_matter():
    assert similar(signature("The envoys met, again, in Oslo."), signature("THE ENVOYS MET AGAIN IN OSLO")) == 1.0


def test_texts_without_words_are_like_nothing():
    assert similar(signature(""), signature("")) == 0.0


def test_signatures_do_not_change_between_versions():
    assert signature("the envoys met in the old house by the harbour")[:8].hex() == FIRST


def test_a_signature_of_another_length_is_refused():
    with pytest.raises(ValueError, match="512 bytes"):
        similar(b"x", signature("a b c d"))


@given(st.text(max_size=200))
def test_every_text_has_a_signature_and_is_like_itself(text):
    made = signature(text)
    assert len(made) == SIGNATURE_BYTES
    assert similar(made, made) in (0.0, 1.0)


FIRST = "105b2c148326a735"

"""Text from elsewhere is shown as words and nothing else."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.safe_text import MORE, clean, cut


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\n\n lines\tand  gaps ", "two lines and gaps"),
        ("turned \u202egnirts\u202c", "turned gnirts"),
        ("isolated \u2067x\u2069", "isolated x"),
        ("zero\u200bwidth\ufeff and soft\u00adhyphen", "zerowidth and softhyphen"),
        ("red \x1b[31mtext\x07", "red [31mtext"),
        ("broken \ud800 pair", "broken pair"),
        ("pile e\u0301\u0302\u0303\u0304\u0305\u0306", "pile e\u0301\u0302\u0303"),
        ("tag \U000e0041\U000e007f end", "tag end"),
        ("para\u2029graph", "para graph"),
        ("«Привіт», 你好, שלום, 🇺🇦", "«Привіт», 你好, שלום, 🇺🇦"),
    ],
)
def test_what_hides_turns_or_commands_is_taken_out(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text())
def test_cleaned_text_has_one_line_no_controls_and_is_clean(text: str) -> None:
    shown = clean(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert clean(shown) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("Short enough.", 13, "Short enough."),
        ("One sentence here. Another one there.", 30, "One sentence here. …"),
        ("“Never again!” he said. Then he left the room.", 36, "“Never again!” he said. …"),
        ("Is it so? Nobody could tell them at all.", 20, "Is it so? …"),
        ("A single sentence that is too long for the room", 20, "A single sentence …"),
        ("unbrokenunbrokenunbroken", 12, "unbrokenun …"),
        ("anything", 2, ""),
    ],
)
def test_long_text_is_cut_at_a_sentence_else_at_a_word(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


@given(st.text(), st.integers(0, 200))
def test_a_cut_keeps_the_limit_and_the_beginning(text: str, limit: int) -> None:
    shown = cut(text, limit)
    assert len(shown) <= limit
    assert shown == text or text.startswith(shown.removesuffix(MORE))

from __future__ import annotations

from bot.reading.sentences import paragraphs
from bot.reading.transcript import turns


def test_a_post_that_marks_who_speaks_has_turns_even_with_one_voice():
    text = (
        "⚡️ Comment by Foreign Minister Anna Veresova on the border (Strelsau, January 3)\n\n"
        "💬 Anna Veresova: We shall close the border tomorrow.\n\nThey have had their chance.\n\n"
        "❓ Question: Will you open it again?\n\n💬 Anna Veresova: Not this year."
    )
    found = turns(text, paragraphs(text))
    assert [(turn.speaker, turn.asks) for turn in found] == [
        ("Anna Veresova", False),
        ("interviewer", True),
        ("Anna Veresova", False),
    ]

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


def test_a_press_secretary_answers_and_the_press_asks():
    text = (
        "Press: Will the envoy come?\n\nPress Secretary Ada Brandt: He will come on Monday.\n\n"
        "Press: And who will receive him?\n\nPress Secretary Ada Brandt: The minister will."
    )
    found = turns(text, paragraphs(text))
    assert [(turn.speaker, turn.asks) for turn in found] == [("interviewer", True), ("Ada Brandt", False)] * 2

from __future__ import annotations

from bot.reading.sentences import paragraphs
from bot.reading.transcript import Turn, turns


def turns_of(text: str) -> tuple[Turn, ...]:
    return turns(text, paragraphs(text))


def voices(found: tuple[Turn, ...]) -> list[tuple[str, bool]]:
    return [(turn.speaker, turn.asks) for turn in found]


def test_a_post_that_marks_who_speaks_has_turns_even_with_one_voice():
    text = (
        "⚡️ Comment by Foreign Minister Anna Veresova on the border (Strelsau, January 3)\n\n"
        "💬 Anna Veresova: We shall close the border tomorrow.\n\nThey have had their chance.\n\n"
        "❓ Question: Will you open it again?\n\n💬 Anna Veresova: Not this year."
    )
    found = turns_of(text)
    assert voices(found) == [
        ("Anna Veresova", False),
        ("interviewer", True),
        ("Anna Veresova", False),
    ]


def test_a_press_secretary_answers_and_the_press_asks():
    text = (
        "Press: Will the envoy come?\n\nPress Secretary Ada Brandt: He will come on Monday.\n\n"
        "Press: And who will receive him?\n\nPress Secretary Ada Brandt: The minister will."
    )
    found = turns_of(text)
    assert voices(found) == [("interviewer", True), ("Ada Brandt", False)] * 2


def test_a_question_is_marked_by_a_letter_without_a_stop_beside_labels_with_colons():
    text = (
        "MS. BRANDT:  Good afternoon.  The minister spoke with Chancellor Roth.\n\n"
        "Q    Thank you, Ada.  Will troops go?\n\nMS. BRANDT:  They may.\n\n"
        "They would go in spring.\n\nQ   And stay?\n\nMS. BRANDT:  For a year."
    )
    found = turns_of(text)
    assert voices(found) == [
        ("Brandt", False), ("interviewer", True), ("Brandt", False), ("interviewer", True), ("Brandt", False),
    ]  # fmt: skip
    assert text[found[2].start : found[2].end].endswith("in spring.")


def test_a_letter_that_begins_a_paragraph_of_a_report_marks_nothing():
    text = "Q Group, a bank, lends more.\n\nQ Group has grown.\n\nMs. Brandt: we lend what we have."
    assert turns_of(text) == ()


def test_a_long_label_with_an_office_ends_the_question_even_if_it_stands_once():
    text = (
        "Journalist: Will you leave?\n\nPresident of Norland Ada Brandt: We shall not.\n\n"
        "Journalist: Never?\n\nAda Brandt: We could ask the people."
    )
    found = turns_of(text)
    assert [turn.asks for turn in found] == [True, False, True, False]
    assert found[1].speaker.endswith("Ada Brandt")

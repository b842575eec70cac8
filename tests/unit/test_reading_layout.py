from __future__ import annotations

from bot.reading.layout import LONGEST_ANSWER, LONGEST_QUESTION, lay_out

TALK = (
    "The minister came late.\n\n"
    "Interviewer: Good morning. What of the plant?\n\n"
    "Ewa Nowak: Good morning. It stays ours.\n\n"
    "Interviewer: And the army?\n\n"
    "Ewa Nowak: No ceiling."
)


def answers(text: str) -> list[tuple[str, tuple[str, ...]]]:
    sentences = lay_out(text).sentences
    said = [text[one.start : one.end] for one in sentences]
    return [(said[i], tuple(said[j] for j in one.answers)) for i, one in enumerate(sentences)]


def test_an_answer_knows_the_question_that_it_answers() -> None:
    found = dict(answers(TALK))
    assert found["It stays ours."] == ("Good morning.", "What of the plant?")
    assert found["No ceiling."] == ("And the army?",)


def test_what_is_no_answer_answers_nothing() -> None:
    found = dict(answers(TALK))
    assert found["The minister came late."] == found["What of the plant?"] == ()
    assert all(asked == () for _, asked in answers("We stay. What of it? Nothing."))


def test_only_the_end_of_a_question_and_the_beginning_of_an_answer_count() -> None:
    long = " ".join(f"We heard of part {n}." for n in range(9)) + " And the plant?"
    reply = " ".join(f"We own part {n}." for n in range(LONGEST_ANSWER + 3))
    found = answers(f"Interviewer: {long}\n\nEwa Nowak: {reply}\n\nInterviewer: Why?\n\nEwa Nowak: Since.")
    replies = [asked for said, asked in found if said.startswith("We own")]
    assert replies[0][-1] == "And the plant?"
    assert len(replies[0]) == LONGEST_QUESTION
    assert (replies[LONGEST_ANSWER - 1] != (), replies[LONGEST_ANSWER]) == (True, ())

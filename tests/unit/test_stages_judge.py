"""The judge of whole articles, with a reader of lines and vectors of words: no model is loaded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from bot.core.candidates import MatchPolicy
from bot.core.naming import names_of
from bot.core.policies import AlertPolicy
from bot.core.subject import Subjects
from bot.detection.detector import Judgement
from bot.domain import Article, Decision, Holder, Mode, Position, Relation, Statement, Voice, identify
from bot.ports import Abstained, Sentence
from bot.stages.judge import ANOTHERS_STANCE, BESIDE_THE_SUBJECT, HOLDER_ABSENT, ArticleJudge, pair_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NORLAND = Holder(name="Norland", aliases=("Oslohavn",), voices=(Voice(name="Ada Berg"),))
TANKS = Position(id="tanks", holder=NORLAND, topic="tanks", baseline="Norland sends no tanks", since=date(2026, 1, 1))
GRAIN = Position(
    id="grain", holder=Holder(name="Sudland"), topic="grain", baseline="Sudland sells grain", since=date(2026, 1, 1)
)


SPEAKS_FOR = {"Ada Berg": "Norland", "Bo": "Sudland", "Diplomats": "Norland"}


class Lines:
    """Each line is a sentence and a statement; "Name: words" names a speaker, whose holder SPEAKS_FOR knows."""

    def sentences(self, text):
        places, start = [], 0
        for index, line in enumerate(text.split("\n")):
            places.append(Sentence(start=start, end=start + len(line), paragraph=index))
            start += len(line) + 1
        return tuple(places)

    def read(self, article, wanted=None):
        made = []
        for index, place in enumerate(self.sentences(article.text)):
            if wanted is None or index in wanted:
                line = article.text[place.start : place.end]
                speaker = line.split(":")[0] if ":" in line else ""
                made.append(
                    Statement(
                        id=identify(article.id, place.start),
                        article_id=article.id,
                        start=place.start,
                        end=place.end,
                        text=line,
                        speaker=speaker,
                        holder=SPEAKS_FOR.get(speaker, ""),
                        outsider="analyst" in speaker,
                        mode=Mode.QUESTION if line.endswith("?") else Mode.ASSERTION,
                    )
                )
        return tuple(made)


class Words:
    """A text's vector says which of two topics it names."""

    def vectors(self, texts):
        rows = np.array([[float("tank" in t.lower()), float("grain" in t.lower()), 0.1] for t in texts])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Sure:
    """Finds a shift in whatever says "dozen"."""

    name = "sure"
    featurizer = Words()

    def judge(self, pairs, thresholds):
        made = []
        for pair in pairs:
            relation = Relation.CONTRADICTION if "dozen" in pair.statement else Relation.CONSISTENT
            probabilities = dict.fromkeys(Relation, 0.02) | {relation: 0.9}
            made.append(Judgement(relation=relation, probabilities=probabilities, evidence="", reason="r"))
        return made


@pytest.fixture
def judge() -> ArticleJudge:
    return ArticleJudge(
        reader=Lines(),
        detector=Sure(),
        positions=[TANKS, GRAIN],
        alert=AlertPolicy(),
        match=MatchPolicy(enough=0.6),
        readable=lambda article: Abstained(reason="wall") if "cookies" in article.text else None,
    )


def article(text: str, title: str = "") -> Article:
    return Article(id="a", url="https://x/a", title=title, text=text, published=NOW)


def test_a_statement_of_the_holder_on_the_topic_is_assessed_against_its_line(judge: ArticleJudge) -> None:
    judged = judge.judge(article("Rain fell.\nAda Berg: We send a dozen tanks"), NOW)
    ((assessment, ruling),) = judged.assessments
    assert assessment.candidate.position.id == "tanks"
    assert assessment.candidate.statement.speaker == "Ada Berg"
    assert (assessment.relation, ruling.decision) == (Relation.CONTRADICTION, Decision.ALERT)
    assert judged.sentences == 2


def test_positions_whose_holder_the_article_never_names_are_dropped_and_counted(judge: ArticleJudge) -> None:
    judged = judge.judge(article("Bo: A dozen tanks are coming, and grain"), NOW)
    assert judged.assessments == ()
    assert judged.dropped[HOLDER_ABSENT] == 2


def test_a_voice_or_alias_names_the_holder(judge: ArticleJudge) -> None:
    assert judge.judge(article("A dozen tanks leave Oslohavn"), NOW).assessments
    assert judge.judge(article("A dozen tanks leave", title="Ada Berg decides"), NOW).assessments


def test_what_another_holder_says_of_itself_is_no_candidate(judge: ArticleJudge) -> None:
    judged = judge.judge(article("Norland listened.\nBo: We want a dozen tanks"), NOW)
    assert judged.assessments == ()
    assert judged.dropped[ANOTHERS_STANCE] == 1


def test_an_outsiders_words_are_no_candidate(judge: ArticleJudge) -> None:
    judged = judge.judge(article("Norland listened.\nSome analyst: A dozen tanks would help"), NOW)
    assert judged.assessments == ()
    assert judged.dropped[ANOTHERS_STANCE] == 1


def test_what_others_tell_of_the_holders_stance_is_a_candidate_by_the_readers_word(judge: ArticleJudge) -> None:
    assert judge.judge(article("Diplomats: Norland sends a dozen tanks"), NOW).assessments
    assert not judge.judge(article("Bo: Norland must send a dozen tanks"), NOW).assessments


def test_a_text_that_is_not_to_be_read_is_abstained_from_with_the_reason(judge: ArticleJudge) -> None:
    judged = judge.judge(article("Norland tanks and cookies"), NOW)
    assert judged.abstained == Abstained(reason="wall")
    assert judged.assessments == ()


def test_a_question_is_assessed_and_stays_silent(judge: ArticleJudge) -> None:
    ((_, ruling),) = judge.judge(article("Does Norland send a dozen tanks?"), NOW).assessments
    assert (ruling.decision, "question" in ruling.reason) == (Decision.SILENT, True)


def test_the_strongest_shift_comes_first(judge: ArticleJudge) -> None:
    judged = judge.judge(article("Norland keeps its tanks\nNorland sends a dozen tanks"), NOW)
    assert [a.relation for a, _ in judged.assessments] == [Relation.CONTRADICTION, Relation.CONSISTENT]


def test_an_empty_text_and_no_positions_give_nothing(judge: ArticleJudge) -> None:
    assert judge.judge(article(""), NOW).assessments == ()
    nothing = ArticleJudge(
        reader=Lines(),
        detector=Sure(),
        positions=[],
        alert=AlertPolicy(),
        match=MatchPolicy(),
        readable=lambda article: None,
    )
    assert nothing.judge(article("Norland sends tanks"), NOW).assessments == ()


def test_the_pair_carries_what_the_reader_found(judge: ArticleJudge) -> None:
    ((assessment, _),) = judge.judge(article("Ada Berg: We send a dozen tanks", title="Tanks"), NOW).assessments
    pair = pair_of(assessment.candidate)
    assert (pair.speaker_holder, pair.title, pair.holder) == ("Norland", "Tanks", "Norland")
    assert pair.names == names_of(NORLAND) == ("Norland", "Oslohavn", "Ada Berg")


def test_what_neither_names_nor_words_the_subject_is_dropped_and_counted(judge: ArticleJudge) -> None:
    about_sudland = replace(TANKS, topic="tanks for Sudland")
    strict = ArticleJudge(
        reader=Lines(),
        detector=Sure(),
        positions=[about_sudland],
        alert=AlertPolicy(),
        match=MatchPolicy(enough=0.6),
        readable=lambda _: None,
        subjects=Subjects({}, [NORLAND, GRAIN.holder]),
    )
    elsewhere = strict.judge(article("Ada Berg: We send a dozen tank crews to Westland"), NOW)
    assert (elsewhere.assessments, elsewhere.dropped[BESIDE_THE_SUBJECT]) == ((), 1)
    assert strict.judge(article("Ada Berg: We send a dozen tank crews", title="Talks in Sudland"), NOW).assessments


def test_a_post_without_a_title_has_what_stands_above_its_first_sentence() -> None:
    class BelowTheHeading(Lines):
        def sentences(self, text):
            return super().sentences(text)[1:]

    judge = ArticleJudge(
        reader=BelowTheHeading(),
        detector=Sure(),
        positions=[TANKS],
        alert=AlertPolicy(),
        match=MatchPolicy(enough=0.6),
        readable=lambda _: None,
    )
    ((assessment, _),) = judge.judge(article("Answers in parliament\nAda Berg: We send a dozen tanks"), NOW).assessments
    assert assessment.candidate.title == "Answers in parliament"

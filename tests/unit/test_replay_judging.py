"""Judging an archive: kept, taken up again, and the same in one process and in several."""

from __future__ import annotations

import json

import pytest
from replay_samples import CountingJudge, item, make_judge

from bot.detection.featurizer import Featurizer
from bot.replay.judging import FAILED, FreshJudge, Judgements, judge_all

ITEMS = [item("a" * n, f"Norland may send {n} tanks.", hours=n) for n in range(1, 25)]


def test_what_was_judged_is_kept_and_not_judged_again(tmp_path):
    kept = Judgements.in_folder(tmp_path, "model", "lines")
    first = judge_all(ITEMS[:4], make_judge, kept=kept)
    judge = CountingJudge()
    again = judge_all(ITEMS[:6], lambda: judge, kept=kept)
    assert judge.asked == [one.document for one in ITEMS[4:6]]
    assert {key: again[key] for key in first} == first


def test_a_line_that_a_crash_cut_off_is_judged_again_and_harms_no_other(tmp_path):
    kept = Judgements.in_folder(tmp_path, "x")
    whole = judge_all(ITEMS[:3], make_judge, kept=kept)
    kept.path.write_bytes(kept.path.read_bytes()[:-20])
    judge = CountingJudge()
    assert judge_all(ITEMS[:3], lambda: judge, kept=kept) == whole
    assert judge.asked == [ITEMS[2].document]
    assert judge_all(ITEMS[:3], CountingJudge, kept=kept) == whole
    assert len(kept.read()) == 3


def test_another_model_or_line_has_a_file_of_its_own(tmp_path):
    assert Judgements.in_folder(tmp_path, "a").path != Judgements.in_folder(tmp_path, "b").path
    assert Judgements.in_folder(None, "a").path is None


def test_an_article_that_fails_concerns_itself_alone_and_is_tried_again(tmp_path):
    kept = Judgements.in_folder(tmp_path, "x")
    items = [item("good", "Norland may send tanks."), item("bad", "This one is broken.")]
    records = judge_all(items, make_judge, kept=kept)
    assert records[items[1].article.id][FAILED] == "ValueError"
    assert list(kept.read()) == [items[0].article.id]


def test_two_processes_give_what_one_gives():
    alone = judge_all(ITEMS, make_judge, kept=Judgements(), processes=1)
    together = judge_all(ITEMS, make_judge, kept=Judgements(), processes=2)
    assert json.dumps(alone) == json.dumps(together)


def test_few_articles_are_judged_here():
    judge = CountingJudge()
    judge_all(ITEMS[:3], lambda: judge, kept=Judgements(), processes=8)  # a lambda reaches no other process
    assert len(judge.asked) == 3


def test_each_article_is_judged_by_a_detector_that_remembers_no_other():
    class Asking:
        def __init__(self, detector):
            self.detector, self.seen = detector, []

        def judge(self, article, now, *, known):
            self.seen.append(self.detector.featurizer)
            return (article, now, known)

    class Detector:
        featurizer = Featurizer(scorer=None, embedder=None)

    asking = Asking(Detector())
    fresh = FreshJudge(asking, asking.detector)
    for one in ITEMS[:2]:
        assert fresh.judge(one) == (one.article, one.at, ())
    assert asking.seen[0] is not asking.seen[1]


def test_what_watches_is_told_how_many_will_come():
    told = []
    judge_all(ITEMS[:3], make_judge, kept=Judgements(), watch=lambda records, n: told.append(n) or records)
    assert told == [3]


@pytest.mark.parametrize("processes", [1, 2])
def test_nothing_to_judge_builds_no_judge(processes):
    def refuse():
        raise AssertionError

    assert judge_all([], refuse, kept=Judgements(), processes=processes) == {}

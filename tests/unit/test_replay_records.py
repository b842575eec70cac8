"""Judged articles survive as JSON, and a higher threshold makes of them what the detector would have."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from replay_samples import LINE, POLICY, assessed, item, judged

from bot.domain import Decision, Relation
from bot.ports import Abstained
from bot.replay.records import judged_from, record_of, threshold_of

ONE = item("one", "Norland may send tanks.")


def back(made, policy=POLICY):
    return judged_from(json.loads(json.dumps(record_of(made))), made.article, {LINE.id: LINE}, policy, ONE.at)


def test_an_article_comes_back_as_it_went_in():
    made = judged(ONE, assessed(ONE, "Norland may send tanks.", Relation.SOFTENING))
    found = back(made)
    assert found.assessments[0][0] == made.assessments[0][0]
    assert (found.sentences, found.dropped, found.abstained) == (2, Counter({"other": 1}), None)
    assert found.assessments[0][1].decision is Decision.ALERT


def test_why_an_article_was_not_read_comes_back():
    reason = Abstained(reason="language", detail="ru")
    assert back(judged(ONE, abstained=reason)).abstained == reason


def test_below_a_higher_threshold_a_shift_is_none_and_has_no_evidence():
    made = judged(ONE, assessed(ONE, "Norland may send tanks.", Relation.SOFTENING, probability=0.4))
    ((low, alert),) = back(made, replace(POLICY, alert_at=0.3)).assessments
    ((high, silent),) = back(made, replace(POLICY, alert_at=0.95, digest_at=0.9)).assessments
    assert (low.relation, alert.decision) == (Relation.SOFTENING, Decision.ALERT)
    assert (high.relation.is_shift, high.evidence, silent.decision) == (False, "", Decision.SILENT)
    assert high.probabilities == low.probabilities


@pytest.mark.parametrize(("own", "threshold"), [({}, 0.5), ({"no-tanks": 0.7}, 0.7), ({"other": 0.7}, 0.5)])
def test_a_position_may_have_a_threshold_of_its_own(own, threshold):
    assert threshold_of(replace(POLICY, alert_at_by_position=own), "no-tanks") == threshold

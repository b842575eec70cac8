"""What the demonstration says of what stayed silent."""

from __future__ import annotations

from bot.commands.demo import why_silent
from bot.store.tallies import Tally


def tally(outcome: str, reason: str, n: int, stage: str = "assess") -> Tally:
    return Tally(stage=stage, outcome=outcome, reason=reason, n=n)


def test_each_count_says_what_is_counted_and_why_the_most_frequent_first() -> None:
    told = [
        tally("assessed", "candidates found", 9),
        tally("alert", "softening", 5),
        tally("polled", "ok", 3, "ingest"),
        tally("digest", "softening", 2),
        tally("digest", "hardening", 1),
        tally("dropped", "holder not in the article", 57),
        tally("dropped", "beside the subject", 11),
        tally("dropped", "another's stance", 10),
        tally("dropped", "same words as in an article assessed before", 5),
        tally("silent", "consistent", 9),
        tally("silent", "unrelated", 1),
        tally("silent", "contradiction", 2),
        tally("silent", "hardening", 2),
        tally("skipped", "empty", 1),
        tally("failed", "ValueError", 1),
    ]
    assert why_silent(told) == [
        "57 comparisons: the article never names the holder",
        "11 comparisons: the holder is named, but not beside the line's subject",
        "10 statements: what somebody else holds",
        "9 statements: within the line",
        "5 statements: word for word in an article that was judged before",
        "4 statements: a movement of the line, but no shift of its own: told before, only a denial, or too old",
        "3 statements: near misses, not sure enough to wake anybody; the daily digest has them",
        "1 statement: nothing about what the holder holds",
        "1 article: without readable text",
        "1 article: ValueError",
    ]

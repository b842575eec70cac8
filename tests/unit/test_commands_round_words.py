"""What `once` tells somebody who runs it for the first time, and how it ends."""

from __future__ import annotations

import pytest

from bot.commands.round_words import RoundTold, is_hindered, waiting_lines
from bot.core.dispatch import MUTED, OVER_CAP, QUIET_HOURS, RATE_LIMITED, Kind
from bot.domain import DeliveryState
from bot.store.backlog import Waits

NOTHING = dict.fromkeys(
    ("feeds_polled", "feeds_failed", "new_articles", "assessed", "skipped", "failed", "alerts", "further_accounts", "posted"), 0
)  # fmt: skip
SCOPE = "mend: missing_scope (Slack asks for channels:read; the token has chat:write)"


def waits(
    reason: str, n: int = 1, *, kind: Kind = Kind.ALERT, state: DeliveryState = DeliveryState.PENDING, channel: str = "#d"
) -> Waits:  # fmt: skip
    return Waits(channel=channel, kind=kind, state=state, reason=reason, n=n)


def told(**changes: object) -> str:
    return "\n".join(RoundTold(counts=NOTHING | changes.pop("counts", {}), **changes).lines())


def test_a_quiet_round_is_three_sentences() -> None:
    assert told(counts={"feeds_polled": 3, "new_articles": 2, "assessed": 2}) == (
        "Feeds: 3 read.\nArticles: 2 new, 2 compared with the tracked lines.\nAlerts: none."
    )


def test_a_first_reading_says_that_it_is_silent_why_and_what_to_do() -> None:
    words = told(counts={"feeds_polled": 3}, first_read=2)
    for part in ("2 feeds were read for the first time, in silence", "last week's news", "`first_run: post`"):
        assert part in words
    assert "`walkback replay store:`" in words
    assert "1 feed was read" in told(first_read=1)
    assert "silence" not in told(first_read=0)


def test_what_failed_is_told_apart_from_what_was_passed_over() -> None:
    reasons = {"empty": 5, "language: fr": 9, "robots": 1, "consent_wall": 3, "paywall": 2, "live page": 1}
    words = told(
        counts={"feeds_polled": 2, "feeds_failed": 1, "failed": 1}, problems={"https://a/": "timeout: slow"}, not_read=reasons
    )  # fmt: skip
    assert words.startswith("https://a/: timeout: slow\nFeeds: 1 of 2 read; 1 could not be")
    assert "Passed over, by reason: language: fr (9), empty (5), consent wall (3), paywall (2)" in words
    assert "and 2 further reasons: `walkback doctor`" in words
    assert "1 attempt to compare an article ended in a fault of the bot" in words


def test_alerts_further_reports_and_pictures_are_told_apart() -> None:
    counts, shown = {"alerts": 1, "further_accounts": 2}, {Kind.PICTURE: 2, Kind.ALERT: 1, Kind.REPLY: 2}
    words = told(counts=counts, shown=shown, shown_in="Slack")
    assert "Alerts: 1 new, 2 further reports of a shift that was alerted to before.\n" in words
    assert words.endswith("Shown in Slack: 1 alert, 2 further reports, 2 pictures of what was said so far.")
    assert told(shown={Kind.ALERT: 1}).endswith("Shown in this terminal: 1 alert.")


def test_what_slack_did_not_take_is_told_with_its_reason_and_what_to_do() -> None:
    rows = [waits(SCOPE), waits("", 2), waits("", kind=Kind.REPLY)]
    (line,) = waiting_lines(rows, "Slack")
    assert line.startswith(
        "3 alerts, 1 further report wait for #d, since Slack did not take what was tried: missing_scope "
    )
    assert "(Slack asks for channels:read; the token has chat:write). Add the scope under OAuth & Permissions" in line
    assert "Nothing is lost" in line


def test_each_channel_and_each_cause_has_its_own_line() -> None:
    rows = [
        waits(QUIET_HOURS, 2),
        waits(OVER_CAP, state=DeliveryState.HELD, channel="#a"),
        waits("", channel="#b"),
        waits("retry: unreachable", channel="#c"),
        waits("bug: no_text", state=DeliveryState.DEAD, channel="#e"),
    ]
    over, turn, unreached, quiet, dead = waiting_lines(rows, "Slack")
    assert over == "1 alert waits for #a: over the cap."
    assert turn.startswith("1 alert waits for #b: not its turn yet")
    assert unreached.startswith("1 alert waits for #c, since Slack did not take what was tried: unreachable.\n")
    assert quiet == "2 alerts wait for #d: quiet hours."
    assert dead == "1 alert for #e given up: bug: no_text. `walkback doctor` names it."


@pytest.mark.parametrize(
    ("reason", "state", "expected"),
    [
        (SCOPE, DeliveryState.PENDING, True),
        (RATE_LIMITED, DeliveryState.PENDING, True),
        ("doubtful: timed_out", DeliveryState.DOUBTFUL, True),
        ("gave up after 12 attempts: unreachable", DeliveryState.HELD, True),
        ("bug: no_text", DeliveryState.DEAD, True),
        (QUIET_HOURS, DeliveryState.PENDING, False),
        (OVER_CAP, DeliveryState.HELD, False),
        (MUTED, DeliveryState.HELD, False),
        ("", DeliveryState.PENDING, False),
    ],
)
def test_what_the_desk_chose_itself_hinders_nothing(reason: str, state: DeliveryState, expected: bool) -> None:
    assert is_hindered(waits(reason, state=state)) is expected


@pytest.mark.parametrize(
    ("polled", "failed", "backlog", "code"),
    [
        (3, 0, [], 0),
        (0, 0, [], 0),
        (3, 1, [], 1),
        (3, 3, [], 3),
        (3, 0, [waits(SCOPE)], 3),
        (3, 1, [waits(SCOPE)], 3),
        (3, 0, [waits(QUIET_HOURS), waits("", 9)], 0),
    ],
)
def test_the_exit_code_says_whether_anything_was_wrong(
    polled: int, failed: int, backlog: list[Waits], code: int
) -> None:
    counts = NOTHING | {"feeds_polled": polled, "feeds_failed": failed}
    assert RoundTold(counts=counts, backlog=backlog).exit_code == code

"""`test`: one invented alert through the real notifier, so that a desk sees whether alerts arrive before there is news."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.app import build_notifier, configure_logging
from bot.commands.output import emit, people
from bot.config import Desk, load_desk, load_settings
from bot.core.dispatch import RATE_LIMITED
from bot.core.sample import sample_record
from bot.domain import Delivery, DeliveryState, identify
from bot.errors import DeliveryFault, InputError
from bot.ports import PostOutcome, PostOutcomeKind
from bot.slack.codes import advice_on

AsJson = Annotated[bool, typer.Option("--json", help="What happened as one JSON line, after the alert.")]


def try_alert(
    channel: Annotated[
        str, typer.Option(metavar="NAME", help="A channel by its short name in desk.yaml; the default one if left out.")
    ] = "",
    json_: AsJson = False,
) -> None:
    """Show one alert, invented and marked as a test, where alerts are shown: in Slack, or here without a token.

    Needs desk.yaml alone: no database, no model, no app-level token. Nothing is filed. Exit code 3 where Slack does not take it.
    """
    settings = load_settings()
    configure_logging(settings)
    place = _place(load_desk(settings.config_path / "desk.yaml"), channel)
    in_slack = settings.slack_token is not None
    outcome = build_notifier(settings).post(_sample(place, datetime.now(UTC)))
    if outcome.kind is not PostOutcomeKind.POSTED:
        where = f"Slack did not take the test alert for {place}" if in_slack else "the test alert could not be shown"
        raise DeliveryFault(f"{where}: {outcome.told}. {_advice(outcome)}.", retry_after_s=outcome.retry_after_s)
    if json_:
        emit({"shown_in": "slack" if in_slack else "terminal", "channel": place, "ref": outcome.ref})
        return
    told = (
        f"Posted a test alert to {place} in Slack: look there. Alerts come just so, without the word “Test”."
        if in_slack
        else "This test alert was shown here, since WALKBACK_SLACK_TOKEN is not set. "
        f"With a token it goes to {place} in Slack."
    )
    people.print(told, markup=False, highlight=False, soft_wrap=True)


def _place(desk: Desk, name: str) -> str:
    """Return the Slack channel that `name` stands for in desk.yaml, the default one for ""; InputError for another word."""
    wanted = name or desk.default_channel
    if wanted not in desk.channels:
        raise InputError(f"desk.yaml names no channel {wanted!r}. Known: {', '.join(sorted(desk.channels))}.")
    return desk.channels[wanted]


def _sample(channel: str, now: datetime) -> Delivery:
    """Return a delivery of the sample with a key of its own; it is in no table."""
    key = identify("test", now.isoformat())
    return Delivery(
        id=key,
        alert_key=key,
        channel=channel,
        payload={**sample_record(now), "key": key},
        state=DeliveryState.POSTING,
        attempts=1,
        not_before=now,
        created_at=now,
    )


def _advice(outcome: PostOutcome) -> str:
    if outcome.kind is PostOutcomeKind.MEND:
        return advice_on(outcome.reason)
    if outcome.kind is PostOutcomeKind.DOUBTFUL:
        return "It may stand there all the same: look before you try again"
    if outcome.kind is PostOutcomeKind.BUG:
        return "That is a fault of ours: please report it with this line"
    if outcome.reason == RATE_LIMITED:
        return f"Slack asks for a pause of {outcome.retry_after_s or 60:.0f} seconds: try again after it"
    return "Check the network, the proxy and WALKBACK_SLACK_API_URL, and try again"

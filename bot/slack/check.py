"""What `doctor` asks Slack before the first alert does."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import Fault
from bot.ports import PostOutcome
from bot.slack.codes import advice_on
from bot.slack.web import SlackWeb

SCOPES = {
    "chat:write": "to post",
    "channels:read": "to find public channels by name",
    "channels:history": "to look up whether an alert is there already",
    "groups:read": "to find private channels by name",
    "groups:history": "to look up whether an alert is there already, in private channels",
    "files:write": "to put the picture of a position's history into an alert's thread",
    "commands": "for /walkback and the shortcut “Check this text”",
}
"""The least scopes, and what each is for; config/slack-manifest.yaml asks for these and no others."""
_UNREACHED = "Check the network, the proxy and WALKBACK_SLACK_API_URL; alerts are kept and go out once Slack answers"


def check(web: SlackWeb, channels: Mapping[str, str | PostOutcome]) -> list[Fault]:
    """Return what stands between the bot and its channels, which map each configured name to its identifier or a failure.

    A token that does not work is told once, not once for each channel.
    """
    answer = web.read("auth.test", {})
    if isinstance(answer, PostOutcome):
        return [Fault(problem=f"Slack does not take the token: {answer.told}", advice=_advice(answer))]
    faults = []
    if answer.scopes:  # Slack names them in a header; what stands in for it may not
        faults = [
            Fault(problem=f"the Slack app lacks the scope {scope}, needed {purpose}", advice=advice_on("missing_scope"))
            for scope, purpose in SCOPES.items()
            if scope not in answer.scopes
        ]
    return faults + [fault for name, channel in channels.items() if (fault := _channel_fault(web, name, channel))]


def _channel_fault(web: SlackWeb, name: str, channel: str | PostOutcome) -> Fault | None:
    answer = channel if isinstance(channel, PostOutcome) else web.read("conversations.info", {"channel": channel})
    if isinstance(answer, PostOutcome):
        return Fault(problem=f"the channel {name} cannot be used: {answer.told}", advice=_advice(answer))
    details = answer.data.get("channel") or {}
    code = (
        "is_archived" if details.get("is_archived") else "not_in_channel" if details.get("is_member") is False else ""
    )
    return Fault(problem=f"the channel {name} cannot be used: {code}", advice=advice_on(code)) if code else None


def _advice(outcome: PostOutcome) -> str:
    return advice_on(outcome.reason) if outcome.kind.value == "mend" else _UNREACHED

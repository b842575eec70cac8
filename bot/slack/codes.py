"""What each of Slack's error codes means for a delivery, and what a person can do about it.

Codes are those that the reference of chat.postMessage and of the methods used beside it lists. An operation may have
succeeded before `internal_error` or `fatal_error` was raised, so that these are doubtful, as is any 5xx.
"""

from __future__ import annotations

from bot.core.dispatch import RATE_LIMITED
from bot.ports import PostOutcome, PostOutcomeKind

_NOT_TAKEN = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "request_timeout"})
_DOUBTFUL = frozenset({"internal_error", "fatal_error", "service_unavailable", "team_added_to_org"})
BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_attachments"})
"""The message's layout is refused: its plain text may still pass."""
_BUG = BAD_BLOCKS | {
    "msg_too_long", "no_text", "markdown_text_conflict", "invalid_metadata_format", "invalid_metadata_schema",
    "metadata_too_large", "metadata_must_be_sent_from_app", "invalid_arg_name", "invalid_arguments", "invalid_array_arg",
    "invalid_charset", "invalid_form_data", "invalid_post_type", "missing_post_type", "cant_update_message",
    "cannot_reply_to_message", "thread_not_found", "message_not_found", "block_mismatch",
}  # fmt: skip

_TOKEN = "Install the app again and set WALKBACK_SLACK_TOKEN to its new bot token (it begins with xoxb-)"  # noqa: S105  # advice, no token
_ALLOW = "Ask a workspace administrator to let the app post there, or choose another channel in desk.yaml"
ADVICE = {
    "channel_not_found": "Check the channel in desk.yaml; a private channel is visible only after /invite @Walkback there",
    "not_in_channel": "Type /invite @Walkback in that channel",
    "is_archived": "The channel is archived: choose another in desk.yaml",
    "missing_scope": "Add the scope under OAuth & Permissions, then install the app again",
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "account_inactive": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "not_allowed_token_type": "Use the bot token (xoxb-), not a user's or an app's",
    "restricted_action": _ALLOW,
    "restricted_action_read_only_channel": _ALLOW,
    "restricted_action_non_threadable_channel": _ALLOW,
    "restricted_action_thread_only_channel": _ALLOW,
    "ekm_access_denied": _ALLOW,
    "certificate": "The certificate of Slack's address cannot be verified: check the machine's clock, proxy and certificates",
    "no_response_from_slack": "Something else answers at WALKBACK_SLACK_API_URL: check the address",
}
DEFAULT_ADVICE = "Look the code up in Slack's documentation of chat.postMessage; the alert is kept and tried again"


def outcome_of(code: str, *, retry_after_s: float | None = None, detail: str = "") -> PostOutcome:
    """Return how a post ended that Slack answered with ok:false and `code`. An unknown code is kept and told to a person."""
    if code in _NOT_TAKEN:
        reason = RATE_LIMITED if code != "request_timeout" else code
        return PostOutcome(kind=PostOutcomeKind.RETRY, reason=reason, retry_after_s=retry_after_s)
    if code in _DOUBTFUL:
        return PostOutcome(kind=PostOutcomeKind.DOUBTFUL, reason=code, retry_after_s=retry_after_s)
    if code in _BUG:
        return PostOutcome(kind=PostOutcomeKind.BUG, reason=code)
    return PostOutcome(kind=PostOutcomeKind.MEND, reason=code, detail=detail)


def advice_on(reason: str) -> str:
    """Return what to do about a code that a person must mend; `reason` is the code, with or without its detail."""
    return ADVICE.get(reason.partition(" ")[0], DEFAULT_ADVICE)

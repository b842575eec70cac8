"""What `doctor` asks Slack about the conversation: whether a socket would open, without opening one.

An open one would take envelopes from the bot that is running.
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from bot.errors import Fault
from bot.ports import PostOutcome
from bot.slack.web import SlackWeb

PATIENCE_S = 5.0
_MAKE_ONE = (
    "On the app's page, under Basic Information, App-Level Tokens, make one with the scope connections:write, and set "
    "WALKBACK_SLACK_APP_TOKEN to it"
)
_ADVICE = {
    "invalid_auth": _MAKE_ONE,
    "not_authed": _MAKE_ONE,
    "token_revoked": _MAKE_ONE,
    "missing_scope": _MAKE_ONE,
    "not_allowed_token_type": f"That is no app-level token (xapp-…). {_MAKE_ONE}",
    "forbidden_team": "The app is not installed in this workspace: install it under Install App",
    "socket_mode_not_enabled": "Switch Socket Mode on, on the app's page",
}
_UNREACHED = "Check the network and the proxy; alerts go out without it, only buttons and /walkback wait for it"


def check_socket(app_token: str, *, api_url: str | None = None) -> list[Fault]:
    """Return what stands between the bot and its Socket Mode connection; empty where nothing does."""
    if app_token.startswith("xoxb-"):
        return [Fault(problem="WALKBACK_SLACK_APP_TOKEN holds a bot token", advice=_ADVICE["not_allowed_token_type"])]
    answer = SlackWeb(app_token, api_url=api_url).write("apps.connections.open", {})
    if isinstance(answer, PostOutcome):
        advice = _ADVICE.get(answer.reason, _MAKE_ONE if answer.kind.value == "mend" else _UNREACHED)
        return [Fault(problem=f"Slack opens no socket for the conversation: {answer.reason}", advice=advice)]
    place = urlsplit(str(answer.data.get("url", "")))
    port = place.port or (443 if place.scheme == "wss" else 80)
    try:
        socket.create_connection((place.hostname or "", port), timeout=PATIENCE_S).close()
    except OSError as error:
        problem = f"the socket's address {place.hostname} cannot be reached ({error.strerror or error})"
        return [Fault(problem=problem, advice=_UNREACHED)]
    return []

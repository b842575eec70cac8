"""When a shift that keeps being repeated becomes the line on record without anybody's confirming it."""

from __future__ import annotations

from datetime import datetime

from bot.core.policies import AlertPolicy


def becomes_line(*, outlets: int, opened_at: datetime, now: datetime, disputed: str, policy: AlertPolicy) -> str:
    """Return why a shift becomes the line now ("5 outlets in 14 days"), "" where it does not. A disputed one never does."""
    days = (now - opened_at).days
    if not policy.line_after_outlets or disputed:
        return ""
    if outlets < policy.line_after_outlets or days < policy.line_after_days:
        return ""
    return f"{outlets} outlets in {days} days"

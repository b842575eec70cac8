"""Live pages: one address, many dated items. They are recognised, and not read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

_SCRIPT = re.compile(
    r"<script[^>]{0,200}application/ld\+json[^>]{0,200}>(.{2,2000000}?)</script>", re.IGNORECASE | re.DOTALL
)


def live_items(page: str) -> int:
    """Return how many items with a text an HTML page declares as a LiveBlogPosting, 0 for any other page."""
    return sum(_items_of_json(match.group(1)) for match in _SCRIPT.finditer(page))


def _items_of_json(source: str) -> int:
    try:
        data = json.loads(source)
    except (ValueError, RecursionError):
        return 0
    nodes = data if isinstance(data, list) else data.get("@graph", [data]) if isinstance(data, dict) else []
    count = 0
    for node in nodes if isinstance(nodes, list) else []:
        if not isinstance(node, dict) or "LiveBlogPosting" not in str(node.get("@type", "")):
            continue
        updates = node.get("liveBlogUpdate")
        for update in updates if isinstance(updates, list) else []:
            count += isinstance(update, dict) and bool(str(update.get("articleBody", "")).strip())
    return count


def moment_of(stamp: str) -> datetime | None:
    """Return an ISO 8601 time in UTC, None for anything else. A time without a zone is read as UTC."""
    try:
        moment = datetime.fromisoformat(stamp.strip())
    except ValueError:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None

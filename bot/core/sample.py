"""The alert that `walkback test` and `/walkback test` post: made up, and said to be."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.card import Card, Outlet, record_of
from bot.domain import Certainty, Relation

LABEL = "TEST. This is a sample, made up by Walkback: nobody said it, and nothing is filed."
"""Stands above every sample."""
PREFIX = "Test: "
"""Begins a sample's headline where the label is not seen, as in a notification."""


def sample_record(now: datetime) -> dict[str, object]:
    """Return the payload of a sample alert as of `now`."""
    card = Card(
        key="sample",
        position_id="",
        holder="Freedonia",
        topic="a ban on duck hunting",
        baseline="Freedonia rejects any ban on duck hunting, also a seasonal one.",
        since=(now - timedelta(days=400)).date(),
        source="statement of the Ministry of Marshes",
        relation=Relation.SOFTENING,
        probability=0.86,
        relation_probability=0.7,
        words="“We could live with a closed season of three weeks if our neighbours keep one, too,” the minister said.",
        before="Delegations met for a second day at the lake.",
        after="No date for a further round was named.",
        speaker="Minister Rufus T. Heron",
        certainty=Certainty.STATED,
        evidence="could live with a closed season",
        reason="Names a condition under which the holder would accept what its line refuses.",
        first=Outlet(name="The Sample Post", title="Freedonia could live with a closed season", url="", published=now),
    )
    return {**record_of(card), "sample": True}

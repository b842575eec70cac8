"""What the stages ask of the edges. Each concrete part is built and joined in `app.py`."""

from __future__ import annotations

from bot.ports.delivery import (
    Notifier,
    Picture,
    PostOutcome,
    PostOutcomeKind,
)
from bot.ports.desk import (
    AlertSheet,
    Choice,
    DeskDoor,
    DeskSheet,
    FeedSheet,
    Finding,
    History,
    LineSheet,
    NewLine,
    Reading,
    Told,
    Wish,
    WishKind,
)
from bot.ports.detection import (
    Embedder,
    PairScorer,
)
from bot.ports.reading import (
    Abstained,
    Extracted,
    Extractor,
    LiveItem,
    Reader,
    Sentence,
)

__all__ = [
    "Abstained",
    "AlertSheet",
    "Choice",
    "DeskDoor",
    "DeskSheet",
    "Embedder",
    "Extracted",
    "Extractor",
    "FeedSheet",
    "Finding",
    "History",
    "LineSheet",
    "LiveItem",
    "NewLine",
    "Notifier",
    "PairScorer",
    "Picture",
    "PostOutcome",
    "PostOutcomeKind",
    "Reader",
    "Reading",
    "Sentence",
    "Told",
    "Wish",
    "WishKind",
]

"""How a stage tells of rows that it wrote, to whoever looks for work there. What is told is a hint; the rows are the truth."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import Connection

Announce = Callable[[Connection, Collection[str]], object]
"""Told, in the transaction that wrote them, of the ids of articles to assess, or of the channels with something to deliver."""


def unannounced(connection: Connection, names: Collection[str]) -> None:
    """Tell nobody: whoever works looks at the tables by itself."""
    del connection, names

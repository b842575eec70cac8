"""Alembic's environment: it runs the revisions on the connection that `bot.store.migrate` hands in."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from bot.store.schema import Moment, metadata


def render(kind: str, thing: Any, _: object) -> str | Literal[False]:
    """Write our times as the text columns that they are, so that old revisions need none of today's code."""
    return "sa.String(length=32)" if kind == "type" and isinstance(thing, Moment) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render,
    render_as_batch=context.config.attributes.get("batch", True),
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

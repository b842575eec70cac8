"""`packs`: the starting points that `init` offers."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.output import emit, table
from bot.config.packs import packs as all_packs
from bot.config.packs import read_pack


def packs(
    json_: Annotated[bool, typer.Option("--json", help="One JSON line each, for machines.")] = False,
) -> None:
    """List the packs of positions and feeds that `walkback init` can start a desk with."""
    rows = []
    for pack in all_packs():
        positions, feeds = read_pack(pack)
        row = {
            "pack": pack.name,
            "title": pack.title,
            "positions": len(positions.positions),
            "feeds": len(feeds.feeds),
            "about": pack.about,
        }
        rows.append(row)
        if json_:
            emit(row)
    if not json_:
        table(
            "Packs",
            ["pack", "positions", "feeds", "about"],
            [[r["pack"], r["positions"], r["feeds"], r["about"]] for r in rows],
        )

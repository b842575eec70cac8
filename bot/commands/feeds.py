"""`feeds`: the list of feeds, its exchange with other readers, and how each feed is."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.editing import editable
from bot.commands.feed_lines import feed_lines
from bot.commands.output import emit, people, progress, table
from bot.config import load_desk, load_feeds, load_settings
from bot.config.edit import add_feed, remove_feed
from bot.core.addresses import redacted
from bot.domain import Feed
from bot.errors import ConfigurationError, InputError
from bot.feeds import opml
from bot.feeds.check import FeedCheck, check
from bot.feeds.fenced import FencedParser
from bot.feeds.http import Fetcher

app = typer.Typer(no_args_is_help=True, help="The feeds that are polled.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON line each, for machines.")]


@app.command("list")
def list_(json_: AsJson = False) -> None:
    """List the configured feeds."""
    configured = load_feeds(_path())
    if json_:
        for feed in configured:
            emit({"url": feed.url, "name": feed.name, "outlet": feed.outlet, "language": feed.language})
        return
    table("Feeds", ["name", "outlet", "address"], [(feed.name, feed.outlet, feed.url) for feed in configured])


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="The feed's address.")],
    name: Annotated[str, typer.Option(help="What to call it.")] = "",
    outlet: Annotated[str, typer.Option(help="Who publishes it.")] = "",
) -> None:
    """Add a feed to feeds.yaml; its comments stay as they are."""
    path = editable(load_settings(), "feeds.yaml")
    add_feed(path, Feed(url=url, name=name or url, outlet=outlet))
    people.print(f"{path}: added {url}. A running bot takes it up at its next start.", markup=False)


@app.command()
def remove(url: Annotated[str, typer.Argument(help="The feed's address.")]) -> None:
    """Remove a feed from feeds.yaml; what it brought stays in the ledger."""
    path = editable(load_settings(), "feeds.yaml")
    remove_feed(path, url)
    people.print(f"{path}: removed {url}.", markup=False)


@app.command("import")
def import_(file: Annotated[Path, typer.Argument(help="An OPML file.")], json_: AsJson = False) -> None:
    """Add the feeds of an OPML file, with a report line by line. Exit code 1 where a line could not be taken."""
    try:
        found, lines = opml.read(file.read_bytes())
    except OSError as fault:
        raise InputError(f"{file}: cannot be read ({fault.strerror}).") from fault
    path = editable(load_settings(), "feeds.yaml")
    known = {feed.url for feed in load_feeds(path)}
    outcomes = {line.url: line.outcome for line in lines if line.outcome == "feed"}
    problems: dict[str, str] = {}
    for feed in found:
        if feed.url in known:
            outcomes[feed.url] = "known"
            continue
        try:
            add_feed(path, feed)
            outcomes[feed.url] = "added"
        except ConfigurationError as fault:
            outcomes[feed.url], problems[feed.url] = "refused", fault.faults[0].problem
    wrong = False
    for line in lines:
        outcome = outcomes.get(line.url, line.outcome) if line.outcome == "feed" else line.outcome
        problem = line.problem or problems.get(line.url, "")
        wrong = wrong or outcome in ("refused", "broken")
        if json_:
            emit({"line": line.line, "outcome": outcome, "name": line.name, "url": line.url, "problem": problem})
        else:
            sys.stdout.write(
                f"{file.name}:{line.line}: {outcome}: {line.name or line.url or '-'} {problem}".rstrip() + "\n"
            )
    if wrong:
        raise typer.Exit(1)


@app.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Where to write; standard output by default.")] = None,
) -> None:
    """Write the configured feeds as OPML."""
    body = opml.write(load_feeds(_path()))
    if file is None:
        sys.stdout.buffer.write(body)
        return
    try:
        file.write_bytes(body)
    except OSError as fault:
        raise InputError(f"{file}: cannot be written ({fault.strerror}).") from fault


@app.command("check")
def check_(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="Addresses or files; the configured feeds by default.", metavar="URL|FILE"),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Look at feeds once, as a poll would, and say what is wrong and what to do. Exit code 1 where one cannot be polled.

    A line a feed, those that cannot be polled first.
    """
    settings = load_settings()
    desk = load_desk(settings.config_path / "desk.yaml")
    configured = [] if targets else load_feeds(settings.config_path / "feeds.yaml")
    looked_at = targets or [feed.url for feed in configured]
    parser = FencedParser()
    found: list[FeedCheck] = []
    try:
        looks = check(looked_at, fetcher=Fetcher(desk.poll), parser=parser, now=datetime.now(UTC))
        for one in progress(looks, "Looking", total=len(looked_at)):
            found.append(one)
            if json_:
                emit(one.as_record())
    finally:
        parser.close()
    if not json_:
        names = {redacted(feed.url): feed.name for feed in configured}
        sys.stdout.writelines(f"{line}\n" for line in feed_lines(found, names))
    if not all(one.ok for one in found):
        raise typer.Exit(1)


def _path() -> Path:
    return load_settings().config_path / "feeds.yaml"

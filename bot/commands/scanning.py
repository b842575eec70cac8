"""`scan`, `read` and `assess`: the detector and the reader over what is handed in, without feeds or database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.app import build_judge, build_reader, fetch_page
from bot.commands.output import complain, emit, people, progress
from bot.config import load_configuration, load_desk, load_positions, load_settings
from bot.core.features import Pair
from bot.core.policies import PollPolicy
from bot.detection.detector import load_detector
from bot.domain import Article, Assessment, Ruling, Statement
from bot.errors import InputError
from bot.reading.inputs import read_articles
from bot.reading.page import PageExtractor
from bot.stages.pairs import PairReader

Sources = Annotated[
    list[str], typer.Argument(help="Files, web addresses, or - for standard input.", metavar="FILE|URL|-")
]
PositionsFile = Annotated[
    Path | None, typer.Option("--positions", help="A positions file; the configured one by default.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON line each, for machines.")]


def scan(sources: Sources, positions: PositionsFile = None, json_: AsJson = False) -> None:
    """Show what articles do to the tracked positions: one line for each statement on a tracked topic.

    Exit code 1 where some of the input could not be read, 2 where none could.
    """
    settings = load_settings()
    desk = load_desk(settings.config_path / "desk.yaml")
    tracked = load_positions(positions or settings.config_path / "positions.yaml")
    # A scan judges a text as of its own day, whatever its age: the desk's limit on age is for feeds.
    policy = replace(desk.alert, max_age_days=36500)
    judge = build_judge(load_detector(settings.model_path), tracked, policy)
    for document, article in progress(readable(sources, desk.poll), "Scanning"):
        judged = judge.judge(article, max(article.published, datetime.now(UTC)))
        if judged.abstained:
            people.print(f"{document}: not read ({judged.abstained.reason}): {judged.abstained.detail}", markup=False)
        ordered = sorted(judged.assessments, key=lambda item: item[0].candidate.statement.start)
        for assessment, ruling in ordered:
            if json_:
                emit(_candidate_line(document, assessment, ruling))
            elif ruling.decision == "alert":
                _show(document, assessment)
        if not json_:
            alerts = sum(ruling.decision == "alert" for _, ruling in ordered)
            people.print(
                f"{document}: {judged.sentences} sentences, {len(ordered)} candidates, {alerts} alerts", markup=False
            )


def read(sources: Sources, positions: PositionsFile = None, json_: AsJson = False) -> None:
    """Show who says what in articles: one line for each statement.

    Exit code 1 where some of the input could not be read, 2 where none could.
    """
    settings = load_settings()
    desk = load_desk(settings.config_path / "desk.yaml")
    reader = build_reader(load_positions(positions or settings.config_path / "positions.yaml"))
    for document, article in progress(readable(sources, desk.poll), "Reading"):
        for statement in reader.utterances(article):
            if json_:
                emit(_statement_line(document, statement))
            else:
                whose = (
                    f"{statement.speaker or '-'} ({statement.holder or '-'}, {statement.mode}, {statement.certainty})"
                )
                sys.stdout.write(f"{document}:{statement.start}-{statement.end} {whose}\n    {statement.text}\n")


def assess(json_: AsJson = False) -> None:
    """Judge (position, statement) pairs given as JSON lines on standard input.

    Fields: id, holder, topic, position, statement; optional speaker, title, date. The id comes back as it was given, or is
    the line's number. A bad line gives a line with "error", "line" and, where it is known, "id", and the rest goes on.
    Exit code 1 where a line could not be read, 0 otherwise.
    """
    settings = load_settings()
    configuration = load_configuration(settings.config_path)
    detector = load_detector(settings.model_path)
    reader = PairReader(configuration.positions)
    threshold = configuration.desk.alert.pair_at
    batch: list[tuple[object, Pair]] = []
    sound = True

    def flush() -> None:
        judgements = detector.judge([pair for _, pair in batch], [threshold] * len(batch))
        for (name, _), judgement in zip(batch, judgements, strict=True):
            line = {
                "id": name,
                "relation": judgement.relation.value,
                "probabilities": {r.value: round(p, 6) for r, p in judgement.probabilities.items()},
                "alert": judgement.relation.is_shift,
                "evidence": judgement.evidence,
                "reason": judgement.reason,
            }
            if json_:
                emit(line)
            else:
                sys.stdout.write(
                    f"{name}: {judgement.relation.value} ({judgement.shift_probability:.2f}): {judgement.reason}\n"
                )
        batch.clear()

    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        known: dict[str, object] = {}
        try:
            raw = _object(line)
            known = {"id": raw["id"]} if raw.get("id") is not None else {}
            batch.append((known.get("id", number), reader.pair(**_pair_fields(raw))))
        except ValueError as fault:
            sound = False
            flush()
            emit(known | {"line": number, "error": str(fault)})
        if len(batch) >= 64:
            flush()
    flush()
    if not sound:
        raise typer.Exit(1)


def readable(sources: list[str], poll: PollPolicy) -> Iterator[tuple[str, Article]]:
    """Yield (document, article) for each that can be read, and tell of the others; ends with the exit code that they make."""
    read = unread = 0
    for document, article in articles_of(sources, poll):
        if isinstance(article, InputError):
            unread += 1
            complain(article)
        else:
            read += 1
            yield document, article
    if unread:
        raise typer.Exit(1 if read else 2)


def articles_of(sources: list[str], poll: PollPolicy) -> Iterator[tuple[str, Article | InputError]]:
    """Yield (document, article) for each thing named, or in the article's place why it cannot be read."""
    extractor, now = PageExtractor(), datetime.now(UTC)
    for source in sources:
        url = source if source.startswith(("http://", "https://")) else ""
        name = source if url or source == "-" else Path(source).name
        try:
            yield from read_articles(_bytes_of(source, poll), name, extractor=extractor, now=now, url=url)
        except InputError as fault:
            yield name, fault


def _bytes_of(source: str, poll: PollPolicy) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    if source.startswith(("http://", "https://")):
        return fetch_page(source, poll)
    try:
        return Path(source).read_bytes()
    except OSError as fault:
        advice = "Name a file that exists, a web address, or -."
        raise InputError(f"{source}: cannot be read ({fault.strerror}). {advice}") from fault


def _object(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line; ValueError saying why it holds none."""
    try:
        raw = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as fault:
        raise ValueError(f"not UTF-8 (byte {fault.start})") from None
    except (ValueError, RecursionError) as fault:
        raise ValueError(f"not JSON: {fault}") from None
    if not isinstance(raw, dict):
        raise ValueError("expected an object")  # noqa: TRY004 - the line is wrong, not a type in our code
    return raw


def _pair_fields(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a pair; ValueError saying what is wrong with them."""
    needed = ("holder", "topic", "position", "statement")
    wrong = [key for key in needed if not isinstance(raw.get(key), str) or not raw[key].strip()]
    if wrong:
        raise ValueError(f"missing or empty: {', '.join(wrong)}")
    fields = {key: raw[key].strip() for key in needed}
    for key in ("speaker", "title"):
        if raw.get(key) is not None and not isinstance(raw[key], str):
            raise ValueError(f"{key} must be text")
        fields[key] = (raw.get(key) or "").strip()
    for key, value in fields.items():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{key} has half a character (a lone surrogate)") from None
    return fields | {"when": _day(raw.get("date"))}


def _day(value: object) -> date:
    """Return the day that `value` begins with (YYYY, YYYY-MM or YYYY-MM-DD), today where it gives none."""
    if value in (None, ""):
        return datetime.now(UTC).date()
    parts = str(value)[:10].split("-")
    try:
        numbers = [int(part) for part in parts] + [1, 1]
        return date(*numbers[:3])
    except (ValueError, TypeError):
        raise ValueError(f"date {value!r} is not like 2026-02-10") from None


def _candidate_line(document: str, assessment: Assessment, ruling: Ruling) -> dict[str, Any]:
    statement = assessment.candidate.statement
    return {
        "document": document,
        "start": statement.start,
        "end": statement.end,
        "statement": statement.text,
        "speaker": statement.speaker,
        "holder": statement.holder,
        "position": assessment.candidate.position.id,
        "relation": assessment.relation.value,
        "probabilities": {relation.value: round(p, 6) for relation, p in assessment.probabilities.items()},
        "alert": ruling.decision == "alert",
        "evidence": assessment.evidence,
        "reason": f"{assessment.reason}; {ruling.reason}",
        "mode": statement.mode.value,
        "certainty": statement.certainty.value,
        "similarity": round(assessment.candidate.similarity, 4),
    }


def _statement_line(document: str, statement: Statement) -> dict[str, Any]:
    return {
        "document": document,
        "start": statement.start,
        "end": statement.end,
        "statement": statement.text,
        "attributed": statement.attributed,
        "speaker": statement.speaker,
        "source_start": statement.source_start,
        "source_end": statement.source_end,
        "cue": statement.cue,
        "holder": statement.holder,
        "mode": statement.mode.value,
        "past_date": statement.past_date,
        "certainty": statement.certainty.value,
    }


def _show(document: str, assessment: Assessment) -> None:
    candidate = assessment.candidate
    sys.stdout.write(
        f"{document}:{candidate.statement.start} {candidate.position.id} {assessment.relation.value} "
        f"{assessment.shift_probability:.2f}\n    {candidate.statement.text}\n    {assessment.reason}\n"
    )

"""Positions suggested from an archive, for `positions suggest`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from bot.commands.output import complain, progress
from bot.core.suggest import Suggestion, Uttered, suggest, worth_reading
from bot.detection.featurizer import load_featurizer
from bot.domain import Article, Holder, Mode, Statement
from bot.errors import InputError
from bot.reading.inputs import read_articles
from bot.reading.page import PageExtractor
from bot.reading.reader import ArticleReader

_PARTICLES = frozenset({"al", "bin", "da", "de", "der", "di", "dos", "el", "la", "van", "von"})
STANCES = (Mode.ASSERTION, Mode.COMMITMENT, Mode.DENIAL)


def suggested(
    archive: Sequence[Path], holders: Sequence[Holder], models: Path, *, least: int, most: int
) -> list[Suggestion]:
    """Return what holders, and speakers who are nobody's voice, keep saying; InputError for a file that cannot be opened."""
    reader = ArticleReader(list(holders))
    said = [
        one for article in progress(_articles(archive), "Reading") for one in _stances(article, reader.read(article))
    ]
    if not said:
        return []
    return suggest(said, load_featurizer(models).vectors([one.words for one in said]), least=least, most=most)


def as_yaml(found: Sequence[Suggestion], holders: Sequence[Holder]) -> str:
    """Return suggestions as a positions file to edit; above each stands how often it was said, and where."""
    known = {holder.name for holder in holders}
    unknown = sorted({one.holder for one in found} - known)
    document = CommentedMap()
    if unknown:
        named = [holder for holder in holders if holder.name in {one.holder for one in found}]
        document["holders"] = [_holder(holder) for holder in (*named, *(Holder(name=name) for name in unknown))]
    rows = CommentedSeq()
    for index, one in enumerate(found):
        first = one.sources[0]
        rows.append(
            CommentedMap(
                id=one.id, holder=one.holder, topic=one.topic, baseline=one.baseline, since=one.since.isoformat(),
                source=first.url or first.document,
            )
        )  # fmt: skip
        sources = "\n".join(f"{source.published} {source.url or source.document}" for source in one.sources)
        told = f"Said in {one.documents} articles, by {first.speaker or one.holder} and others:\n{sources}"
        rows.yaml_set_comment_before_after_key(index, before=told, indent=2)
    document["positions"] = rows
    out = StringIO()
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(document, out)
    return "# Suggested from what was said; mend the wording, topics and days before you track them.\n" + out.getvalue()


def _holder(holder: Holder) -> dict[str, object]:
    voices = [{"name": voice.name, "aliases": list(voice.aliases)} for voice in holder.voices]
    return {"name": holder.name, "aliases": list(holder.aliases), "voices": voices}


def _articles(archive: Sequence[Path]) -> Iterator[Article]:
    extractor, now = PageExtractor(), datetime.now(UTC)
    for path in archive:
        try:
            data = path.read_bytes()
        except OSError as fault:
            raise InputError(f"{path}: cannot be read ({fault.strerror}).") from fault
        for _, article in read_articles(data, str(path), extractor=extractor, now=now):
            if isinstance(article, InputError):
                complain(article)
            else:
                yield article


def _stances(article: Article, statements: Sequence[Statement]) -> Iterator[Uttered]:
    """Yield what holders, or speakers with a name, say in an article that could be a stance."""
    for statement in statements:
        holder = statement.holder or (statement.speaker if _is_a_name(statement.speaker) else "")
        if holder and statement.mode in STANCES and worth_reading(statement.text):
            yield Uttered(
                holder=holder,
                speaker=statement.speaker,
                words=statement.text,
                document=article.id,
                published=article.published.date(),
                url=article.url,
            )


def _is_a_name(speaker: str) -> bool:
    """Whether a speaker is named as a person: two to four words in capitals, particles aside."""
    words = [word for word in speaker.split() if word not in _PARTICLES]
    return 2 <= len(words) <= 4 and all(word[0].isupper() for word in words)

"""Positions suggested from an archive, for `positions suggest`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from bot.commands.archives import read_named
from bot.commands.output import complain, progress
from bot.config import Settings
from bot.core.suggest import Suggestion, Uttered, suggest, worth_reading
from bot.detection.featurizer import load_featurizer
from bot.domain import Holder, Mode, Statement, Voice
from bot.reading.reader import ArticleReader
from bot.replay.archive import NO_ADDRESS, UNDATED, ArchiveItem

_PARTICLES = frozenset({"al", "bin", "da", "de", "der", "di", "dos", "el", "la", "van", "von"})
STANCES = (Mode.ASSERTION, Mode.COMMITMENT, Mode.DENIAL)
HEAD = """\
# Suggested from what was said. Before you track a line: mend its wording, name its topic as the news does, look its sources up,
# and set `since` to the day from which the holder is on record with it, which may be before the first article here.
"""
HOLDERS = "Whose lines these are, with all that your positions.yaml knows of them. Leave out whom it has already."
NO_DAY = "fill in a day such as 2026-02-10: no article of it bears a date"


def suggested(
    settings: Settings, archives: Sequence[str], holders: Sequence[Holder], *, least: int, most: int
) -> list[Suggestion]:
    """Return what holders, and speakers who are nobody's voice, keep saying; what cannot be read is told of and left out."""
    found = read_named(settings, archives, undated=True)
    for fault in found.unread:
        complain(fault)
    reader = ArticleReader(list(holders))
    items = progress(found.items, "Reading", total=len(found.items))
    said = [one for item in items for one in _stances(item, reader.read(item.article))]
    if not said:
        return []
    vectors = load_featurizer(settings.model_path).vectors([one.words for one in said])
    return suggest(said, vectors, least=least, most=most)


def as_yaml(found: Sequence[Suggestion], holders: Sequence[Holder]) -> str:
    """Return suggestions as a positions file to edit; above each stands how often it was said, by whom and where."""
    rows = CommentedSeq()
    for index, one in enumerate(found):
        rows.append(_row(one))
        rows.yaml_set_comment_before_after_key(index, before=_told(one), indent=2)
    known = {holder.name: holder for holder in holders}
    named = dict.fromkeys(one.holder for one in found)
    document = CommentedMap(positions=rows, holders=[_holder(known.get(name) or Holder(name=name)) for name in named])
    document.yaml_set_comment_before_after_key("holders", before=HOLDERS)
    out = StringIO()
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(document, out)
    return HEAD + out.getvalue()


def _row(one: Suggestion) -> CommentedMap:
    row = CommentedMap(
        id=one.id,
        holder=one.holder,
        topic=one.topic,
        baseline=one.baseline,
        since=one.since,
        source=one.sources[0].where,
    )
    if one.since is None:
        row.yaml_add_eol_comment(NO_DAY, "since")
    return row


def _told(one: Suggestion) -> str:
    speakers = " and ".join(dict.fromkeys(source.speaker or one.holder for source in one.sources))
    sources = (f"{source.published or 'undated'}, {source.where}" for source in one.sources)
    return "\n".join([f"Said in {one.documents} articles, by {speakers}:", *sources])


def _holder(holder: Holder) -> dict[str, object]:
    made: dict[str, object] = {"name": holder.name}
    if holder.aliases:
        made["aliases"] = list(holder.aliases)
    if holder.voices:
        made["voices"] = [_voice(voice) for voice in holder.voices]
    return made


def _voice(voice: Voice) -> dict[str, object]:
    known: dict[str, object] = {
        "aliases": list(voice.aliases), "role": voice.role, "since": voice.since, "until": voice.until
    }  # fmt: skip
    return {"name": voice.name} | {name: value for name, value in known.items() if value}


def _stances(item: ArchiveItem, statements: Sequence[Statement]) -> Iterator[Uttered]:
    """Yield what holders, or speakers with a name, say in an article that could be a stance."""
    article = item.article
    published = None if article.published == UNDATED else article.published.date()
    for statement in statements:
        holder = statement.holder or (statement.speaker if _is_a_name(statement.speaker) else "")
        if holder and statement.mode in STANCES and worth_reading(statement.text):
            yield Uttered(
                holder=holder,
                speaker=statement.speaker,
                words=statement.text,
                document=article.url,
                published=published,
                where=item.document if article.url.startswith(NO_ADDRESS) else article.url,
            )


def _is_a_name(speaker: str) -> bool:
    """Whether a speaker is named as a person: two to four words in capitals, particles aside."""
    words = [word for word in speaker.split() if word not in _PARTICLES]
    return 2 <= len(words) <= 4 and all(word[0].isupper() for word in words)

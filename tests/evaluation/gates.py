"""Which gate loses shifts before the detector sees them: python tests/evaluation/gates.py [--corpus ../shared/corpus]

Every sentence of a document is a pair with every position. Five gates stand between the pairs and the detector: the holder is
named somewhere, the sentence is read as one, the subject is spoken of in or beside it, it is near enough, and nobody else's stance
is told. The table says how many gold shifts each gate loses and how many other pairs it lets through: each costs 40 ms and may
be a false alarm. Documents are this project's own (`models/data/ladders.jsonl`; interviews are labelled as transcripts are), and
those of the annotated corpus, of which only shifts count on which two annotators agree.
`--show` lists the shifts that are lost. Nothing is judged: the detector's large encoder is not used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2]))

from bot.app import build_judge  # noqa: E402  # as above
from bot.config import load_configuration, load_positions, shipped_path  # noqa: E402  # as above
from bot.core.policies import AlertPolicy  # noqa: E402  # as above
from bot.detection.classifier import even_odds  # noqa: E402  # as above
from bot.detection.detector import Detector  # noqa: E402  # as above
from bot.detection.featurizer import Featurizer, load_featurizer  # noqa: E402  # as above
from bot.domain import Article, Candidate, Holder, Position, Relation, identify  # noqa: E402  # as above
from bot.stages.judge import ArticleJudge  # noqa: E402  # as above
from bot.training.corpus_alerts import same_words  # noqa: E402  # as above
from bot.training.data import (  # noqa: E402  # as above
    CORPUS_LABELS,
    LADDERS,
    LETTERS,
    UNRELATED,
    read_corpus_labels,
    read_jsonl,
    read_texts,
)

GATES = ("holder", "sentence", "subject", "near", "speaker")
ASKERS = ("Interviewer", "Question")
DAY = datetime(2026, 2, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a passage of a document says of a position, by its index; a relation of None is one that annotators differ over."""

    start: int
    end: int
    position: int
    relation: Relation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An article with its positions and labels; `split` is "" where nothing is learnt from it."""

    article: Article
    positions: tuple[Position, ...]
    labels: tuple[Label, ...]
    split: str = ""


def own_documents(path: Path, holders: dict[str, Holder]) -> Iterator[Document]:
    """Yield the documents among the groups of a file of ladders, as an outlet would print them."""
    for _, group in read_jsonl(path):
        if group.get("origin") != "document":
            continue
        positions = tuple(
            Position(
                id=f"{group['group']}-{place}",
                holder=holders.get(line["holder"], Holder(name=line["holder"])),
                topic=line["topic"],
                baseline=line["position"],
                since=date(2000, 1, 1),
            )
            for place, line in enumerate(group["lines"])
        )
        talk = any(said.get("speaker") in ASKERS for said in group["statements"])
        text, labels, last = "", [], None
        for said in group["statements"]:
            speaker = said.get("speaker", "")
            label = f"{speaker}: " if talk and speaker and speaker != last else ""
            text += (" " if speaker == last else "\n\n") * bool(text) + label
            start, text, last = len(text), text + said["statement"], speaker
            letters = said.get("relations", UNRELATED * len(positions))
            labels += [
                Label(start=start, end=len(text), position=place, relation=Relation(LETTERS[letter]))
                for place, letter in enumerate(letters)
            ]
        url = f"https://paper.example/{group['group']}"
        article = Article(id=identify(url), url=url, title=group["title"], text=text, published=DAY)
        yield Document(article=article, positions=positions, labels=tuple(labels), split=group["split"])


def corpus_documents(models: Path, corpus: Path) -> Iterator[Document]:
    """Yield the documents of the annotated corpus."""
    positions = tuple(load_positions(corpus / "positions.yaml"))
    place = {position.id: index for index, position in enumerate(positions)}
    annotated = read_corpus_labels(models / "data" / CORPUS_LABELS)
    for name, text in read_texts(corpus).items():
        labels = tuple(
            Label(
                start=label.start,
                end=label.end,
                position=place[label.position],
                relation=label.relation if label.agreed else None,
            )
            for label in annotated
            if label.document == name
        )
        article = Article(id=name, url="", title="", text=text, published=DAY)
        yield Document(article=article, positions=positions, labels=labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A shift that does not reach the detector, and the gate that it is lost at."""

    document: str
    position: Position
    relation: Relation
    gate: str
    words: str


def through(judge: ArticleJudge, document: Document, candidates: Sequence[Candidate], lost: list[Lost]) -> Counter[str]:
    """Return how many pairs are left behind each gate, and append the shifts that are lost."""
    article = document.article
    sentences = judge._reader.sentences(article.text)
    spans = [(sentence.start, sentence.end) for sentence in sentences]
    present = judge.matcher.present(article.title, article.text)
    looked = judge.matcher.look(article.title, [article.text[a:b] for a, b in spans], sentences, present)
    column = {int(index): place for place, index in enumerate(present)}
    judged = {(one.position.id, one.statement.start, one.statement.end) for one in candidates}
    left = Counter(
        all=len(spans) * len(document.positions),
        holder=len(spans) * len(present),
        sentence=len(spans) * len(present),
        subject=int(looked.speaking.sum()),
        near=int(looked.possible.sum()),
        speaker=len(judged),
    )
    for label in document.labels:
        if label.relation is None or not label.relation.is_shift:
            continue
        here = [index for index, span in enumerate(spans) if same_words((label.start, label.end), span)]
        position, at = document.positions[label.position], column.get(label.position)
        if at is None:
            gate = "holder"
        elif not here:
            gate = "sentence"
        elif not looked.speaking[here, at].any():
            gate = "subject"
        elif not looked.possible[here, at].any():
            gate = "near"
        elif not any(name == position.id and same_words((label.start, label.end), (a, b)) for name, a, b in judged):
            gate = "speaker"
        else:
            left["reached"] += 1
            continue
        lost.append(
            Lost(
                document=article.url or article.id,
                position=position,
                relation=label.relation,
                gate=gate,
                words=article.text[label.start : label.end],
            )
        )
    return left


def measure(documents: Sequence[Document], featurizer: Featurizer, *, show: bool) -> dict[str, object]:
    """Return how many shifts each gate loses, and how many pairs are left behind it."""
    detector = Detector(featurizer=featurizer, classifier=even_odds(), name="evaluation")
    lost: list[Lost] = []
    left: Counter[str] = Counter()
    for document in documents:
        judge = build_judge(detector, document.positions, AlertPolicy())
        left += through(judge, document, judge.candidates(document.article)[0], lost)
    at = Counter(one.gate for one in lost)
    shifts, remaining = left["reached"] + len(lost), left["reached"] + len(lost)
    rows = []
    for gate in GATES:
        remaining -= at[gate]
        rows.append(
            {"gate": gate, "lost": at[gate], "shifts_left": remaining, "others_let_through": left[gate] - remaining}
        )
    if show:
        for one in lost:
            sys.stdout.write(f"{one.gate:9}{one.document} {one.relation} [{one.position.baseline}] {one.words[:200]}\n")
    return {
        "documents": len(documents),
        "pairs": left["all"],
        "shifts": shifts,
        "gates": rows,
        "reached": left["reached"],
        "judged_pairs": left["speaker"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--corpus", type=Path, help="the folder of the annotated corpus")
    parser.add_argument("--show", action="store_true", help="list the shifts that are lost")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    given = parser.parse_args()
    models = shipped_path("models")
    featurizer = load_featurizer(models)
    holders = {holder.name: holder for holder in load_configuration(shipped_path("config")).holders}
    own = list(own_documents(models / "data" / LADDERS, holders))
    sets = {"documents of ours": own, "of these, split test": [one for one in own if one.split == "test"]}
    if given.corpus:
        sets["corpus"] = list(corpus_documents(models, given.corpus))
    found = {name: measure(documents, featurizer, show=given.show) for name, documents in sets.items()}
    for name, figures in found.items():
        sys.stdout.write(
            f"{name}: {figures['reached']} of {figures['shifts']} shifts reach the detector, among {figures['judged_pairs']} pairs "
            f"of {figures['pairs']} in {figures['documents']} documents\n"
        )
        for row in figures["gates"]:
            sys.stdout.write(
                f"  {row['gate']:9} loses {row['lost']:3}, {row['shifts_left']:3} left, {row['others_let_through']:5} other pairs\n"
            )
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

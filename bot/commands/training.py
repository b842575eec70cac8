"""`train` and `evaluate`: rebuild the classifier, and say how good a detector is on labelled rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from bot.app import build_judge
from bot.commands.output import emit, people, progress
from bot.config import Settings, load_desk, load_positions, load_settings
from bot.core.policies import AlertPolicy
from bot.detection.classifier import RelationClassifier, load_classifier
from bot.detection.detector import Detector
from bot.detection.featurizer import Featurizer, load_featurizer
from bot.detection.manifest import file_hash, read_manifest, verify
from bot.domain import Article, Decision, Position, Relation, identify
from bot.errors import InputError
from bot.stages.judge import ArticleJudge, pair_of
from bot.stages.pairs import PairReader
from bot.training import baselines
from bot.training.corpus_alerts import Span, alert_score, candidate_row
from bot.training.data import (
    CLASSIFIER,
    CORPUS_LABELS,
    ENCODER,
    PAIRS,
    CorpusLabel,
    Row,
    read_corpus_labels,
    read_rows,
    read_texts,
    verify_corpus,
)
from bot.training.evaluation import SHIFTS, Evaluation, Score, best_threshold, evaluate
from bot.training.fit import fit_classifier, install, probabilities, train

Corpus = Annotated[
    Path | None,
    typer.Option(
        "--corpus", help="A folder with the corpus's texts and positions.yaml; without it, our own pairs alone."
    ),
]
LeftOut = Annotated[
    Path | None,
    typer.Option(
        "--corpus",
        help="A folder with the corpus's texts and positions.yaml: leave each text out of training in turn, and compare"
        " the alerts over it with its labels. Trains once a text, which takes minutes.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="The figures as one JSON line each.")]
CORPUS_DAY = datetime(2026, 2, 10, tzinfo=UTC)
EVERYTHING = AlertPolicy(alert_at=0.0, digest_at=0.0, near_at=-1.0, max_age_days=36500)


def train_(
    corpus: Corpus = None,
    force: Annotated[bool, typer.Option(help="Install even a classifier that scores below the standing one.")] = False,
    encoder: Annotated[bool, typer.Option(help="First redo the encoder; needs the extra `train` and hours.")] = False,
    weights: Annotated[Path | None, typer.Option(help="With --encoder: the public model's folder.")] = None,
    public: Annotated[
        Path | None, typer.Option(help="With --encoder: the public sentence pairs, pairs.jsonl.gz.")
    ] = None,
    run: Annotated[Path, typer.Option(help="With --encoder: the folder of its checkpoints.")] = Path("encoder-run"),
    minutes: Annotated[float | None, typer.Option(help="With --encoder: end each stage after so long.")] = None,
    json_: AsJson = False,
) -> None:
    """Train the classifier, compare it with the standing one on the frozen set, and install it."""
    settings = load_settings()
    models = settings.model_path
    raw = read_rows(models / "data" / PAIRS)
    if encoder:
        _train_encoder(models, raw, weights=weights, public=public, run=run, minutes=minutes)
    featurizer = load_featurizer(models)
    threshold = _threshold(settings)
    held_out = [row for row in raw if row.split != ENCODER]
    pairs = completed(held_out, load_positions(settings.config_path / "positions.yaml"))
    rows = corpus_rows(featurizer, models, corpus) if corpus else []
    people.print(f"Training on {len(pairs)} pairs of our own and {len(rows)} candidates of the corpus.")
    trained = train(featurizer, models, pairs, rows, threshold=threshold)
    for judge, figures in (("new classifier", trained.figures), ("standing classifier", trained.standing)):
        if figures and json_:
            emit({"judge": judge, "threshold": threshold} | _figures(figures))
        elif figures:
            report(f"frozen set, {judge}", figures)
    name = f"walkback-{identify(file_hash(models / 'encoder' / 'model.onnx'), len(pairs), len(rows))[:8]}"
    install(trained, models, name=name, forced=force)
    people.print(f"{models}: installed {name}.", markup=False)


def evaluate_(
    file: Annotated[Path | None, typer.Argument(help="Labelled pairs as JSON lines.")] = None,
    corpus: LeftOut = None,
    against: Annotated[
        bool,
        typer.Option(
            "--baselines",
            help="With a labelled file: also measure what the detector is compared with; --corpus always does.",
        ),
    ] = False,
    threshold: Annotated[
        float | None, typer.Option(help="Shift probability from which it alerts; the desk's by default.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Measure the detector on labelled pairs, or its alerts over a corpus with each document left out of training in turn."""
    settings = load_settings()
    policy = load_desk(settings.config_path / "desk.yaml").alert
    policy = policy if threshold is None else replace(policy, alert_at=threshold)
    if corpus:
        _evaluate_corpus(settings, corpus, policy, json_=json_)
    if file:
        _evaluate_file(settings, file, policy.alert_at, against=against, json_=json_)
    if not corpus and not file:
        raise InputError("evaluate needs a labelled file, or --corpus with a folder.")


def completed(rows: Sequence[Row], tracked: Sequence[Position]) -> list[Row]:
    """Return the rows with what the reader would find: whom the speaker speaks for, and the mode."""
    reader = PairReader(tracked)
    day = CORPUS_DAY.date()
    return [replace(row, pair=reader.complete(row.pair, day)) for row in progress(rows, "Completing pairs", len(rows))]


def corpus_rows(featurizer: Featurizer, models: Path, corpus: Path) -> list[Row]:
    """Return every candidate that the reader finds in the corpus, labelled by its annotation."""
    labels, texts = read_corpus_labels(models / "data" / CORPUS_LABELS), read_texts(corpus)
    verify_corpus(labels, texts)
    judge = _corpus_judge(featurizer, load_positions(corpus / "positions.yaml"), None)
    rows = []
    for document, text in progress(list(texts.items()), "Reading the corpus"):
        candidates, _, _ = judge.candidates(_document(document, text))
        found = [candidate_row(document, candidate, pair_of(candidate), labels) for candidate in candidates]
        rows += [row for row in found if row is not None]
    return rows


def report(title: str, figures: Evaluation) -> None:
    """Print an evaluation for people: alerts, relations, confusion matrix."""
    low, high = figures.alert_f1_interval
    alert = figures.alert
    lines = [
        f"{title}: {figures.rows} rows",
        f"  alerts     precision {alert.precision:.3f}  recall {alert.recall:.3f}  F1 {alert.f1:.3f}"
        + (f"  [{low:.3f}, {high:.3f}]" if low == low else ""),  # noqa: PLR0124 - a NaN where nothing was resampled
        (
            f"  relations  macro-F1 {figures.macro_f1:.3f}  defensible {figures.defensible:.3f}"
            f"  calibration error {figures.calibration_error:.3f}"
        ),
        f"  {'':14}{'precision':>10}{'recall':>8}{'F1':>8}{'rows':>6}   judged as: "
        + " ".join(relation.value[:6].rjust(6) for relation in Relation),
    ]
    for index, (relation, score) in enumerate(figures.relations.items()):
        counts = " ".join(str(n).rjust(6) for n in figures.confusion[index])
        lines.append(
            f"  {relation.value:14}{score.precision:10.3f}{score.recall:8.3f}{score.f1:8.3f}{score.support:6}   {'':11}{counts}"
        )
    sys.stdout.write("\n".join(lines) + "\n")


def _threshold(settings: Settings) -> float:
    return load_desk(settings.config_path / "desk.yaml").alert.alert_at


def _evaluate_file(settings: Settings, file: Path, at: float, *, against: bool, json_: bool) -> None:
    models = settings.model_path
    verify(models, read_manifest(models))
    featurizer = load_featurizer(models)
    classifier = load_classifier(models / "classifier.skops")
    tracked = load_positions(settings.config_path / "positions.yaml")
    rows = completed(read_rows(file), tracked)
    if not rows:
        raise InputError(f"{file}: holds no row with a relation.")
    judged = {"detector": (probabilities(classifier, featurizer, rows), at)}
    if against:
        judged |= _baselines(featurizer, rows, read_rows(models / "data" / PAIRS))
    for name, (found, limit) in judged.items():
        figures = evaluate([r.relation for r in rows], found, limit, also_ok=[r.also_ok for r in rows])
        if json_:
            emit({"judge": name, "threshold": limit} | _figures(figures))
        else:
            report(f"{file.name}, {name} (threshold {limit:.2f})", figures)


def _baselines(
    featurizer: Featurizer, rows: Sequence[Row], pairs: Sequence[Row]
) -> dict[str, tuple[NDArray[np.float64], float]]:
    """Return what the detector is compared with, each at the threshold that is best for it on our own pairs."""
    learn = [row for row in pairs if row.split == ENCODER]
    choose = [row for row in pairs if row.split == CLASSIFIER]
    truth = [row.relation for row in choose]
    made: dict[str, Callable[[Sequence[Row]], NDArray[np.float64]]] = {
        "alert on everything": baselines.alert_on_everything,
        "cosine": lambda some: baselines.cosine(featurizer.similarities([row.pair for row in some])),
        "bag of words": lambda some: baselines.bag_of_words(learn, some),
    }
    return {name: (judge(rows), best_threshold(truth, judge(choose))) for name, judge in made.items()}


def _evaluate_corpus(settings: Settings, corpus: Path, policy: AlertPolicy, *, json_: bool) -> None:
    """Leave one document out: train on the others, alert over it, and compare with the labels; beside two baselines."""
    models = settings.model_path
    featurizer = load_featurizer(models)
    labels = read_corpus_labels(models / "data" / CORPUS_LABELS)
    tracked = load_positions(corpus / "positions.yaml")
    held_out = [row for row in read_rows(models / "data" / PAIRS) if row.split == CLASSIFIER]
    pairs = completed(held_out, load_positions(settings.config_path / "positions.yaml"))
    rows = corpus_rows(featurizer, models, corpus)
    texts = read_texts(corpus)
    found: list[_Scored] = []
    for document, text in progress(list(texts.items()), "Leaving one document out"):
        classifier = fit_classifier(featurizer, pairs, [row for row in rows if row.group != document])
        judge = _corpus_judge(featurizer, tracked, classifier)
        found += _scored(judge, featurizer, document, text)
    scores = _corpus_scores(found, labels, list(texts), policy)
    for name, score in scores.items():
        if json_:
            emit(
                {
                    "judge": name,
                    "precision": score.precision,
                    "recall": score.recall,
                    "f1": score.f1,
                    "shifts": score.support,
                }
            )
        else:
            sys.stdout.write(
                f"corpus, {name:32} precision {score.precision:.3f}  recall {score.recall:.3f}  F1 {score.f1:.3f}"
                f"  ({score.support} shifts)\n"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    """A candidate of the corpus: where it stands, its shift probability, its closeness and its cosine with the baseline."""

    span: Span
    believed: float
    closeness: float
    cosine: float


def _scored(judge: ArticleJudge, featurizer: Featurizer, document: str, text: str) -> list[_Scored]:
    """Return every candidate of a document; `believed` is 0.0 where the mode keeps it silent."""
    judged = judge.judge(_document(document, text), CORPUS_DAY)
    cosines = featurizer.similarities([pair_of(assessment.candidate) for assessment, _ in judged.assessments])[:, 1]
    scored = []
    for (assessment, ruling), cosine in zip(judged.assessments, cosines, strict=True):
        candidate = assessment.candidate
        statement = candidate.statement
        span = Span(document=document, position=candidate.position.id, start=statement.start, end=statement.end)
        believed = assessment.shift_probability if ruling.decision is Decision.ALERT else 0.0
        scored.append(_Scored(span=span, believed=believed, closeness=candidate.similarity, cosine=float(cosine)))
    return scored


def _corpus_scores(
    found: Sequence[_Scored], labels: Sequence[CorpusLabel], documents: Sequence[str], policy: AlertPolicy
) -> dict[str, Score]:
    def alerts(keep: Callable[[_Scored], bool]) -> Score:
        return alert_score([one.span for one in found if keep(one)], labels, documents)

    cosines = [alerts(lambda one, t=t: one.cosine >= t) for t in np.arange(0.2, 0.9, 0.02)]  # type: ignore[misc]  # a lambda with a default has no type
    return {
        f"detector (alert_at {policy.alert_at:.2f}, near_at {policy.near_at:.2f})": alerts(
            lambda one: one.believed >= policy.alert_at and one.closeness >= policy.near_at
        ),
        "alert on every candidate": alerts(lambda _: True),
        "cosine at its best threshold, chosen on these rows": max(cosines, key=lambda score: score.f1),
    }


def _corpus_judge(
    featurizer: Featurizer, tracked: Sequence[Position], classifier: RelationClassifier | None
) -> ArticleJudge:
    """Return a judge over the corpus that lets everything through; without a classifier it finds candidates and judges nothing."""
    unfitted = classifier or RelationClassifier()
    return build_judge(Detector(featurizer=featurizer, classifier=unfitted, name="evaluation"), tracked, EVERYTHING)


def _document(document: str, text: str) -> Article:
    return Article(id=document, url="", title="", text=text, published=CORPUS_DAY)


def _figures(figures: Evaluation) -> dict[str, object]:
    return {
        "rows": figures.rows,
        "alert_precision": figures.alert.precision,
        "alert_recall": figures.alert.recall,
        "alert_f1": figures.alert.f1,
        "alert_f1_interval": figures.alert_f1_interval,
        "macro_f1": figures.macro_f1,
        "macro_f1_interval": figures.macro_f1_interval,
        "defensible": figures.defensible,
        "calibration_error": figures.calibration_error,
        "relations": {
            relation.value: {"precision": s.precision, "recall": s.recall, "f1": s.f1, "rows": s.support}
            for relation, s in figures.relations.items()
        },
        "confusion": figures.confusion.tolist(),
        "shift_relations": [relation.value for relation, is_shift in zip(Relation, SHIFTS, strict=True) if is_shift],
    }


def _train_encoder(
    models: Path, rows: Sequence[Row], *, weights: Path | None, public: Path | None, run: Path, minutes: float | None
) -> None:
    try:
        from bot.training.encoder_run import (
            FIRST_STAGE,
            SECOND_STAGE,
            EncoderRun,
            install_encoder,
            train_encoder,
            with_budget,
        )
    except ModuleNotFoundError as fault:
        raise InputError(
            f"--encoder needs the extra `train` ({fault.name} is missing): pip install 'walkback[train]'"
        ) from None
    if weights is None:
        raise InputError("--encoder needs --weights, the folder of the public model that it starts from.")
    made = EncoderRun(
        weights=weights,
        out=run,
        public=public,
        topics=models / "topics",
        first=with_budget(FIRST_STAGE, minutes),
        second=with_budget(SECOND_STAGE, minutes),
    )
    train_encoder(made, rows)
    install_encoder(run, models)

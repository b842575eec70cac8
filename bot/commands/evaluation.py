"""`evaluate`: say how good the detector is, on labelled pairs or on the alerts over a corpus."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.corpus import completed, evaluate_corpus
from bot.commands.output import emit, people
from bot.commands.reporting import evidence_fields, evidence_words, figures_line, report
from bot.config import Settings, load_desk, load_positions, load_settings
from bot.detection.classifier import load_classifier
from bot.detection.detector import Detector
from bot.detection.featurizer import Featurizer, load_featurizer
from bot.detection.manifest import CLASSIFIER_FILE, read_manifest, verify
from bot.errors import InputError
from bot.training.ablations import Judged, ablations, simple
from bot.training.data import CLASSIFIER, ENCODER, Row, own_rows, read_rows
from bot.training.evaluation import Evaluation, evaluate
from bot.training.evidence import EvidenceFigures, evidence_figures
from bot.training.fit import probabilities
from bot.training.remembered import remembering
from bot.training.report import Measured, write_report

LeftOut = Annotated[
    Path | None,
    typer.Option(
        "--corpus",
        help="A folder with the corpus's texts and positions.yaml: leave each text out of training in turn, and compare"
        " the alerts over it with its labels. Trains once a text, which takes minutes.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="The figures as one JSON line each.")]


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
    without: Annotated[
        bool,
        typer.Option(
            "--ablations",
            help="With a labelled file: also measure what is left of the detector without each of its parts.",
        ),
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--report", help="With a labelled file: write report.md with tables, mistakes and pictures there."
        ),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Shift probability from which it alerts; the desk's by default.")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="Where the encoder's answers are kept, by its hash; in the data folder by default."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Measure the detector on labelled pairs, or its alerts over a corpus with each document left out of training in turn."""
    settings = load_settings()
    policy = load_desk(settings.config_path / "desk.yaml").alert
    policy = policy if threshold is None else replace(policy, alert_at=threshold, pair_at=threshold)
    models = settings.model_path
    memory = cache or settings.data_dir / "encoder-cache"
    if not corpus and not file:
        raise InputError("evaluate needs a labelled file, or --corpus with a folder.")
    if corpus:
        verify(models, read_manifest(models))
        evaluate_corpus(
            settings, remembering(models / "encoder", models / "topics", memory), corpus, policy, json_=json_
        )
    if file:
        verify(models, read_manifest(models))
        beside = against or without
        featurizer = remembering(models / "encoder", models / "topics", memory) if beside else load_featurizer(models)
        rows = _completed_rows(settings, file)
        judged = _judged(settings, featurizer, rows, policy.pair_at, against=against, without=without)
        evidence = _evidence(settings, featurizer, rows, policy.pair_at)
        _show(file.name, rows, judged, folder, evidence=evidence, json_=json_)


def _completed_rows(settings: Settings, file: Path) -> list[Row]:
    rows = completed(read_rows(file), load_positions(settings.config_path / "positions.yaml"))
    if not rows:
        raise InputError(f"{file}: holds no row with a relation.")
    return rows


def _judged(
    settings: Settings, featurizer: Featurizer, rows: Sequence[Row], at: float, *, against: bool, without: bool
) -> dict[str, Judged]:
    """Return what the detector and the judges beside it make of the rows; the detector comes first."""
    models = settings.model_path
    classifier = load_classifier(models / CLASSIFIER_FILE)
    judged = {"detector": Judged(probabilities=probabilities(classifier, featurizer, rows), threshold=at)}
    if not (against or without):
        return judged
    raw = own_rows(models / "data")
    own = [row for row in raw if row.split == CLASSIFIER]
    pairs = completed(own, load_positions(settings.config_path / "positions.yaml"))
    pairs += [row for row in raw if row.split == ENCODER]
    if without:
        judged |= ablations(featurizer, rows, pairs)
    return judged | simple(featurizer, rows, pairs)


def _evidence(settings: Settings, featurizer: Featurizer, rows: Sequence[Row], at: float) -> EvidenceFigures | None:
    """Return how near the detector's deciding words come to labelled ones, None where the rows have none."""
    told = [row for row in rows if row.evidence and row.relation.is_shift]
    if not told:
        return None
    classifier = load_classifier(settings.model_path / CLASSIFIER_FILE)
    return evidence_figures(Detector(featurizer=featurizer, classifier=classifier, name="evaluation"), told, at)


def _show(
    title: str,
    rows: Sequence[Row],
    judged: dict[str, Judged],
    folder: Path | None,
    *,
    evidence: EvidenceFigures | None,
    json_: bool,
) -> None:
    truth, also_ok = [row.relation for row in rows], [row.also_ok for row in rows]
    found: dict[str, tuple[float, Evaluation]] = {}
    for name, judge in judged.items():
        figures = evaluate(truth, judge.probabilities, judge.threshold, also_ok=also_ok)
        found[name] = (judge.threshold, figures)
        if json_:
            shown = {"evidence": evidence_fields(evidence)} if evidence and name == "detector" else {}
            emit({"judge": name, "threshold": judge.threshold} | figures_line(figures) | shown)
        else:
            report(f"{title}, {name} (threshold {judge.threshold:.2f})", figures)
    if evidence and not json_:
        sys.stdout.write(f"{title}, detector:\n{evidence_words(evidence)}\n")
    if folder:
        detector = judged["detector"]
        measured = Measured(
            title=title,
            rows=rows,
            probabilities=detector.probabilities,
            threshold=detector.threshold,
            beside={name: one for name, one in found.items() if name != "detector"},
            evidence=evidence,
        )
        people.print(f"Wrote {write_report(measured, folder)}.", markup=False)

"""`train`: rebuild the classifier, or the encoder before it, and install what is no worse than what stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.corpus import completed, corpus_rows
from bot.commands.judging import judge_by_hand, rows_of_the_desk
from bot.commands.output import emit, people
from bot.commands.reporting import figures_line, report, report_spread
from bot.config import Settings, load_desk, load_positions, load_settings
from bot.detection.manifest import file_hash
from bot.domain import identify
from bot.errors import InputError
from bot.training.data import ENCODER, Row, own_rows, texts_of
from bot.training.fit import Trained, has_encoders, install, spread, train
from bot.training.remembered import remembering

Corpus = Annotated[
    Path | None,
    typer.Option(
        "--corpus", help="A folder with the corpus's texts and positions.yaml; without it, our own pairs alone."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="The figures as one JSON line each.")]


def train_(
    corpus: Corpus = None,
    force: Annotated[bool, typer.Option(help="Install even a classifier that scores below the standing one.")] = False,
    encoder: Annotated[bool, typer.Option(help="First redo the encoder; needs the extra `train` and hours.")] = False,
    weights: Annotated[Path | None, typer.Option(help="With --encoder: the public model's folder.")] = None,
    public: Annotated[
        Path | None, typer.Option(help="With --encoder: the public sentence pairs, pairs.jsonl.gz.")
    ] = None,
    run: Annotated[Path, typer.Option(help="With --encoder or --topics: the folder of its checkpoints.")] = Path(
        "encoder-run"
    ),
    seed: Annotated[int, typer.Option(help="With --encoder: what its chance begins with.")] = 0,
    device: Annotated[
        str, typer.Option(help="With --encoder: where it is trained, cpu or cuda; auto takes a GPU where there is one.")
    ] = "auto",
    exported: Annotated[
        Path | None,
        typer.Option(
            help="An exported encoder's folder: judge it against the standing one, and install it with its classifier."
        ),
    ] = None,
    topics: Annotated[
        Path | None, typer.Option(help="First export the topic model anew from this public model's folder.")
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=0, help="Also fit so many classifiers on drawings of the rows, and tell how far figures spread."
        ),
    ] = 0,
    cache: Annotated[
        Path | None,
        typer.Option(help="Where the encoder's answers are kept, by its hash; in the data folder by default."),
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="With --encoder: end each stage after so long.")] = None,
    desk: Annotated[
        bool, typer.Option("--desk/--no-desk", help="Whether the desk's own verdicts in the store are trained on, too.")
    ] = True,
    review: Annotated[
        bool,
        typer.Option("--review", help="Train nothing; list the statements that the desk would teach most by judging."),
    ] = False,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Train nothing; file what a statement does to its line, as ID=RELATION. May be repeated."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Train the classifier, compare it with the standing one on the frozen set, and install it."""
    settings = load_settings()
    if label or review:
        judge_by_hand(settings, label or [], review=review, json_=json_)
        return
    models = settings.model_path
    raw = own_rows(models / "data")
    replaced = {"topics": _exported_topics(raw, topics, run)} if topics else {}
    if encoder:
        exported = _train_encoder(
            models, raw, weights=weights, public=public, run=run, minutes=minutes, seed=seed, device=device
        )
    replaced |= {"encoder": exported} if exported else {}
    memory = cache or settings.data_dir / "encoder-cache"
    places = {name: models / name for name in ("encoder", "topics")}
    chosen = places | replaced
    featurizer = remembering(chosen["encoder"], chosen["topics"], memory)
    threshold = _threshold(settings)
    held_out = [row for row in raw if row.split != ENCODER]
    pairs = completed(held_out, load_positions(settings.config_path / "positions.yaml"))
    rows = corpus_rows(featurizer, models, corpus) if corpus else []
    judged = rows_of_the_desk(settings) if desk else []
    people.print(
        f"Training on {len(pairs)} pairs of our own, {len(rows)} candidates of the corpus and "
        f"{sum(not made.held_out for made in judged)} statements that the desk judged."
    )
    before = None
    if replaced and has_encoders(models):
        before = remembering(places["encoder"], places["topics"], memory)
    trained = train(featurizer, models, pairs, rows, threshold=threshold, desk=judged, before=before)
    _tell(trained, threshold, json_=json_)
    if seeds:
        spread_ = spread(featurizer, pairs, rows, threshold=threshold, seeds=seeds, desk=judged)
        report_spread(spread_, json_=json_)
    name = model_name(trained, chosen["encoder"], chosen["topics"])
    install(trained, models, name=name, forced=force, replaced=replaced)
    people.print(f"{models}: installed {name}.", markup=False)


def model_name(trained: Trained, *encoders: Path) -> str:
    """Return the name of a detector, which is another wherever its encoders or what is served of its classifier are.

    So `/readyz` sees that a newer one lies in the folder, and the ledger says which one judged. The same rows give the same
    name again.
    """
    from bot.training.classifier import served

    linear = served(trained.classifier)
    parts = [file_hash(folder / "model.onnx") for folder in encoders]
    parts += [part.astype("<f8").tobytes().hex() for part in (linear.weights, linear.bias)]
    return f"walkback-{identify(*parts)[:8]}"


def _tell(trained: Trained, threshold: float, *, json_: bool) -> None:
    """Show the figures of the new classifier and the standing one, on the frozen set and on the desk's rows."""
    for judge, figures in (("new classifier", trained.figures), ("standing classifier", trained.standing)):
        if figures and json_:
            emit({"judge": judge, "threshold": threshold} | figures_line(figures))
        elif figures:
            report(f"frozen set, {judge}", figures)
    for judge, figures in (("new classifier", trained.desk), ("standing classifier", trained.desk_standing)):
        if figures and json_:
            emit({"judge": judge, "threshold": threshold, "rows_of": "desk"} | figures_line(figures))
        elif figures:
            report(f"the desk's rows held out, {judge}", figures)


def _threshold(settings: Settings) -> float:
    return load_desk(settings.config_path / "desk.yaml").alert.pair_at


def _train_encoder(
    models: Path,
    rows: Sequence[Row],
    *,
    weights: Path | None,
    public: Path | None,
    run: Path,
    minutes: float | None,
    seed: int,
    device: str,
) -> Path:
    """Train the encoder and return the folder of its export; it goes into `models` with a classifier that passes."""
    try:
        from bot.training.encoder_run import (
            FIRST_STAGE,
            SECOND_STAGE,
            THIRD_STAGE,
            EncoderRun,
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
        first=replace(with_budget(FIRST_STAGE, minutes), seed=seed),
        second=replace(with_budget(SECOND_STAGE, minutes), seed=seed),
        third=replace(with_budget(THIRD_STAGE, minutes), seed=seed),
        device=device,
    )
    train_encoder(made, rows)
    return run / "encoder"


def _exported_topics(rows: Sequence[Row], weights: Path, run: Path) -> Path:
    try:
        from bot.training.export import export_topics
    except ModuleNotFoundError as fault:
        raise InputError(
            f"--topics needs the extra `train` ({fault.name} is missing): pip install 'walkback[train]'"
        ) from None
    export_topics(weights, run / "topics", seen=texts_of(rows))
    return run / "topics"

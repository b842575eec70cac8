"""What a replay is made of: the judge, in this process and in others, and the two passes over the archive."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bot.app import build_judge, configure_logging
from bot.config import load_settings
from bot.core.policies import AlertPolicy
from bot.detection.detector import Detector, load_detector
from bot.detection.manifest import MANIFEST
from bot.domain import Position, text_hash
from bot.errors import InputError
from bot.replay.archive import ArchiveItem
from bot.replay.judging import FreshJudge, Judgements, judge_all
from bot.replay.records import threshold_of
from bot.replay.run import Replay, Replayed, Setting

Progress = Callable[[Iterable[Any], str, int], Iterable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What a replay is made with; `name` says in words how it differs from the first."""

    model: Path
    lines: tuple[Position, ...]
    policy: AlertPolicy
    name: str = ""


def variant_of(wish: str, base: Variant, load_lines: Callable[[Path], tuple[Position, ...]]) -> Variant:
    """Return what `threshold=N`, `model=FOLDER` or `positions=FILE` makes of `base`; InputError for anything else."""
    key, _, value = wish.partition("=")
    if key == "threshold":
        try:
            threshold = float(value)
        except ValueError:
            threshold = -1.0
        if not 0 <= threshold <= 1:
            raise InputError(f"--compare threshold={value}: a probability between 0 and 1 is expected.")
        digest_at = min(base.policy.digest_at, threshold)
        policy = replace(base.policy, alert_at=threshold, alert_at_by_position={}, digest_at=digest_at)
        return replace(base, policy=policy, name=f"a threshold of {threshold:g}")
    if key == "model" and value:
        return replace(base, model=Path(value), name=f"the model in {value}")
    if key == "positions" and value:
        return replace(base, lines=load_lines(Path(value)), name=f"the positions of {value}")
    raise InputError(f"--compare {wish}: write threshold=N, model=FOLDER or positions=FILE.")


class JudgeMaker:
    """Builds judges of a model. In another process it loads the model anew, on one thread, as it is loaded here."""

    def __init__(
        self, model: Path, lines: Sequence[Position], policy: AlertPolicy, detector: Detector | None = None
    ) -> None:
        self._model = model
        self._lines = tuple(lines)
        self._policy = policy
        self._detector = detector

    def __reduce__(self) -> tuple[type[JudgeMaker], tuple[Path, tuple[Position, ...], AlertPolicy]]:
        """Leave the loaded model behind on the way to another process."""
        policy = replace(self._policy, alert_at_by_position=dict(self._policy.alert_at_by_position))
        return JudgeMaker, (self._model, self._lines, policy)

    def __call__(self) -> FreshJudge:
        """Return a judge."""
        if self._detector is None:
            settings = load_settings()
            configure_logging(settings.model_copy(update={"log_level": "warning"}))
            self._detector = load_detector(self._model, threads=1)
        return FreshJudge(build_judge(self._detector, self._lines, self._policy), self._detector)


@dataclass(slots=True, kw_only=True)
class Bench:
    """Replays `items` in as many ways as are asked for.

    `folder` is where stores are made and, where it `keeps`, what was judged stays. `jobs` is how many processes judge, None
    for one a core.
    """

    items: tuple[ArchiveItem, ...]
    folder: Path
    jobs: int | None
    keeps: bool
    progress: Progress
    _detectors: dict[Path, Detector] = field(default_factory=dict)
    _judged: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    _made: int = 0

    def replay(self, variant: Variant, *, floor: Sequence[Variant] = ()) -> Replayed:
        """Return what comes of a replay; `floor` are others of this archive, whose thresholds are judged for at once."""
        records = self.judged(variant, floor=floor)
        detector = self._detector(variant.model)
        self._made += 1
        store = self.folder / ("replay.db" if self._made == 1 else f"replay-{self._made}.db")
        setting = Setting(lines=variant.lines, policy=variant.policy, model=detector.name, name=variant.name)
        total = len(self.items)
        return Replay(
            store,
            detector=detector,
            judge_lines=lambda lines: JudgeMaker(variant.model, lines, variant.policy, detector)(),
            watch=lambda items: self.progress(items, "Replaying", total),
        ).run(self.items, records, setting)

    def judged(self, variant: Variant, *, floor: Sequence[Variant] = ()) -> Mapping[str, Mapping[str, Any]]:
        """Return the judged articles of a variant by id, at the lowest of the thresholds."""
        detector = self._detector(variant.model)
        policy = lowest([variant.policy, *(other.policy for other in floor)], variant.lines)
        thresholds = [f"{line.id} {threshold_of(policy, line.id)!r}" for line in variant.lines]
        model = text_hash((variant.model / MANIFEST).read_text(encoding="utf-8"))
        mark = (version("walkback"), model, repr(variant.lines), *thresholds)
        key = repr(mark)
        if key not in self._judged:
            kept = Judgements.in_folder(self.folder if self.keeps else None, *mark)
            self._judged[key] = judge_all(
                self.items,
                JudgeMaker(variant.model, variant.lines, policy, detector),
                kept=kept,
                processes=self.jobs or os.cpu_count() or 1,
                watch=lambda records, total: self.progress(records, "Judging", total),
            )
        return self._judged[key]

    def _detector(self, model: Path) -> Detector:
        if model not in self._detectors:
            self._detectors[model] = load_detector(model, threads=1)
        return self._detectors[model]


def lowest(policies: Sequence[AlertPolicy], lines: Sequence[Position]) -> AlertPolicy:
    """Return the first policy with the lowest threshold of all for each line."""
    least = {line.id: min(threshold_of(policy, line.id) for policy in policies) for line in lines}
    return replace(policies[0], alert_at=min(policy.alert_at for policy in policies), alert_at_by_position=least)

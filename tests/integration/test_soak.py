"""A bot under watch: the short form of `tests/proofs/soak.py`, and the arithmetic of its figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from soaking import PAGES, quantiles, slope, soak


def test_slopes_and_quantiles_are_computed_as_they_should() -> None:
    assert slope([0.0, 1.0, 2.0], [5.0, 7.0, 9.0]) == pytest.approx(2.0)
    assert slope([1.0], [5.0]) == 0.0
    assert quantiles([float(n) for n in range(101)]) == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "most": 100.0}
    assert quantiles([1.0]) == {}


def test_the_whole_bot_under_watch_tells_every_alert_once_and_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    seen = soak(tmp_path, feeds=4, seconds=3.0, every_s=0.5, sample_s=1.0, faults=0.05, fastest_s=0.5)
    figures = seen.figures(0.3)
    assert seen.sound
    assert seen.alerts == len(seen.lags_s) >= 1
    assert seen.articles >= 10
    assert min(seen.lags_s) >= 0.0
    assert set(figures["lag_s"]) == {"p50", "p95", "p99", "most"}
    assert figures["memory_mb_late"] > 10
    assert set(seen.pages) <= {f"{page} 200" for page in PAGES}

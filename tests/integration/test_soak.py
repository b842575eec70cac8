"""A bot under watch: the short form of `tests/proofs/soak.py`, and the arithmetic of its figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from soaking import quantiles, slope, soak

from bot.store.engine import open_engine
from bot.store.migrate import upgrade


def test_slopes_and_quantiles_are_computed_as_they_should() -> None:
    assert slope([0.0, 1.0, 2.0], [5.0, 7.0, 9.0]) == pytest.approx(2.0)
    assert slope([1.0], [5.0]) == 0.0
    assert quantiles([float(n) for n in range(101)]) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}
    assert quantiles([1.0]) == {}


def test_a_bot_under_watch_tells_every_alert_once_and_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    url = f"sqlite:///{tmp_path / 'walkback.db'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    seen = soak(url, feeds=5, seconds=6.0, every_s=0.5, sample_s=1.0, faults=0.05)
    figures = seen.figures(0.3)
    assert (seen.lost, seen.shown_twice) == (0, 0)
    assert seen.alerts == seen.articles >= 10
    assert len(seen.lags_s) == seen.alerts
    assert min(seen.lags_s) >= 0.0
    assert set(figures["lag_s"]) == {"p50", "p95", "p99"}
    assert figures["memory_mb_at_end"] > 10

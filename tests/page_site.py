"""The page over a ledger written for tests, asked without a network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ledger_samples import NOW, fill
from sqlalchemy import Engine
from starlette.testclient import TestClient

from bot.core.features import FEATURE_NAMES
from bot.detection.manifest import Manifest
from bot.web.access import Access, AccessPolicy
from bot.web.app import build_page
from bot.web.metrics import Metrics
from bot.web.site import Rules, Site

MANIFEST = Manifest(
    name="walkback-sample",
    artefacts={},
    features=FEATURE_NAMES,
    scikit_learn="1.9.1",
    trained_on={"pairs": 1856},
    figures={"frozen_alert_f1": 0.68},
)
TOKEN = "a-token-of-the-desk-1"


def client_of(
    engine: Engine,
    *,
    policy: AccessPolicy | None = None,
    hosts: tuple[str, ...] = ("testserver",),
    ready: Mapping[str, object] | None = None,
    wedged: tuple[str, ...] = (),
    peer: str = "127.0.0.1",
) -> TestClient:
    """Return somebody who asks for pages at `peer`; `raise_server_exceptions` stays on."""
    site = Site(
        engine=engine,
        access=Access(policy or AccessPolicy()),
        rules=Rules(manifest=MANIFEST),
        hosts=hosts,
        busy=lambda: {"ingest": None, "assess": 400.0 if wedged else 1.5},
        wedged=lambda: wedged,
        ready=ready or {},
        clock=lambda: NOW + timedelta(minutes=1),
        version="0.1",
    )
    metrics = Metrics(engine, clock=site.clock, busy=site.busy, wedged=site.wedged, about={"version": "0.1"})
    return TestClient(build_page(site, metrics), client=(peer, 50000), follow_redirects=False)


__all__ = ["MANIFEST", "NOW", "TOKEN", "client_of", "fill"]

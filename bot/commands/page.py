"""What a process serves beside its work, where a port is set: the desk's page, health and metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from sqlalchemy import Engine

from bot.config import Configuration, Settings
from bot.detection.detector import Detector
from bot.detection.manifest import MANIFEST, read_manifest
from bot.runtime.local import LocalRuntime, Work
from bot.store import gauges
from bot.store.engine import snapshot
from bot.web.access import Access, AccessPolicy
from bot.web.app import build_health, build_page
from bot.web.metrics import Metrics
from bot.web.server import PageServer
from bot.web.site import Rules, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A process as its page sees it.

    `busy` gives by stage for how many seconds it has been at one step, `wedged` the stages that are at it for too long.
    `loaded` gives the detector that it judges with, None as long as it has none; `judges` is whether it is to have one.
    """

    engine: Engine
    busy: Callable[[], Mapping[str, float | None]]
    wedged: Callable[[], Sequence[str]]
    loaded: Callable[[], Detector | None] = lambda: None
    judges: bool = True


def of_runtime(engine: Engine, runtime: Callable[[], LocalRuntime], loaded: Callable[[], Detector | None]) -> Served:
    """Return a process whose stages are turned by what `runtime` gives once it is there."""
    return Served(engine=engine, busy=lambda: runtime().busy_s(), wedged=lambda: runtime().wedged(), loaded=loaded)


def page_works(served: Served, settings: Settings, configuration: Configuration) -> list[Work]:
    """Return the work that serves a process's page, none without a port; EnvironmentFault where the port is taken."""
    if settings.web_port is None:
        return []
    return [_work(served, settings, build_site(served, settings, configuration))]


def health_works(served: Served, settings: Settings) -> list[Work]:
    """Return the work that serves a process's health and metrics alone, none without a port; raises as `page_works` does."""
    if settings.web_port is None:
        return []
    return [_work(served, settings, _site(served, settings, Rules()), page=False)]


def build_site(served: Served, settings: Settings, configuration: Configuration) -> Site:
    """Return what the page stands on; ModelError where there is no model to tell of."""
    desk, manifest = configuration.desk, read_manifest(settings.model_path)
    return _site(served, settings, Rules(alert=desk.alert, dispatch=desk.dispatch, poll=desk.poll, manifest=manifest))


def _work(served: Served, settings: Settings, site: Site, *, page: bool = True) -> Work:
    detector = served.loaded()
    about = {"version": site.version, "model": detector.name if detector else ""}
    metrics = Metrics(served.engine, clock=site.clock, busy=site.busy, wedged=site.wedged, about=about)
    if detector is not None:
        detector.featurizer.scorer = metrics.timed(detector.featurizer.scorer)
    app = build_page(site, metrics) if page else build_health(site, metrics)
    server = PageServer(app, address=settings.web_bind, port=settings.web_port or 0)
    server.open()
    return Work(name="page", serve=server.serve, wedged_after_s=60.0)


def _site(served: Served, settings: Settings, rules: Rules) -> Site:
    token = settings.web_token.get_secret_value() if settings.web_token else ""
    policy = AccessPolicy(token=token, user_header=settings.web_user_header, proxies=settings.web_networks)

    def database() -> str:
        with snapshot(served.engine) as connection:
            return "" if gauges.is_reachable(connection) else "no answer"

    def model() -> str:
        found = read_manifest(settings.model_path).name
        detector = served.loaded()
        if detector is None or detector.name == found:
            return ""
        return f"{MANIFEST} names {found}, but {detector.name} is loaded: restart to use it"

    return Site(
        engine=served.engine,
        access=Access(policy),
        rules=rules,
        hosts=settings.web_names,
        busy=served.busy,
        wedged=served.wedged,
        ready={"database": database} | ({"model": model} if served.judges else {}),
        clock=lambda: datetime.now(UTC),
        version=version("walkback"),
    )

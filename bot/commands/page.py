"""What `run` serves beside its stages: the desk's page, health and metrics, where a port is set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

from bot.app import Bot
from bot.config import Configuration, Settings
from bot.detection.manifest import MANIFEST, read_manifest
from bot.runtime.local import LocalRuntime, Work
from bot.store import gauges
from bot.store.engine import snapshot
from bot.web.access import Access, AccessPolicy
from bot.web.app import build_page
from bot.web.metrics import Metrics
from bot.web.server import PageServer
from bot.web.site import Rules, Site


def page_works(
    bot: Bot, settings: Settings, configuration: Configuration, runtime: Callable[[], LocalRuntime]
) -> list[Work]:
    """Return the work that serves the page of the running `bot`, none without a port; EnvironmentFault where the port is taken.

    `runtime` gives what turns the stages, once it is there: whether one is wedged is asked of it.
    """
    if settings.web_port is None:
        return []
    site = build_site(bot, settings, configuration, runtime)
    about = {"version": site.version, "model": bot.detector.name}
    metrics = Metrics(bot.engine, clock=site.clock, busy=site.busy, wedged=site.wedged, about=about)
    bot.detector.featurizer.scorer = metrics.timed(bot.detector.featurizer.scorer)
    server = PageServer(build_page(site, metrics), address=settings.web_bind, port=settings.web_port)
    server.open()
    return [Work(name="page", serve=server.serve, wedged_after_s=60.0)]


def build_site(bot: Bot, settings: Settings, configuration: Configuration, runtime: Callable[[], LocalRuntime]) -> Site:
    """Return what the page stands on."""
    desk = configuration.desk
    token = settings.web_token.get_secret_value() if settings.web_token else ""
    policy = AccessPolicy(token=token, user_header=settings.web_user_header, proxies=settings.web_networks)

    def database() -> str:
        with snapshot(bot.engine) as connection:
            return "" if gauges.is_reachable(connection) else "no answer"

    def model() -> str:
        found = read_manifest(settings.model_path).name
        loaded = bot.detector.name
        return "" if found == loaded else f"{MANIFEST} names {found}, but {loaded} is loaded: restart to use it"

    return Site(
        engine=bot.engine,
        access=Access(policy),
        rules=Rules(
            alert=desk.alert, dispatch=desk.dispatch, poll=desk.poll, manifest=read_manifest(settings.model_path)
        ),
        hosts=settings.web_names,
        busy=lambda: runtime().busy_s(),
        wedged=lambda: runtime().wedged(),
        ready={"database": database, "model": model},
        clock=lambda: datetime.now(UTC),
        version=version("walkback"),
    )

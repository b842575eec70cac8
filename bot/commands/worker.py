"""`worker`: one of many processes over PostgreSQL."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import structlog
import typer

from bot.app import WorkerProcess, build_workers, configure_logging
from bot.commands.page import Served, health_works
from bot.config import Settings, load_configuration, load_settings
from bot.runtime.local import LocalRuntime
from bot.runtime.memory import hold_together

log = structlog.get_logger()

STAGES = ("ingest", "assess", "deliver")
PAGE_GRACE_S = 2.0


def worker(
    stages: Annotated[
        str, typer.Option(metavar="STAGE,…", help="Which of ingest, assess and deliver to take part in.")
    ] = ",".join(STAGES),
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="Articles at a time; feeds eightfold, channels fourfold.")
    ] = 1,
) -> None:
    """Take jobs from the queue on PostgreSQL until stopped; start as many as you need, on any machine.

    All need the same configuration. With WALKBACK_WEB_PORT it tells its health and metrics there. Ends within ten seconds of
    SIGTERM or Ctrl-C; what a killed one had begun is taken over.
    """
    hold_together()
    wanted = [stage.strip() for stage in stages.split(",") if stage.strip()]
    if not wanted or not set(wanted) <= set(STAGES):
        raise typer.BadParameter(f"should be some of {', '.join(STAGES)}", param_hint="--stages")
    settings = load_settings()
    configure_logging(settings)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it is said once that the database is lost
    configuration = load_configuration(settings.config_path)
    process = build_workers(settings, configuration, stages=wanted, concurrency=concurrency)

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        log.info("stopping", signal=signal.Signals(number).name)
        process.stop()

    # As the first process of a container it gets no default handling of signals.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with health_beside(process, settings):
        log.info("started", stages=wanted, concurrency=concurrency)
        ended = process.run()
    log.info("stopped", cleanly=ended)
    if not ended:
        os._exit(0)  # threads that are still at it would keep the process; their rows are taken over
    process.close()


@contextmanager
def health_beside(process: WorkerProcess, settings: Settings) -> Iterator[None]:
    """Serve a worker's health and metrics while the block runs, where a port is set; EnvironmentFault where it is taken."""
    served = Served(
        engine=process.engine,
        busy=process.busy_s,
        wedged=process.wedged,
        loaded=lambda: process.detector,
        judges=process.detector is not None,
    )
    works = health_works(served, settings)
    if not works:
        yield
        return
    runtime = LocalRuntime(works, None, grace_s=PAGE_GRACE_S)
    thread = threading.Thread(target=runtime.run, name="walkback-health", daemon=True)
    thread.start()
    try:
        yield
    finally:
        runtime.stop()
        thread.join(PAGE_GRACE_S)

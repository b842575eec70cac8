"""Faults to Sentry and steps to OpenTelemetry, where the environment says so and the packages are there; else nothing.

Both read their own variables (SENTRY_DSN, OTEL_EXPORTER_OTLP_ENDPOINT and the like). Neither package comes with Walkback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from bot.runtime.local import Work
from bot.stages.spans import Note

log = structlog.get_logger()

Reporter = Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]
JOINING = ("event", "stage", "article", "alert", "delivery", "feed", "request")
"""The keys of a line in the log that go with a fault."""


def fault_reporters(environ: Mapping[str, str]) -> list[Reporter]:
    """Return a processor for structlog that sends the exception of a line to Sentry, none where Sentry is not wanted."""
    if not environ.get("SENTRY_DSN"):
        return []
    try:
        import sentry_sdk
    except ModuleNotFoundError:
        _missing("SENTRY_DSN", "sentry-sdk")
        return []
    # Nothing but what the log tells: no frames' locals, no bodies, and no library looked into by itself.
    sentry_sdk.init(
        dsn=environ["SENTRY_DSN"],
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        send_default_pii=False,
        max_request_body_size="never",
    )

    def report(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        del logger, method
        told = line.get("exc_info")
        fault = sys.exc_info()[1] if told is True else told
        if isinstance(fault, BaseException):
            tags = {name: str(line[name])[:200] for name in JOINING if name in line}
            with sentry_sdk.new_scope() as scope:
                scope.set_tags(tags)
                scope.capture_exception(fault)
        return line

    return [report]


class Tracing:
    """Makes spans of what is done, with `tracer` of OpenTelemetry; None for none at all."""

    def __init__(self, tracer: Any = None) -> None:
        self._tracer = tracer

    def __call__(self, work: Work) -> Work:
        """Return a work each of whose steps that finds something to do is a span; the same one where nobody wants any."""
        step = work.step
        if step is None or self._tracer is None:
            return work

        def traced(now: datetime) -> int:
            with self.span(work.name) as note:
                done = step(now)
                if done:
                    note(done=done)
            return done

        return replace(work, step=traced)

    @contextmanager
    def span(self, name: str) -> Iterator[Note]:
        """Open a span (`stages.spans`), with each fact that is noted as the attribute `walkback.NAME`."""
        facts: dict[str, str | int] = {}
        span = self._tracer.start_span(name) if self._tracer is not None else None
        try:
            yield lambda **more: facts.update(more)
        except Exception as fault:
            if span is not None:
                span.record_exception(fault)
                span.end()
            raise
        if span is not None and facts:  # one that is never ended is never sent: what found nothing is not worth telling
            for key, value in facts.items():
                span.set_attribute(f"walkback.{key}", value)
            span.end()


def tracing(environ: Mapping[str, str]) -> Tracing:
    """Return what traces the bot where OTEL_EXPORTER_OTLP_ENDPOINT says where to; it traces nothing where nobody wants it."""
    if not environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return Tracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError:
        _missing("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http")
        return Tracing()
    provider = TracerProvider(resource=Resource.create({"service.name": environ.get("OTEL_SERVICE_NAME", "walkback")}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider.get_tracer("walkback"))


def _missing(variable: str, packages: str) -> None:
    log.warning("telemetry_without_packages", variable=variable, install=packages)

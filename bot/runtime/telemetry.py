"""Faults to Sentry and steps to OpenTelemetry, where the environment says so and the packages are there; else nothing.

Both read their own variables (SENTRY_DSN, OTEL_EXPORTER_OTLP_ENDPOINT and the like). Neither package comes with Walkback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from bot.runtime.local import Work

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


def tracing(environ: Mapping[str, str]) -> Callable[[Work], Work]:
    """Return what makes a span of each step that finds something to do; a work comes back as it is where nobody wants any."""
    if not environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return lambda work: work
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError:
        _missing("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http")
        return lambda work: work
    provider = TracerProvider(resource=Resource.create({"service.name": environ.get("OTEL_SERVICE_NAME", "walkback")}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("walkback")
    return lambda work: _traced(work, tracer)


def _traced(work: Work, tracer: Any) -> Work:
    step = work.step
    if step is None:
        return work

    def traced(now: datetime) -> int:
        span = tracer.start_span(work.name)
        try:
            done = step(now)
        except Exception as fault:
            span.record_exception(fault)
            span.end()
            raise
        if done:  # a span that is never ended is never sent: idle steps are not worth telling
            span.set_attribute("walkback.done", done)
            span.end()
        return done

    return replace(work, step=traced)


def _missing(variable: str, packages: str) -> None:
    log.warning("telemetry_without_packages", variable=variable, install=packages)

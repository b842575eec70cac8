"""Sentry and OpenTelemetry only where they are wanted and there."""

from __future__ import annotations

import sys
import types
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from bot.runtime import telemetry
from bot.runtime.local import Work

NOW = datetime(2026, 11, 20, tzinfo=UTC)


class FakeSentry(types.ModuleType):
    """Has of sentry_sdk what is used, and keeps what it is handed."""

    def __init__(self) -> None:
        super().__init__("sentry_sdk")
        self.options: dict[str, object] = {}
        self.sent: list[tuple[BaseException, dict[str, str]]] = []

    def init(self, **options: object) -> None:
        self.options = options

    @contextmanager
    def new_scope(self):
        tags: dict[str, str] = {}
        scope = types.SimpleNamespace(set_tags=tags.update)
        scope.capture_exception = lambda fault: self.sent.append((fault, tags))
        yield scope


@pytest.fixture
def sentry(monkeypatch) -> FakeSentry:
    fake = FakeSentry()
    monkeypatch.setitem(sys.modules, "sentry_sdk", fake)
    return fake


def test_nothing_is_reported_that_nobody_asked_for(sentry):
    assert telemetry.fault_reporters({}) == []
    work = Work(name="a", step=lambda now: 1)
    assert telemetry.tracing({})(work) is work


def test_a_missing_package_is_told_and_stops_nothing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    assert telemetry.fault_reporters({"SENTRY_DSN": "https://k@example.com/1"}) == []
    work = Work(name="a", step=lambda now: 1)
    assert telemetry.tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})(work) is work


def test_a_fault_goes_out_with_the_ids_of_its_line_and_no_locals(sentry):
    (report,) = telemetry.fault_reporters({"SENTRY_DSN": "https://k@example.com/1"})
    assert sentry.options["include_local_variables"] is False
    assert sentry.options["send_default_pii"] is False
    fault = ValueError("x")
    line = {"event": "article_failed", "article": "a1", "url": "https://secret.example/", "exc_info": fault}
    assert report(None, "error", line) is line
    assert sentry.sent == [(fault, {"event": "article_failed", "article": "a1"})]


def test_the_fault_that_is_being_handled_is_found(sentry):
    (report,) = telemetry.fault_reporters({"SENTRY_DSN": "https://k@example.com/1"})
    try:
        int("x")
    except ValueError:
        report(None, "error", {"event": "stage_failed", "exc_info": True})
    assert [type(fault) for fault, _ in sentry.sent] == [ValueError]


def test_a_line_without_a_fault_stays_here(sentry):
    (report,) = telemetry.fault_reporters({"SENTRY_DSN": "https://k@example.com/1"})
    report(None, "info", {"event": "article_assessed"})
    report(None, "error", {"event": "page_failed", "exc_info": None})
    assert sentry.sent == []


class Tracer:
    def __init__(self) -> None:
        self.ended: list[tuple[str, dict[str, int], list[Exception]]] = []

    def start_span(self, name: str):
        attributes: dict[str, int] = {}
        faults: list[Exception] = []
        return types.SimpleNamespace(
            set_attribute=attributes.__setitem__,
            record_exception=faults.append,
            end=lambda: self.ended.append((name, attributes, faults)),
        )


def test_a_step_that_did_something_is_a_span_and_an_idle_one_is_none():
    tracer, done = Tracer(), iter([0, 3])
    work = telemetry.Tracing(tracer)(Work(name="assess", step=lambda now: next(done)))
    assert [work.step(NOW), work.step(NOW)] == [0, 3]
    assert tracer.ended == [("assess", {"walkback.done": 3}, [])]


def test_a_step_that_fails_is_a_span_with_its_fault_and_still_fails():
    tracer = Tracer()

    def broken(now: datetime) -> int:
        raise RuntimeError("broken")

    work = telemetry.Tracing(tracer)(Work(name="deliver", step=broken))
    with pytest.raises(RuntimeError, match="broken"):
        work.step(NOW)
    assert [str(fault) for fault in tracer.ended[0][2]] == ["broken"]


def test_what_serves_by_itself_has_no_steps_to_trace():
    work = Work(name="page", serve=lambda stop, clock: None)
    assert telemetry.Tracing(Tracer())(work) is work


def test_what_is_noted_of_a_piece_of_work_is_told_with_its_span_and_what_notes_nothing_is_not() -> None:
    tracer = Tracer()
    tracing = telemetry.Tracing(tracer)
    with tracing.span("ingest") as note:
        note(feed="https://a.example/f", outcome="ok", done=2)
    with tracing.span("assess"):
        pass
    assert tracer.ended == [
        ("ingest", {"walkback.feed": "https://a.example/f", "walkback.outcome": "ok", "walkback.done": 2}, [])
    ]


def test_without_a_tracer_work_goes_on_and_nothing_is_told() -> None:
    with telemetry.Tracing().span("ingest") as note:
        note(done=1)

"""Health and metrics: they tell what the tables tell, and documents name nothing else."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from page_site import client_of, fill
from ruamel.yaml import YAML
from sqlalchemy import Engine

from bot.errors import ModelError
from bot.store.engine import transaction
from bot.store.schema import deliveries
from bot.store.tallies import Tally
from bot.web.metrics import Metrics, stability_index

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_wedged_stage_fails_the_liveness_check(store: Engine):
    well = client_of(store).get("/healthz")
    assert (well.status_code, well.json()["status"]) == (200, "ok")
    assert well.json()["busy_s"] == {"ingest": None, "assess": 1.5}
    wedged = client_of(store, wedged=("assess",)).get("/healthz")
    assert (wedged.status_code, wedged.json()["wedged"]) == (503, ["assess"])


def test_it_is_ready_only_with_a_database_and_a_model(store: Engine):
    def missing() -> str:
        raise ModelError("models/: there is no trained model here")

    ready = client_of(store, ready={"database": str, "model": str}).get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "checks": {"database": "ok", "model": "ok"}})
    answer = client_of(store, ready={"database": str, "model": missing}).get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["model"] == "models/: there is no trained model here"


def samples(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^(walkback_.+) (\S+)$", text, re.MULTILINE)}


def test_what_is_counted_is_what_the_tables_say(store: Engine):
    fill(store, statements=90)
    found = samples(client_of(store).get("/metrics").text)
    assert found["walkback_database_up"] == 1
    assert found['walkback_polls_total{outcome="ok"}'] == 40
    assert found['walkback_polls_total{outcome="timeout"}'] == 2
    assert found['walkback_articles_total{outcome="skipped",reason="consent_wall"}'] == 6
    assert found['walkback_articles_total{outcome="not_fetched",reason="nothing to read"}'] == 5
    assert found["walkback_statements"] == 90
    assert found['walkback_candidates_total{decision="silent",relation="consistent"}'] == 400
    assert found['walkback_alerts_total{relation="softening"}'] == 120
    assert found['walkback_deliveries_total{outcome="posted"}'] == 9
    assert found['walkback_verdicts_total{kind="confirm"}'] == 1
    assert found['walkback_queue_depth{queue="feeds"}'] == 3
    assert found['walkback_queue_age_seconds{queue="feeds"}'] == 120
    assert found['walkback_queue_depth{queue="articles"}'] == 0
    assert found['walkback_feeds{state="silent"}'] == 1
    assert found['walkback_feeds{state="failing"}'] == 1
    assert found['walkback_stage_busy_seconds{stage="assess"}'] == 1.5
    assert found["walkback_drift"] == 0
    assert found['walkback_week_share{of="abstained"}'] == pytest.approx(3 / 93)
    assert found['walkback_week_share{of="rejected"}'] == 0
    assert found['walkback_info{version="0.1"}'] == 1


def test_the_lag_is_measured_from_publication_to_the_post(store: Engine):
    fill(store, statements=90)
    posted = datetime(2026, 11, 20, 11, tzinfo=UTC)
    payload = {"kind": "alert", "first": {"published": (posted - timedelta(seconds=40)).isoformat()}}
    with transaction(store) as connection:
        connection.execute(deliveries.update().values(posted_at=posted, payload=payload))
    found = samples(client_of(store).get("/metrics").text)
    assert found['walkback_publish_to_post_seconds{quantile="0.5"}'] == 40
    assert found['walkback_publish_to_post_seconds{quantile="1"}'] == 40


def test_a_database_that_is_gone_is_a_metric_and_no_fault(empty_store: Engine):
    answer = client_of(empty_store).get("/metrics")
    assert answer.status_code == 200
    assert samples(answer.text)["walkback_database_up"] == 0


def test_counting_survives_a_restart(store: Engine):
    fill(store)
    first, second = (samples(client_of(store).get("/metrics").text) for _ in range(2))
    kept = {name for name in first if not re.search("process|encoder|created", name)}
    assert {name: first[name] for name in kept} == {name: second[name] for name in kept}


def test_the_encoders_time_is_measured_and_its_answers_are_passed_on(store: Engine):
    class Scorer:
        names = ("a",)

        def score(self, pairs):
            return np.full((len(pairs), 1), 7, dtype=np.float32)

    metrics = Metrics(store, clock=lambda: NOW)
    timed = metrics.timed(Scorer())
    assert timed.names == ("a",)
    assert timed.score([("x", "y"), ("x", "z")]).tolist() == [[7.0], [7.0]]
    found = samples(metrics.text().decode())
    assert found["walkback_encoder_seconds_count"] == 1
    assert found["walkback_encoder_pairs_sum"] == 2


def tally(relation: str, n: int) -> Tally:
    return Tally(stage="assess", outcome="silent", reason=relation, n=n)


def test_drift_is_nothing_for_the_same_shares_much_for_others_and_unknown_for_few():
    earlier = [tally("consistent", 400), tally("softening", 100)]
    assert stability_index(earlier, [tally("consistent", 200), tally("softening", 50)]) == pytest.approx(0, abs=0.001)
    assert stability_index(earlier, [tally("consistent", 50), tally("softening", 200)]) > 0.25
    assert stability_index(earlier, [tally("consistent", 99)]) is None
    assert stability_index([], earlier) is None


def test_every_metric_that_the_dashboard_and_the_alert_rules_name_is_served(store: Engine, root):
    fill(store, statements=200)
    metrics = Metrics(store, clock=lambda: datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(minutes=1))
    served = set(re.findall(r"^(walkback_[a-z_]+)", metrics.text().decode(), re.MULTILINE))
    served |= set(re.findall(r"^# TYPE (\S+)", metrics.text().decode(), re.MULTILINE))
    board = json.loads((root / "docs/monitoring/grafana-dashboard.json").read_text(encoding="utf-8"))
    rules = YAML(typ="safe").load((root / "docs/monitoring/alert-rules.yaml").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    named = {name for expr in asked for name in re.findall(r"walkback_[a-z_]+", expr)}
    assert len(named) > 12
    assert named - served == set()
    assert {
        "walkback_" + name for name in ("drift", "polls_total", "feeds", "alerts_total", "queue_age_seconds")
    } <= named


def test_every_alert_rule_says_what_to_do(root):
    rules = YAML(typ="safe").load((root / "docs/monitoring/alert-rules.yaml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert rule["annotations"]["summary"]
            assert rule["annotations"]["action"]

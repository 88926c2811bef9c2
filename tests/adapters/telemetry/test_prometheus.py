"""Metrics as Prometheus reads them, from a gateway that serves."""

from __future__ import annotations

import builtins
import json
import re
from pathlib import Path

import pytest
from legion_llm.adapters.telemetry import prometheus
from legion_llm.adapters.telemetry.observation import Observation
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.totals import AttemptTotals, Distribution, RequestTotals
from prometheus_client.parser import text_string_to_metric_families

DASHBOARD = Path(__file__).parents[3] / "examples" / "grafana.json"

_ACTOR = {
    "state": "ready",
    "mailbox": {"depth": 3, "age": 0.5},
    "handled": 7,
    "failed": 1,
    "crashes": 0,
    "restarts": 2,
    "handler_p50_us": 10.0,
    "handler_p99_us": 20.0,
}
TOOK = Distribution(bounds=(0.1, 1.0), counts=(2, 1, 1), seconds=3.5)


@pytest.fixture
def observation():
    return Observation(
        at=0.0,
        described={"state": "ready", "dead_letters": {"by_reason": {"full": 4}}},
        actors={"router": _ACTOR},
        providers=(),
        connections={"openai": {"in_flight": 5, "waiting": 6, "concurrency": 32}},
        attempts=(
            AttemptTotals(
                instance="openai",
                model="m",
                outcomes={"success": 3, "throttled": 1},
                tokens={"input": 10, "output": 20},
                cost_usd=0.5,
                unpriced=1,
                unmetered=2,
                latency=TOOK,
                first_content=Distribution(),
            ),
        ),
        requests=(RequestTotals(request_type="chat", outcome="success", latency=TOOK),),
    )


def read(text):
    """Samples by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_number_of_an_observation_is_shown(observation):
    body, media_type = prometheus.exposition(observation, "")
    samples = read(body.decode())

    assert media_type.startswith("text/plain")
    assert samples["legion_ready",] == 1
    assert samples["legion_actor_mailbox_depth", "router"] == 3
    assert samples["legion_actor_restarts_total", "router"] == 2
    assert samples["legion_dead_letters_total", "full"] == 4
    assert samples["legion_attempts_total", "m", "openai", "throttled"] == 1
    assert samples["legion_tokens_total", "m", "openai", "output"] == 20
    assert samples["legion_cost_usd_total", "m", "openai"] == 0.5
    assert samples["legion_connection_in_flight", "openai"] == 5


def test_buckets_count_all_that_is_below_their_bound(observation):
    samples = read(prometheus.exposition(observation, "")[0].decode())

    buckets = {
        labels[0]: value
        for (name, *labels), value in samples.items()
        if name.endswith("request_duration_seconds_bucket")
    }
    assert buckets == {"0.1": 2, "1.0": 3, "+Inf": 4}
    assert samples["legion_request_duration_seconds_sum", "chat", "success"] == 3.5


def test_open_metrics_is_spoken_where_it_is_accepted(observation):
    body, media_type = prometheus.exposition(observation, "application/openmetrics-text; version=1.0.0")

    assert media_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_without_the_client_library_the_error_says_what_to_install(observation, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("prometheus_client"):
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingsError, match=r"pip install legion-llm\[prometheus\]"):
        prometheus.exposition(observation, "")


def test_the_grafana_dashboard_asks_only_for_what_there_is(observation):
    names = {
        sample.name
        for family in text_string_to_metric_families(prometheus.exposition(observation, "")[0].decode())
        for sample in family.samples
    } | {family.name for family in prometheus.families(observation)}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", ())]

    asked = {name for query in queries for name in re.findall(r"legion_\w+", query)}

    assert len(queries) >= 10
    assert asked <= names, sorted(asked - names)

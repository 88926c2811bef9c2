"""Traces and metrics of a running gateway, through OpenTelemetry's own library."""

from __future__ import annotations

import json

import pytest
from legion_llm import SettingsError
from legion_llm.adapters.assembly import telemetry as assembly
from legion_llm.adapters.settings import load_settings
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from upstream import Fault, openai_upstream

SPANS, READER = InMemorySpanExporter(), InMemoryMetricReader()


@pytest.fixture(scope="module", autouse=True)
def host_providers():
    """What a host sets, once in its life."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(SPANS))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider(metric_readers=[READER]))


@pytest.fixture
def traced(embedded):
    """Starts a traced gateway; returns it, and what stops it and gives its spans by name."""
    SPANS.clear()

    def start(providers, **more):
        legion = embedded(providers, telemetry={"otel": True, **more.pop("telemetry", {})}, **more)

        def spans():
            legion.shutdown()
            return {span.name: span for span in SPANS.get_finished_spans()}

        return legion, spans

    return start


def test_a_request_its_steps_and_its_attempts_are_spans_of_one_trace(traced, upstream, make_provider):
    legion, spans = traced({"up": make_provider(upstream)})
    response = legion.chat("hi").get(timeout=10)

    found = spans()

    root, step, attempt = found["legion chat"], found["step routing"], found["chat m-1"]
    assert {f"{span.context.trace_id:032x}" for span in (root, step, attempt)} == {response.trace.trace_id}
    assert {span.parent.span_id for span in (step, attempt)} == {root.context.span_id}
    assert root.start_time <= attempt.start_time <= attempt.end_time <= root.end_time
    assert attempt.attributes["gen_ai.provider.name"] == "openai_compat"
    assert attempt.attributes["gen_ai.usage.output_tokens"] == response.usage.output_tokens
    assert attempt.attributes["gen_ai.response.finish_reasons"] == ("end_turn",)
    assert root.attributes["legion.request.id"] == response.request_id
    assert "provider_call" in root.attributes["legion.pipeline.steps_executed"]


def test_the_trace_of_the_host_goes_on_in_ours(traced):
    legion, spans = traced({"demo": {}})
    with trace.get_tracer("host").start_as_current_span("of the host") as outer:
        legion.chat("hi").get(timeout=10)

    root = spans()["legion chat"]

    assert (root.context.trace_id, root.parent.span_id) == (outer.context.trace_id, outer.context.span_id)


def test_every_attempt_is_told_of_and_the_failed_ones_say_so(traced, make_provider):
    with openai_upstream(Fault.STATUS_500) as sick, openai_upstream() as well:
        other = {**make_provider(well), "models": ["m-2"], "default_model": "m-2"}
        legion, spans = traced({"sick": make_provider(sick), "well": other}, default_provider="sick")
        legion.chat("hi").get(timeout=10)
        found = spans()

    failed, good = found["chat m-1"], found["chat m-2"]
    assert (failed.status.status_code, failed.attributes["error.type"]) == (trace.StatusCode.ERROR, "ProviderError")
    assert (good.attributes["legion.outcome"], good.attributes["gen_ai.request.model"]) == ("success", "m-2")
    assert found["legion chat"].attributes["routing.attempts"] >= 2


def test_steps_have_no_spans_where_that_is_not_wanted(traced):
    legion, spans = traced({"demo": {}}, telemetry={"pipeline_spans": False})
    legion.chat("hi").get(timeout=10)

    assert not [name for name in spans() if name.startswith("step")]


def test_durations_and_tokens_are_measured(traced):
    legion, spans = traced({"demo": {}})
    list(legion.stream("hi"))
    spans()

    [resource] = READER.get_metrics_data().resource_metrics
    measured = {each.name: each.data.data_points for scope in resource.scope_metrics for each in scope.metrics}

    assert set(measured) == {
        "gen_ai.client.operation.duration",
        "gen_ai.client.operation.time_to_first_chunk",
        "gen_ai.client.token.usage",
    }
    assert {point.attributes["gen_ai.token.type"] for point in measured["gen_ai.client.token.usage"]} == {
        "input",
        "output",
    }


def test_a_host_whose_exporter_fails_loses_its_traces_and_nothing_else(traced, monkeypatch, caplog):
    legion, _ = traced({"demo": {}})

    def fail(*_):
        raise RuntimeError("the exporter is broken")

    monkeypatch.setattr(SimpleSpanProcessor, "on_end", fail)
    legion.chat("hi").get(timeout=10)
    for _ in range(1000):
        if legion.inspect("telemetry")["state"] != "ready":
            break
        legion.chat("hi").get(timeout=10)

    assert legion.state == "ready"
    assert legion.chat("hi").get(timeout=10).text


def test_nothing_is_made_unless_it_is_asked_for(embedded):
    assert "telemetry" not in json.dumps(embedded({"demo": {}}).inspect())


def test_without_the_library_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(assembly, "find_spec", lambda name: None)
    settings = load_settings(overrides={"telemetry": {"otel": True}}, environ={})

    with pytest.raises(SettingsError, match=r"pip install legion-llm\[otel\]"):
        assembly.telemetry_specs(settings, ())

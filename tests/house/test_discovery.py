"""Discovery in the whole house: real servers that answer, hang, and talk nonsense."""

from __future__ import annotations

import json
import threading

import pytest
from upstream import Fault, Hang, ScriptedServer, Send, Signal, answer, openai_upstream

PATIENCE = 10.0


def has_seen(legion, what):
    """Wait until a line of the notes holds `what`."""
    arrived = threading.Event()
    while not (found := [note for note in legion.notes if what in note]):
        arrived.wait(0.01)
    return found[0]


@pytest.fixture
def looked_for(make_provider):
    """Return settings of a provider whose models are not named but asked for."""
    return lambda server, **more: make_provider(server, models=None, **more)


def test_models_are_found_after_the_start_and_shown(embedded, looked_for):
    with openai_upstream() as server:
        legion = embedded({"up": looked_for(server)})

        assert has_seen(legion, "up: ") == "up: 1 model: m-1"
        [info] = legion.providers().get(PATIENCE)
        assert (info.catalogue, info.models) == ("fresh", 1)
        assert [model.id for model in legion.models().get(PATIENCE)] == ["m-1"]


def test_a_host_that_accepts_and_never_answers_delays_neither_the_start_nor_requests(embedded, looked_for):
    asked = threading.Event()
    with openai_upstream() as well, ScriptedServer([Signal(asked), Hang()]) as dead:
        legion = embedded(
            {"dead": looked_for(dead), "well": looked_for(well)},
            discovery={"timeout_seconds": 60, "deadline_seconds": 60},
        )
        assert asked.wait(PATIENCE)

        assert legion.chat("hi", provider="well").get(PATIENCE).text.startswith("w0")
        assert legion.inspect("discovery")["snapshot"]["instances"]["dead"]["state"] == "never_fetched"


@pytest.mark.parametrize("fault", [Fault.HTML_200, Fault.INVALID_JSON, Fault.NOT_HTTP, Fault.RESET_BEFORE_HEADERS])
def test_a_host_that_talks_nonsense_has_no_models_and_harms_nobody(embedded, looked_for, fault):
    with openai_upstream(fault) as ill, openai_upstream() as well:
        legion = embedded({"ill": looked_for(ill), "well": looked_for(well)})

        assert "no models known" in has_seen(legion, "ill: ")
        assert legion.chat("hi", provider="well").get(PATIENCE).text.startswith("w0")
        states = {info.name: info.catalogue for info in legion.providers().get(PATIENCE)}
        assert states["ill"] == "unreachable"


def test_without_discovery_nobody_is_asked(embedded, looked_for):
    with openai_upstream() as server:
        legion = embedded({"up": looked_for(server)}, discovery={"enabled": False})

        assert legion.chat("hi").get(PATIENCE).text.startswith("w0")
        assert [request.path for request in server.requests] == ["/v1/chat/completions"]


def test_the_contexts_of_vllm_are_known_to_the_gateway(embedded):
    models = {"data": [{"id": "q", "max_model_len": 32768}]}
    with ScriptedServer([Send(answer(json.dumps(models).encode()))]) as server:
        legion = embedded({"vllm": {"base_url": server.url}})

        assert has_seen(legion, "vllm: ") == "vllm: 1 model: q (context 32,768)"
        [model] = [each for each in legion.models().get(PATIENCE) if each.id == "q"]
        assert model.context_window == 32768

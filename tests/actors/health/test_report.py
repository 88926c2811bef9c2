from __future__ import annotations

import pytest
from legion_llm.actors.health.report import described_change
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.routing import CircuitState, HealthChanged


def of(instance, state="closed", **fields):
    return HealthChanged(instance=instance, state=CircuitState(state), adjustment=0.0, epoch=1, **fields)


TRIPPED = of("openai/eu", "open", retry_at=160.0, cause=Outcome.TARGET_SICK)


def test_a_trip_says_for_how_long():
    assert described_change(TRIPPED, [TRIPPED, of("ollama")], 100.0) == "openai/eu: circuit open, put aside for 60 s"


def test_a_dead_account_is_called_by_its_name():
    dead = of("openai", "open", retry_at=400.0, cause=Outcome.ACCOUNT_DEAD)

    assert described_change(dead, [dead, of("ollama")], 100.0) == (
        "openai: account out of credit or quota, or key refused, put aside for 300 s"
    )


def test_the_last_of_a_provider_is_called_so():
    everybody = [TRIPPED, of("openai/us", "open"), of("ollama")]

    assert described_change(TRIPPED, everybody, 100.0).endswith("; it was the last of openai")


def test_one_that_is_being_probed_is_still_there():
    everybody = [TRIPPED, of("openai/us", "half_open"), of("ollama", "open")]

    assert described_change(TRIPPED, everybody, 100.0).endswith("put aside for 60 s")


def test_the_last_of_all_is_called_so():
    assert described_change(TRIPPED, [TRIPPED, of("ollama", "open")], 100.0).endswith("; no instance is left")


@pytest.mark.parametrize(("state", "words"), [("closed", "well again"), ("half_open", "one request probes it")])
def test_the_way_back_is_told_too(state, words):
    assert words in described_change(of("openai", state), [], 100.0)

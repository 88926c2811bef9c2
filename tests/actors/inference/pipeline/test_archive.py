from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.inference.pipeline.archive import Archive
from legion_llm.messages.chat import RoutingInfo
from legion_llm.messages.errors import ProviderDown


@pytest.fixture
def ended(flow_of, answer):
    """Return a flow that has ended."""

    def build(request_id="req_1", *, error=None, steps=(("routing", 0.25),), text="a secret"):
        flow = flow_of(text)
        flow.request = attrs.evolve(flow.request, id=request_id)
        routing = RoutingInfo(provider="openai", model="m", tier="cloud")
        flow.response = None if error is not None else attrs.evolve(answer, routing=routing)
        flow.error = error
        flow.durations.extend(steps)
        flow.timeline.add("routing:provider_selection", source="router", target="openai/m")
        flow.enrichments["rag:context"] = text
        return flow

    return build


def test_only_the_last_requests_are_kept_newest_first(ended):
    archive = Archive(2)
    for name in ("req_a", "req_b", "req_c"):
        archive.add(ended(name))

    assert [passage.request_id for passage in archive.last(10)] == ["req_c", "req_b"]
    assert [passage.request_id for passage in archive.last(1)] == ["req_c"]
    assert [passage.request_id for passage in archive.last(10, "req_b")] == ["req_b"]


def test_a_passage_tells_what_happened_and_holds_no_text(ended):
    archive = Archive(5)
    archive.add(ended())

    (passage,) = archive.last(1)

    assert passage.steps == (("routing", 0.25),)
    assert [event.key for event in passage.events] == ["routing:provider_selection"]
    assert passage.participants == ("router", "openai/m")
    assert passage.routing.model == "m"
    assert passage.outcome == "success"
    assert passage.enrichments == ("rag:context",)
    assert "a secret" not in repr(passage)


def test_warnings_of_the_steps_and_of_the_answer_are_kept_each_once(ended):
    archive, flow = Archive(5), ended()
    flow.warnings.append("a step was left out")
    flow.response = attrs.evolve(flow.response, warnings=("top_k was left out", "a step was left out"))

    archive.add(flow)

    assert archive.last(1)[0].warnings == ("a step was left out", "top_k was left out")


def test_a_failure_is_kept_by_its_name_and_outcome(ended):
    archive = Archive(5)
    archive.add(ended(error=ProviderDown("https://backstage said no")))

    (passage,) = archive.last(1)

    assert (passage.error, passage.outcome) == ("ProviderDown", "target_sick")
    assert "backstage" not in repr(passage)


def test_the_times_of_steps_are_summed_up(ended):
    archive = Archive(5)
    archive.add(ended(steps=[("rbac", 0.25), ("routing", 0.5)]))
    archive.add(ended(steps=[("routing", 1.0)]))

    assert archive.step_times() == {
        "rbac": {"taken": 1, "mean_ms": 250.0, "most_ms": 250.0},
        "routing": {"taken": 2, "mean_ms": 750.0, "most_ms": 1000.0},
    }

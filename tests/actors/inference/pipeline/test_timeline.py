from __future__ import annotations

import pytest
from legion_llm.actors.inference.pipeline import timeline as module
from legion_llm.actors.inference.pipeline.timeline import Timeline, participants_of


@pytest.fixture
def timeline(still_clock):
    return Timeline(still_clock.monotonic, started=still_clock.now)


def test_events_are_numbered_from_one_and_timed_from_the_beginning(timeline, still_clock):
    timeline.add("tracing:init")
    still_clock.now += 0.5
    timeline.add("tool:execute:add", "tool", exchange_id="exch_1", duration_ms=2.0)

    first, second = timeline.events
    assert (first.seq, first.at, first.key, first.category) == (1, 0.0, "tracing:init", "internal")
    assert (second.seq, second.at, second.category, second.exchange_id) == (2, 0.5, "tool", "exch_1")
    assert second.duration_ms == 2.0


def test_participants_stand_in_the_order_in_which_they_were_first_seen(timeline):
    timeline.add("a", source="pipeline", target="openai/m")
    timeline.add("b", source="openai/m", target="pipeline")
    timeline.add("c", source="router")

    assert participants_of(timeline.rows) == ("pipeline", "openai/m", "router")


def test_what_readers_have_does_not_change(timeline):
    data = {"entries": 1}
    timeline.add("a", data=data)
    events = timeline.events

    data["entries"] = 2
    timeline.add("b")

    assert len(events) == 1
    assert events[0].data == {"entries": 1}
    with pytest.raises(TypeError):
        events[0].data["entries"] = 3


def test_what_comes_after_the_bound_is_counted_and_not_kept(timeline, monkeypatch):
    monkeypatch.setattr(module, "MOST_EVENTS", 2)

    for key in "abcd":
        timeline.add(key)

    assert [event.key for event in timeline.events] == ["a", "b"]
    assert timeline.dropped == 2

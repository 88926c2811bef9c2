"""The steps that only write something down."""

from __future__ import annotations

import re
import types

import attrs
import pytest
from legion_llm.actors.inference.pipeline.steps import (
    conversation_uuid,
    request_normalization,
    response_normalization,
    response_return,
    tracing_init,
)
from legion_llm.messages.chat import Trace
from legion_llm.messages.errors import InvalidRequestError


def test_a_request_without_a_trace_begins_one(flow_of):
    flow = flow_of()

    tracing_init.run(flow)

    assert re.fullmatch("[0-9a-f]{32}", flow.trace.trace_id)
    assert [(event.key, event.detail) for event in flow.timeline.events] == [("tracing:init", flow.trace.trace_id)]


def test_a_request_stays_in_the_trace_it_came_with(flow_of):
    trace = Trace(trace_id="a" * 32, span_id="b" * 16)
    flow = flow_of(trace=trace)

    tracing_init.run(flow)

    assert flow.trace is trace


@pytest.mark.parametrize("assigns", [True, False])
def test_a_request_without_a_conversation_begins_one_only_where_the_settings_say_so(flow_of, assigns):
    flow = flow_of()
    flow.services = attrs.evolve(flow.services, assign_conversation_ids=assigns)

    assert conversation_uuid.wanted(flow) is assigns


def test_a_new_conversation_gets_an_id(flow_of):
    flow = flow_of(conversation_id="new")

    conversation_uuid.run(flow)

    assert re.fullmatch("conv_[0-9a-f]{16}", flow.request.conversation_id)
    assert flow.original.conversation_id == "new"


@pytest.mark.parametrize("named", ["conv_1", "a", "3f:b.c-d", "x" * 128])
def test_a_conversation_keeps_its_id(flow_of, named):
    flow = flow_of(conversation_id=named)

    conversation_uuid.run(flow)

    assert flow.request.conversation_id == named


@pytest.mark.parametrize("named", ["", "../etc", "a b", "x" * 129, "a\n", "ä", ".a"])
def test_an_id_that_is_none_is_refused(flow_of, named):
    with pytest.raises(InvalidRequestError) as caught:
        conversation_uuid.run(flow_of(conversation_id=named))

    assert caught.value.param == "conversation_id"


def test_an_exchange_has_a_number(flow_of):
    flow = flow_of()

    request_normalization.run(flow)

    assert re.fullmatch("exch_[0-9a-f]{24}", flow.exchange_id)


def test_the_answer_carries_the_ids_of_its_request(flow_of, answer):
    flow = flow_of(conversation_id="conv_1")
    tracing_init.run(flow)
    flow.response = answer

    response_normalization.run(flow)

    assert flow.response.request_id == "req_1"
    assert flow.response.conversation_id == "conv_1"
    assert flow.response.trace is flow.trace


def test_warnings_and_findings_go_out_with_the_answer(flow_of, answer):
    flow = flow_of()
    flow.response = attrs.evolve(answer, warnings=("from the provider",))
    flow.warn("from a step")
    flow.enrichments["confidence:score"] = 0.5

    assert response_return.wanted(flow)
    response_return.run(flow)

    assert flow.response.warnings == ("from the provider", "from a step")
    assert flow.response.enrichments == types.MappingProxyType({"confidence:score": 0.5})


def test_an_answer_that_no_step_has_added_to_is_left_as_it_is(flow_of, answer):
    flow = flow_of()
    flow.response = answer

    assert not response_return.wanted(flow)


def test_where_there_is_no_answer_there_is_nothing_to_add_to(flow_of):
    flow = flow_of()
    flow.warn("something")

    assert not response_return.wanted(flow)

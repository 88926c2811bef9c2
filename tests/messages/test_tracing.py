from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.messages.chat import Trace
from legion_llm.messages.tracing import inherited, new_trace, traceparent_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def test_a_new_trace_has_ids_of_its_own_and_no_parent():
    one, other = new_trace(), new_trace()

    assert (len(one.trace_id), len(one.span_id), one.parent_id) == (32, 16, None)
    assert {one.trace_id, one.span_id} & {other.trace_id, other.span_id} == set()


def test_a_request_stays_in_its_callers_trace_with_a_span_of_its_own():
    trace = inherited(f"00-{TRACE}-{SPAN}-01", correlation_id="order-7")

    assert (trace.trace_id, trace.parent_id, trace.sampled) == (TRACE, SPAN, True)
    assert trace.correlation_id == "order-7"
    assert trace.span_id != SPAN
    assert len(trace.span_id) == 16


def test_a_caller_that_does_not_record_its_trace_is_heard():
    assert not inherited(f"00-{TRACE}-{SPAN}-00").sampled


def test_a_header_of_a_later_version_may_say_more():
    assert inherited(f"01-{TRACE}-{SPAN}-01-and-more").trace_id == TRACE


@pytest.mark.parametrize(
    "header",
    [
        "",
        "rubbish",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n00-{TRACE}-{SPAN}-01",
    ],
)
def test_what_is_no_traceparent_begins_no_trace(header):
    assert inherited(header) is None


@given(st.text(max_size=80))
def test_no_text_is_too_strange_to_be_looked_at(header):
    assert inherited(header) is None or "-" in header


@pytest.mark.parametrize("sampled", [True, False])
def test_what_is_sent_on_names_the_request_as_the_parent(sampled):
    trace = Trace(trace_id=TRACE, span_id=SPAN, parent_id="1" * 16, sampled=sampled)

    child = inherited(traceparent_of(trace))

    assert (child.trace_id, child.parent_id, child.sampled) == (TRACE, SPAN, sampled)

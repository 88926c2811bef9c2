from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.providers.ollama_window import Verdict, judge, may_cut, stated_window
from legion_llm.messages.chat import ChatMessage, Request

counts = st.integers(1, 300_000)


@pytest.mark.parametrize(
    ("estimate", "read", "window", "verdict"),
    [
        (10_000, 9_500, 16_384, Verdict.WHOLE),
        (10_000, 9_500, None, Verdict.WHOLE),
        (10_000, 4_096, 4_096, Verdict.CUT),  # tokens were dropped
        (10_000, 700, 4_096, Verdict.CUT),  # whole messages were dropped
        (10_000, 700, 16_384, Verdict.WHOLE),  # the rest was in the cache
        (10_000, 700, None, Verdict.DOUBTFUL),
        (5_000, 4_096, 4_096, Verdict.CUT),
        (5_000, 1_000, 4_096, Verdict.DOUBTFUL),
        (900, 10, 512, Verdict.WHOLE),
        (10_000, 0, 4_096, Verdict.WHOLE),  # not told
    ],
)
def test_the_verdict(estimate, read, window, verdict):
    assert judge(estimate, read, window) is verdict


@given(counts, counts, counts)
def test_what_fits_twice_over_is_never_taken_for_cut(estimate, read, window):
    assert judge(estimate, read, max(window, estimate)) is not Verdict.CUT


@given(counts, counts)
def test_a_prompt_that_was_read_as_estimated_is_whole(estimate, window):
    assert judge(estimate, estimate, window) is Verdict.WHOLE


@given(st.integers(1000, 300_000), st.integers(1, 499))
def test_a_prompt_of_twice_the_window_is_cut_however_little_was_read(window, read):
    assert judge(window * 2 + 2, read, window) is Verdict.CUT


def request(**extra):
    return Request(messages=(ChatMessage(content="x"),), extra=extra)


def test_the_window_may_be_stated_in_several_places_and_the_settings_win():
    assert stated_window(request(), {}) is None
    assert stated_window(request(num_ctx=1), {}) == 1
    assert stated_window(request(options={"num_ctx": 2}), {}) == 2
    assert stated_window(request(num_ctx=1), {"options": {"num_ctx": 3}}) == 3
    assert stated_window(request(num_ctx="1"), {"num_ctx": 0}) is None


def test_cutting_may_be_allowed_by_the_request_or_the_settings():
    assert not may_cut(request(), {})
    assert may_cut(request(truncate=True), {})
    assert may_cut(request(), {"truncate": True})
    assert not may_cut(request(truncate=True), {"truncate": False})

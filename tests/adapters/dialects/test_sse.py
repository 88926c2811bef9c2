"""Server-sent events, however the network cuts them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.dialects.sse import DONE, SseDecoder, comment, data_event, named_event
from legion_llm.messages.errors import ProviderError


def events(*pieces, most=10_000):
    decoder = SseDecoder(most)
    return [(event.name, event.data) for piece in pieces for event in decoder.feed(piece)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"data: one\n\n", [(None, b"one")]),
        (b"data:one\n\n", [(None, b"one")]),
        (b"data:  one\n\n", [(None, b" one")]),
        (b"data: one\r\n\r\n", [(None, b"one")]),
        (b"data: one\r\rdata: two\r\r", [(None, b"one"), (None, b"two")]),
        (b"\xef\xbb\xbfdata: one\n\n", [(None, b"one")]),
        (b"data: one\ndata: two\n\n", [(None, b"one\ntwo")]),
        (b"event: ping\ndata: {}\n\n", [(b"ping", b"{}")]),
        (b": a comment\n\ndata: one\n\n", [(None, b"one")]),
        (b"id: 7\nretry: 100\ndata: one\n\n", [(None, b"one")]),
        (b"event: lonely\n\n", []),
        (b"\n\n\ndata: one\n\n", [(None, b"one")]),
        (b"data: unfinished", []),
        (b"data: unfinished\n", []),
        (b"", []),
    ],
)
def test_an_event_is_what_the_standard_says(text, expected):
    assert events(text) == expected


STREAM = "event: a\ndata: grüß\n\n: c\n\ndata: 世界\ndata: 2\n\ndata: [DONE]\n\n".encode()
WHOLE = events(STREAM)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_it_does_not_matter_where_the_bytes_are_cut_nor_how_lines_end(cuts, line_end):
    stream = STREAM.replace(b"\n", line_end)
    marks = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]

    pieces = [stream[start:end] for start, end in itertools.pairwise(marks)]

    assert events(*pieces) == WHOLE


def test_the_bytes_of_an_event_can_be_passed_on_as_they_came():
    (event,) = SseDecoder().feed(b"event: a\ndata: one\n\n")

    assert event.raw == b"event: a\ndata: one\n\n"


@pytest.mark.parametrize("pieces", [[b"data: " + b"x" * 200 + b"\n\n"], [b"data: ", b"x" * 200], [b"y" * 200]])
def test_an_event_without_an_end_is_not_kept_for_ever(pieces):
    with pytest.raises(ProviderError, match="more than the 100 bytes"):
        events(*pieces, most=100)


def test_what_turns_out_to_be_no_event_stream_is_an_error():
    with pytest.raises(ProviderError, match="not an event stream"):
        events(b"data: one\n\n", b"<html>oops</html>\n\n")


def test_what_is_written_can_be_read():
    written = data_event(b"{}") + comment("still here") + named_event("error", b"[]") + DONE

    assert events(written) == [(None, b"{}"), (b"error", b"[]"), (None, b"[DONE]")]

"""Frames of a stream, whichever way they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.fleet.reassembly import MOST_AHEAD, Reassembly
from legion_llm.messages.chat import Chunk, ChunkKind


def chunks(number):
    return (Chunk(kind=ChunkKind.DELTA, block_kind="text", delta=str(number)),)


@given(st.permutations(range(8)), st.lists(st.integers(0, 7), max_size=6))
def test_frames_come_out_in_order_and_once_however_they_came(order, repeated):
    reassembly = Reassembly()
    reassembly.finish(8)

    out = [chunk for each in (*order, *repeated) for chunk in reassembly.add(each, chunks(each))]

    assert [chunk.delta for chunk in out] == list("01234567")
    assert reassembly.is_complete
    assert reassembly.duplicates == len(repeated)


def test_a_stream_with_a_missing_frame_is_not_complete():
    reassembly = Reassembly()
    reassembly.add(0, chunks(0))
    reassembly.finish(3)

    assert reassembly.add(2, chunks(2)) == []
    assert not reassembly.is_complete
    assert reassembly.received == 1


def test_a_frame_that_is_too_far_ahead_is_refused():
    with pytest.raises(ValueError, match="while frame 0 is missing"):
        Reassembly().add(MOST_AHEAD + 1, ())

"""Lines of JSON, however the network cuts them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.dialects.ndjson import NdjsonDecoder
from legion_llm.messages.errors import ProviderError


def lines(*pieces, most=10_000):
    decoder = NdjsonDecoder(most)
    return [line for piece in pieces for line in decoder.feed(piece)]


STREAM = '{"a":1}\n\n{"b":"世界"}\r\n{"c":3}\n'.encode()


@given(st.lists(st.integers(0, len(STREAM)), max_size=10))
def test_it_does_not_matter_where_the_bytes_are_cut(cuts):
    marks = [0, *sorted(cuts), len(STREAM)]

    pieces = [STREAM[start:end] for start, end in itertools.pairwise(marks)]

    assert lines(*pieces) == [b'{"a":1}', '{"b":"世界"}'.encode(), b'{"c":3}']


def test_a_line_that_has_not_ended_is_none_yet():
    assert lines(b'{"a":') == []


@pytest.mark.parametrize("pieces", [[b"x" * 101], [b"x" * 60, b"x" * 60], [b"x" * 101 + b"\n"]])
def test_a_line_without_an_end_is_not_kept_for_ever(pieces):
    with pytest.raises(ProviderError, match="more than the 100 bytes"):
        lines(*pieces, most=100)

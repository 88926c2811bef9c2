"""Finding out how deep JSON nests, without parsing it."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.http.json_depth import is_deeper_than

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=40,
)


def _depth(value):
    if not isinstance(value, (list, dict)):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inner), default=0)


@given(JSON, st.booleans())
def test_it_finds_the_depth_that_a_parser_finds(value, ascii_only):
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")

    depth = _depth(value)

    assert not is_deeper_than(depth, body)
    assert depth == 0 or is_deeper_than(depth - 1, body)


@pytest.mark.parametrize("text", ["[" * 50, '"' + "{" * 50, "\\" + "[" * 50, '\\"' + "[" * 50, "\n[[[["])
def test_brackets_in_strings_do_not_count(text):
    body = json.dumps([text]).encode()

    assert not is_deeper_than(1, body)


@pytest.mark.parametrize("body", [b"", b'"', b'"\\', b"]]]]", b"\\" * 9, b'"[[[[[[[[[[', b"\xff[", b'{"a":"\\'])
def test_malformed_json_is_left_to_the_parser(body):
    assert not is_deeper_than(1, body)


@pytest.mark.parametrize(
    "unit", [b"[", b"[]", b'"\\', b'"', b'\\"', b"{", b'"a",', b'["\\"[",{}],'], ids=lambda unit: unit.decode()
)
def test_no_hostile_body_takes_more_than_a_pass(unit):
    def seconds(size):
        body = b"[" * 300 + unit * (size // len(unit))
        started = time.process_time()
        is_deeper_than(200, body)
        return time.process_time() - started

    # Sixteen times the size: a pass takes 16 times as long, a pass per byte 256 times.
    assert seconds(1 << 20) < 64 * max(seconds(1 << 16), 0.001)

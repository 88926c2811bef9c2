"""Ids of tool calls for vendors who take letters, digits, "_" and "-" alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.dialects.plain_ids import original_id, plain_id


@pytest.mark.parametrize("call_id", ["toolu_01A", "call_1", "x-y"])
def test_an_id_that_is_taken_stays_what_it_is(call_id):
    assert plain_id(call_id) == original_id(call_id) == call_id


@given(st.text(max_size=60) | st.text(max_size=20).map(plain_id))
def test_every_id_is_spelled_in_plain_signs_and_read_back(call_id):
    plain = plain_id(call_id)

    assert re.fullmatch("[a-zA-Z0-9_-]+", plain)
    assert original_id(plain) == call_id


def test_an_id_that_is_too_long_becomes_a_digest_that_is_always_the_same():
    long = "functions." + "x" * 100

    assert plain_id(long, 64) == plain_id(long, 64) != plain_id(long + "y", 64)
    assert len(plain_id(long, 64)) <= 64


@pytest.mark.parametrize("call_id", ["legion_", "legion_*", "legion_AB=", "legion_B", "legion__w"])
def test_what_only_looks_spelled_out_is_an_id_like_any_other(call_id):
    assert original_id(plain_id(call_id)) == call_id

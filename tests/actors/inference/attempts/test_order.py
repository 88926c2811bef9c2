from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.inference.attempts.order import distinct
from legion_llm.actors.inference.attempts.order import in_order as ordered
from legion_llm.messages.cause import Cause
from legion_llm.messages.routing import Target

TIERS = ("local", "fleet", "openai_compat", "cloud", "frontier")


def target(name, tier="cloud", *, model="m", window=None):
    return Target(instance=name, model=model, tier=tier, context_window=window)


def names(targets):
    return "".join(each.instance for each in targets)


def in_order(cause, failed, left, tiers=TIERS):
    return ordered(cause, failed, left, tiers)


targets = st.builds(
    target,
    st.sampled_from("abcd"),
    st.sampled_from(TIERS),
    model=st.sampled_from("mn"),
    window=st.sampled_from([None, 8, 32, 128]),
)


def test_each_target_stands_once_where_it_stood_first():
    again = target("a", tier="local")

    assert distinct([target("a"), target("b"), again, target("a", model="n")]) == (
        target("a"),
        target("b"),
        target("a", model="n"),
    )


def test_a_target_is_known_by_instance_and_model():
    assert target("a", tier="local").key == target("a", tier="cloud").key


@pytest.mark.parametrize("cause", sorted(set(Cause) - {Cause.POOR, Cause.OVERFLOW}))
def test_a_failure_leaves_the_routers_order_alone(cause):
    left = (target("b", "frontier"), target("c", "local"), target("d", "cloud"))

    assert in_order(cause, target("a"), left) == left


def test_a_poor_answer_goes_to_a_peer_then_upward_and_downward_last():
    left = (target("f", "frontier"), target("l", "local"), target("p", model="n"), target("o", "openai_compat"))

    assert names(in_order(Cause.POOR, target("a"), left)) == "pfol"


def test_the_tiers_stand_in_the_order_of_the_settings():
    left = (target("l", "local"), target("f", "frontier"), target("o", "openai_compat"))

    assert names(in_order(Cause.POOR, target("a"), left, ("frontier", "cloud", "local"))) == "lof"


def test_after_a_poor_answer_another_model_comes_before_the_same_one_elsewhere():
    left = (target("b"), target("c", model="n"), target("d", "frontier"))

    assert names(in_order(Cause.POOR, target("a"), left)) == "cbd"


def test_after_an_overflow_only_a_larger_window_can_help():
    left = (target("b", window=8), target("c", window=32), target("d", window=128, model="n"))

    assert names(in_order(Cause.OVERFLOW, target("a", window=32), left)) == "d"


def test_a_peer_of_unknown_window_is_skipped_after_an_overflow_and_a_higher_tier_is_not():
    left = (target("b"), target("c", "frontier"))

    assert names(in_order(Cause.OVERFLOW, target("a"), left)) == "c"


@given(st.sampled_from(sorted(Cause)), targets, st.lists(targets, max_size=8))
def test_an_order_invents_nobody_and_loses_nobody_but_after_an_overflow(cause, failed, left):
    order = in_order(cause, failed, left)

    assert set(order) <= set(left)
    assert cause is Cause.OVERFLOW or sorted(map(str, order)) == sorted(map(str, left))


@given(targets, st.lists(targets, max_size=8))
def test_nobody_with_a_smaller_window_is_asked_after_an_overflow(failed, left):
    order = in_order(Cause.OVERFLOW, failed, left)

    assert not [
        each
        for each in order
        if None not in (each.context_window, failed.context_window) and each.context_window <= failed.context_window
    ]

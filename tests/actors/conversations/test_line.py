from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.conversations.line import line_to, main_line
from legion_llm.actors.conversations.port import Link


def link(seq, parent=None, group=None, *, aside=False):
    return Link(seq, f"m{seq}", None if parent is None else f"m{parent}", group, aside)


def test_an_empty_log_has_no_line():
    assert main_line([]) == ()


def test_a_log_without_links_is_its_own_line():
    assert main_line([link(1), link(2), link(5)]) == (1, 2, 5)


def test_asides_are_left_out():
    assert main_line([link(1), link(2, aside=True), link(3)]) == (1, 3)


def test_where_the_line_forks_the_newest_branch_counts():
    assert main_line([link(1), link(2), link(3), link(4), link(5, parent=2), link(6)]) == (1, 2, 5, 6)


def test_a_fork_at_the_first_message_leaves_the_others_behind():
    assert main_line([link(1), link(2), link(3, parent=1)]) == (1, 3)


def test_siblings_of_a_group_stand_behind_their_anchor_in_the_order_of_the_log():
    log = [link(1), link(2, parent=1, group="g"), link(3, parent=1, group="g"), link(4, parent=1, group="g"), link(5)]

    assert main_line(log) == (1, 4, 2, 3, 5)


def test_a_group_of_another_parent_is_no_sibling():
    log = [link(1), link(2, parent=1, group="g"), link(3, parent=2, group="g"), link(4)]

    assert main_line(log) == (1, 2, 3, 4)


def test_a_parent_that_is_gone_begins_the_line():
    assert main_line([link(1), link(2, parent=99), link(3)]) == (2, 3)


def test_a_ring_that_somebody_made_ends():
    ring = [Link(1, "a", "b", None, False), Link(2, "b", "a", None, False)]

    assert set(main_line(ring)) == {1, 2}


def test_a_line_to_a_message_leaves_newer_branches_aside():
    log = [link(1), link(2), link(3), link(4, parent=2), link(5)]

    assert line_to("m3", log) == (1, 2, 3)
    assert line_to("m5", log) == (1, 2, 4, 5)


def test_there_is_no_line_to_a_message_that_is_not_there_or_in_an_aside():
    assert line_to("m9", [link(1)]) is None
    assert line_to("m2", [link(1), link(2, aside=True)]) is None


@given(st.lists(st.integers(0, 8), max_size=20))
def test_a_line_holds_no_place_twice_rises_and_ends_with_the_newest(parents):
    log = [link(seq, None if parent == 0 or parent >= seq else parent) for seq, parent in enumerate(parents, 1)]

    line = main_line(log)

    assert list(line) == sorted(set(line))
    assert not log or line[-1] == len(log)

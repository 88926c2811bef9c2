from __future__ import annotations

import collections
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.router.balance import PEERS, balanced
from legion_llm.actors.router.candidate import Candidate, target_of
from legion_llm.actors.router.catalogue import Instance
from legion_llm.messages.explanation import Source
from legion_llm.messages.load import Load


def candidate(name, **more):
    provider = name.partition("/")[0]
    instance = Instance(name=name, provider=provider, kind="openai_compat", tier="cloud")
    return Candidate(instance, target_of(instance, "m"), Source.EXPLICIT, **more)


def arranged(candidates, loads=None, *, affinity=None, draw=None, balance="siblings"):
    """Return the names in the order in which they are tried; a candidate may be given by its name."""
    ordered = balanced(
        [candidate(each) if isinstance(each, str) else each for each in candidates],
        peers=PEERS[balance],
        loads={name: Load(*load) for name, load in (loads or {}).items()},
        affinity=affinity,
        draw=draw or random.Random(1).randrange,
    )
    return [each.target.instance for each in ordered]


def first_of(times, names, loads=None, **more):
    dice = random.Random(7)
    return collections.Counter(arranged(names, loads, draw=dice.randrange, **more)[0] for _ in range(times))


TWO = ("openai/eu", "openai/us")
FIVE = tuple(f"pool/{letter}" for letter in "abcde")


def test_those_that_are_not_equal_keep_their_order():
    assert arranged(["a", "b/1", "c"], {"a": (99, 9.0)}) == ["a", "b/1", "c"]


def test_equals_that_are_no_neighbours_are_not_mixed():
    assert arranged(["a/1", "b", "a/2"], {"a/1": (99, 9.0)}) == ["a/1", "b", "a/2"]


@pytest.mark.parametrize(
    "other",
    [
        candidate("openai/us", priority=1.0),
        candidate("openai/us", health=-10.0),
        candidate("openai/us", group=1),
        candidate("openai/us", probe=25.0),
        candidate("openai/us", waits=True),
        candidate("gateway/us"),
    ],
    ids=["rule", "slow", "group", "probe", "probed", "provider"],
)
def test_who_differs_in_what_matters_is_no_equal(other):
    order = [candidate("openai/eu"), other]

    assert arranged(order, {"openai/eu": (99, 9.0)}) == [each.target.instance for each in order]


def test_another_model_is_no_equal():
    one, other = candidate("openai/eu"), candidate("openai/us")
    other.target = target_of(other.instance, "n")

    assert arranged([one, other], {"openai/eu": (99, 9.0)}) == ["openai/eu", "openai/us"]


def test_everybody_with_the_same_points_is_equal_where_the_settings_say_so():
    assert arranged(["a", "b"], {"a": (99, 9.0)}, balance="equals") == ["b", "a"]


@pytest.mark.parametrize(
    ("eu", "us", "first"),
    [
        ((5, 1.0), (3, 1.0), "openai/us"),
        ((3, 1.0), (5, 1.0), "openai/eu"),
        ((5, 1.0), (3, 2.0), "openai/eu"),  # fewer calls that take longer: 6 against 8
        ((0, 0.1), (0, 10.0), "openai/eu"),
    ],
)
def test_of_two_the_one_with_the_shorter_line_goes_first(eu, us, first):
    for seed in range(10):
        order = arranged(TWO, {"openai/eu": eu, "openai/us": us}, draw=random.Random(seed).randrange)
        assert order[0] == first


def test_equals_that_are_equally_busy_share_the_work():
    assert first_of(1000, TWO) == {"openai/eu": pytest.approx(500, abs=60), "openai/us": pytest.approx(500, abs=60)}


def test_of_many_the_busiest_is_never_first_and_the_others_all_are_now_and_then():
    loads = {name: (number, 1.0) for number, name in enumerate(FIVE)}

    firsts = first_of(2000, FIVE, loads)

    assert firsts.keys() == set(FIVE) - {"pool/e"}
    assert [name for name, _ in firsts.most_common()] == ["pool/a", "pool/b", "pool/c", "pool/d"]


def test_after_the_first_the_less_busy_is_tried_before_the_busier():
    loads = {name: (10 - number, 1.0) for number, name in enumerate(FIVE)}

    rest = arranged(FIVE, loads)[1:]

    assert rest == sorted(rest, reverse=True)


def test_one_that_nobody_has_asked_yet_counts_as_fast_as_the_fastest():
    loads = {"openai/eu": (0, 0.2), "openai/us": (0, 0.0)}

    assert first_of(1000, TWO, loads)["openai/us"] == pytest.approx(500, abs=60)


def test_a_crowd_that_comes_before_any_answer_is_spread():
    dice, in_flight = random.Random(3), collections.Counter()
    for _ in range(1000):
        loads = {name: (in_flight[name], 0.0) for name in FIVE}
        in_flight[arranged(FIVE, loads, draw=dice.randrange)[0]] += 1

    assert max(in_flight.values()) - min(in_flight.values()) <= 5


# -- affinity


def test_an_affinity_leads_to_the_same_one_whatever_is_drawn_and_however_busy_it_is():
    firsts = {
        arranged(FIVE, {"pool/a": (seed, 1.0), "pool/b": (9 - seed, 1.0)}, affinity="chat-7")[0] for seed in range(10)
    }

    assert len(firsts) == 1


def test_an_affinity_does_not_depend_on_the_process():
    assert arranged(FIVE, affinity="chat-7") == ["pool/a", "pool/d", "pool/b", "pool/c", "pool/e"]


def test_keys_are_spread_evenly():
    firsts = collections.Counter(arranged(FIVE, affinity=f"chat-{number}")[0] for number in range(5000))

    assert all(count == pytest.approx(1000, abs=120) for count in firsts.values())
    assert firsts.keys() == set(FIVE)


@given(st.text(min_size=1), st.sampled_from(FIVE))
def test_one_that_goes_away_moves_its_own_keys_alone(key, gone):
    before = arranged(FIVE, affinity=key)
    after = arranged([name for name in FIVE if name != gone], affinity=key)

    assert after == [name for name in before if name != gone]


@given(st.permutations(FIVE), st.text(min_size=1))
def test_the_order_of_the_settings_does_not_matter_to_an_affinity(names, key):
    assert arranged(names, affinity=key) == arranged(FIVE, affinity=key)


@given(
    st.lists(st.sampled_from(["a", "b/1", "b/2", "c/1", "c/2", "c/3"]), unique=True),
    st.dictionaries(st.sampled_from(["b/1", "c/2"]), st.tuples(st.integers(0, 99), st.floats(0.0, 99.0))),
    st.none() | st.text(),
    st.randoms(use_true_random=False),
)
def test_nobody_is_lost_or_doubled_and_groups_stay_where_they_were(names, loads, affinity, dice):
    ordered = arranged(names, loads, affinity=affinity, draw=dice.randrange)

    assert sorted(ordered) == sorted(names)
    assert [name[0] for name in ordered] == [name[0] for name in names]

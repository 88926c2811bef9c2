"""What workers said, and what that is worth."""

from __future__ import annotations

from legion_llm.actors.fleet.roster import Roster
from legion_llm.messages.catalogue import Capability, ModelFacts
from legion_llm.messages.fleet import FleetOffer, Hardware, OfferedModel


def offer(worker, *, loaded=None, in_flight=0, concurrency=2, rank=0, window=None, can=(), interval=1.0):
    facts = ModelFacts(name="m", loaded=loaded, context_window=window, can=frozenset(can))
    model = OfferedModel(facts=facts, instance="ollama", kind="ollama", lanes=("lane",))
    return FleetOffer(
        worker=worker,
        models=(model,),
        concurrency=concurrency,
        in_flight=in_flight,
        interval=interval,
        hardware=Hardware(rank=rank),
    )


def roster_of(*offers):
    roster = Roster()
    for each in offers:
        roster.heard(each, 0.0)
    return roster


def test_a_free_worker_comes_before_a_busy_one_even_if_that_is_warm():
    roster = roster_of(offer("busy", loaded=True, in_flight=2), offer("free"))

    assert roster.workers_of("lane") == ("free", "busy")


def test_of_free_workers_the_warm_one_comes_first():
    roster = roster_of(offer("cold", loaded=False), offer("warm", loaded=True, in_flight=1))

    assert roster.workers_of("lane") == ("warm", "cold")


def test_of_equals_the_faster_one_comes_first_and_then_the_one_with_less_to_do():
    roster = roster_of(offer("slow"), offer("fast", rank=2, in_flight=1), offer("less", rank=2))

    assert roster.workers_of("lane") == ("less", "fast", "slow")


def test_what_a_worker_was_given_counts_until_its_next_word():
    roster = roster_of(offer("a"), offer("b"))

    roster.gave("a")
    assert roster.workers_of("lane") == ("b", "a")
    roster.heard(offer("a"), 1.0)
    assert roster.workers_of("lane") == ("a", "b")


def test_a_worker_that_leaves_out_three_words_is_gone():
    roster = roster_of(offer("a", interval=1.0), offer("b", interval=5.0))

    assert roster.drop_silent(3.0) == ()
    assert roster.drop_silent(3.1) == ("a",)
    assert len(roster) == 1


def test_an_unknown_lane_has_no_workers():
    assert roster_of(offer("a")).lane_for(["other"]) is None


def test_models_are_merged_over_workers():
    roster = roster_of(
        offer("a", window=8192, can={Capability.CHAT}), offer("b", window=32768, loaded=True, can={Capability.TOOLS})
    )

    [facts] = roster.models()

    assert facts.context_window == 32768
    assert facts.loaded is True
    assert facts.can == {Capability.CHAT, Capability.TOOLS}
    assert roster.windows_of("m") == (8192, 32768)


def test_only_a_change_of_models_is_news():
    roster = roster_of(offer("a"))

    assert not roster.heard(offer("a", in_flight=1), 1.0)
    assert roster.heard(offer("a", loaded=True), 2.0)


def test_a_worker_that_refuses_what_others_take_is_asked_last_for_a_while():
    roster = roster_of(offer("odd", rank=9, interval=100.0), offer("sane", in_flight=2, interval=100.0))

    roster.distrust("odd", 60.0)
    roster.drop_silent(59.0)
    assert roster.workers_of("lane") == ("sane", "odd")

    roster.drop_silent(60.0)
    assert roster.workers_of("lane") == ("odd", "sane")

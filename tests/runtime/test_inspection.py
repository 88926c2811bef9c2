"""Looking into a running system disturbs nobody and works whatever the actors do."""

from __future__ import annotations

import asyncio

import attrs
import pytest
import trio
from legion_llm.messages.errors import ActorCrashed, MailboxFull, NotFoundError
from legion_llm.runtime import Actor, ChildSpec, SupervisorSpec
from legion_llm.runtime.redaction import plain
from legion_llm.runtime.statistics import percentile
from zoo import HOMES, SOON, Add, Clerk, Fail, Hold, Note, Porter


def test_the_tree_shows_every_branch_and_actor(make_system):
    system = make_system(
        ChildSpec(name="clerk", factory=Clerk),
        SupervisorSpec(name="branch", children=(ChildSpec(name="leaf", factory=Clerk),)),
    )

    described = system.inspect()

    clerk, branch = described["tree"]["children"]
    assert (described["state"], clerk["name"], clerk["state"]) == ("ready", "clerk", "ready")
    assert (branch["name"], [leaf["name"] for leaf in branch["children"]]) == ("branch", ["branch/leaf"])


@HOMES
def test_an_actor_shows_its_state_and_what_the_runtime_knows(make_system, home):
    system = make_system(ChildSpec(name="clerk", factory=Clerk, home=home))
    system.address("clerk").request(Add(number=3)).get(SOON)

    shown = system.inspect("clerk")

    assert shown["snapshot"] == {"sum": 3}
    assert (shown["handled"], shown["failed"], shown["mailbox"]["depth"]) == (1, 0, 0)
    assert shown["handler_p99_us"] > 0


@HOMES
def test_a_flooded_and_busy_actor_can_still_be_looked_at(make_system, home, gate):
    system = make_system(ChildSpec(name="porter", factory=lambda: Porter(gate), mailbox_capacity=5, home=home))
    address = system.address("porter")
    address.tell(Hold())
    gate.wait_arrived()
    for _ in range(5):
        address.tell(Add())
    with pytest.raises(MailboxFull):
        address.tell(Add())

    shown = system.inspect("porter")

    assert (shown["mailbox"]["depth"], shown["mailbox"]["types"]) == (5, {"Add": 5})
    assert (shown["snapshot"], shown["current"], shown["tasks"]) == ({}, "Hold", 1)


@pytest.mark.parametrize("run", [lambda main: asyncio.run(main()), trio.run], ids=["asyncio", "trio"])
def test_a_coroutine_may_look_too(make_system, run):
    system = make_system(ChildSpec(name="clerk", factory=Clerk))

    async def main():
        return await system.inspect_async("clerk"), await system.inspect_async()

    actor, everything = run(main)

    assert actor["snapshot"] == {"sum": 0}
    assert everything["state"] == "ready"


def test_an_actor_that_is_not_there_is_an_error_that_names_those_that_are(make_system):
    with pytest.raises(NotFoundError, match="no actor 'clark'; actors: clerk"):
        make_system(ChildSpec(name="clerk", factory=Clerk)).inspect("clark")


class Broken(Actor[Add]):
    """Cannot say how it is."""

    def on_add(self, message: Add) -> int:
        return message.number

    def snapshot(self):
        raise ValueError("nobody knows")


def test_a_snapshot_with_a_bug_harms_nobody(make_system):
    system = make_system(ChildSpec(name="broken", factory=Broken))

    assert system.inspect("broken")["snapshot"] == {"snapshot_failed": "ValueError: nobody knows"}
    assert system.address("broken").request(Add(number=2)).get(SOON) == 2


def test_a_crash_is_counted_and_remembered(make_system):
    system = make_system(ChildSpec(name="clerk", factory=Clerk))
    with pytest.raises(ActorCrashed):
        system.address("clerk").request(Fail(error="bug")).get(SOON)
    system.address("clerk").request(Add()).get(SOON)

    shown = system.inspect("clerk")

    assert (shown["crashes"], shown["restarts"], shown["last_error"]) == (1, 1, "ValueError: bug")


def test_of_dead_letters_the_last_are_kept_and_all_are_counted(make_system):
    system = make_system(ChildSpec(name="clerk", factory=Clerk), dead_letters_kept=3)
    for _ in range(5):
        system.address("nobody").offer(Note(what="a secret"))
    system.shutdown()
    for _ in range(5):
        assert not system.address("clerk").offer(Note(what="a secret"))

    letters = system.describe()["dead_letters"]

    assert letters["total"] >= 5
    assert [letter["message"] for letter in letters["last"]] == ["Note"] * 3
    assert "secret" not in str(letters)


# -- plain data


@attrs.frozen
class Secret:
    value: str


def test_what_is_not_plain_is_replaced_by_its_type():
    shown = plain({"key": Secret("hunter2"), "error": ValueError("hunter2"), 7: b"hunter2"})

    assert shown == {"key": "<Secret>", "error": "<ValueError>", "7": "<bytes>"}


def test_long_texts_large_lists_and_deep_nests_are_cut():
    deep = []
    for _ in range(50):
        deep = [deep]

    assert plain("x" * 501) == "x" * 500 + "..."
    assert len(plain(list(range(2000)))) == 1000
    assert "..." in str(plain(deep))


@pytest.mark.parametrize(
    ("values", "share", "result"), [([], 0.5, 0.0), ([3.0], 0.99, 3.0), ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0)]
)
def test_percentiles_are_of_the_nearest_rank(values, share, result):
    assert percentile(values, share) == result

"""Asking and telling, wherever asker and actor live."""

from __future__ import annotations

import threading

import pytest
from legion_llm.messages.base import Message
from legion_llm.messages.errors import ActorCrashed, ActorStopped, MailboxFull, UnhandledMessage
from legion_llm.runtime import ASYNCIO, TRIO, Actor, ChildSpec
from zoo import HOMES, SOON, Add, Asker, Clerk, Doer, ExpectedError, Fail, Hold, Note, Notes, Porter


@pytest.fixture(params=[TRIO, ASYNCIO], ids=str)
def clerk(request, make_system):
    """The address of a clerk on either loop."""
    return make_system(ChildSpec(name="clerk", factory=Clerk, home=request.param)).address("clerk")


def test_an_ask_is_answered_with_what_the_handler_returns(clerk):
    assert [clerk.request(Add(number=number)).get(SOON) for number in (1, 2, 3)] == [1, 3, 6]


def test_what_is_told_is_handled_in_order(clerk):
    for number in range(100):
        clerk.tell(Note(what=number))

    assert clerk.request(Notes()).get(SOON) == tuple(range(100))


def test_what_many_threads_tell_all_arrives_each_threads_words_in_order(clerk):
    def speak(speaker):
        for number in range(50):
            clerk.tell(Note(what=(speaker, number)))

    threads = [threading.Thread(target=speak, args=(speaker,)) for speaker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    notes = clerk.request(Notes()).get(SOON)

    assert len(notes) == 400
    assert all([number for who, number in notes if who == speaker] == list(range(50)) for speaker in range(8))


def test_an_expected_failure_is_the_answer_and_the_actor_lives_on(clerk):
    clerk.request(Add(number=5)).get(SOON)

    with pytest.raises(ExpectedError):
        clerk.request(Fail()).get(SOON)

    assert clerk.request(Add(number=1)).get(SOON) == 6


@pytest.mark.parametrize("kind", ["bug", "exit", "interrupt"])
def test_anything_else_is_a_bug_that_ends_the_actor_and_nothing_else(clerk, kind):
    clerk.request(Add(number=5)).get(SOON)

    with pytest.raises(ActorCrashed, match="clerk"):
        clerk.request(Fail(error=kind)).get(SOON)

    assert clerk.request(Add(number=1)).get(SOON) == 1


@HOMES
@pytest.mark.parametrize("kind", ["bug", "exit", "interrupt"])
def test_a_bug_in_an_exclusive_handler_ends_the_actor_alike(make_system, home, gate, kind):
    system = make_system(ChildSpec(name="porter", factory=lambda: Porter(gate), home=home))

    with pytest.raises(ActorCrashed, match="porter"):
        system.address("porter").request(Fail(error=kind)).get(SOON)

    assert system.address("porter").request(Add(number=1)).get(SOON) == 2
    assert system.inspect("porter")["crashes"] == 1


@HOMES
@pytest.mark.parametrize("kind", ["bug", "exit", "interrupt"])
def test_a_bug_in_a_spawned_handler_costs_its_ask_alone(make_system, home, gate, kind):
    system = make_system(ChildSpec(name="doer", factory=lambda: Doer(gate), home=home))
    other = system.address("doer").request(Hold())
    gate.wait_arrived()

    with pytest.raises(ActorCrashed, match="doer"):
        system.address("doer").request(Fail(error=kind)).get(SOON)
    gate.open()

    assert other.get(SOON) == "through 0"
    assert system.inspect("doer")["crashes"] == 0


def test_the_cause_of_a_crash_is_kept(clerk):
    with pytest.raises(ActorCrashed) as caught:
        clerk.request(Fail(error="bug")).get(SOON)

    assert isinstance(caught.value.__cause__, ValueError)


class Unknown(Message[None]):
    pass


def test_a_message_that_nobody_handles_is_an_error_and_a_dead_letter(make_system):
    system = make_system(ChildSpec(name="clerk", factory=Clerk))

    with pytest.raises(UnhandledMessage, match="no handler for Unknown"):
        system.address("clerk").request(Unknown()).get(SOON)

    assert system.describe()["dead_letters"]["by_reason"] == {"unhandled": 1}


@HOMES
def test_an_exclusive_handler_lets_no_other_message_in(make_system, home, gate):
    system = make_system(ChildSpec(name="porter", factory=lambda: Porter(gate), home=home))
    held = system.address("porter").request(Hold())
    gate.wait_arrived()
    behind = system.address("porter").request(Add(number=1))

    assert system.inspect("porter")["mailbox"]["depth"] == 1
    assert system.inspect("porter")["current"] == "Hold"
    gate.open()
    assert (held.get(SOON), behind.get(SOON)) == ("through 0", 2)


@HOMES
def test_spawned_handlers_work_side_by_side(make_system, home, gate):
    system = make_system(ChildSpec(name="doer", factory=lambda: Doer(gate), home=home))
    replies = [system.address("doer").request(Hold(gate=number)) for number in range(20)]

    gate.wait_arrived(20)
    gate.open()

    assert [reply.get(SOON) for reply in replies] == [f"through {number}" for number in range(20)]


@HOMES
@pytest.mark.parametrize("other", [TRIO, ASYNCIO], ids=str)
def test_an_actor_asks_another_on_either_loop(make_system, home, other):
    system = make_system()
    system.add("", ChildSpec(name="clerk", factory=Clerk, home=other))
    system.add("", ChildSpec(name="asker", factory=lambda: Asker(system.address("clerk")), home=home))

    assert system.address("asker").request(Add(number=4)).get(SOON) == 4


@HOMES
@pytest.mark.parametrize("other", [TRIO, ASYNCIO], ids=str)
def test_an_ask_on_the_way_is_answered_when_the_other_actor_dies(make_system, home, other, gate):
    system = make_system()
    system.add("", ChildSpec(name="porter", factory=lambda: Porter(gate), home=other))
    system.add("", ChildSpec(name="asker", factory=lambda: Asker(system.address("porter")), home=home))
    reply = system.address("asker").request(Hold())
    gate.wait_arrived()

    system.kill("porter")

    with pytest.raises(ActorCrashed, match="porter"):
        reply.get(SOON)


def test_a_flooded_mailbox_refuses_at_once_and_loses_nothing_that_it_took(make_system, gate):
    system = make_system(ChildSpec(name="porter", factory=lambda: Porter(gate), mailbox_capacity=3))
    address = system.address("porter")
    held = address.request(Hold())
    gate.wait_arrived()
    taken = [address.request(Add(number=number)) for number in range(3)]

    with pytest.raises(MailboxFull, match="3 messages wait"):
        address.tell(Add())
    assert not address.offer(Add())
    with pytest.raises(MailboxFull):
        address.request(Add()).get(SOON)

    gate.open()
    assert [held.get(SOON), *(reply.get(SOON) for reply in taken)] == ["through 0", 1, 2, 3]
    assert system.describe()["dead_letters"]["by_reason"] == {"full": 3}


def test_who_is_told_after_the_end_answers_that_it_is_gone(make_system):
    system = make_system(ChildSpec(name="clerk", factory=Clerk))
    address = system.address("clerk")
    system.shutdown()

    with pytest.raises(ActorStopped, match="stopped"):
        address.tell(Note())
    with pytest.raises(ActorStopped):
        address.request(Notes()).get(SOON)


def test_an_address_is_good_before_its_actor_has_started(make_system):
    system = make_system()
    address = system.address("clerk")

    system.add("", ChildSpec(name="clerk", factory=Clerk))

    assert address.request(Add(number=2)).get(SOON) == 2


class Echo(Actor[Note]):
    """Tells another what it hears, a number of times, and writes down when it begins and ends."""

    def __init__(self, book, who, address_of) -> None:
        super().__init__()
        self._book, self._who, self._address_of = book, who, address_of

    def on_note(self, message: Note) -> None:
        self._book.append(f"{self._who} begins {message.what}")
        if message.what:
            self._address_of("b" if self._who == "a" else "a").tell(Note(what=message.what - 1))
        self._book.append(f"{self._who} ends {message.what}")


@HOMES
def test_a_handler_is_never_entered_again_by_what_it_sets_off(make_system, home):
    system, book = make_system(), []
    for name in "ab":
        system.add("", ChildSpec(name=name, factory=lambda name=name: Echo(book, name, system.address), home=home))

    system.address("a").request(Note(what=3)).get(SOON)
    while len(book) < 8:  # what was set off comes to its end by itself
        pass

    for who in "ab":
        mine = [line.split()[1] for line in book if line.startswith(who)]
        assert mine == ["begins", "ends"] * (len(mine) // 2)
    assert len(book) == 8


class Teller(Actor[Add]):
    """Tells a crash, and goes on."""

    def __init__(self, other) -> None:
        super().__init__()
        self._other = other

    def on_add(self, message: Add) -> int:
        self._other.tell(Fail(error="bug"))
        return message.number


@HOMES
def test_a_bug_in_what_was_told_is_not_the_tellers(make_system, home):
    system = make_system(ChildSpec(name="clerk", factory=Clerk, home=home))
    system.add("", ChildSpec(name="teller", factory=lambda: Teller(system.address("clerk")), home=home))

    assert system.address("teller").request(Add(number=4)).get(SOON) == 4
    assert system.address("clerk").request(Add(number=1)).get(SOON) == 1
    assert (system.inspect("clerk")["crashes"], system.inspect("teller")["crashes"]) == (1, 0)

"""The only door to an actor: bounded, in two lanes, in order."""

from __future__ import annotations

import math
import queue

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.messages.base import Message
from legion_llm.messages.errors import ActorStopped, MailboxFull
from legion_llm.runtime.envelope import Envelope
from legion_llm.runtime.mailbox import SYSTEM_LANE_CAPACITY, Mailbox
from legion_llm.runtime.system_messages import Inspect
from pykka._envelope import Envelope as PykkaEnvelope


@attrs.frozen
class Word(Message[None]):
    number: int = 0


class Time:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def mailbox(time):
    return Mailbox("clerk", 3, time)


def put(mailbox, *messages, **more):
    for message in messages:
        mailbox.put(Envelope(message, **more))


def taken(mailbox, **more):
    messages = []
    while (envelope := mailbox.take(**more)) is not None:
        messages.append(envelope.message)
    return messages


def test_messages_come_out_in_the_order_in_which_they_went_in(mailbox):
    put(mailbox, Word(1), Word(2), Word(3))

    assert taken(mailbox) == [Word(1), Word(2), Word(3)]


def test_the_system_lane_overtakes(mailbox):
    put(mailbox, Word(1), Inspect(), Word(2))

    assert taken(mailbox) == [Inspect(), Word(1), Word(2)]


def test_a_busy_actor_takes_from_the_system_lane_alone(mailbox):
    put(mailbox, Word(1), Inspect())

    assert taken(mailbox, system_only=True) == [Inspect()]
    assert mailbox.depth() == 1


def test_a_full_lane_refuses_and_keeps_what_it_has(mailbox):
    put(mailbox, Word(1), Word(2), Word(3))

    with pytest.raises(MailboxFull) as caught:
        put(mailbox, Word(4))

    assert (caught.value.actor, caught.value.capacity) == ("clerk", 3)
    assert len(taken(mailbox)) == 3


def test_a_flooded_actor_can_still_be_looked_at(mailbox):
    put(mailbox, Word(1), Word(2), Word(3))

    put(mailbox, Inspect())

    assert mailbox.take().message == Inspect()


def test_the_system_lane_is_bounded_too(mailbox):
    put(mailbox, *[Inspect()] * SYSTEM_LANE_CAPACITY)

    with pytest.raises(MailboxFull):
        put(mailbox, Inspect())


def test_whoever_found_nothing_is_woken_once(mailbox):
    woken = []
    mailbox.attach(lambda: woken.append(1))
    put(mailbox, Word())
    unasked = list(woken)
    taken(mailbox)

    put(mailbox, Word(), Word())

    assert (unasked, woken) == ([], [1])


def test_while_it_drains_only_the_system_gets_in(mailbox):
    put(mailbox, Word(1))

    mailbox.drain()

    with pytest.raises(ActorStopped, match="draining"):
        put(mailbox, Word(2))
    put(mailbox, Inspect())
    assert taken(mailbox) == [Inspect(), Word(1)]


def test_closing_gives_back_what_nobody_took(mailbox):
    put(mailbox, Word(1), Word(2), Inspect())

    left = mailbox.close("stopped")

    assert [envelope.message for envelope in left] == [Inspect(), Word(1), Word(2)]
    with pytest.raises(ActorStopped, match="'clerk' is stopped"):
        put(mailbox, Inspect())


def test_it_opens_again_for_the_next_incarnation(mailbox):
    mailbox.close("failed")

    mailbox.reopen()

    put(mailbox, Word(1))
    assert mailbox.depth() == 1


def test_expired_messages_come_out_the_others_stay_in_order(mailbox):
    put(mailbox, Word(1), deadline=110.0)
    put(mailbox, Word(2))
    put(mailbox, Word(3), deadline=105.0)

    assert mailbox.next_deadline() == 105.0
    assert [envelope.message for envelope in mailbox.expire(107.0)] == [Word(3)]
    assert taken(mailbox) == [Word(1), Word(2)]


def test_the_next_deadline_is_never_told_too_late(mailbox):
    put(mailbox, Word(1), deadline=105.0)
    put(mailbox, Word(2), deadline=110.0)
    mailbox.take()

    assert mailbox.next_deadline() <= 110.0
    assert mailbox.expire(105.0) == []
    assert mailbox.next_deadline() == 110.0
    mailbox.take()
    assert mailbox.next_deadline() == math.inf


def test_its_age_is_that_of_the_oldest_message(mailbox, time):
    assert mailbox.age() == 0.0
    put(mailbox, Word(1))
    time.now += 5.0
    put(mailbox, Word(2))

    assert mailbox.age() == 5.0


def test_it_tells_what_kinds_of_messages_wait(mailbox):
    put(mailbox, Word(1), Word(2), Inspect())

    assert mailbox.message_types() == {"Word": 2, "Inspect": 1}


def test_pykka_finds_the_inbox_it_knows(mailbox):
    mailbox.put(PykkaEnvelope(Word(1)))

    assert not mailbox.empty()
    assert mailbox.get().message == Word(1)
    with pytest.raises(queue.Empty):
        mailbox.get()


@given(st.lists(st.sampled_from(["word", "inspect", "take"]), max_size=60), st.integers(1, 5))
def test_nothing_is_lost_doubled_or_overtaken(steps, capacity):
    mailbox, numbers = Mailbox("clerk", capacity, lambda: 0.0), iter(range(1000))
    words, refused, came, inspects = [], [], [], 0

    for step in steps:
        if step == "inspect":
            put(mailbox, Inspect())
            inspects += 1
        elif step == "word":
            word = Word(next(numbers))
            try:
                put(mailbox, word)
                words.append(word)
            except MailboxFull:
                refused.append(word)
        elif (envelope := mailbox.take()) is not None:
            came.append(envelope.message)
        assert len(mailbox._user) <= capacity

    came += taken(mailbox)
    assert [message for message in came if isinstance(message, Word)] == words
    assert sum(isinstance(message, Inspect) for message in came) == inspects
    assert not set(refused) & set(came)


def test_an_idle_actor_is_woken_once_for_all_that_is_left(mailbox_of):
    mailbox, wakes = mailbox_of()
    assert mailbox.take() is None

    promised = [mailbox.put_lazily(Envelope("news")) for _ in range(3)]

    assert [wake is not None for wake in promised] == [True, False, False]
    assert wakes == []


def test_who_comes_in_haste_wakes_an_actor_for_whom_a_wake_was_promised(mailbox_of):
    mailbox, wakes = mailbox_of()
    assert mailbox.take() is None
    mailbox.put_lazily(Envelope("news"))

    mailbox.put(Envelope("haste"))

    assert wakes == ["woken"]
    assert [mailbox.take().message, mailbox.take().message] == ["news", "haste"]


def test_an_actor_that_works_need_not_be_woken_for_what_is_left(mailbox_of):
    mailbox, _ = mailbox_of()

    assert mailbox.put_lazily(Envelope("news")) is None
    assert mailbox.take().message == "news"


@pytest.fixture
def mailbox_of():
    def build():
        mailbox, wakes = Mailbox("actor", 10, lambda: 0.0), []
        mailbox.attach(lambda: wakes.append("woken"))
        return mailbox, wakes

    return build

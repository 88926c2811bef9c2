"""What a connection tells the budgets of a call, however it ends."""

from __future__ import annotations

import pytest
import trio
from legion_llm.actors.connection.actor import Connection, ConnectionConfig
from legion_llm.actors.connection.purse import Purse
from legion_llm.messages.budget import Reserve, Spent
from legion_llm.messages.caller import Caller
from legion_llm.messages.chat import Generation, Usage
from legion_llm.messages.errors import (
    BudgetExceeded,
    MailboxFull,
    ProviderDown,
    ProviderError,
    ProviderReset,
    ProviderSilent,
    UnsupportedCapability,
)
from legion_llm.messages.routing import Call
from legion_llm.runtime import Actor, spawned

USAGE = Usage(uncached_input=3, visible_output=2)


class Till(Actor[Reserve | Spent]):
    """Budgets that write down what they hear, and answer as they are told; None: never."""

    def __init__(self, heard, says):
        super().__init__()
        self._heard = heard
        self._says = says

    @spawned
    async def on_reserve(self, message: Reserve):
        self._heard.append(message)
        if self._says is None:
            await trio.sleep_forever()
        if isinstance(self._says, Exception):
            raise self._says
        return self._says

    def on_spent(self, message: Spent):
        self._heard.append(message)


@pytest.fixture
def start(house, provider):
    def start(says=(), covers=lambda caller, instance: True, **limits):
        heard = []
        config = ConnectionConfig(**{"instance": "openai", "max_concurrency": 2, "max_queue": 5, **limits})
        house.add_ear("health")
        house.add_ear("metering")
        house.add("budgets", lambda: Till(heard, says))
        house.add(
            "openai",
            lambda: Connection(
                config,
                provider,
                health=house.address("health"),
                metering=house.address("metering"),
                purse=Purse(house.address("budgets"), covers),
            ),
        )
        house.start()
        return heard

    return start


@pytest.fixture
def call(house, request_of, target_of):
    def call(timeout=None, **fields):
        message = Call(request=request_of(**fields), target=target_of("openai", "m"))
        reply = house.address("openai").request(message, timeout=timeout)
        house.settle()
        return reply

    return call


def ends(heard):
    return [(each.usage, each.is_unknown) for each in heard if isinstance(each, Spent)]


def test_a_call_is_paid_before_it_is_made_and_settled_after_it(start, call, provider):
    heard = start()

    call(caller=Caller(identity="ann"), conversation_id="one", generation=Generation(max_tokens=50)).get(5)

    reserved, spent = heard
    assert (reserved.caller, reserved.conversation_id, reserved.target.model) == ("ann", "one", "m")
    assert (reserved.input_tokens > 0, reserved.output_tokens) == (True, 50)
    assert spent == Spent(id=reserved.id, usage=USAGE)


def test_a_call_that_is_not_paid_is_not_made_and_takes_no_place(start, call, provider, house):
    heard = start(BudgetExceeded("nothing is left"))

    with pytest.raises(BudgetExceeded):
        call().get(5)

    assert provider.calls == []
    assert ends(heard) == []
    assert house.inspect("openai")["in_flight"] == 0


def test_calls_that_no_budget_counts_are_not_told_to_it(start, call):
    heard = start(covers=lambda caller, instance: caller == "ann")

    call(caller=Caller(identity="bob")).get(5)

    assert heard == []


@pytest.mark.parametrize(
    ("failure", "is_unknown"),
    [
        (ProviderError("oops", status=500), False),
        (ProviderDown("connection refused"), False),
        (UnsupportedCapability("blind"), False),
        (ProviderReset("lost"), True),
        (ProviderSilent("no word", limit="first_byte"), True),
    ],
)
def test_a_call_that_failed_has_used_nothing_unless_the_provider_may_have_read_it(
    start, call, provider, failure, is_unknown
):
    heard = start()
    provider.will(failure)

    with pytest.raises(type(failure)):
        call().get(5)

    assert ends(heard) == [(None, is_unknown)]


def test_an_answer_without_a_usage_counts_as_estimated(start, call, provider, answer):
    heard = start()
    provider.will(answer("hello", source="partial"))

    call().get(5)

    assert ends(heard) == [(None, True)]


def test_whoever_gives_up_in_line_gives_back_and_whoever_was_called_counts_as_estimated(start, call, provider, house):
    heard = start(max_concurrency=1)
    provider.will_hang()
    running, waiting = call(), call()

    waiting.cancel()
    house.settle()
    running.cancel()
    house.settle()

    assert ends(heard) == [(None, False), (None, True)]


def test_whoever_gives_up_while_it_asks_says_so_too(start, call, house):
    heard = start(says=None)
    reply = call()

    reply.cancel()
    house.settle()

    assert [type(each) for each in heard] == [Reserve, Spent]
    assert ends(heard) == [(None, False)]


def test_the_caller_hears_of_a_budget_that_is_nearly_spent(start, call):
    start(("budget b: 90% are spent",))

    assert call().get(5).warnings == ("budget b: 90% are spent",)


class FullBox:
    """An address whose mailbox is full for a while."""

    def __init__(self):
        self.is_full = True
        self.told = []

    def tell(self, message):
        if self.is_full:
            raise MailboxFull("full", actor="budgets", capacity=1)
        self.told.append(message)


def test_what_met_a_full_mailbox_is_told_with_the_next():
    box = FullBox()
    purse = Purse(box, lambda caller, instance: True)
    purse.tell(Spent(id="one"))
    box.is_full = False

    purse.tell(Spent(id="two"))

    assert [each.id for each in box.told] == ["one", "two"]

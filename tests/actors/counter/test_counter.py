from __future__ import annotations

import pytest
import trio
from legion_llm.actors.counter.actor import Counter
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.counting import CountCall, CountTokens
from legion_llm.messages.errors import ProviderDown, UnknownModelError, UnsupportedCapability
from legion_llm.messages.routing import Resolution, Route, Target
from legion_llm.messages.settings import CountingSettings
from legion_llm.messages.tokens import estimated_input_tokens
from legion_llm.runtime import Actor, spawned

REQUEST = Request(messages=(ChatMessage(content="How long is this?"),), model="m")
ESTIMATE = estimated_input_tokens(REQUEST)


class RouterDouble(Actor[Route]):
    def on_route(self, message: Route) -> Resolution:
        if message.model != "m":
            raise UnknownModelError("no such model")
        return Resolution(candidates=(Target(instance="up", model="m-1", tier="cloud"),), strategy="explicit")


class ConnectionDouble(Actor[CountCall]):
    def __init__(self, answers) -> None:
        super().__init__()
        self._answers = answers

    @spawned
    async def on_count_call(self, _message: CountCall) -> int:
        answer = self._answers[0]
        if answer is None:
            await trio.sleep_forever()
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def answers():
    return [42]


@pytest.fixture
def start(house, answers):
    def begin(**settings):
        settings = CountingSettings(**settings)
        house.add("router", RouterDouble)
        house.add("up", lambda: ConnectionDouble(answers))
        house.add("counter", lambda: Counter(settings, router=house.address("router"), connection=house.address))
        house.start()

    return begin


def test_a_provider_that_counts_has_the_last_word(start, house):
    start()

    count = house.ask("counter", CountTokens(request=REQUEST))

    assert (count.input_tokens, count.source, count.provider, count.model) == (42, "provider", "up", "m-1")


@pytest.mark.parametrize("failure", [UnsupportedCapability("does not count"), ProviderDown("gone")])
def test_where_it_cannot_the_tokens_are_estimated_and_the_reason_is_told(start, house, answers, failure):
    start()
    answers[0] = failure

    count = house.ask("counter", CountTokens(request=REQUEST))

    assert (count.input_tokens, count.source, count.provider) == (ESTIMATE, "estimated", "up")
    assert str(failure) in count.reason


def test_a_request_that_nobody_serves_has_a_length_too(start, house):
    start()

    count = house.ask("counter", CountTokens(request=Request(messages=REQUEST.messages, model="other")))

    assert (count.input_tokens, count.provider) == (ESTIMATE, None)


def test_a_provider_that_is_silent_is_not_waited_for(start, house, answers):
    start(timeout=5.0)
    answers[0] = None
    reply = house.address("counter").request(CountTokens(request=REQUEST))
    house.settle()

    house.advance(5.1)

    assert reply.get(10).source == "estimated"


def test_nobody_is_asked_where_the_settings_say_so(start, house, answers):
    start(ask_provider=False)
    answers[0] = RuntimeError("must not be asked")

    assert house.ask("counter", CountTokens(request=REQUEST)).source == "estimated"

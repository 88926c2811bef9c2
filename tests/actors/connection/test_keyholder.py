"""A connection whose credential is refused, and exchanged."""

from __future__ import annotations

import threading

import pytest
import trio
from legion_llm.actors.connection.actor import Connection, ConnectionConfig, ConnectionReconfigured
from legion_llm.messages.chat import ChatMessage, Response
from legion_llm.messages.credentials import Credential, CredentialChanged, CredentialRejected, CredentialWanted
from legion_llm.messages.errors import ActorCrashed, AuthError, StreamBrokenError, TargetUnavailable
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.routing import AttemptFinished, Call, StreamCall
from legion_llm.messages.secret import Secret
from legion_llm.runtime import Actor

SOON = 10.0


class PickyProvider:
    """Takes one key alone."""

    def __init__(self, takes, *, has=None, status=401):
        self.takes, self.key, self.status = takes, has, status
        self.calls = []

    @property
    def lacks_credential(self):
        return self.key is None

    def use(self, credential):
        self.key = credential.value.reveal()

    async def chat(self, request, model):
        self.calls.append(self.key)
        if self.key != self.takes:
            raise AuthError("who are you?", status=self.status)
        return Response(message=ChatMessage(role="assistant", content="hello"))

    async def stream(self, request, model, sink):
        return await self.chat(request, model)

    async def aclose(self):
        pass


class Vault(Actor[CredentialWanted | CredentialRejected]):
    """Answers with what the test put in."""

    def __init__(self, keys, asked):
        super().__init__()
        self._keys, self._asked = keys, asked

    def on_credential_wanted(self, message: CredentialWanted) -> CredentialChanged | None:
        self._asked.append(message)
        return self._keys.get("first")

    def on_credential_rejected(self, message: CredentialRejected) -> CredentialChanged | None:
        self._asked.append(message)
        return self._keys.get("next")


def news(value, version):
    return CredentialChanged(instance="openai", version=version, credential=Credential(value=Secret(value)))


class Line:
    def __init__(self, house, request_of, target_of):
        self.house = house
        self.keys, self.asked = {}, []
        self.message = {"request": request_of(id="req_1"), "target": target_of("openai", "m")}

    def start(self, provider):
        house = self.house
        self.health = house.add_ear("health")
        house.add_ear("metering")
        house.add("credentials", lambda: Vault(self.keys, self.asked))
        house.add(
            "openai",
            lambda: Connection(
                ConnectionConfig(instance="openai", max_concurrency=2, max_queue=1),
                provider,
                health=house.address("health"),
                metering=house.address("metering"),
                credentials=house.address("credentials"),
            ),
        )
        house.start()
        self.asked.clear()
        return self

    def call(self):
        return self.house.address("openai").request(Call(**self.message)).get(SOON)

    def reconfigure(self, **more):
        config = ConnectionConfig(instance="openai", max_concurrency=2, max_queue=1)
        self.house.address("openai").request(ConnectionReconfigured(config=config, **more)).get(SOON)

    def reports(self):
        self.house.settle()
        return [each.outcome for each in self.health if isinstance(each, AttemptFinished)]


@pytest.fixture
def line(house, request_of, target_of):
    return Line(house, request_of, target_of)


def test_a_refused_credential_is_exchanged_and_the_call_made_once_more_as_one_attempt(line):
    provider = PickyProvider("new", has="old")
    line.keys["next"] = news("new", 2)
    line.start(provider)

    assert line.call().text == "hello"
    assert provider.calls == ["old", "new"]
    assert line.reports() == [Outcome.SUCCESS]


def test_a_stream_is_begun_anew_likewise(line):
    provider = PickyProvider("new", has="old")
    line.keys["next"] = news("new", 2)
    line.start(provider)

    stream = line.house.address("openai").stream(StreamCall(**line.message))

    assert list(stream) == []
    assert stream.reply.get(SOON).text == "hello"


def test_without_another_credential_the_refusal_is_the_answer_and_nothing_is_sent_twice(line):
    provider = PickyProvider("new", has="old")
    line.start(provider)

    with pytest.raises(AuthError):
        line.call()

    assert provider.calls == ["old"]
    assert line.reports() == [Outcome.ACCOUNT_DEAD]


def test_another_one_that_is_refused_too_is_not_exchanged_again(line):
    provider = PickyProvider("right", has="old")
    line.keys["next"] = news("wrong", 2)
    line.start(provider)

    with pytest.raises(AuthError):
        line.call()

    assert provider.calls == ["old", "wrong"]


def test_a_refusal_within_a_stream_is_final(line):
    provider = PickyProvider("new", has="old", status=None)
    line.keys["next"] = news("new", 2)
    line.start(provider)

    with pytest.raises(AuthError):
        line.call()

    assert (provider.calls, line.asked) == (["old"], [])


@pytest.mark.parametrize(
    ("error", "told"), [(StreamBrokenError("cut"), StreamBrokenError), (ValueError("a bug"), ActorCrashed)]
)
def test_nothing_else_asks_for_a_credential(line, error, told):
    provider = PickyProvider("a", has="a")

    async def fail(request, model):
        raise error

    provider.chat = fail
    line.start(provider)

    with pytest.raises(told):
        line.call()

    assert line.asked == []


def test_news_of_a_rotation_is_shown_from_the_next_call_on(line):
    provider = PickyProvider("new", has="old")
    line.start(provider)

    line.house.tell("openai", news("new", 2), news("older", 1))

    assert line.call().text == "hello"
    assert provider.calls == ["new"]


def test_a_call_that_comes_before_the_first_credential_waits_for_it(line):
    provider = PickyProvider("first")
    line.keys["first"] = news("first", 1)
    line.start(provider)

    assert line.call().text == "hello"


def test_where_no_credential_comes_nothing_is_sent(line):
    provider = PickyProvider("first")
    line.start(provider)

    with pytest.raises(TargetUnavailable, match="openai has no credential"):
        line.call()

    assert provider.calls == []


def test_credentials_that_crashed_do_not_hide_the_refusal(line):
    provider = PickyProvider("new", has="old")
    line.start(provider)
    line.house.system.remove("", "credentials")

    with pytest.raises(AuthError):
        line.call()


class HeldProvider:
    """Needs no credential, answers when the test lets it, and says when it is closed."""

    def __init__(self):
        self.arrived, self.go, self.closed = threading.Event(), threading.Event(), threading.Event()

    async def chat(self, request, model):
        self.arrived.set()
        await trio.to_thread.run_sync(self.go.wait, SOON)
        assert not self.closed.is_set()
        return Response(message=ChatMessage(role="assistant", content="hello"))

    async def aclose(self):
        self.closed.set()


def test_a_call_under_way_ends_at_the_provider_where_it_began_which_is_closed_then(line):
    old, new = HeldProvider(), PickyProvider("k", has="k")
    line.start(old)
    first = line.house.address("openai").request(Call(**line.message))
    assert old.arrived.wait(SOON)

    line.reconfigure(provider=new)
    second = line.call()
    was_closed = old.closed.is_set()
    old.go.set()

    assert (first.get(SOON).text, second.text, was_closed) == ("hello", "hello", False)
    assert new.calls == ["k"]
    assert old.closed.wait(SOON)


def test_another_provider_is_not_shown_the_credential_of_the_one_before(line):
    line.keys["first"] = news("of the old host", 2)
    line.start(PickyProvider("of the old host"))
    provider = PickyProvider("of the new host")

    line.reconfigure(provider=provider)
    reply = line.house.address("openai").request(Call(**line.message))
    line.house.settle()
    line.house.tell("openai", news("of the new host", 10**15))

    assert reply.get(SOON).text == "hello"
    assert provider.calls == ["of the new host"]


def test_other_limits_hold_from_the_next_call_on(line):
    provider = PickyProvider("k", has="k")
    line.start(provider)

    line.reconfigure()

    assert line.call().text == "hello"
    assert provider.calls == ["k"]

"""Instances of one provider share the work, with real sockets: by how busy they are, or by the affinity of a request."""

from __future__ import annotations

import collections
import threading

import legion_llm
import pytest
from legion_llm.messages.errors import InvalidRequestError
from upstream import ScriptedServer, Send, Signal, WaitFor, answer, canned_openai, openai_upstream

WHOLE = canned_openai().whole
LIMITS = {"connect": 9, "first_byte": 9, "first_content": 9, "gap": 9}


def pool(make_provider, **servers):
    """Settings of one provider with an instance for each server."""
    instances = {name: {"base_url": f"{server.url}/v1"} for name, server in servers.items()}
    first = next(iter(servers.values()))
    return {"pool": make_provider(first, instances=instances, timeouts=LIMITS)}


def providers_of(answers):
    return collections.Counter(each.routing.provider for each in answers)


def test_siblings_that_are_idle_share_the_requests(embedded, make_provider):
    with openai_upstream() as one, openai_upstream() as two:
        legion = embedded(pool(make_provider, a=one, b=two))

        answers = [legion.chat("Hello!", model="m-1").get(timeout=10) for _ in range(60)]

        assert providers_of(answers).keys() == {"pool/a", "pool/b"}


def test_a_sibling_that_is_stuck_gets_nothing_more(embedded, make_provider):
    started, go = threading.Event(), threading.Event()

    def stuck(request):
        if request.path != "/v1/chat/completions":
            return (Send(answer(canned_openai().models)),)
        return (Signal(started), WaitFor(go), Send(answer(WHOLE)))

    with ScriptedServer(stuck) as slow, openai_upstream() as fast:
        legion = embedded(pool(make_provider, a=slow, b=fast))
        waiting = []
        while not started.is_set():  # each of the two is as likely as the other
            waiting.append(legion.chat("Hello!", model="m-1"))
            started.wait(0.2)
        answers = [legion.chat("Hello!", model="m-1").get(timeout=10) for _ in range(30)]
        go.set()
        for reply in waiting:
            reply.get(timeout=10)

        assert providers_of(answers) == {"pool/b": 30}


@pytest.mark.parametrize("key", ["chat-1", "chat-2", "chat-3"])
def test_requests_of_one_conversation_go_to_the_same_sibling(embedded, make_provider, key):
    with openai_upstream() as one, openai_upstream() as two:
        legion = embedded(pool(make_provider, a=one, b=two))

        answers = [legion.chat("Hello!", model="m-1", affinity=key).get(timeout=10) for _ in range(20)]

        assert len(providers_of(answers)) == 1


def test_conversations_are_spread_over_the_siblings(embedded, make_provider):
    with openai_upstream() as one, openai_upstream() as two:
        legion = embedded(pool(make_provider, a=one, b=two))

        answers = [legion.chat("Hello!", model="m-1", affinity=f"chat-{n}").get(timeout=10) for n in range(40)]

        assert providers_of(answers).keys() == {"pool/a", "pool/b"}


def test_where_it_is_switched_off_the_first_of_the_settings_goes_first(embedded, make_provider):
    with openai_upstream() as one, openai_upstream() as two:
        legion = embedded(pool(make_provider, a=one, b=two), routing={"balance": "off"})

        answers = [legion.chat("Hello!", model="m-1", affinity="chat-1").get(timeout=10) for _ in range(20)]

        assert providers_of(answers) == {"pool/a": 20}


def test_an_affinity_must_be_text(embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)})

    with pytest.raises(InvalidRequestError) as caught:
        legion.chat("Hello!", affinity=7)

    assert caught.value.param == "affinity"
    assert isinstance(caught.value, legion_llm.RefusedError)

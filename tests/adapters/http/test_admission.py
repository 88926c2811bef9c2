"""What headers, the body's extension and the shown key add to a request."""

from __future__ import annotations

import pytest
from legion_llm.adapters.http.admission import HOLDER, admitted
from legion_llm.adapters.http.keyring import keyring_of
from legion_llm.messages.chat import ChatMessage, Escalation, Request
from legion_llm.messages.debate import DebateTerms
from legion_llm.messages.errors import AccessDeniedError, InvalidRequestError
from legion_llm.messages.settings import KeySettings
from legion_llm.messages.terms import Terms


@pytest.fixture
def request_():
    return Request(messages=(ChatMessage(content="hi"),))


def scope_of(*headers, holder=None):
    scope = {"headers": list(headers)}
    if holder is not None:
        scope[HOLDER] = holder
    return scope


def holder_of(**rights):
    return keyring_of({"ann": KeySettings(key="k", **rights)}, {}).holders[0]


def test_a_request_that_says_nothing_is_passed_on_as_it_is(request_):
    assert admitted(request_, scope_of((b"user-agent", b"x"))) is request_


def test_headers_say_what_matters(request_):
    told = admitted(
        request_,
        scope_of(
            (b"x-legion-intent-privacy", b"strict"),
            (b"x-legion-intent-cost", b"minimize"),
            (b"x-legion-tier", b"local"),
            (b"x-legion-provider", b"ollama/gpu-1"),
            (b"x-legion-conversation-id", b"conv_1"),
            (b"x-legion-priority", b"high"),
            (b"x-legion-compress-level", b"2"),
            (b"x-legion-escalate", b"true"),
            (b"x-legion-skill", b"dev:release"),
            (b"x-legion-context-strategy", b"compact"),
            (b"x-legion-unheard-of", b"1"),
        ),
    )

    assert told.intent == {"privacy": "strict", "cost": "minimize"}
    assert (told.tier, told.provider, told.conversation_id) == ("local", "ollama/gpu-1", "conv_1")
    assert (told.priority, told.compress_level, told.escalation) == ("high", 2, Escalation(enabled=True))
    assert told.terms == Terms(skill="dev:release", context_strategy="compact")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-legion-tier", b"two words"),
        (b"x-legion-tier", b""),
        (b"x-legion-provider", b"\xff"),
        (b"x-legion-intent-privacy", b"a" * 300),
        (b"x-legion-priority", b"now"),
        (b"x-legion-escalate", b"maybe"),
        (b"x-legion-compress-level", b"4"),
        (b"x-legion-compress-level", b"-1"),
        (b"x-legion-skill", b"two words"),
        (b"idempotency-key", b"two words"),
    ],
)
def test_headers_that_cannot_be_meant_are_refused(request_, name, value):
    with pytest.raises(InvalidRequestError) as refused:
        admitted(request_, scope_of((name, value)))

    assert refused.value.param == name.decode().replace("idempotency-key", "idempotency_key")


def test_a_body_may_say_the_same_and_keeps_nothing_of_it_for_the_provider():
    extra = {"legion": {"intent": {"privacy": "strict"}, "tier": "local", "escalate": True}, "user": "u"}
    request = Request(messages=(ChatMessage(content="hi"),), extra=extra)

    told = admitted(request, scope_of((b"x-legion-tier", b"cloud")))

    assert (told.intent, told.tier, told.extra) == ({"privacy": "strict"}, "cloud", {"user": "u"})
    assert told.escalation == Escalation(enabled=True)


def test_a_debate_is_asked_for_in_the_body_or_by_headers():
    request = Request(messages=(ChatMessage(content="hi"),), extra={"legion": {"debate": True}})

    told = admitted(request, scope_of((b"x-legion-debate-rounds", b"2")))

    assert told.debate == DebateTerms(enabled=True, rounds=2)


@pytest.mark.parametrize(
    ("extension", "param"),
    [
        ("local", "legion"),
        ({"teir": "local"}, "legion.teir"),
        ({"caller": "root"}, "legion.caller"),
        ({"debate": "perhaps"}, "legion.debate"),
        ({"debate_rounds": -1}, "legion.debate_rounds"),
        ({"intent": "strict"}, "legion.intent"),
        ({"intent": {"privacy": 1}}, "legion.intent.privacy"),
    ],
)
def test_an_extension_that_cannot_be_meant_is_refused(extension, param):
    request = Request(messages=(ChatMessage(content="hi"),), extra={"legion": extension})

    with pytest.raises(InvalidRequestError) as refused:
        admitted(request, scope_of())

    assert refused.value.param == param


def test_what_always_holds_for_a_holder_cannot_be_asked_away(request_):
    ann = holder_of(intent={"privacy": "strict"}, type="service")

    told = admitted(request_, scope_of((b"x-legion-intent-privacy", b"normal"), holder=ann))

    assert told.intent == {"privacy": "strict"}
    assert (told.caller.identity, told.caller.type) == ("ann", "service")


@pytest.mark.parametrize("model", ["gpt-5", "openai/eu/gpt-5", "auto", None])
def test_a_holder_may_ask_for_its_models_and_leave_the_choice(model):
    request = Request(messages=(ChatMessage(content="hi"),), model=model)

    told = admitted(request, scope_of(holder=holder_of(models=("gpt-*", "openai/*"))))

    assert told.allowed_models == ("gpt-*", "openai/*")


def test_a_holder_may_not_ask_for_another_model():
    request = Request(messages=(ChatMessage(content="hi"),), model="claude-opus-4-6")

    with pytest.raises(AccessDeniedError, match=r"may not use model 'claude-opus-4-6'; it may use gpt-\*"):
        admitted(request, scope_of(holder=holder_of(models=("gpt-*",))))

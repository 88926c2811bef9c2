"""Which requests may share an answer."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.cache.key import key_of, may_share
from legion_llm.messages.caller import Caller
from legion_llm.messages.chat import ChatMessage, Generation, Request, ResponseFormat, ToolDefinition
from legion_llm.messages.content import ImageBlock

ASKED = Request(messages=(ChatMessage(content="hi"),), generation=Generation(temperature=0))


@pytest.mark.parametrize("temperature", [None, 0.1, 1])
def test_chance_is_not_remembered(temperature):
    assert not may_share(attrs.evolve(ASKED, generation=Generation(temperature=temperature)))


@pytest.mark.parametrize("temperature", [0, 0.0])
def test_certainty_is(temperature):
    assert may_share(attrs.evolve(ASKED, generation=Generation(temperature=temperature)))


def test_conversations_are_not_remembered_here():
    assert not may_share(attrs.evolve(ASKED, conversation_id="conv_1"))


def test_the_same_request_has_the_same_key_whatever_it_is_called():
    again = attrs.evolve(ASKED, id="req_other", timeout=3.0, idempotency_key="k")

    assert key_of(ASKED) == key_of(again)
    assert len(key_of(ASKED)) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"messages": (ChatMessage(content="ho"),)},
        {"messages": (ChatMessage(content=(ImageBlock(source="base64", data="AAAA", media_type="image/png"),)),)},
        {"messages": (ChatMessage(content="hi", role="assistant"),)},
        {"system": "Be brief."},
        {"model": "m"},
        {"provider": "openai"},
        {"tier": "local"},
        {"intent": {"privacy": "strict"}},
        {"allowed_models": ("m",)},
        {"tools": ()},
        {"tools": (ToolDefinition(name="t"),)},
        {"generation": Generation(temperature=0, max_tokens=5)},
        {"response_format": ResponseFormat(type="json_object")},
        {"caller": Caller(identity="ann")},
        {"extra": {"logit_bias": {"1": 2}}},
    ],
)
def test_whatever_the_answer_depends_on_is_in_the_key(change):
    assert key_of(attrs.evolve(ASKED, **change)) != key_of(ASKED)


def test_two_pictures_have_two_keys():
    pictures = [
        attrs.evolve(
            ASKED, messages=(ChatMessage(content=(ImageBlock(source="base64", data=data, media_type="image/png"),)),)
        )
        for data in ("AAAA", "BBBB")
    ]

    assert len({key_of(each) for each in pictures}) == 2

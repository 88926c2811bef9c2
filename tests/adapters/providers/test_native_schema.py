from __future__ import annotations

import pytest
from legion_llm.adapters.providers.native_schema import SHAPINGS, Shaper, without_fence
from legion_llm.messages.chat import ChatMessage, Request, Response, ResponseFormat
from legion_llm.messages.content import TextBlock, ThinkingBlock
from legion_llm.messages.settings import KINDS

SCHEMA = ResponseFormat(type="json_schema", schema={"type": "integer"})
OBJECT = ResponseFormat(type="json_object")


def request(shape=SCHEMA, *messages, **fields):
    return Request(messages=messages or (ChatMessage(content="hi"),), response_format=shape, **fields)


def test_every_family_has_a_row():
    assert set(KINDS) - set(SHAPINGS) <= {"bedrock", "fleet", "plugin"}


@pytest.mark.parametrize(
    ("kind", "model", "keeps"),
    [
        ("openai", "gpt-4o", True),
        ("openai", "gpt-4o-mini-2024-07-18", True),
        ("openai", "gpt-5.2", True),
        ("openai", "gpt-4-turbo", False),
        ("openai", "gpt-4", False),
        ("openai", "gpt-3.5-turbo", False),
        ("openai", "o1-mini", False),
        ("azure", "my-deployment", True),
        ("anthropic", "claude-sonnet-4-6", True),
        ("anthropic", "claude-opus-4-1-20250805", True),
        ("anthropic", "claude-sonnet-4-20250514", False),
        ("anthropic", "claude-3-5-sonnet-latest", False),
        ("ollama", "qwen3", True),
        ("vllm", "anything", True),
        ("mlx", "anything", False),
        ("openai_compat", "gpt-4o", True),
        ("openai_compat", "openai/gpt-4o", True),
        ("openai_compat", "llama-3", False),
        ("nobody", "anything", False),
    ],
)
def test_which_models_keep_to_a_schema(kind, model, keeps):
    assert Shaper(kind).keeps_to(SCHEMA, model) == keeps


def test_the_settings_know_better():
    assert Shaper("openai_compat", override=True).keeps_to(SCHEMA, "llama-3")
    assert not Shaper("openai", override=False).keeps_to(SCHEMA, "gpt-4o")


def test_a_model_that_keeps_to_a_schema_gets_the_request_as_it_is():
    wanted = request()

    assert Shaper("ollama").shaped(wanted, "m") == (wanted, ())


def test_the_others_are_told_in_the_instructions_and_the_caller_is_told_of_it():
    shaped, (told,) = Shaper("mlx").shaped(request(system="Be brief."), "m")

    assert shaped.response_format is None
    assert shaped.system.startswith("Be brief.\n\nAnswer with JSON that is valid under this JSON Schema")
    assert '{"type":"integer"}' in shaped.system
    assert "was put into the prompt" in told


def test_instructions_within_the_conversation_are_added_to_and_not_doubled():
    system = ChatMessage(role="system", content=(TextBlock(text="Be brief."),))
    shaped, _ = Shaper("mlx").shaped(request(SCHEMA, system, ChatMessage(content="hi")), "m")

    assert shaped.system is None
    assert [message.role for message in shaped.messages] == ["system", "user"]
    assert "Be brief." in shaped.messages[0].text
    assert "JSON Schema" in shaped.messages[0].text


def test_the_instructions_are_the_same_from_turn_to_turn():
    first, _ = Shaper("mlx").shaped(request(), "m")
    later, _ = Shaper("mlx").shaped(request(SCHEMA, ChatMessage(content="hi"), ChatMessage(content="more")), "m")

    assert first.system == later.system


def test_a_wish_for_any_json_is_put_in_words_where_the_api_has_none():
    shaped, (told,) = Shaper("anthropic").shaped(request(OBJECT), "claude-sonnet-4-6")

    assert "one JSON object" in shaped.system
    assert told.startswith("the wish for JSON")
    assert Shaper("openai").shaped(request(OBJECT), "gpt-4o")[1] == ()


def test_a_fence_around_the_answer_is_taken_off():
    fenced = Response(message=ChatMessage(role="assistant", content="```json\n[1]\n```"))
    blocks = (ThinkingBlock(text="```json\n[1]\n```"), TextBlock(text="```json\n[1]\n```"))

    assert without_fence(fenced).text == "[1]"
    bare = without_fence(Response(message=ChatMessage(role="assistant", content=blocks)))
    assert (bare.message.blocks[0], bare.text) == (blocks[0], "[1]")

"""A stream that breaks off in the middle, over real sockets, in every dialect: gone on with by another provider, or ended with an error."""

from __future__ import annotations

import json

import anthropic
import legion_llm
import openai
import pytest
from upstream import Fault, ScriptedServer, Send, answer, anthropic_upstream, canned_openai, openai_upstream

TEXT = "w0 w1 w2 w3 w4 "
RESCUE = {"rescue": {"enabled": True}}
BREAKS = [Fault.CUT, Fault.RESET_IN_THE_MIDDLE, Fault.HANG_BETWEEN_CHUNKS, Fault.ERROR_EVENT]


def read(stream):
    text, error = "", None
    try:
        for chunk in stream:
            text += chunk.text
    except legion_llm.LegionError as failure:
        error = failure
    return text, error


@pytest.mark.parametrize("fault", BREAKS)
def test_a_stream_that_breaks_off_is_joined_by_one_that_says_the_same(fault, embedded, make_provider):
    with openai_upstream(fault) as sick, openai_upstream() as well:
        legion = embedded({"a": make_provider(sick), "b": make_provider(well)})
        stream = legion.stream("Hello!", model="m-1", rescue=True)

        assert read(stream) == (TEXT, None)
        response = stream.reply.get(timeout=10)
        assert (response.text, response.routing.rescue, response.routing.provider) == (TEXT, "joined", "b")
        assert legion.inspect("connections/a")["snapshot"]["in_flight"] == 0


def test_what_says_something_else_is_given_up_and_the_break_is_told(embedded, make_provider):
    with openai_upstream(Fault.CUT) as sick, ScriptedServer(other_words) as other:
        legion = embedded({"a": make_provider(sick), "b": make_provider(other)})

        text, error = read(legion.stream("Hello!", model="m-1", rescue=True))

        assert TEXT.startswith(text)
        assert text
        assert isinstance(error, legion_llm.StreamBrokenError)
        assert legion.inspect("connections/b")["snapshot"]["in_flight"] == 0


def other_words(request):
    canned = canned_openai()
    if request.path != "/v1/chat/completions":
        return (Send(answer(canned.models)),)
    frames = [frame.replace(b"w0", b"x0") for frame in canned.frames]
    return (Send(answer(b"".join([*frames, canned.terminal_frame]), content_type="text/event-stream")),)


def test_a_server_of_vllms_is_told_to_go_on_with_the_text(embedded, make_provider):
    with openai_upstream(Fault.CUT) as sick, openai_upstream() as well:
        more = {**make_provider(well), "kind": "vllm", "continues": True}
        legion = embedded({"a": make_provider(sick), "b": more})

        text, error = read(legion.stream("Hello!", model="m-1", rescue=True))

        [body] = [json.loads(each.body) for each in well.requests if each.path == "/v1/chat/completions"]
        assert error is None
        assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
        assert body["messages"][-1]["role"] == "assistant"
        # This server says its five words whatever it is asked.
        assert text == f"{body['messages'][-1]['content']} {TEXT}"


@pytest.mark.parametrize("model", ["m-1", "claude-1"])
def test_an_openai_client_reads_one_whole_answer(model, serving, providers):
    url = serving(providers, routing=RESCUE).url
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        stream = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "Hello!"}], stream=True
        )
        chunks = list(stream)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == TEXT
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


@pytest.mark.parametrize("model", ["m-1", "claude-1"])
def test_an_anthropic_client_reads_one_whole_answer(model, serving, providers):
    url = serving(providers, routing=RESCUE).url
    ask = {"max_tokens": 100, "messages": [{"role": "user", "content": "Hello!"}]}
    with anthropic.Anthropic(base_url=url, api_key="none", max_retries=0) as client:  # noqa: SIM117
        with client.messages.stream(model=model, **ask) as stream:
            text = "".join(stream.text_stream)
            message = stream.get_final_message()

    assert (text, message.content[0].text, message.stop_reason) == (TEXT, TEXT, "end_turn")


@pytest.fixture
def providers(make_provider):
    """For each of two models one server that cuts its streams, and one that does not."""
    with (
        openai_upstream(Fault.CUT) as sick,
        openai_upstream() as well,
        anthropic_upstream(Fault.CUT) as sick_claude,
        anthropic_upstream() as claude,
    ):
        kind = {"kind": "anthropic", "api_key": "sk-1", "models": ["claude-1"], "default_model": "claude-1"}
        yield {
            "a": make_provider(sick),
            "b": make_provider(well),
            "c": {**make_provider(sick_claude), **kind},
            "d": {**make_provider(claude), **kind},
        }

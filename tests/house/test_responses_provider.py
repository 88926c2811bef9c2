"""Providers that are spoken to through OpenAI's responses API, behind the running server."""

from __future__ import annotations

import json

import anthropic
import httpx
import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter
from responses import THOUGHT, called, events, responses_upstream, said
from upstream import Fault

TEXT = "w0 w1 w2 w3 w4 "
HELLO = [{"role": "user", "content": "Hello!"}]
TOOL = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}, "strict": False}
EVENTS = TypeAdapter(ResponseStreamEvent)


@pytest.fixture
def server():
    with responses_upstream() as server:
        yield server


@pytest.fixture
def serve(serving, make_provider):
    """Start a gateway before servers of the responses API, by name."""
    return lambda **servers: serving(
        {name: make_provider(server, wire_api="responses") for name, server in servers.items()}
    )


@pytest.fixture
def url(serve, server):
    return serve(up=server).url


@pytest.fixture
def client(url):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


def posted(server):
    return [request.json() for request in server.requests if request.method == "POST"]


def test_chats_go_there(client, server):
    answer = client.chat.completions.create(model="m-1", messages=HELLO, temperature=0.5)

    [sent] = posted(server)
    assert answer.choices[0].message.content == TEXT
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens_details.reasoning_tokens) == (7, 4)
    assert (server.requests[-1].path, sent["store"], sent["temperature"]) == ("/v1/responses", False, 0.5)


def test_streamed_chats_go_there(client):
    chunks = list(client.chat.completions.create(model="m-1", messages=HELLO, stream=True))

    assert "".join([chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]) == TEXT


def test_anthropics_clients_carry_the_reasoning_back_to_who_encrypted_it(url, server):
    with anthropic.Anthropic(base_url=url, api_key="none", max_retries=0) as client:
        first = client.messages.create(model="m-1", max_tokens=100, messages=HELLO)
        turn = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]}
        client.messages.create(model="m-1", max_tokens=100, messages=[*HELLO, turn, *HELLO])

    assert posted(server)[-1]["input"][1]["encrypted_content"] == THOUGHT["encrypted_content"]
    assert posted(server)[-1]["input"][1]["id"] == THOUGHT["id"]


@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_goes_back_to_its_own_instance_alone(serve, server, stream):
    with responses_upstream() as other:
        base_url = f"{serve(eu=server, us=other).url}/v1"
        with openai.OpenAI(base_url=base_url, api_key="none", max_retries=0) as client:
            if stream:
                with client.responses.stream(model="eu/m-1", input="Hello!", store=False) as events_:
                    first = events_.get_final_response()
            else:
                first = client.responses.create(model="eu/m-1", input="Hello!", store=False)
            turn = [item.model_dump(exclude_none=True) for item in first.output]
            for name in ("eu", "us"):
                client.responses.create(model=f"{name}/m-1", input=[*HELLO, *turn, *HELLO])

    assert [item.get("type") for item in posted(other)[-1]["input"]] == [None, None, None]
    returned = posted(server)[-1]["input"][1]
    assert (returned["encrypted_content"], returned["id"]) == (THOUGHT["encrypted_content"], THOUGHT["id"])


def test_a_client_of_the_same_api_gets_the_events_as_they_came_but_for_ids_and_seals(url):
    body = {"model": "m-1", "input": "Hello!", "stream": True}

    said_ = httpx.post(f"{url}/v1/responses", json=body).content

    theirs = [json.loads(event.split(b"data: ")[1]) for event in events()]
    ours = [json.loads(event.split(b"data: ")[1]) for event in said_.split(b"\n\n") if event]
    own = ours[0]["response"]["id"]
    assert [EVENTS.validate_python(event).type for event in ours] == [event["type"] for event in theirs]
    assert [event["sequence_number"] for event in ours] == list(range(len(ours)))
    deltas = [event for event in said_.split(b"\n\n") if b"output_text.delta" in event]
    their_deltas = [event.rstrip() for event in events() if b"output_text.delta" in event]
    assert [delta.replace(own.removeprefix("resp_").encode() + b"01", b"up1") for delta in deltas] == their_deltas
    assert "gAAAAsecret" not in said_.decode()
    final = Response.model_validate(ours[-1]["response"])
    assert (final.id, final.store, final.service_tier, final.output_text) == (own, True, "priority", TEXT)
    assert final.output[1].id == f"msg_{own.removeprefix('resp_')}01"


def test_answers_that_were_relayed_are_kept_and_gone_on_from(client, server):
    with client.responses.stream(model="m-1", input="Hello!") as stream:
        first = stream.get_final_response()
    again = client.responses.retrieve(first.id)

    client.responses.create(model="m-1", input="And now?", previous_response_id=first.id)

    assert again.output_text == TEXT
    items = posted(server)[-1]["input"]
    assert [item.get("type", item.get("role")) for item in items] == ["user", "reasoning", "assistant", "user"]
    assert items[1]["encrypted_content"] == THOUGHT["encrypted_content"]
    assert "previous_response_id" not in posted(server)[-1]


@pytest.mark.parametrize("stream", [False, True])
def test_tools_of_openais_own_pass_through(serve, stream):
    search = {
        "id": "ws_1",
        "type": "web_search_call",
        "status": "completed",
        "action": {"type": "search", "query": "x"},
    }
    with responses_upstream(search, called("weather", "{}"), said(TEXT)) as server:
        base_url = f"{serve(up=server).url}/v1"
        with openai.OpenAI(base_url=base_url, api_key="none", max_retries=0) as client:
            given = {"model": "m-1", "input": "Hello!", "tools": [TOOL, {"type": "web_search"}]}
            if stream:
                with client.responses.stream(**given) as events_:
                    answer = events_.get_final_response()
            else:
                answer = client.responses.create(**given)

        assert posted(server)[-1]["tools"] == [TOOL, {"type": "web_search"}]
    assert [item.type for item in answer.output] == ["web_search_call", "function_call", "message"]
    assert answer.output[0].action.query == "x"


def test_a_stream_that_breaks_while_it_is_relayed_ends_as_failed(serve):
    with responses_upstream(fault=Fault.CUT) as server:
        base_url = f"{serve(up=server).url}/v1"
        with openai.OpenAI(base_url=base_url, api_key="none", max_retries=0) as client:
            heard = list(client.responses.create(model="m-1", input="Hello!", stream=True))

    assert [event.sequence_number for event in heard] == list(range(len(heard)))
    assert (heard[-1].type, heard[-1].response.status) == ("response.failed", "failed")


def test_tokens_are_counted_there(serving, make_provider):
    with responses_upstream() as server:
        legion = serving({"up": make_provider(server, wire_api="responses")})

        answer = httpx.post(f"{legion.url}/v1/messages/count_tokens", json={"model": "m-1", "messages": HELLO})

    assert answer.headers["x-legion-count"] == "estimated"  # this server counts nothing, and the gateway lives with it
    assert "/v1/responses/input_tokens" in [request.path for request in server.requests]

"""The official Ollama client against the running server."""

from __future__ import annotations

import asyncio
import base64

import httpx
import ollama
import pytest
from upstream import Fault, canned_ollama, ollama_upstream, openai_upstream

TEXT = "w0 w1 w2 w3 w4 "
HELLO = [{"role": "user", "content": "Hello!"}]
ASKED = [{"role": "user", "content": "call weather"}]
PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(16)).decode()


def weather(city: str) -> str:
    """Tell the weather.

    Args:
        city: Where.
    """
    return f"sunny in {city}"


@pytest.fixture(params=["openai_compat", "ollama"])
def upstream(request):
    with {"openai_compat": openai_upstream, "ollama": ollama_upstream}[request.param]() as server:
        server.kind = request.param
        yield server


@pytest.fixture
def legion(serving, make_provider, upstream):
    """A gateway in front of a provider of another dialect, or of this one."""
    more = {} if upstream.kind == "openai_compat" else {"kind": "ollama", "base_url": upstream.url}
    return serving({"up": {**make_provider(upstream), **more}, "demo": {}})


@pytest.fixture
def client(legion):
    with ollama.Client(host=legion.url) as client:
        yield client


def test_an_answer(client):
    answer = client.chat("m-1", HELLO, options={"temperature": 0.5, "num_predict": 50})

    assert (answer.message.content, answer.done, answer.done_reason) == (TEXT, True, "stop")
    assert (answer.prompt_eval_count, answer.eval_count, answer.model) == (7, 5, "m-1")
    assert answer.total_duration > 0


def test_a_streamed_answer(client):
    *pieces, last = client.chat("m-1", HELLO, stream=True)

    assert "".join([piece.message.content for piece in pieces]) == TEXT
    assert (last.done, last.done_reason, last.message.content, last.eval_count) == (True, "stop", "", 5)


def test_answers_to_a_prompt(client):
    whole = client.generate("m-1", "Hello!", system="Be brief.")
    *pieces, last = client.generate("m-1", "Hello!", stream=True)

    assert (whole.response, whole.done_reason) == (TEXT, "stop")
    assert "".join([piece.response for piece in pieces]) == TEXT
    assert (last.response, last.eval_count) == ("", 5)


def test_the_async_client(legion):
    async def main():
        async with ollama.AsyncClient(host=legion.url) as client:
            pieces = [piece.message.content async for piece in await client.chat("m-1", HELLO, stream=True)]
            return (await client.chat("m-1", HELLO)).message.content, "".join(pieces)

    assert asyncio.run(main()) == (TEXT, TEXT)


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_call_and_its_result(client, stream):
    def said(messages):
        answer = client.chat("demo", messages, tools=[weather], stream=stream)
        return [piece.message for piece in answer] if stream else [answer.message]

    [message] = [each for each in said(ASKED) if each.tool_calls]
    [call] = message.tool_calls
    result = {"role": "tool", "content": "sunny", "tool_name": call.function.name}
    text = "".join([each.content or "" for each in said([*ASKED, message, result])])

    assert call.function.name == "weather"
    assert "sunny" in text


def test_what_the_client_says_reaches_the_provider(client, upstream):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    seen = {"role": "user", "content": "What is this?", "images": [PICTURE]}

    client.chat("m-1", [seen], format=schema, think=False, options={"temperature": 0.5, "seed": 7})

    body = upstream.requests[-1].json()
    if upstream.kind == "ollama":
        assert (body["messages"], body["format"], body["think"]) == ([seen], schema, False)
        assert body["options"] == {"temperature": 0.5, "seed": 7}
    else:
        assert body["messages"][-1]["content"][1]["image_url"]["url"] == f"data:image/png;base64,{PICTURE}"
        assert (body["temperature"], body["seed"]) == (0.5, 7)


def test_a_model_that_shall_be_loaded_is_there_and_nobody_is_asked(client, upstream):
    assert client.generate("m-1").done_reason == "load"
    assert client.chat("m-1", keep_alive=0).done_reason == "unload"
    with pytest.raises(ollama.ResponseError, match="not found") as caught:
        client.chat("nobody")

    assert caught.value.status_code == 404
    assert [each.path for each in upstream.requests if each.method == "POST"] == []


def test_models_are_listed_and_shown(client):
    listed = {model.model: model for model in client.list().models}
    shown = client.show("m-1")

    assert {"m-1:latest", "demo:latest"} <= listed.keys()
    assert len(listed["m-1:latest"].digest) == 64
    assert "completion" in shown.capabilities
    assert client.ps().models == []
    with pytest.raises(ollama.ResponseError, match="GET /api/tags"):
        client.show("nobody")


def test_vectors(client):
    assert len(client.embed("demo", ["a", "b"]).embeddings) == 2


def test_a_model_is_known_by_the_name_under_which_it_is_listed(client, upstream):
    assert client.chat("m-1:latest", HELLO).message.content == TEXT
    assert client.generate("m-1:latest", "Hello!").response == TEXT
    assert client.generate("m-1:latest").done_reason == "load"
    assert client.show("m-1:latest").capabilities
    assert len(client.embed("demo:latest", "a").embeddings) == 1
    assert {each.json()["model"] for each in upstream.requests if each.method == "POST"} == {"m-1"}
    with pytest.raises(ollama.ResponseError, match="nobody:latest"):
        client.chat("nobody:latest", HELLO)


def test_a_tag_of_its_own_stays(serving, make_provider):
    with ollama_upstream() as server:
        models = {"models": ["m-1:latest", "m-1:8b"], "default_model": "m-1:8b"}
        legion = serving({"up": make_provider(server, kind="ollama", base_url=server.url, **models)})

        with ollama.Client(host=legion.url) as client:
            names = [model.model for model in client.list().models]
            client.chat("m-1:latest", HELLO)

        assert (sorted(names), server.requests[-1].json()["model"]) == (["m-1:8b", "m-1:latest"], "m-1:latest")


@pytest.mark.parametrize(
    "manage",
    [
        lambda client: client.pull("m-1"),
        lambda client: client.push("m-1"),
        lambda client: client.create("mine", from_="m-1"),
        lambda client: client.copy("m-1", "mine"),
        lambda client: client.delete("m-1"),
    ],
)
def test_models_are_not_managed_through_a_gateway(client, upstream, manage):
    with pytest.raises(ollama.ResponseError, match="at the Ollama server") as caught:
        manage(client)

    assert caught.value.status_code == 403
    assert [each.path for each in upstream.requests if each.method == "POST"] == []


def test_an_error_has_ollamas_shape(legion):
    answer = httpx.post(f"{legion.url}/api/chat", json={"model": "m-1", "messages": [{"role": "robot"}]})

    assert answer.status_code == 400
    assert answer.json() == {"error": "messages.0.role must be one of assistant, system, tool, user, not 'robot'"}


def test_a_stream_that_breaks_says_so(serving, make_provider):
    with openai_upstream(Fault.CUT) as server:
        url = serving({"up": make_provider(server)}).url

        with ollama.Client(host=url) as client, pytest.raises(ollama.ResponseError, match="up"):
            list(client.chat("m-1", HELLO, stream=True))


def test_lines_of_an_ollama_server_go_through_as_they_came(serving, make_provider):
    with ollama_upstream() as server:
        legion = serving({"up": make_provider(server, kind="ollama", base_url=server.url)})

        answer = httpx.post(f"{legion.url}/api/chat", json={"model": "m-1", "messages": HELLO})

    canned = canned_ollama()
    assert answer.content == b"".join([*canned.frames, canned.terminal_frame])
    assert answer.headers["content-type"] == "application/x-ndjson"


def test_keys_hold_for_ollamas_routes(serving):
    legion = serving({"demo": {}}, api={"port": 0, "keys": {"ann": "right"}})

    with ollama.Client(host=legion.url, headers={"authorization": "Bearer right"}) as client:
        assert client.chat("demo", HELLO).done
    with ollama.Client(host=legion.url) as client, pytest.raises(ollama.ResponseError) as caught:
        client.list()
    assert caught.value.status_code == 401

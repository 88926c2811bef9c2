"""The official Gemini client against the running server."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from google import genai
from google.genai import errors, types
from upstream import Fault, gemini_upstream, openai_upstream

TEXT = "w0 w1 w2 w3 w4 "
CONTENTS = {"contents": [{"parts": [{"text": "Hello!"}]}]}
WEATHER = types.FunctionDeclaration(
    name="weather",
    description="Tells the weather.",
    parameters_json_schema={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


@pytest.fixture(params=["openai_compat", "gemini"])
def legion(serving, make_provider, request):
    """A gateway in front of a provider of another dialect, or of this one."""
    server = {"openai_compat": openai_upstream, "gemini": gemini_upstream}[request.param]
    with server() as upstream:
        more = {} if request.param == "openai_compat" else {"kind": "gemini", "api_key": "k", "base_url": upstream.url}
        yield serving({"up": {**make_provider(upstream), **more}, "demo": {}})


@pytest.fixture
def client(legion):
    with connected(legion.url) as client:
        yield client


def connected(url, key="none"):
    options = types.HttpOptions(base_url=url, retry_options=types.HttpRetryOptions(attempts=1))
    return genai.Client(api_key=key, http_options=options)


def test_an_answer(client):
    response = client.models.generate_content(
        model="m-1", contents="Hello!", config={"system_instruction": "Be brief.", "temperature": 0.5, "top_k": 5}
    )

    assert (response.text, response.candidates[0].finish_reason) == (TEXT, types.FinishReason.STOP)
    assert (response.usage_metadata.prompt_token_count, response.usage_metadata.candidates_token_count) == (7, 5)
    assert response.model_version == "m-1"


def test_a_streamed_answer(client):
    pieces = list(client.models.generate_content_stream(model="m-1", contents="Hello!"))

    assert "".join([piece.text or "" for piece in pieces]) == TEXT
    assert pieces[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert pieces[-1].usage_metadata.total_token_count == 12


def test_a_tool_call_and_its_result(client):
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[WEATHER])],
        tool_config=types.ToolConfig(function_calling_config=types.FunctionCallingConfig(mode="ANY")),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    asked = types.Content(role="user", parts=[types.Part.from_text(text="Hello!")])
    first = client.models.generate_content(model="demo", contents=[asked], config=config)
    [call] = first.function_calls
    result = types.Part.from_function_response(name=call.name, response={"output": "sunny"})
    result.function_response.id = call.id

    second = client.models.generate_content(
        model="demo", contents=[asked, first.candidates[0].content, types.Content(role="user", parts=[result])]
    )

    assert call.name == "weather"
    assert "sunny" in second.text


def test_tokens_are_counted(client):
    assert client.models.count_tokens(model="m-1", contents="Hello, how are you?").total_tokens > 3


def test_the_models_are_listed_in_googles_shape(client, legion):
    assert "models/m-1" in [model.name for model in client.models.list()]
    assert client.models.get(model="m-1").display_name == "m-1"
    assert "models" in httpx.get(f"{legion.url}/v1/models", headers={"x-goog-api-key": "k"}).json()


def test_the_async_client(legion):
    async def main():
        async with connected(legion.url).aio as client:
            return (await client.models.generate_content(model="m-1", contents="Hello!")).text

    assert asyncio.run(main()) == TEXT


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_a_client_without_events_gets_an_array(legion, version):
    answer = httpx.post(f"{legion.url}/{version}/models/m-1:streamGenerateContent", json=CONTENTS)

    pieces = answer.json()
    texts = [part["text"] for piece in pieces for part in piece["candidates"][0]["content"]["parts"]]
    assert "".join(texts) == TEXT
    assert answer.headers["content-type"].startswith("application/json")


def test_an_error_has_googles_shape(client):
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="nobody/nothing", contents="Hello!")

    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")


def test_what_is_wrong_with_a_request_is_said_in_googles_words(legion):
    answer = httpx.post(f"{legion.url}/v1beta/models/m-1:generateContent", json={"contents": []})

    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"][0]["fieldViolations"][0]["field"] == "contents"


@pytest.mark.parametrize("path", ["/v1beta/models/m-1:predict", "/v1beta/nothing"])
def test_what_there_is_not_is_said_in_googles_words(legion, path):
    answer = httpx.post(f"{legion.url}{path}", json={})

    assert answer.json()["error"]["status"] in ("NOT_FOUND", "INVALID_ARGUMENT")
    assert answer.status_code in (404, 405)


def test_a_stream_that_breaks_says_so(serving, make_provider):
    with openai_upstream(Fault.CUT) as server:
        legion = serving({"up": make_provider(server)})

        said = httpx.post(f"{legion.url}/v1beta/models/m-1:streamGenerateContent?alt=sse", json=CONTENTS).text

    *_, last = said.strip().split("\n\n")
    assert json.loads(last.removeprefix("data: "))["error"]["status"] == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"x-goog-api-key": "right"}, "", 200),
        ({}, "?key=right", 200),
        ({"authorization": "Bearer right"}, "", 200),
        ({"x-goog-api-key": "wrong"}, "", 401),
        ({}, "?key=wrong", 401),
        ({}, "", 401),
    ],
)
def test_keys_are_shown_as_googles_clients_show_them(serving, headers, query, status):
    legion = serving({"demo": {}}, api={"port": 0, "keys": {"ann": "right"}})

    answer = httpx.post(f"{legion.url}/v1beta/models/demo:generateContent{query}", json=CONTENTS, headers=headers)

    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_a_key_in_the_query_counts_on_googles_paths_alone(serving):
    legion = serving({"demo": {}}, api={"port": 0, "keys": {"ann": "right"}})

    assert httpx.get(f"{legion.url}/v1/models?key=right").status_code == 401

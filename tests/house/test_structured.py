"""Data out of models, through the whole house."""

from __future__ import annotations

import json

import openai
import pydantic
import pytest
from legion_llm import InvalidRequestError
from upstream import ScriptedServer, Send, answer

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


class Weather(pydantic.BaseModel):
    city: str


def completion(text):
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m-1",
        "choices": [choice],
        "usage": usage,
    }
    return Send(answer(json.dumps(body).encode()))


@pytest.fixture
def saying():
    """A server that gives answers in turn; what it was sent stands in `requests`."""
    servers = []

    def start(*texts):
        waiting = list(texts)

        def script(_request):
            said = waiting.pop(0)
            return (said if isinstance(said, Send) else completion(said),)

        server = ScriptedServer(script)
        server.__enter__()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.__exit__()


def test_a_fenced_answer_of_a_model_without_a_mode_for_it(embedded, saying, make_provider):
    server = saying('```json\n{"city": "Kiel"}\n```')
    legion = embedded({"up": make_provider(server)})

    result = legion.structured("Where?", SCHEMA).get(5)

    sent = server.requests[0].json()
    assert result.data == {"city": "Kiel"}
    assert "response_format" not in sent
    assert json.dumps(SCHEMA, separators=(",", ":")) in sent["messages"][0]["content"]
    assert any("put into the prompt" in warning for warning in result.response.warnings)


def test_a_model_with_a_mode_for_it_is_told_in_its_api(embedded, saying, make_provider):
    server = saying('{"city": "Kiel"}')
    legion = embedded({"up": {**make_provider(server), "native_schema": True}})

    legion.structured("Where?", Weather).get(5)

    shape = server.requests[0].json()["response_format"]
    assert (shape["type"], shape["json_schema"]["schema"]["required"]) == ("json_schema", ["city"])


def test_an_answer_that_does_not_fit_is_mended(embedded, saying, make_provider):
    server = saying('{"town": "Kiel"}', '{"city": "Kiel"}')
    legion = embedded({"up": make_provider(server)})

    result = legion.structured([{"role": "user", "content": "Where?"}], SCHEMA, temperature=0).get(5)

    assert (result.data, result.attempts, result.usage.total_tokens) == ({"city": "Kiel"}, 2, 24)
    again = server.requests[1].json()["messages"]
    assert [message["role"] for message in again] == ["system", "user", "assistant", "user"]
    assert "'city' is a required property" in again[-1]["content"]


def test_a_failure_of_the_second_call_is_told_apart_from_a_bad_answer(embedded, saying, make_provider):
    broken = Send(answer(b'{"error": {"message": "overloaded"}}', status="503 Service Unavailable"))
    server = saying("no json", broken, broken, broken)
    legion = embedded({"up": make_provider(server)})

    result = legion.structured("Where?", SCHEMA).get(5)

    assert (result.valid, result.fault, result.raw) == (False, "transport", "no json")


def test_the_official_client_parses_what_a_model_without_a_mode_says(serving, saying, make_provider):
    server = saying('```json\n{"city": "Kiel"}\n```')
    legion = serving({"up": make_provider(server)})

    with openai.OpenAI(base_url=f"{legion.url}/v1", api_key="none", max_retries=0) as client:
        parsed = client.chat.completions.parse(
            model="m-1", messages=[{"role": "user", "content": "Where?"}], response_format=Weather
        )

    assert parsed.choices[0].message.parsed == Weather(city="Kiel")


def test_the_official_client_parses_what_a_model_with_a_mode_says(serving):
    legion = serving({"demo": {}})

    with openai.OpenAI(base_url=f"{legion.url}/v1", api_key="none", max_retries=0) as client:
        parsed = client.chat.completions.parse(
            model="demo", messages=[{"role": "user", "content": "Where?"}], response_format=Weather
        )

    assert parsed.choices[0].message.parsed == Weather(city="demo")


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"schema": 5}, "schema"),
        ({"schema": {}, "max_retries": 11}, "max_retries"),
        ({"schema": {}, "max_retries": True}, "max_retries"),
        ({"schema": {}, "response_format": {}}, "response_format"),
        ({"schema": {}, "stream": True}, "stream"),
        ({"schema": {}, "temprature": 1}, "temprature"),
    ],
)
def test_a_wrong_argument_is_named(embedded, arguments, param):
    legion = embedded({"demo": {}})

    with pytest.raises(InvalidRequestError) as caught:
        legion.structured("x", **arguments)

    assert caught.value.param == param

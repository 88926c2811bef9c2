from __future__ import annotations

import pytest
from legion_llm.actors.structured.actor import Structurer
from legion_llm.messages.chat import ChatMessage, Request, Response, ResponseFormat, Usage
from legion_llm.messages.errors import InvalidRequestError, ProviderDown
from legion_llm.messages.routing import Infer
from legion_llm.messages.structured import Structure
from legion_llm.runtime import Actor

SHAPE = ResponseFormat(type="json_schema", schema={"type": "integer"})


class InferenceDouble(Actor[Infer]):
    """Answers as it was told, in turn."""

    def __init__(self, script, requests) -> None:
        super().__init__()
        self._script = script
        self._requests = requests

    async def on_infer(self, message: Infer) -> Response:
        self._requests.append(message.request)
        said = self._script.pop(0)
        if isinstance(said, Exception):
            raise said
        return Response(
            message=ChatMessage(role="assistant", content=said),
            model="m",
            usage=Usage(uncached_input=1, visible_output=2),
        )


def compile_schema(schema):
    if schema.get("type") != "integer":
        raise InvalidRequestError("this is no JSON Schema", param="schema")
    return lambda value: None if type(value) is int else f"{value!r} is no integer"


@pytest.fixture
def script():
    return []


@pytest.fixture
def requests():
    return []


@pytest.fixture
def ask(house, script, requests):
    house.add("inference", lambda: InferenceDouble(script, requests))
    house.add("structurer", lambda: Structurer(compile_schema, inference=house.address("inference")))
    house.start()

    def structure(*answers, max_retries=2, shape=SHAPE):
        script.extend(answers)
        request = Request(messages=(ChatMessage(content="how many?"),), response_format=shape)
        return house.ask("structurer", Structure(request=request, max_retries=max_retries))

    return structure


def test_an_answer_that_fits_is_the_result(ask):
    result = ask("42")

    assert (result.data, result.valid, result.retried, result.attempts) == (42, True, False, 1)
    assert (result.raw, result.model, result.fault) == ("42", "m", None)


def test_an_answer_that_does_not_fit_is_asked_for_again_with_what_is_wrong(ask, requests):
    result = ask('"many"', "42")

    assert (result.data, result.retried, result.attempts) == (42, True, 2)
    assert "'many' is no integer" in requests[1].messages[-1].text
    assert requests[1].messages[0].text == "how many?"
    assert requests[1].response_format == SHAPE


def test_every_retry_stands_on_the_answers_before_it(ask, requests):
    ask("a", "b", "3")

    assert [message.text for message in requests[2].messages if message.role == "assistant"] == ["a", "b"]


def test_the_tokens_of_all_answers_are_counted(ask):
    assert ask("a", "b", "3").usage.total_tokens == 9


@pytest.mark.parametrize(("answer", "fault"), [("many", "parse"), ('"many"', "schema")])
def test_when_the_tries_are_used_up_the_last_fault_is_the_result(ask, answer, fault):
    result = ask(*[answer] * 3)

    assert (result.data, result.valid, result.attempts, result.fault) == (None, False, 3, fault)
    assert result.raw == answer
    assert result.error


def test_nothing_is_asked_again_where_no_retries_are_wanted(ask, requests):
    result = ask("a", max_retries=0)

    assert (result.valid, result.retried, len(requests)) == (False, False, 1)


def test_a_failure_before_there_is_an_answer_is_raised(ask):
    with pytest.raises(ProviderDown):
        ask(ProviderDown("gone"))


def test_a_failure_of_a_retry_is_part_of_the_result_and_no_parse_fault(ask):
    result = ask("a", ProviderDown("gone"))

    assert (result.valid, result.fault, result.raw) == (False, "transport", "a")
    assert result.error.startswith("ProviderDown: gone")
    assert "it is not JSON" in result.error


def test_a_wrong_schema_is_refused_before_anybody_is_asked(ask, requests):
    with pytest.raises(InvalidRequestError, match="no JSON Schema"):
        ask("1", shape=ResponseFormat(type="json_schema", schema={"type": "objekt"}))
    with pytest.raises(InvalidRequestError, match="needs a response_format"):
        ask("1", shape=None)

    assert requests == []

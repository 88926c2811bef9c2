"""Answers that clients go on from and come back for, with the official OpenAI client against the running server."""

from __future__ import annotations

import json

import httpx
import openai
import pytest

TOOL = {
    "type": "function",
    "name": "weather",
    "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": True,
}
KEYS = {"ann": "key-of-ann", "bob": "key-of-bob"}


@pytest.fixture
def legion(serving, upstream, make_provider):
    return serving({"up": make_provider(upstream), "demo": {}}, api={"port": 0, "keys": KEYS})


@pytest.fixture
def client(legion):
    with openai.OpenAI(base_url=f"{legion.url}/v1", api_key="key-of-ann", max_retries=0) as client:
        yield client


@pytest.fixture
def said(upstream):
    """What the last request told the provider, as pairs of role and text."""

    def look():
        return [(message["role"], message["content"]) for message in json.loads(upstream.requests[-1].body)["messages"]]

    return look


def test_an_answer_goes_on_from_another(client, said):
    first = client.responses.create(model="m-1", input="My name is Ada.", instructions="Be brief.")

    second = client.responses.create(model="m-1", input="What is my name?", previous_response_id=first.id)

    assert second.previous_response_id == first.id
    # Instructions are not carried over: they come with every request anew.
    assert said() == [("user", "My name is Ada."), ("assistant", first.output_text), ("user", "What is my name?")]


def test_a_streamed_answer_goes_on_from_a_streamed_one(client, said):
    with client.responses.stream(model="m-1", input="One.") as stream:
        first = stream.get_final_response()

    with client.responses.stream(model="m-1", input="Two.", previous_response_id=first.id) as stream:
        second = stream.get_final_response()

    assert (first.store, second.previous_response_id) == (True, first.id)
    assert said() == [("user", "One."), ("assistant", first.output_text), ("user", "Two.")]


def test_two_answers_may_go_on_from_the_same(client, said):
    first = client.responses.create(model="m-1", input="One.")
    client.responses.create(model="m-1", input="Left.", previous_response_id=first.id)
    right = client.responses.create(model="m-1", input="Right.", previous_response_id=first.id)

    client.responses.create(model="m-1", input="On.", previous_response_id=right.id)

    assert [text for role, text in said() if role == "user"] == ["One.", "Right.", "On."]


def test_what_a_tool_says_follows_its_call(client):
    tools = [TOOL]
    first = client.responses.create(model="demo", input="Hello!", tools=tools, tool_choice="required")
    call = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}

    second = client.responses.create(model="demo", input=[result], tools=tools, previous_response_id=first.id)

    assert "sunny" in second.output_text


def test_an_item_of_an_answer_may_be_named_instead_of_being_sent_again(client, said):
    first = client.responses.create(model="m-1", input="One.")
    named = {"type": "item_reference", "id": first.output[0].id}
    two = {"role": "user", "content": "Two."}

    client.responses.create(model="m-1", input=[{"role": "user", "content": "One."}, named, two])

    assert said() == [("user", "One."), ("assistant", first.output_text), ("user", "Two.")]


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_is_fetched_as_it_was_given(client, streamed):
    asked = {"model": "m-1", "input": "Hello!", "metadata": {"a": "b"}, "temperature": 0.5}
    if streamed:
        *_, last = client.responses.create(**asked, stream=True)
        given = last.response
    else:
        given = client.responses.create(**asked)

    fetched = client.responses.retrieve(given.id)

    assert fetched.to_dict() == given.to_dict()


def test_an_answer_that_shall_not_be_kept_is_not_there(client):
    given = client.responses.create(model="m-1", input="Hello!", store=False)

    with pytest.raises(openai.NotFoundError, match=given.id):
        client.responses.retrieve(given.id)
    assert given.store is False


def test_where_the_settings_say_so_nothing_is_kept(serving, upstream, make_provider):
    legion = serving({"up": make_provider(upstream)}, api={"port": 0, "keep_responses": False})

    with openai.OpenAI(base_url=f"{legion.url}/v1", api_key="none", max_retries=0) as client:
        given = client.responses.create(model="m-1", input="Hello!", store=True)

    assert given.store is False
    assert legion.conversations().get() == ()


def test_going_on_from_what_is_not_there_is_the_error_that_clients_know(client):
    given = client.responses.create(model="m-1", input="Hello!", store=False)

    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="m-1", input="And?", previous_response_id=given.id)

    assert (caught.value.code, caught.value.param) == ("previous_response_not_found", "previous_response_id")


def test_an_item_that_is_not_there_is_an_error(client):
    with pytest.raises(openai.BadRequestError, match="Item with id 'msg_1' not found"):
        client.responses.create(model="m-1", input=[{"type": "item_reference", "id": "msg_1"}])


def test_an_answer_belongs_to_the_key_that_got_it(client, legion):
    given = client.responses.create(model="m-1", input="Hello!")

    with openai.OpenAI(base_url=f"{legion.url}/v1", api_key="key-of-bob", max_retries=0) as other:
        with pytest.raises(openai.NotFoundError):
            other.responses.retrieve(given.id)
        with pytest.raises(openai.NotFoundError):
            other.responses.delete(given.id)
        with pytest.raises(openai.BadRequestError, match="not found"):
            other.responses.create(model="m-1", input="And?", previous_response_id=given.id)
    assert client.responses.retrieve(given.id).id == given.id


def test_a_deleted_answer_is_gone_and_those_after_it_still_know_what_was_said(client, said):
    first = client.responses.create(model="m-1", input="One.")
    second = client.responses.create(model="m-1", input="Two.", previous_response_id=first.id)

    client.responses.delete(first.id)

    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)
    client.responses.create(model="m-1", input="Three.", previous_response_id=second.id)
    assert [text for role, text in said() if role == "user"] == ["One.", "Two.", "Three."]


def test_with_its_last_answer_a_chain_is_forgotten(client, legion):
    first = client.responses.create(model="m-1", input="One.")
    second = client.responses.create(model="m-1", input="Two.", previous_response_id=first.id)
    assert len(legion.conversations().get()) == 1

    client.responses.delete(second.id)
    client.responses.delete(first.id)

    assert legion.conversations().get() == ()


def test_what_was_said_before_an_answer_is_listed(client):
    tools = [TOOL]
    first = client.responses.create(model="demo", input="Hello!", tools=tools, tool_choice="required")
    call = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    second = client.responses.create(model="demo", input=[result], tools=tools, previous_response_id=first.id)

    items = list(client.responses.input_items.list(second.id, order="asc", limit=1))
    newest = client.responses.input_items.list(second.id).data[0]

    assert [item.type for item in items] == ["message", *[item.type for item in first.output], "function_call_output"]
    assert (items[0].role, items[0].content[0].text) == ("user", "Hello!")
    assert call.id in [item.id for item in items]
    assert (newest.output, len({item.id for item in items})) == ("sunny", len(items))


@pytest.mark.parametrize("query", ["order=up", "limit=0", "limit=x"])
def test_a_page_that_cannot_be_meant_is_refused(client, legion, query):
    given = client.responses.create(model="m-1", input="Hello!")

    answer = httpx.get(
        f"{legion.url}/v1/responses/{given.id}/input_items?{query}",
        headers={"x-api-key": "key-of-ann"},
        trust_env=False,
    )

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, query.partition("=")[0])


def test_an_answer_that_was_kept_is_not_streamed_again(client, legion):
    given = client.responses.create(model="m-1", input="Hello!")

    answer = httpx.get(
        f"{legion.url}/v1/responses/{given.id}?stream=true", headers={"x-api-key": "key-of-ann"}, trust_env=False
    )

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "stream")


def test_an_answer_outlives_the_process(serving, upstream, make_provider, tmp_path):
    def served():
        return serving({"up": make_provider(upstream)}, store={"path": str(tmp_path / "legion.db")})

    def client(legion):
        return openai.OpenAI(base_url=f"{legion.url}/v1", api_key="none", max_retries=0)

    with served() as legion, client(legion) as one:
        given = one.responses.create(model="m-1", input="Hello!")

    with served() as legion, client(legion) as another:
        fetched = another.responses.retrieve(given.id)

    assert fetched.output_text == given.output_text

"""What clients say goes out as it came to providers of the same dialect, whatever it is; and official clients would have said it so."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.ollama import Ollama, OllamaChat
from legion_llm.adapters.dialects.openai_responses import OpenAIResponses
from legion_llm.adapters.dialects.protocol import DialectOptions
from ollama._types import ChatRequest, ChatResponse
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

OPTIONS = DialectOptions()
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
ARGUMENTS = st.dictionaries(NAMES, st.integers(-9, 9) | TEXT, max_size=2)
SCHEMAS = st.builds(lambda name: {"type": "object", "properties": {name: {"type": "string"}}}, NAMES)


def some(required, **optional):
    return st.fixed_dictionaries(required, optional=optional)


def sent_on(served, spoken, body):
    request = served.parse_request(json.dumps(body).encode())
    wire = spoken.render_request(request, body["model"], stream=request.stream, options=OPTIONS)
    assert wire.warnings == ()
    return json.loads(wire.body)


# -- Ollama

PICTURES = st.lists(st.sampled_from(["iVBORw0KGgoAAA==", "/9j/4AAQSkZJRg=="]), min_size=1, max_size=2)
OLLAMA_CALLS = st.lists(
    some({"function": some({"name": NAMES, "arguments": ARGUMENTS}, index=st.integers(0, 3))}, id=WORDS),
    min_size=1,
    max_size=2,
)
OLLAMA_MESSAGES = st.one_of(
    some({"role": st.sampled_from(["user", "system"]), "content": TEXT}, images=PICTURES, new=WORDS),
    some({"role": st.just("assistant"), "content": TEXT}, thinking=WORDS, tool_calls=OLLAMA_CALLS),
    some({"role": st.just("tool"), "content": TEXT, "tool_name": NAMES}, tool_call_id=WORDS),
)
OLLAMA_TOOLS = st.lists(
    st.builds(
        lambda name, words, schema: {
            "type": "function",
            "function": {"name": name, "description": words, "parameters": schema},
        },
        NAMES,
        TEXT,
        SCHEMAS,
    ),
    min_size=1,
    max_size=2,
)
OLLAMA_OPTIONS = some(
    {"seed": st.integers(0, 99)},
    temperature=st.floats(0, 2),
    num_predict=st.integers(-2, 99),
    stop=st.lists(WORDS, min_size=1, max_size=2),
    num_ctx=st.integers(1, 9999),
    repeat_penalty=st.floats(0, 2),
)
OLLAMA = some(
    {"model": NAMES, "messages": st.lists(OLLAMA_MESSAGES, min_size=1, max_size=4), "stream": st.booleans()},
    tools=OLLAMA_TOOLS,
    options=OLLAMA_OPTIONS,
    format=st.just("json") | SCHEMAS,
    think=st.booleans() | st.sampled_from(["low", "high", "max"]),
    logprobs=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(OLLAMA)
def test_what_an_ollama_client_says_goes_out_as_it_came(body):
    sent = sent_on(OllamaChat(), Ollama(), body)

    assert sent == {**body, "truncate": False, "shift": False}
    ChatRequest.model_validate(sent)


@settings(max_examples=40, deadline=None)
@given(TEXT, WORDS, OLLAMA_CALLS)
def test_what_an_ollama_server_answers_goes_out_as_it_came(text, thinking, calls):
    message = {"role": "assistant", "content": text, "thinking": thinking, "tool_calls": calls}
    answer = {"model": "m", "message": message, "done": True, "done_reason": "stop", "eval_count": 5, "new": 1}

    said = json.loads(OllamaChat().render_response(Ollama().parse_response(json.dumps(answer).encode())))

    assert (said["message"]["content"], said["message"]["thinking"], said["new"]) == (text, thinking, 1)
    read = ChatResponse.model_validate(said)
    assert [(call.function.name, call.function.arguments) for call in read.message.tool_calls] == [
        (call["function"]["name"], call["function"]["arguments"]) for call in calls
    ]


# -- OpenAI's responses

PARTS = st.lists(
    st.one_of(
        some({"type": st.just("input_text"), "text": TEXT}),
        some(
            {
                "type": st.just("input_image"),
                "image_url": st.just("https://example.org/a.png"),
                "detail": st.sampled_from(["low", "auto"]),
            }
        ),
        some({"type": st.just("input_file"), "file_id": NAMES}),
    ),
    min_size=2,
    max_size=3,
)
ENCRYPTED = st.from_regex(r"gAAAA[a-z0-9]{1,9}", fullmatch=True)
ITEMS = st.one_of(
    some({"role": st.sampled_from(["user", "system", "developer"]), "content": TEXT | PARTS}),
    some({"role": st.just("assistant"), "content": WORDS}, phase=st.sampled_from(["commentary", "final_answer"])),
    some({"type": st.just("function_call"), "call_id": WORDS, "name": NAMES, "arguments": st.just("{}")}),
    some({"type": st.just("function_call_output"), "call_id": WORDS, "output": TEXT}),
    some(
        {
            "type": st.just("reasoning"),
            "id": st.from_regex(r"rs_[a-z0-9]{1,9}", fullmatch=True),
            "summary": st.just([]) | st.builds(lambda text: [{"type": "summary_text", "text": text}], WORDS),
            "encrypted_content": ENCRYPTED,
        }
    ),
)
TOOLS = st.lists(
    st.one_of(
        some(
            {"type": st.just("function"), "name": NAMES, "parameters": SCHEMAS, "strict": st.booleans()},
            description=TEXT,
        ),
        st.just({"type": "web_search"}),
    ),
    min_size=1,
    max_size=2,
)


def shaped(schema):
    return {"format": {"type": "json_schema", "name": "a", "schema": schema, "strict": True}, "verbosity": "high"}


RESPONSES = some(
    {"model": NAMES, "input": st.lists(ITEMS, min_size=1, max_size=5), "store": st.just(False)},
    instructions=WORDS,
    tools=TOOLS,
    temperature=st.floats(0, 2),
    max_output_tokens=st.integers(16, 99),
    text=st.just({"verbosity": "low"}) | st.builds(shaped, SCHEMAS),
    parallel_tool_calls=st.booleans(),
    service_tier=st.just("flex"),
    metadata=st.dictionaries(NAMES, TEXT, min_size=1, max_size=1),
    truncation=st.just("auto"),
)


OFFICIAL = TypeAdapter(ResponseCreateParamsNonStreaming)


@settings(max_examples=60, deadline=None)
@given(RESPONSES)
def test_what_a_client_of_responses_says_goes_out_as_it_came(body):
    sent = sent_on(OpenAIResponses(), OpenAIResponses(), body)

    # Without tools there is nothing that could be called side by side.
    expected = {key: value for key, value in body.items() if key != "parallel_tool_calls" or "tools" in body}
    assert sent == expected
    OFFICIAL.validate_python(sent)

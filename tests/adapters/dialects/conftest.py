"""Golden files: bodies as the vendors' public documentation shows them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import official
import pytest
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.gemini import GeminiCall
from legion_llm.adapters.dialects.ollama import OllamaChat
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.openai_responses import OpenAIResponses
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.adapters.providers.build import DIALECTS
from legion_llm.adapters.providers.response_builder import ResponseBuilder
from legion_llm.messages.errors import UnsupportedCapability

# What clients speak, and a request of each that says nothing more than it must.
SERVED = {
    "openai.chat": (OpenAIChat(), {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}),
    "openai.responses": (OpenAIResponses(), {"model": "m", "input": "Hi"}),
    "anthropic.messages": (
        AnthropicMessages(),
        {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]},
    ),
    "gemini.generate": (GeminiCall("m"), {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}),
    "ollama.chat": (OllamaChat(), {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}),
}

# What is spoken, a model, and an independent reader, of each family of providers whose dialects differ.
TARGETS = {
    "openai": (DIALECTS["openai"], "gpt-5", official.openai_chat),
    "responses": (OpenAIResponses(), "gpt-5", official.openai_responses),
    "vllm": (DIALECTS["vllm"], "qwen3", official.openai_chat),
    "anthropic": (DIALECTS["anthropic"], "claude-sonnet-4-5", official.anthropic),
    "gemini": (DIALECTS["gemini"], "gemini-2.5-flash", official.gemini),
    "bedrock": (DIALECTS["bedrock"], "anthropic.claude-sonnet-4-5", official.bedrock),
    "ollama": (DIALECTS["ollama"], "qwen3", official.ollama),
}

# Who speaks what clients speak: there everything goes out as it came.
OWN = {
    "openai.chat": ("openai", "vllm"),
    "openai.responses": ("responses",),
    "anthropic.messages": ("anthropic",),
    "gemini.generate": ("gemini",),
    "ollama.chat": ("ollama",),
}

GOLDEN = Path(__file__).parent / "golden"


def pytest_generate_tests(metafunc):
    """Give a test of a module with a TABLE every cell of it: a row, who says it, and who hears it."""
    if not {"row", "source", "target"} <= set(metafunc.fixturenames):
        return
    cells = [
        pytest.param(row, source, target, id=f"{feature}: {source} > {target}")
        for feature, row in metafunc.module.TABLE.items()
        for source, said in row["said"].items()
        for target in row["heard"]
        if said is not None and ">" not in target
    ]
    metafunc.parametrize(("row", "source", "target"), cells)


@pytest.fixture
def served():
    """Return the dialects that clients speak, by name."""
    return {name: dialect for name, (dialect, _) in SERVED.items()}


@pytest.fixture
def golden():
    """Return the bytes of a golden file ("openai_chat/request_plain.json")."""
    return lambda name: (GOLDEN / name).read_bytes()


@pytest.fixture
def golden_json(golden):
    """Return the value of a golden file."""
    return lambda name: json.loads(golden(name))


@pytest.fixture
def answer_of():
    """Feed a parser, at once or in pieces, and return what the chunks amount to, as a `Response`."""

    def read(parser, *pieces):
        builder = ResponseBuilder()
        for piece in pieces:
            for chunk in parser.feed(piece):
                builder.add(chunk)
        parser.close()
        return builder.build(model="?", created=0)

    return read


@pytest.fixture
def cross():
    """Say `said` in one dialect, and hear it in another: return the body that is sent, read by the vendor's own types, and the warnings."""

    def send(source, said, target, *, stream=False):
        dialect, plain = SERVED[source]
        request = dialect.parse_request(json.dumps({**plain, **said}).encode())
        options = DialectOptions(origin=target)
        speaks, model, read = TARGETS[target]
        wire = speaks.render_request(request, model, stream=stream, options=options)
        body = json.loads(wire.body)
        # What clients say in their providers' own dialect goes out as it came, sense or nonsense.
        if target not in OWN[source]:
            read(body)
        return body, wire.warnings

    return send


@pytest.fixture
def heard():
    """Compare what was heard with a cell of a table: every part of it is a fragment of the body, or ("lost", words of a warning)."""

    def compare(body, warnings, *cell):
        words = [part[1] for part in cell if isinstance(part, tuple)]
        for part in cell:
            assert isinstance(part, tuple) or holds(body, part), f"{part} is not in {body}"
        unheard = [text for text in words if not any(re.search(text, warning) for warning in warnings)]
        untold = [warning for warning in warnings if not any(re.search(text, warning) for text in words)]
        assert (unheard, untold) == ([], []), "what was not warned of, and what was warned of for nothing"

    return compare


@pytest.fixture
def crossed(cross, heard):
    """Say what a row of a table says in one dialect, and compare what becomes of it with what the row has for that kind of provider.

    A row is {"said": {dialect: fields of the request, or None}, "heard": {kind: cell, or "dialect > kind": cell}}, a cell as for `heard`,
    ("refused", capability), or a list of the former.
    """

    def judge(row, source, target):
        said = row["said"][source]
        usual = said if target in OWN[source] else row["heard"][target]
        cell = row["heard"].get(f"{source} > {target}", usual)
        if not isinstance(cell, tuple) or cell[0] != "refused":
            heard(*cross(source, said, target), *(cell if isinstance(cell, list) else [cell]))
            return True
        with pytest.raises(UnsupportedCapability) as caught:
            cross(source, said, target)
        return caught.value.capability == cell[1]

    return judge


@pytest.fixture
def is_whole():
    """Whether a table has a cell for every dialect that clients speak, and every kind of provider."""

    def check(table):
        kinds = [{key for key in row["heard"] if ">" not in key} for row in table.values()]
        return all(row["said"].keys() == SERVED.keys() for row in table.values()) and all(
            each == TARGETS.keys() for each in kinds
        )

    return check


def holds(value, fragment):
    """Whether a fragment is somewhere within a value."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return matches(value, fragment) or any(holds(child, fragment) for child in children)


def matches(value, fragment):
    """Whether a value is a fragment, or more of the same: objects may have other fields, too."""
    if isinstance(fragment, dict) and isinstance(value, dict):
        return all(key in value and matches(value[key], part) for key, part in fragment.items())
    if isinstance(fragment, list) and isinstance(value, list):
        return len(value) == len(fragment) and all(map(matches, value, fragment))
    return value == fragment

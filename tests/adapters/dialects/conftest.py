"""Golden files: bodies as the vendors' public documentation shows them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from legion_llm.adapters.providers.response_builder import ResponseBuilder

GOLDEN = Path(__file__).parent / "golden"


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

"""The API's description of itself, held beside its routes."""

from __future__ import annotations

import jsonschema
import pytest
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.openai_responses import OpenAIResponses
from legion_llm.adapters.http.config import HttpApiConfig
from legion_llm.adapters.http.openapi import OPERATIONS, describe
from legion_llm.adapters.http.openapi.document import plain_path
from legion_llm.adapters.http.openapi.schemas import SCHEMAS
from legion_llm.adapters.http.table import route_table

OTHERS = {"/v1/messages": AnthropicMessages(), "/v1/responses": OpenAIResponses()}


@pytest.fixture(scope="module")
def rows():
    return route_table(None, HttpApiConfig(), OpenAIChat(), OTHERS, insight=object(), reload=object())


def test_every_route_is_described_and_nothing_else_is(rows):
    asked = [row for row in rows if "{rest:path}" not in row.path]  # those that say that there is nothing

    assert {(method, plain_path(row.path)) for row in asked for method in row.methods} == set(OPERATIONS)


def test_every_schema_is_a_schema_and_is_used(rows):
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)

    assert {each.body for each in OPERATIONS.values() if each.body is not None} | {"Error"} == set(SCHEMAS)


def test_the_document_is_served(client):
    document = client.get("/openapi.json").json()

    assert document["openapi"] == "3.1.0"
    assert document["paths"]["/v1/models/{id}"]["get"]["parameters"][0]["name"] == "id"
    assert document["paths"]["/openapi.json"]["get"]["security"] == []


def test_a_path_names_its_parameters_as_openapi_does(rows):
    assert all(":path}" not in path for path in describe(rows)["paths"])

"""An account that is out of credit, with real sockets: said with a 400, understood, and asked no more."""

from __future__ import annotations

import json

import legion_llm
import pytest
from upstream import ScriptedServer, Send, answer, canned_openai, openai_upstream

BROKE = json.dumps(
    {
        "error": {
            "type": "invalid_request_error",
            "message": "Your credit balance is too low to access the API. Please go to Plans & Billing to upgrade.",
        }
    }
).encode()


def broke(request):
    if request.path != "/v1/chat/completions":
        return (Send(answer(canned_openai().models)),)
    return (Send(answer(BROKE, status="400 Bad Request")),)


def calls(server):
    return sum(request.path == "/v1/chat/completions" for request in server.requests)


def test_everybody_is_answered_by_the_others_and_the_account_is_asked_once(embedded, make_provider):
    with ScriptedServer(broke) as unpaid, openai_upstream() as paid:
        legion = embedded({"a": make_provider(unpaid), "b": make_provider(paid)}, max_attempts=1)

        answers = [legion.chat("Hello!", model="m-1").get(timeout=10) for _ in range(5)]

        assert [each.routing.provider for each in answers] == ["b"] * 5
        assert calls(unpaid) == 1


def test_where_there_is_nobody_else_the_refusal_says_why_and_for_how_long(embedded, make_provider):
    with ScriptedServer(broke) as unpaid:
        legion = embedded({"a": make_provider(unpaid)})
        with pytest.raises(legion_llm.AccountError):
            legion.chat("Hello!").get(timeout=10)

        with pytest.raises(legion_llm.NoRouteError, match="account out of credit or quota, or key refused") as caught:
            legion.chat("Hello!").get(timeout=10)

        assert 290 < caught.value.retry_after <= 300
        assert calls(unpaid) == 1

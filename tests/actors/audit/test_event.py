"""What is written down of a request, and what is not."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.audit.event import Scribe
from legion_llm.actors.audit.redaction import Redactor
from legion_llm.actors.audit.said import Quotation
from legion_llm.messages.audit import AuditEntry, RequestFinished
from legion_llm.messages.caller import Caller, Profile
from legion_llm.messages.chat import (
    ChatMessage,
    Request,
    Response,
    RoutingInfo,
    StopReason,
    ToolDefinition,
    Trace,
    Usage,
)
from legion_llm.messages.content import (
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from legion_llm.messages.embedding import Embedding, EmbedRequest, EmbedResponse
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.terms import Level

KEY = "sk-abcdefghijklmnopqrstuvwxyz"
ROUTING = RoutingInfo(
    provider="openai/eu", model="gpt", tier="frontier", attempts=2, chain=("a: throttled", "b: success")
)
USAGE = Usage(uncached_input=10, cache_read=5, visible_output=3, reasoning=2)


class Prices:
    def cost(self, instance, model, usage):
        return 0.25 if (instance, model) == ("openai/eu", "gpt") else None


def request_of(*messages, **fields):
    return Request(messages=messages or (ChatMessage(content="the secret plan"),), id="req_1", **fields)


def response_of(*blocks, **fields):
    content = blocks or (TextBlock(text="the secret answer"),)
    values = {"usage": USAGE, "routing": ROUTING, **fields}
    return Response(message=ChatMessage(role="assistant", content=content), **values)


def finished(request=None, response=None, **fields):
    values = {"outcome": Outcome.SUCCESS, "began_at": 1_700_000_000.0, "seconds": 0.5, **fields}
    return RequestFinished(request=request or request_of(), response=response, **values)


@pytest.fixture
def quiet():
    """Writes no prompts, as is the default."""
    return Scribe(redactor=Redactor(), prices=Prices())


@pytest.fixture
def quoting():
    redactor = Redactor(("plan [A-Z]",))
    return Scribe(redactor=redactor, quotation=Quotation(max_messages=2, max_text=50, redactor=redactor))


def body(scribe, *args, **fields):
    return scribe.event_of(finished(*args, **fields)).body


def test_an_event_says_who_asked_for_what_and_how_it_ended(quiet):
    request = request_of(
        model="gpt",
        conversation_id="conv_1",
        dialect="openai.chat",
        tools=(ToolDefinition(name="look"),),
        caller=Caller(identity="ada", type="human", credential="laptop"),
    )
    response = response_of(ToolUseBlock(id="c", name="look"), stop_reason=StopReason.TOOL_USE)

    event = quiet.event_of(
        finished(request, response, profile=Profile.HUMAN, level=Level.INTERNAL, trace=Trace(trace_id="t", span_id="s"))
    )

    assert (event.request_id, event.conversation_id, event.caller) == ("req_1", "conv_1", "ada")
    assert (event.outcome, event.at) == (Outcome.SUCCESS, 1_700_000_000.5)
    told = event.body
    assert told["at"] == "2023-11-14T22:13:20.500+00:00"
    assert told["caller"] == {"identity": "ada", "type": "human", "credential": "laptop"}
    assert told["asked"]["tools"] == ["look"]
    assert told["asked"]["dialect"] == "openai.chat"
    assert told["routing"]["provider"] == "openai/eu"
    assert told["routing"]["chain"] == ["a: throttled", "b: success"]
    assert told["tokens"] == {
        "input": 15,
        "output": 5,
        "cache_read": 5,
        "cache_write": 0,
        "reasoning": 2,
        "total": 20,
        "source": "reported",
    }
    assert told["cost"] == {"usd": 0.25, "source": "priced"}
    assert (told["stop_reason"], told["tools_used"]) == ("tool_use", ["look"])
    assert (told["profile"], told["classification"]) == ("human", "internal")
    assert told["trace"]["trace_id"] == "t"


def test_a_request_without_an_answer_says_why_in_the_name_of_its_error_alone(quiet):
    told = body(quiet, outcome=Outcome.REFUSED, error="ContentRefusedError")

    assert (told["outcome"], told["error"]) == ("refused", "ContentRefusedError")
    assert (told["routing"], told["tokens"], told["cost"]) == (None, None, None)


def test_what_was_said_is_not_in_it_unless_it_is_asked_for(quiet):
    request = request_of(system="the secret system", metadata={"note": "the secret note"})
    told = body(
        quiet,
        request,
        response_of(ThinkingBlock(text="the secret thought"), TextBlock(text="the secret answer")),
        enrichments={"rag:text": "the secret document", "confidence:score": 0.5},
    )

    assert "secret" not in repr(told)
    assert told["enrichments"] == {"rag:text": "<str>", "confidence:score": 0.5}


def test_what_the_provider_says_of_the_cost_counts_first(quiet):
    told = body(quiet, response=response_of(usage=attrs.evolve(USAGE, cost_usd=0.125)))

    assert told["cost"] == {"usd": 0.125, "source": "reported"}


def test_a_cost_that_nobody_knows_is_unknown(quoting):
    assert body(quoting, response=response_of())["cost"] == {"usd": None, "source": "unknown"}


def test_decisions_warnings_and_the_timeline_are_in_it_with_secrets_masked(quiet):
    told = body(
        quiet,
        decisions=(AuditEntry(step="rbac", outcome="failure", detail=f"not with {KEY}", at=0.001, data={"n": 1}),),
        warnings=(f"dropped {KEY}",),
        timeline=(
            (0.1, "provider:sent", "provider", "exch_1", "pipeline", None, "", None, {}),
            (0.2, "tracing:init", "internal", None, None, None, "", None, {}),
            (0.3, "rbac:check", "audit", None, None, "ada", f"saw {KEY}", 1.5, {"key": KEY}),
        ),
    )

    assert told["decisions"] == [
        {"step": "rbac", "outcome": "failure", "detail": "not with ***", "at_ms": 1.0, "data": {"n": 1}}
    ]
    assert told["warnings"] == ["dropped ***"]
    assert told["timeline"] == [
        {"at_ms": 100.0, "key": "provider:sent", "category": "provider", "exchange_id": "exch_1", "source": "pipeline"},
        {
            "at_ms": 300.0,
            "key": "rbac:check",
            "category": "audit",
            "target": "ada",
            "detail": "saw ***",
            "duration_ms": 1.5,
            "data": {"key": "***"},
        },
    ]


def test_a_long_timeline_is_cut(quiet):
    row = (0.1, "tool:run", "tool", None, None, None, "", None, {})

    assert len(body(quiet, timeline=(row,) * 500)["timeline"]) == 100


def test_the_last_messages_are_quoted_and_the_others_counted(quoting):
    request = request_of(*[ChatMessage(content=f"m{number}") for number in range(5)], system="be kind")

    told = body(quoting, request)["prompt"]

    assert told["system"] == "be kind"
    assert [message["content"][0]["text"] for message in told["messages"]] == ["m3", "m4"]
    assert told["messages_left_out"] == 3


def test_a_hash_of_all_is_kept_so_that_what_was_left_out_can_be_matched(quoting):
    long, same, other = (
        request_of(*[ChatMessage(content=text) for text in texts])
        for texts in (["a", "b", "c"], ["a", "b", "c"], ["x", "b", "c"])
    )

    digests = [body(quoting, request)["prompt"]["sha256"] for request in (long, same, other)]

    assert digests[0] == digests[1] != digests[2]


def test_long_texts_are_cut_and_secrets_masked_before(quoting):
    request = request_of(ChatMessage(content="x" * 40 + f" {KEY} and plan B " + "y" * 100))

    text = body(quoting, request)["prompt"]["messages"][0]["content"][0]["text"]

    assert text == "x" * 40 + " *** and *" + "... (103 characters more)"


def test_every_kind_of_block_is_told_and_reasoning_never(quoting):
    message = ChatMessage(
        role="assistant",
        content=(
            ThinkingBlock(text="the hidden thought"),
            TextBlock(text="hello"),
            ToolUseBlock(id="call_1", name="look", arguments='{"at": "it"}'),
            ToolResultBlock(tool_use_id="call_1", content=(TextBlock(text="seen"),), is_error=True),
            ImageBlock(source="base64", data="aGVsbG8="),
            OpaqueBlock(dialect="anthropic.messages", raw={"type": "odd"}),
        ),
    )

    told = body(
        quoting, request_of(message), response_of(ThinkingBlock(text="another hidden one"), TextBlock(text="ok"))
    )

    assert told["prompt"]["messages"][0]["content"] == [
        {"type": "text", "text": "hello"},
        {"type": "tool_use", "id": "call_1", "name": "look", "arguments": '{"at": "it"}'},
        {"type": "tool_result", "id": "call_1", "is_error": True, "text": "seen"},
        {"type": "image"},
        {"type": "opaque", "dialect": "anthropic.messages"},
    ]
    assert told["answer"] == {"role": "assistant", "content": [{"type": "text", "text": "ok"}]}
    assert "hidden" not in repr(told)


def test_where_quoting_is_allowed_of_a_list_of_findings_the_last_is_kept(quoting):
    told = body(quoting, enrichments={"tool:results": ["first", f"last {KEY}"], "odd": object()})

    assert told["enrichments"] == {"tool:results": "last ***", "odd": "<object>"}


def test_a_request_for_vectors_is_written_down_too(quiet, quoting):
    request = EmbedRequest(inputs=("the secret text",), id="req_2", model="embed")
    response = EmbedResponse(
        items=(Embedding(index=0, vector=(1.0,)),), model="embed", dimensions=1, usage=USAGE, routing=ROUTING
    )

    told = body(quiet, request, response)

    assert (told["request_type"], told["request_id"], told["asked"]["inputs"]) == ("embedding", "req_2", 1)
    assert told["tokens"]["total"] == 20
    assert "secret" not in repr(told)
    assert body(quoting, request, response)["prompt"] == {"inputs": ["the secret text"]}

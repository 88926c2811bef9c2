"""Client and provider of one dialect: what the provider streams reaches the client byte for byte, through the whole house."""

from __future__ import annotations

import contextlib
import re

import httpx
import pytest
from canned import upstream as serve_canned
from upstream import canned_anthropic, canned_gemini, canned_ollama, canned_openai

HELLO = [{"role": "user", "content": "Hello!"}]

# Dialect -> what its provider answers, the provider's settings, and the client's path and request.
LANES = {
    "openai": (
        canned_openai,
        {"kind": "openai_compat"},
        "/v1",
        "/v1/chat/completions",
        {"model": "m-1", "stream": True, "stream_options": {"include_usage": True}, "messages": HELLO},
    ),
    "anthropic": (
        canned_anthropic,
        {"kind": "anthropic", "api_key": "sk-1"},
        "/v1",
        "/v1/messages",
        {"model": "m-1", "stream": True, "max_tokens": 100, "messages": HELLO},
    ),
    "gemini": (
        canned_gemini,
        {"kind": "gemini", "api_key": "sk-1"},
        "/v1beta",
        "/v1beta/models/m-1:streamGenerateContent?alt=sse",
        {"contents": [{"role": "user", "parts": [{"text": "Hello!"}]}]},
    ),
    "ollama": (canned_ollama, {"kind": "ollama"}, "", "/api/chat", {"model": "m-1", "messages": HELLO}),
}


@pytest.fixture
def lane(serving, make_provider):
    """Return a gateway before a provider of a dialect, what that provider streams, and how its client asks."""
    with contextlib.ExitStack() as stack:

        def open_lane(name):
            can, settings, root, path, body = LANES[name]
            canned = can()
            server = stack.enter_context(serve_canned(canned))
            provider = {**make_provider(server), **settings, "base_url": f"{server.url}{root}"}
            return serving({"up": provider}).url, canned, path, body

        yield open_lane


def received(url, path, body):
    """Every byte of a streamed answer."""
    with httpx.stream("POST", f"{url}{path}", json=body, headers={"x-api-key": "none"}) as answer:
        assert answer.status_code == 200
        return b"".join(answer.iter_bytes())


def events_of(stream):
    """The events of a stream, or its lines; how their lines end is not theirs."""
    return [event for event in re.split(rb"\n\n|(?<=\})\n(?=\{)", stream.replace(b"\r\n", b"\n").strip()) if event]


# How many events at the end are written here: OpenAI's tokens, which not every client has asked for, and what ends its streams and Anthropic's.
CLOSING = {"openai": 2, "anthropic": 1, "gemini": 0, "ollama": 0}


@pytest.mark.parametrize("name", LANES)
def test_events_reach_the_client_byte_for_byte(lane, name):
    url, canned, path, body = lane(name)

    heard = events_of(received(url, path, body))

    sent = events_of(b"".join(canned.frames) + canned.terminal_frame)
    relayed = len(sent) - CLOSING[name]
    assert relayed > 5
    assert heard[:relayed] == sent[:relayed]
    assert [event.partition(b":")[0] for event in heard[relayed:]] == [
        event.partition(b":")[0] for event in sent[relayed:]
    ]

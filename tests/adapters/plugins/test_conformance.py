"""The kit for authors of plug-ins: it passes a good one, and finds what is wrong with others."""

from __future__ import annotations

import json
import subprocess
import sys

import attrs
import pytest
import trio
from click.testing import CliRunner
from legion_llm.adapters.cli.main import cli
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.plugins import http_provider
from legion_llm.adapters.plugins.conformance import CHECKS, NotConforming, Subject, hold
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Response, StopReason
from legion_llm.messages.content import ThinkingBlock
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.unstreamed import chunks_of
from upstream import openai_upstream

BY_NAME = {check.name: check for check in CHECKS}
GOOD = Response(message=ChatMessage(role="assistant", content="hello"), model="m", stop_reason=StopReason.END_TURN)


@pytest.fixture(params=CHECKS, ids=lambda check: check.name)
def check(request):
    return request.param


def test_the_example_conforms(check, shouting):
    hold(check, Subject(plugin=shouting, model="loud", settings={"options": {"mark": "?"}}))


class Dialect:
    """A plug-in that speaks a known dialect at an address of its own."""

    protocol = 1

    def __init__(self, url):
        self._url = url

    def build(self, context):
        return http_provider(context, OpenAIChat(), base_url=self._url, show_key=lambda key: {"x-acme-key": key})


@pytest.fixture(scope="module")
def server():
    with openai_upstream() as server:
        yield server


def test_a_plugin_that_only_brings_an_address_and_a_dialect_conforms(check, server):
    subject = Subject(plugin=Dialect(f"{server.url}/v1"), model="m-1", settings={"api_key": "k-1"})

    hold(check, subject)


def test_a_plugin_over_http_shows_the_key_as_it_wants(server):
    hold(BY_NAME["answers"], Subject(plugin=Dialect(f"{server.url}/v1"), model="m-1", settings={"api_key": "k-1"}))

    assert server.requests[-1].headers["x-acme-key"] == "k-1"


def test_a_plugin_over_http_needs_an_address():
    with pytest.raises(NotConforming, match="knows no usual address") as caught:
        hold(BY_NAME["answers"], Subject(plugin=Dialect(None), model="m-1"))

    assert isinstance(caught.value.__cause__, SettingsError)


@attrs.define
class Plugin:
    """A plug-in of which a test says what it does wrong."""

    response: object = GOOD
    chunks: object = None
    hurries: bool = False
    hides: bool = False
    protocol = 1

    def build(self, _context):
        return self

    async def chat(self, _request, _model):
        if isinstance(self.response, Exception):
            raise self.response
        return self.response

    async def stream(self, _request, _model, sink):
        for chunk in chunks_of(self.response) if self.chunks is None else self.chunks:
            try:
                await sink.send(chunk)
            except Exception:
                if not self.hides:
                    raise
        return self.response

    async def aclose(self):
        pass


START, END = Chunk(kind=ChunkKind.START, model="m"), Chunk(kind=ChunkKind.END, stop_reason=StopReason.END_TURN)
OPEN = Chunk(kind=ChunkKind.BLOCK_START, block=0, block_kind="text")
SAID = Chunk(kind=ChunkKind.DELTA, block=0, block_kind="text", delta="hello")
CLOSE = Chunk(kind=ChunkKind.BLOCK_STOP, block=0, block_kind="text")
SIGNED = ChatMessage(role="assistant", content=(ThinkingBlock(text="hm", signature="s", origin="elsewhere"),))

WRONG = [
    ("answers", {"response": "hello"}, "is a Response, not a str"),
    ("answers", {"response": ValueError("oops")}, "raised ValueError: oops"),
    ("answers", {"response": attrs.evolve(GOOD, message=ChatMessage(content="x"))}, "'assistant', not 'user'"),
    ("answers", {"response": attrs.evolve(GOOD, message=ChatMessage(role="assistant"))}, "says something"),
    ("answers", {"response": attrs.evolve(GOOD, model="")}, "which model"),
    ("answers", {"response": attrs.evolve(GOOD, stop_reason=StopReason.UNKNOWN)}, "why the model stopped"),
    ("streams an answer", {"chunks": [START, OPEN, SAID, CLOSE]}, "and END"),
    ("streams an answer", {"chunks": [OPEN, START]}, "START is the first"),
    ("streams an answer", {"chunks": [START, SAID]}, "about an open block"),
    ("streams an answer", {"chunks": [START, OPEN, SAID, END]}, "every block is closed"),
    ("streams an answer", {"chunks": [START, OPEN, CLOSE, END]}, "what the chunks said"),
    ("streams an answer", {"chunks": [START, OPEN, SAID, CLOSE, OPEN]}, "used once"),
    ("streams an answer", {"chunks": [START, OPEN, SAID, CLOSE, END, END]}, "follows the END"),
    ("ends a stream whose reader is gone", {"hides": True}, "raised on"),
]


@pytest.mark.parametrize(("name", "faults", "words"), WRONG, ids=lambda each: each if isinstance(each, str) else "")
def test_what_is_wrong_is_found_and_said(name, faults, words):
    with pytest.raises(NotConforming, match=words):
        hold(BY_NAME[name], Subject(plugin=Plugin(**faults), model="m"))


def test_signed_reasoning_must_say_where_it_was_signed():
    content = (*SIGNED.content, *GOOD.message.blocks)
    response = attrs.evolve(GOOD, message=ChatMessage(role="assistant", content=content))

    with pytest.raises(NotConforming, match="origin 'subject'"):
        hold(BY_NAME["answers"], Subject(plugin=Plugin(response=response), model="m"))


def test_a_check_that_does_not_end_is_a_finding():
    class Stuck(Plugin):
        async def chat(self, _request, _model):
            await trio.sleep_forever()

    with pytest.raises(NotConforming, match=r"not within 0.05 s"):
        hold(BY_NAME["answers"], Subject(plugin=Stuck(), model="m", patience=0.05))


def test_the_command_line_lists_plugins_and_checks_them(shouting, install):
    install("broken", {"broken": "no_such_module"})
    run = CliRunner().invoke

    listed = run(cli, ["plugin", "list"]).output
    good = run(cli, ["plugin", "check", shouting, "--model", "loud", "--settings", json.dumps({"options": {}})])
    bad = run(cli, ["plugin", "check", "broken", "--model", "m"])

    assert "shouting: ok" in listed
    assert "broken: plug-in 'broken' (no_such_module) cannot be imported" in listed
    assert (good.exit_code, good.output.count("ok  "), bad.exit_code) == (0, len(CHECKS), 1)
    assert run(cli, ["plugin", "check", "x", "--model", "m", "--settings", "[]"]).exit_code == 2


def test_the_kit_is_imported_without_pytest():
    program = "import sys, legion_llm.adapters.plugins.conformance; sys.exit('pytest' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False, cwd="/").returncode == 0

"""`legion-llm chat`, before a gateway that says what the test wants."""

from __future__ import annotations

from contextlib import suppress

import pytest
from legion_llm.adapters import launch
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Response
from legion_llm.messages.errors import NoRouteError, StreamBrokenError
from legion_llm.runtime import Reply, Stream
from legion_llm.runtime.stream import Channel


class ToldLegion:
    """Answers with the words it was given; afterwards with the error, if there is one."""

    def __init__(self, words, error):
        self.asked = []
        self.shut_down = False
        self._words = words
        self._error = error

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.shut_down = True

    def chat(self, message, **options):
        self.asked.append((message, options))
        return self._answer()

    def stream(self, message, **options):
        self.asked.append((message, options))
        channel = Channel(1000, lambda: None)
        for word in self._words:
            with suppress(StopIteration):
                channel.send(Chunk(kind=ChunkKind.DELTA, block_kind="text", delta=word)).send(None)
        return Stream(channel, self._answer())

    def _answer(self):
        reply = Reply()
        if isinstance(self._error, KeyboardInterrupt):
            reply.set_get_hook(self._interrupt)
        elif self._error is not None:
            reply.fail(self._error)
        else:
            reply.set(Response(message=ChatMessage(role="assistant", content="".join(self._words))))
        return reply

    def _interrupt(self, timeout):
        raise self._error


@pytest.fixture
def legion(monkeypatch):
    """Put a told gateway in the place of the real one."""

    def install(*words, error=None):
        legion = ToldLegion(words, error)
        monkeypatch.setattr(launch, "start", lambda settings: legion)
        return legion

    return install


def test_the_answer_is_printed(run, legion):
    legion("Hello", " there")

    result = run("chat", "Hi!")

    assert (result.exit_code, result.stdout) == (0, "Hello there\n")


def test_a_streamed_answer_is_printed_whole(run, legion):
    legion("Hello", " there")

    result = run("chat", "Hi!", "--stream")

    assert (result.exit_code, result.stdout) == (0, "Hello there\n")


@pytest.mark.parametrize("extra", [[], ["--stream"]])
def test_model_and_provider_are_passed_on(run, legion, extra):
    told = legion("x")

    run("chat", "Hi!", "--model", "m", "--provider", "p", *extra)

    assert told.asked == [("Hi!", {"model": "m", "provider": "p"})]
    assert told.shut_down


def test_a_failure_goes_to_stderr(run, legion):
    legion(error=NoRouteError("no provider is configured"))

    result = run("chat", "Hi!")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: no provider is configured (")


def test_a_stream_that_breaks_keeps_what_was_said_and_fails(run, legion):
    legion("Hello", error=StreamBrokenError("cut in the middle"))

    result = run("chat", "Hi!", "--stream")

    assert (result.exit_code, result.stdout) == (1, "Hello\n")
    assert result.stderr == "error: cut in the middle\n"


def test_an_interrupted_chat_shuts_down(run, legion):
    told = legion(error=KeyboardInterrupt())

    result = run("chat", "Hi!")

    assert (result.exit_code, told.shut_down) == (1, True)


def test_wrong_settings_are_told_before_anything_starts(run, legion, config_file):
    told = legion("x")

    result = run("chat", "Hi!", "--config", config_file({"nope": 1}))

    assert (result.exit_code, told.asked) == (2, [])
    assert "nope" in result.stderr

"""A host's hooks, called with requests and answers on their way."""

from __future__ import annotations

import asyncio
import threading

import legion_llm
import pytest
from legion_llm import Block

PATIENCE = 10.0


@pytest.fixture
def legion(embedded):
    return embedded({"demo": {}})


def answer(legion, text="Hello", **more):
    return legion.chat(text, model="demo", **more).get(PATIENCE)


def test_a_request_that_a_hook_blocks_is_answered_by_the_hook(embedded, upstream, make_provider):
    legion = embedded({"p": make_provider(upstream)})
    legion.hooks.before(lambda request: Block("Not today.", {"why": "closed"}), name="door")

    response = legion.chat("Hello").get(PATIENCE)

    assert (response.text, response.stop_reason) == ("Not today.", "refusal")
    assert response.enrichments["hook:blocked"] == {"hook": "door", "why": "closed"}
    assert upstream.requests == []


def test_the_first_hook_that_blocks_ends_it(legion):
    called = []
    legion.hooks.before(lambda request: called.append(1), name="one")
    legion.hooks.before(lambda request: Block("two"), name="two")
    legion.hooks.before(lambda request: called.append(3), name="three")

    assert answer(legion).text == "two"
    assert called == [1]


def test_a_hook_after_the_answer_sees_both_and_may_put_its_words_in_the_place_of_the_answer(legion):
    seen = []

    @legion.hooks.after
    def censor(request, response):
        seen.append((request.messages[-1].text, response.routing.provider))
        return Block("(removed)")

    response = answer(legion)

    assert (response.text, seen) == ("(removed)", [("Hello", "demo")])
    assert response.usage.output_tokens > 0


def test_what_was_streamed_cannot_be_taken_back_and_the_caller_is_warned(legion):
    legion.hooks.after(lambda request, response: Block("too late"), name="censor")

    stream = legion.stream("Hello", model="demo")
    text = "".join(chunk.text for chunk in stream)

    assert "demo model" in text
    assert stream.reply.get(PATIENCE).warnings == (
        "hook censor would have blocked this answer, which was streamed already: too late",
    )


def test_a_stream_that_a_hook_blocks_before_it_begins_has_the_hooks_words(legion):
    legion.hooks.before(lambda request: Block("No."), name="door")

    assert "".join(chunk.text for chunk in legion.stream("Hello", model="demo")) == "No."


@pytest.mark.parametrize("kind", ["human", "service", "system", "quick_reply"])
def test_hooks_are_called_for_every_kind_of_caller(legion, kind):
    legion.hooks.before(lambda request: Block("seen"), name="eye")

    assert answer(legion, caller=legion_llm.Caller(type=kind)).text == "seen"


def test_a_hook_that_fails_has_no_say(legion, caplog):
    def broken(request):
        raise ValueError("no file")

    legion.hooks.before(broken)

    response = answer(legion)

    assert response.warnings == ("hook broken has no say: hook broken failed: ValueError: no file",)
    assert "hook broken failed" in caplog.text


def test_without_a_hook_that_must_not_fail_nothing_goes_on(legion):
    def broken(request):
        raise ValueError("no file")

    legion.hooks.before(broken, closed=True)

    with pytest.raises(legion_llm.PipelineError, match="broken has no say, and nothing goes on without it") as caught:
        answer(legion)
    assert caught.value.step == "before_hooks"


def test_a_hook_that_takes_too_long_has_no_say(legion):
    released = threading.Event()
    legion.hooks.before(lambda request: released.wait(PATIENCE), name="slow", timeout=0.01)

    response = answer(legion)
    released.set()

    assert response.warnings == ("hook slow has no say: took longer than 0.01 s",)


def test_a_coroutine_runs_on_the_loop_where_it_was_added(legion):
    async def main():
        loops = []

        @legion.hooks.before
        async def look(request):
            loops.append(asyncio.get_running_loop())

        await legion.chat("Hello", model="demo")
        return loops == [asyncio.get_running_loop()]

    assert asyncio.run(main())


def test_a_hook_that_was_removed_is_called_no_longer(legion):
    legion.hooks.before(lambda request: Block("seen"), name="eye")

    legion.hooks.remove("eye")

    assert "demo model" in answer(legion).text
    with pytest.raises(legion_llm.NotFoundError):
        legion.hooks.remove("eye")


@pytest.mark.parametrize(("hook", "more"), [("text", {}), (print, {"timeout": 0})])
def test_what_is_no_hook_is_refused(legion, hook, more):
    with pytest.raises(legion_llm.InvalidRequestError):
        legion.hooks.before(hook, **more)


def test_hooks_outlive_the_actor_that_calls_them(legion):
    legion.hooks.before(lambda request: Block("seen"), name="eye")
    answer(legion)

    legion._system.kill("inference")

    assert answer(legion).text == "seen"

"""A stream that breaks off after its first content: who may go on with it, and what the caller hears."""

from __future__ import annotations

import pytest
from legion_llm.actors.inference.attempts.rescue import continued
from legion_llm.messages import errors
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Generation, Request, StopReason, Usage
from legion_llm.messages.content import TextBlock, ThinkingBlock

KIND = ChunkKind
START = Chunk(kind=KIND.START, model="m")
OPENS = Chunk(kind=KIND.BLOCK_START, block_kind="text")
STOPS = Chunk(kind=KIND.BLOCK_STOP, block_kind="text")
END = Chunk(kind=KIND.END, stop_reason=StopReason.END_TURN)
CALL = Chunk(kind=KIND.BLOCK_START, block=1, block_kind="tool_use", tool_id="call_1", tool_name="look")
CUT = errors.StreamBrokenError("cut")
ON = {"rescue": True}
WHOLE = "The tide is the rise and fall of the sea, caused by the moon."
HEAD, REST = WHOLE[:42], WHOLE[42:]

pytestmark = pytest.mark.trio


def says(text):
    return Chunk(kind=KIND.DELTA, block_kind="text", delta=text)


class Reader:
    def __init__(self):
        self.read = []

    async def send(self, chunk):
        self.read.append(chunk)

    @property
    def text(self):
        return "".join(chunk.text for chunk in self.read)


@pytest.fixture
def reader():
    return Reader()


def breaks(*chunks, error=CUT, text=HEAD):
    """An attempt that says a part and then breaks off."""
    return streams(START, OPENS, says(text), *chunks, end=error)


def streams(*chunks, end, heard=None):
    async def attempt(message, sink):
        if heard is not None:
            heard.append(message)
        for chunk in chunks:
            await sink.send(chunk)
        return end

    return attempt


def answers(answer_of, text, heard=None, **fields):
    return streams(START, OPENS, says(text), STOPS, END, end=answer_of(text, **fields), heard=heard)


# -- whether


async def test_without_rescue_a_broken_stream_ends_with_what_broke_it(run_of, reader, autojump_clock):
    run = run_of("ab", a=[breaks()])

    with pytest.raises(errors.StreamBrokenError) as caught:
        await run(sink=reader)

    assert caught.value is CUT
    assert (run.connections.order, reader.text) == ("a", HEAD)


@pytest.mark.parametrize(
    ("setting", "wish", "rescued"), [(True, None, True), (True, False, False), (False, True, True)]
)
async def test_the_request_has_its_say_before_the_settings(
    run_of, reader, answer_of, autojump_clock, setting, wish, rescued
):
    run = run_of(
        "ab", config={"rescue": setting}, request={"rescue": wish}, a=[breaks()], b=[answers(answer_of, WHOLE)]
    )

    if rescued:
        assert (await run(sink=reader)).text == WHOLE
    else:
        with pytest.raises(errors.StreamBrokenError):
            await run(sink=reader)


@pytest.mark.parametrize(
    "error",
    [
        CUT,
        errors.ProviderError("overloaded"),
        errors.ProviderSilent("no word", limit="gap"),
        errors.RateLimitError("no more"),
        errors.ActorCrashed("a bug", actor="a"),
    ],
)
async def test_accidents_are_rescued(run_of, reader, answer_of, autojump_clock, error):
    run = run_of("ab", request=ON, a=[breaks(error=error)], b=[answers(answer_of, WHOLE)])

    await run(sink=reader)

    assert reader.text == WHOLE


@pytest.mark.parametrize(
    "error",
    [errors.ContentRefusedError("no"), errors.CancelledError("gone"), errors.DeadlineExceeded("late")],
)
async def test_a_content_filter_and_a_caller_who_leaves_are_no_accidents(run_of, reader, autojump_clock, error):
    run = run_of("ab", request=ON, a=[breaks(error=error)])

    with pytest.raises(type(error)) as caught:
        await run(sink=reader)

    assert caught.value is error
    assert run.connections.order == "a"


async def test_a_tool_call_is_never_gone_on_with(run_of, reader, autojump_clock):
    half = Chunk(kind=KIND.DELTA, block=1, block_kind="tool_use", delta='{"a":')
    run = run_of("ab", request=ON, a=[breaks(STOPS, CALL, half)])

    with pytest.raises(errors.StreamBrokenError):
        await run(sink=reader)

    assert run.connections.order == "a"


async def test_before_the_first_content_it_is_no_rescue(run_of, reader, answer_of, autojump_clock):
    run = run_of("ab", request=ON, a=[streams(START, end=errors.ProviderSilent("no"))], b=[answers(answer_of, WHOLE)])

    response = await run(sink=reader)

    assert (reader.text, response.routing.rescue) == (WHOLE, None)


# -- joined


async def test_a_fresh_answer_with_the_same_beginning_is_joined(run_of, reader, answer_of, autojump_clock):
    run = run_of("ab", request=ON, a=[breaks()], b=[answers(answer_of, WHOLE, usage=Usage(visible_output=12))])

    response = await run(sink=reader)

    assert reader.text == response.text == WHOLE
    assert (response.routing.rescue, response.routing.provider) == ("joined", "b")
    assert response.routing.chain == ("a/m: target_sick", "b/m: success")
    assert "stream_rescue: the stream broke off; b/m went on after 42 characters" in response.warnings
    assert response.usage == Usage(visible_output=12)


async def test_another_answer_is_given_up_and_the_next_one_tried(run_of, reader, answer_of, autojump_clock):
    run = run_of("abc", request=ON, a=[breaks()], b=[answers(answer_of, "Tides?")], c=[answers(answer_of, WHOLE)])

    response = await run(sink=reader)

    assert reader.text == WHOLE
    assert response.routing.chain == ("a/m: target_sick", "b/m: cancelled", "c/m: success")


async def test_when_nobody_says_the_same_the_caller_hears_what_broke_the_stream(
    run_of, reader, answer_of, autojump_clock
):
    other = answers(answer_of, "Tides?")
    run = run_of("abc", request=ON, a=[breaks()], b=[other], c=[errors.RateLimitError("slow down")])

    with pytest.raises(errors.StreamBrokenError) as caught:
        await run(sink=reader)

    assert caught.value is CUT
    assert (run.connections.order, reader.text) == ("abc", HEAD)


async def test_a_rescue_makes_no_more_attempts_than_allowed(run_of, reader, answer_of, autojump_clock):
    others = {name: [answers(answer_of, "Tides?")] for name in "bcd"}
    run = run_of("abcd", request=ON, config={"max_attempts": 2}, a=[breaks()], **others)

    with pytest.raises(errors.StreamBrokenError):
        await run(sink=reader)

    assert run.connections.order == "ab"


# -- continued


async def test_a_target_that_declares_it_gets_the_text_so_far_and_goes_on(
    run_of, reader, answer_of, candidate, autojump_clock
):
    heard = []
    names = [candidate("a"), candidate("b", continues=True)]
    run = run_of(names, request=ON, a=[breaks()], b=[answers(answer_of, REST, heard, usage=Usage(visible_output=5))])

    response = await run(sink=reader)

    assert reader.text == response.text == WHOLE
    assert response.routing.rescue == "continued"
    assert response.usage == Usage(visible_output=5, source="partial")
    [call] = heard
    assert call.request.continues
    assert call.request.messages[-1] == ChatMessage(role="assistant", content=HEAD.rstrip())


async def test_those_who_can_go_on_are_asked_before_those_who_can_only_begin_anew(
    run_of, reader, answer_of, candidate, autojump_clock
):
    names = [candidate("a"), candidate("b"), candidate("c", continues=True)]
    run = run_of(names, request=ON, a=[breaks()], c=[answers(answer_of, REST)])

    await run(sink=reader)

    assert run.connections.order == "ac"


async def test_a_rescuer_that_breaks_off_is_rescued_in_turn(run_of, reader, answer_of, candidate, autojump_clock):
    names = [candidate("a"), *[candidate(name, continues=True) for name in "bc"]]
    second = streams(START, OPENS, says(REST[:6]), end=errors.StreamBrokenError("cut again"))
    run = run_of(names, request=ON, a=[breaks()], b=[second], c=[answers(answer_of, REST[6:])])

    response = await run(sink=reader)

    assert reader.text == response.text == WHOLE
    assert response.routing.rescue == "continued"


async def test_reasoning_of_the_rescuer_is_no_part_of_the_answer(run_of, reader, answer_of, candidate, autojump_clock):
    content = (ThinkingBlock(text="hm"), TextBlock(text=REST))
    names = [candidate("a"), candidate("b", continues=True)]
    end = answer_of(content)
    run = run_of(names, request=ON, a=[breaks()], b=[streams(START, OPENS, says(REST), STOPS, END, end=end)])

    assert (await run(sink=reader)).message.content == (TextBlock(text=WHOLE),)


async def test_a_caller_who_leaves_during_the_rescue_ends_it(run_of, reader, autojump_clock):
    gone = errors.CancelledError("the reader of the stream is gone")
    run = run_of("abc", request=ON, a=[breaks()], b=[gone])

    with pytest.raises(errors.CancelledError) as caught:
        await run(sink=reader)

    assert caught.value is gone
    assert run.connections.order == "ab"


@pytest.mark.parametrize(("most", "left"), [(None, None), (100, 95), (5, 1)])
async def test_what_was_said_counts_against_the_limit_of_tokens(most, left):
    request = Request(messages=(ChatMessage(content="?"),), generation=Generation(max_tokens=most))

    assert continued(request, "word " * 4).generation.max_tokens == left

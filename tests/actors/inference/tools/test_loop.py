from __future__ import annotations

import pytest
import trio
from legion_llm.messages.chat import ChatMessage, ToolChoice
from legion_llm.messages.content import ThinkingBlock, ToolResultBlock
from legion_llm.messages.errors import HostError, PipelineError, ProviderDown
from legion_llm.messages.tools import ToolOutcome


def results(request):
    """The results that the model was shown last, as (call id, content, is error)."""
    last = request.messages[-1]
    assert last.role == "tool"
    return [(block.tool_use_id, block.content, block.is_error) for block in last.blocks]


def test_a_request_without_our_tools_is_one_exchange(talk, words):
    talk.model.script = [words.says("hello", words.call("theirs"))]

    response = talk.run(talk.flow(client=["theirs"]))

    assert response is talk.model.script[0]
    assert len(talk.model.asked) == 1


def test_what_the_model_calls_is_run_and_shown_to_it(talk, words):
    talk.toolbox.tools = {"add": "4"}
    talk.model.script = [words.says("let me see", words.call("add", '{"a": 2, "b": 2}')), words.says("it is 4")]

    response = talk.run(flow := talk.flow("add"))

    assert response.text == "it is 4"
    assert talk.toolbox.ran == [("add", {"a": 2, "b": 2})]
    first, second = talk.model.asked
    assert second.messages[: len(first.messages)] == first.messages
    assert second.messages[-2].text == "let me see"
    assert second.messages[-2].tool_calls == (words.call("add", '{"a": 2, "b": 2}'),)
    assert results(second) == [("id_add", "4", False)]
    assert [(call.name, call.status, call.source) for call in flow.calls] == [("add", "success", "host")]
    assert flow.request is flow.original
    assert [message.role for message in flow.rounds] == ["assistant", "tool"]


def test_reasoning_goes_back_to_the_model_with_its_signature(talk, words):
    thought = ThinkingBlock(text="hm", signature="sig", origin="b")
    talk.model.script = [words.says(thought, words.call("add")), words.says("4")]

    talk.run(talk.flow("add"))

    assert talk.model.asked[1].messages[-2].content[0] is thought


def test_the_next_round_goes_to_who_answered_the_last(talk, words):
    talk.model.script = [words.says(words.call("add")), words.says("4")]

    talk.run(talk.flow("add"))

    assert [[target.instance for target in each] for each in talk.model.candidates] == [["a", "b"], ["b", "a"]]


def test_tokens_of_all_rounds_are_counted_together(talk, words):
    talk.model.script = [
        words.says(words.call("add"), uncached_input=10, visible_output=2),
        words.says("4", uncached_input=5, cache_read=10, visible_output=1),
    ]

    usage = talk.run(talk.flow("add")).usage

    assert (usage.uncached_input, usage.cache_read, usage.visible_output, usage.source) == (15, 10, 3, "reported")


def test_calls_of_one_turn_run_at_once_and_their_results_keep_the_order_of_the_calls(talk, words):
    gates = {name: trio.Event() for name in "abc"}
    ended = []

    async def wait(message):
        name = message.tool.name
        if name != "c":
            await gates[name].wait()
        ended.append(name)
        for earlier in {"c": "b", "b": "a"}.get(name, ""):
            gates[earlier].set()
        return name.upper()

    talk.toolbox.tools = dict.fromkeys("abc", wait)
    talk.model.script = [words.says(*(words.call(name) for name in "abc")), words.says("done")]

    talk.run(flow := talk.flow("a", "b", "c"))

    assert ended == ["c", "b", "a"]
    assert results(talk.model.asked[1]) == [("id_a", "A", False), ("id_b", "B", False), ("id_c", "C", False)]
    assert talk.toolbox.most == 3
    assert len({event.exchange_id for event in flow.timeline.events if event.key.startswith("tool:execute")}) == 3


def test_no_more_run_at_once_than_are_allowed(talk, words):
    talk.limit(max_parallel=2)
    talk.model.script = [words.says(*(words.call("a", call_id=str(number)) for number in range(3))), words.says("done")]

    talk.run(talk.flow("a"))

    assert talk.toolbox.most == 2


def test_a_tool_that_must_run_alone_does(talk, words):
    talk.model.script = [
        words.says(*(words.call("a", f'{{"n": {number}}}', call_id=str(number)) for number in range(3))),
        words.says("done"),
    ]

    talk.run(talk.flow(words.tool("a", is_parallel=False)))

    assert talk.toolbox.most == 1
    assert [arguments["n"] for _, arguments in talk.toolbox.ran] == [0, 1, 2]


def test_every_call_gets_one_result_whatever_happens_to_it(talk, words):
    talk.toolbox.tools = {
        "fails": ToolOutcome(content="no such city", is_error=True),
        "breaks": HostError("the server is away"),
    }
    calls = [
        words.call("fails"),
        words.call("breaks"),
        words.call("works", "this is no json"),
        words.call("nobody"),
        words.call("works", "[1]", call_id="list"),
        words.call("works", "", call_id="empty"),
    ]
    talk.model.script = [words.says(*calls), words.says("done")]

    talk.run(flow := talk.flow("fails", "breaks", "works"))

    shown = {call_id: (content, is_error) for call_id, content, is_error in results(talk.model.asked[1])}
    assert shown["id_fails"] == ("no such city", True)
    assert shown["id_breaks"] == ("the server is away", True)
    assert shown["id_works"][0].startswith("the call was not made: arguments of tool call 'works' are not JSON")
    assert shown["id_nobody"] == ("there is no tool 'nobody'; there are breaks, fails, works", True)
    assert shown["list"][1]
    assert shown["empty"] == ("done", False)
    assert sorted(talk.toolbox.ran) == [("breaks", {}), ("fails", {}), ("works", {})]
    assert len(flow.calls) == len(calls)


def test_calls_without_an_id_or_with_the_same_one_are_told_apart(talk, words):
    talk.model.script = [
        words.says(words.call("a", call_id=""), words.call("a", call_id="x"), words.call("a", call_id="x")),
        words.says("done"),
    ]

    talk.run(talk.flow("a"))

    asked = talk.model.asked[1]
    ids = [call.id for call in asked.messages[-2].tool_calls]
    assert len(set(ids)) == 3
    assert all(ids)
    assert [call_id for call_id, _, _ in results(asked)] == ids


def test_a_long_result_is_cut_and_the_model_is_told(talk, words):
    talk.limit(result_max_chars=100)
    talk.toolbox.tools = {"a": "x" * 101}
    talk.model.script = [words.says(words.call("a")), words.says("done")]

    talk.run(talk.flow("a"))

    ((_, content, _),) = results(talk.model.asked[1])
    assert content == "x" * 100 + "\n[cut here: 100 of 101 characters are shown]"


# -- choice


@pytest.mark.parametrize("choice", [ToolChoice(mode="required", parallel=False), ToolChoice(mode="tool", name="a")])
def test_a_call_that_is_demanded_is_demanded_once(talk, words, choice):
    talk.model.script = [words.says(words.call("a")), words.says("done")]

    talk.run(talk.flow("a", tool_choice=choice))

    first, second = (request.tool_choice for request in talk.model.asked)
    assert first is choice
    assert (second.mode, second.name, second.parallel) == ("auto", None, choice.parallel)


@pytest.mark.parametrize("choice", [None, ToolChoice(mode="auto"), ToolChoice(mode="none")])
def test_any_other_choice_holds_for_all_rounds(talk, words, choice):
    talk.model.script = [words.says(words.call("a")), words.says("done")]

    talk.run(talk.flow("a", tool_choice=choice))

    assert [request.tool_choice for request in talk.model.asked] == [choice, choice]


# -- limits


def test_a_model_that_never_stops_is_stopped(talk, words):
    talk.limit(max_rounds=3)
    talk.model.script = [words.says(words.call("a", f'{{"n": {number}}}')) for number in range(10)]

    with pytest.raises(PipelineError, match="after the 3 that are allowed") as caught:
        talk.run(talk.flow("a"))

    assert caught.value.step == "provider_call"
    assert len(talk.toolbox.ran) == 3


def test_no_rounds_at_all_may_be_allowed(talk, words):
    talk.limit(max_rounds=0)
    talk.model.script = [words.says(words.call("a"))]

    with pytest.raises(PipelineError):
        talk.run(talk.flow("a"))

    assert talk.toolbox.ran == []


def test_rounds_that_take_too_long_are_stopped(talk, words):
    talk.limit(max_seconds=5.0)

    async def slow(_message):
        await trio.lowlevel.checkpoint()
        talk.clock.now += 6.0
        return "done"

    talk.toolbox.tools = {"a": slow}
    talk.model.script = [words.says(words.call("a", f'{{"n": {number}}}')) for number in range(10)]

    with pytest.raises(PipelineError, match="longer than 5 s"):
        talk.run(talk.flow("a"))

    assert len(talk.toolbox.ran) == 1


def test_of_too_many_calls_in_one_turn_the_first_are_run_and_all_are_answered(talk, words):
    talk.limit(max_calls_per_turn=2)
    calls = [words.call("a", f'{{"n": {number}}}', call_id=str(number)) for number in range(4)]
    talk.model.script = [words.says(*calls), words.says("done")]

    talk.run(talk.flow("a"))

    assert sorted(arguments["n"] for _, arguments in talk.toolbox.ran) == [0, 1]
    assert [is_error for _, _, is_error in results(talk.model.asked[1])] == [False, False, True, True]


def test_the_same_call_again_and_again_is_answered_without_being_run(talk, words):
    talk.limit(max_repeats=2)
    talk.model.script = [
        words.says(words.call("a", '{"x": 1, "y": 2}')),
        words.says(words.call("a", '{"y":2,"x":1}')),
        words.says(words.call("a", '{"x": 1, "y": 2}')),
        words.says("I give up"),
    ]

    response = talk.run(talk.flow("a"))

    assert response.text == "I give up"
    assert len(talk.toolbox.ran) == 2
    assert "was called 2 times with these arguments" in results(talk.model.asked[3])[0][1]


def test_and_a_model_that_does_nothing_else_is_stopped(talk, words):
    talk.limit(max_repeats=1)
    talk.model.script = [words.says(words.call("a"))]

    with pytest.raises(PipelineError, match="again and again"):
        talk.run(talk.flow("a"))

    assert len(talk.toolbox.ran) == 1
    assert len(talk.model.asked) == 4


def test_a_repeat_beside_something_new_does_not_count_as_stubborn(talk, words):
    talk.limit(max_repeats=1)
    turns = [words.says(words.call("a"), words.call("b", f'{{"n": {number}}}')) for number in range(6)]
    talk.model.script = [*turns, words.says("done")]

    assert talk.run(talk.flow("a", "b")).text == "done"
    assert len(talk.toolbox.ran) == 1 + 6


# -- failures


def test_a_provider_that_fails_in_a_later_round_fails_the_request(talk, words):
    talk.model.script = [words.says(words.call("a")), ProviderDown("gone")]

    with pytest.raises(ProviderDown):
        talk.run(flow := talk.flow("a"))

    assert flow.request is flow.original


def test_giving_up_cancels_the_tools_that_run(talk, words):
    cancelled = []

    async def hang(_message):
        try:
            await trio.sleep_forever()
        finally:
            cancelled.append(True)

    talk.toolbox.tools = {"a": hang}
    talk.model.script = [words.says(words.call("a"), words.call("a", '{"n": 1}', call_id="2"))]
    flow = talk.flow("a")

    async def main():
        from legion_llm.actors.inference.tools.loop import answer  # noqa: PLC0415

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer, flow)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()

    trio.run(main)

    assert cancelled == [True, True]


# -- the client's own tools


def test_the_clients_calls_go_to_the_client(talk, words):
    talk.model.script = [words.says("over to you", words.call("theirs"))]

    response = talk.run(talk.flow("ours", client=["theirs"]))

    assert [call.name for call in response.tool_calls] == ["theirs"]
    assert response.stop_reason == "tool_use"
    assert talk.toolbox.ran == []


def test_in_a_turn_with_both_ours_are_run_and_the_client_sees_its_own_alone(talk, words):
    talk.model.script = [words.says("both", words.call("ours"), words.call("theirs"))]

    response = talk.run(talk.flow("ours", client=["theirs"]))

    assert [call.name for call in response.tool_calls] == ["theirs"]
    assert response.text == "both"
    assert response.stop_reason == "tool_use"
    assert talk.toolbox.ran == [("ours", {})]


def test_the_turn_is_whole_again_when_the_client_comes_back(talk, words):
    talk.toolbox.tools = {"first": "1", "ours": "2"}
    talk.model.script = [
        words.says("one", words.call("first")),
        words.says("both", words.call("ours"), words.call("theirs"), words.call("ours", '{"n": 1}', call_id="second")),
        words.says("done"),
    ]
    user = ChatMessage(content="hi")
    paused = talk.run(talk.flow("first", "ours", client=["theirs"], messages=(user,)))

    back = (
        user,
        paused.message,
        ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="id_theirs", content="3"),)),
    )
    response = talk.run(talk.flow("first", "ours", client=["theirs"], messages=back))

    assert response.text == "done"
    messages = talk.model.asked[2].messages
    assert [message.role for message in messages] == ["user", "assistant", "tool", "assistant", "tool"]
    assert [call.name for call in messages[3].tool_calls] == ["ours", "theirs", "ours"]
    assert [block.content for block in messages[4].blocks] == ["2", "3", "2"]
    assert messages[:3] == talk.model.asked[1].messages


def test_a_turn_that_was_forgotten_is_taken_as_the_client_sends_it(talk, words):
    talk.model.script = [words.says(words.call("ours"), words.call("theirs")), words.says("done")]
    user = ChatMessage(content="hi")
    paused = talk.run(talk.flow("ours", client=["theirs"], messages=(user,)))
    back = (
        user,
        paused.message,
        ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="id_theirs", content="3"),)),
    )
    talk.clock.now += 61.0

    talk.run(talk.flow("ours", client=["theirs"], messages=back))

    assert talk.model.asked[1].messages == back


# -- streams


def test_a_stream_of_several_rounds_reads_as_one(talk, words, reader):
    talk.model.script = [words.says("let me see", words.call("add")), words.says("it is ", "4")]

    response = talk.run(talk.flow("add", sink=reader))

    assert reader.blocks == [(0, "text", "let me see"), (1, "text", "it is "), (2, "text", "4")]
    assert reader.kinds.count("start") == reader.kinds.count("end") == 1
    assert (reader.kinds[0], reader.kinds[-1]) == ("start", "end")
    assert reader.chunks[-1].usage == response.usage
    assert (reader.chunks[-1].stop_reason, response.usage.uncached_input) == ("end_turn", 20)
    assert {chunk.raw for chunk in reader.chunks} == {None}


def test_what_was_streamed_is_what_the_response_says(talk, words, reader):
    talk.model.script = [words.says("let me see", words.call("add")), words.says("it is 4")]

    response = talk.run(talk.flow("add", sink=reader))

    assert [block.text for block in response.message.blocks] == ["let me see", "it is 4"]


def test_the_clients_calls_are_streamed_and_ours_are_not(talk, words, reader):
    talk.model.script = [words.says("both", words.call("ours", '{"a": 1}'), words.call("theirs", '{"b": 2}'))]

    response = talk.run(talk.flow("ours", client=["theirs"], sink=reader))

    assert reader.blocks == [(0, "text", "both"), (1, "theirs", '{"b": 2}')]
    assert reader.chunks[-1].stop_reason == response.stop_reason == "tool_use"


def test_arguments_that_come_in_fragments_are_put_together(talk, words, reader):
    talk.model.is_chunky = True
    talk.model.script = [words.says(words.call("add", '{"a": 12, "b": 30}')), words.says("42")]

    talk.run(talk.flow("add", sink=reader))

    assert talk.toolbox.ran == [("add", {"a": 12, "b": 30})]
    assert reader.blocks == [(0, "text", "42")]

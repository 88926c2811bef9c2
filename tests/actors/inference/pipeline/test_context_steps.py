"""What was said before goes before a request once, and what is said in it is kept once."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.inference.pipeline.steps import context_load, context_store, request_normalization
from legion_llm.messages.chat import ChatMessage, Response, RoutingInfo, Usage
from legion_llm.messages.content import ToolResultBlock, ToolUseBlock
from legion_llm.messages.conversation import Append, Context, ContextWanted, StoredMessage, Turn
from legion_llm.messages.errors import StoreUnavailable
from legion_llm.messages.routing import Resolution, Target
from legion_llm.messages.settings import ConversationSettings


def user(text):
    return ChatMessage(content=text)


def assistant(text):
    return ChatMessage(role="assistant", content=text)


class Memory:
    """The actor that remembers, as far as the steps know it."""

    def __init__(self) -> None:
        self.context = Context()
        self.fault = None
        self.asked = []
        self.left = []

    async def ask(self, message):
        self.asked.append(message)
        if self.fault is not None:
            raise self.fault
        return self.context if isinstance(message, ContextWanted) else ()

    def leave(self, message):
        self.left.append(message)

    def remembers(self, *messages, **fields):
        history = tuple(
            StoredMessage(message=message, seq=seq, id=f"m{seq}", created_at=0.0)
            for seq, message in enumerate(messages, 1)
        )
        self.context = Context(messages=tuple(messages), history=history, **fields)


@pytest.fixture
def memory():
    return Memory()


@pytest.fixture
def flow(flow_of, services, memory):
    """A request of conversation "c" that says "new"."""

    def build(*messages, **fields):
        made = flow_of(conversation_id="c", **fields)
        made.services = attrs.evolve(services, conversations=memory)
        if messages:
            made.original = made.request = attrs.evolve(made.request, messages=messages)
        return made

    return build


def load(run, flow):
    run(context_load.run, flow)
    return [message.text for message in flow.request.messages]


def answer(flow, text="answer", **fields):
    """Take the flow through the call and what follows."""
    request_normalization.run(flow)
    flow.response = Response(message=assistant(text), **fields)


def kept(run, flow, memory):
    run(context_store.run, flow)
    (append,) = [asked for asked in memory.asked if isinstance(asked, Append)]
    return append.messages


def test_only_where_conversations_are_kept_are_the_steps_there(flow, services):
    assert not context_load.offered(services)
    assert context_load.offered(flow().services)
    assert not context_store.wanted(flow())


def test_what_was_said_before_goes_before_the_new_message(run, flow, memory):
    memory.remembers(user("one"), assistant("1"))

    assert load(run, flow(user("two"))) == ["one", "1", "two"]


def test_instructions_stay_in_front(run, flow, memory):
    memory.remembers(user("one"), assistant("1"))
    system = ChatMessage(role="system", content="be kind")

    assert load(run, flow(system, user("two"))) == ["be kind", "one", "1", "two"]


def test_what_a_client_sends_again_is_sent_once(run, flow, memory):
    memory.remembers(user("one"), assistant("1"))
    made = flow(user("one"), assistant("1"), user("two"))

    assert load(run, made) == ["one", "1", "two"]
    assert made.new_messages == 1


def test_who_asks_and_how_much_room_there_is_is_told(run, flow, memory):
    made = flow(user("x" * 4000))
    made.services = attrs.evolve(made.services, conversation=ConversationSettings(context_tokens=1500))

    load(run, made)

    (wanted,) = memory.asked
    assert (wanted.conversation_id, wanted.asker) == ("c", None)
    assert 400 < wanted.max_tokens < 500


def test_a_new_conversation_is_not_looked_for(run, flow_of, services, memory):
    made = flow_of(conversation_id="new")
    made.services = attrs.evolve(services, conversations=memory)

    load(run, made)

    assert memory.asked == []
    assert made.new_messages == 1


def test_what_does_not_fit_is_told(run, flow, memory):
    memory.remembers(user("one"), left_out=7)
    made = flow(user("two"))

    load(run, made)

    assert made.enrichments["context:left_out"] == 7
    assert "7 older messages" in made.warnings[0]


def test_a_store_that_is_away_refuses_the_request(run, flow, memory):
    memory.fault = StoreUnavailable("away", store="x")

    with pytest.raises(StoreUnavailable):
        load(run, flow())


def test_a_store_that_is_away_is_done_without_where_the_settings_say_so(run, flow, memory):
    memory.fault = StoreUnavailable("away", store="x")
    made = flow(user("two"))
    made.services = attrs.evolve(made.services, conversation=ConversationSettings(on_store_failure="degrade"))

    assert load(run, made) == ["two"]
    assert "away" in made.warnings[0]


def test_the_turn_is_kept_with_who_answered_and_what_it_took(run, flow, memory):
    made = flow(user("one"))
    load(run, made)
    answer(
        made,
        usage=Usage(uncached_input=3, visible_output=2),
        model="gpt",
        routing=RoutingInfo(provider="openai/eu", model="m", tier="cloud"),
    )

    said, answered = kept(run, made, memory)

    assert (said.message, said.request_id, said.parent_id) == (user("one"), "req_1", None)
    assert (answered.message, answered.provider, answered.model) == (assistant("answer"), "openai/eu", "gpt")
    assert (answered.input_tokens, answered.output_tokens) == (3, 2)
    assert memory.left == [Turn(conversation_id="c")]


def test_what_is_known_already_is_not_kept_again(run, flow, memory):
    memory.remembers(user("one"), assistant("1"))
    for messages in ((user("two"),), (user("one"), assistant("1"), user("two"))):
        memory.asked.clear()
        made = flow(*messages)
        load(run, made)
        answer(made)

        assert [new.message.text for new in kept(run, made, memory)] == ["two", "answer"]


def test_an_answer_asked_for_again_follows_its_question(run, flow, memory):
    memory.remembers(user("one"), assistant("1"), user("two"), assistant("2"))
    made = flow(user("one"), assistant("1"), user("two"))
    load(run, made)
    answer(made, "another")

    (answered,) = kept(run, made, memory)

    assert (answered.message.text, answered.parent_id) == ("another", "m3")


def test_a_question_in_other_words_begins_a_branch(run, flow, memory):
    memory.remembers(user("one"), assistant("1"), user("two"), assistant("2"))
    made = flow(user("one"), assistant("1"), user("other"))
    load(run, made)
    answer(made)

    said, answered = kept(run, made, memory)

    assert (said.message.text, said.parent_id, answered.parent_id) == ("other", "m2", None)


def test_instructions_are_not_kept_and_what_tools_said_on_the_way_is(run, flow, memory):
    made = flow(ChatMessage(role="system", content="be kind"), user("one"))
    load(run, made)
    answer(made)
    call = ChatMessage(role="assistant", content=(ToolUseBlock(id="a", name="look"),))
    result = ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="a", content="seen"),))
    made.rounds += [call, result]

    assert [new.message.role for new in kept(run, made, memory)] == ["user", "assistant", "tool", "assistant"]


def test_a_prompt_is_shortened_on_its_way_and_kept_as_it_was_said(run, flow, memory):
    made = flow(user("the very long way"), compress_level=1)
    load(run, made)
    answer(made)

    assert made.request.messages[0].text == "long way"
    assert kept(run, made, memory)[0].message.text == "the very long way"


@pytest.mark.parametrize(
    ("asked", "ruled", "text"), [(None, None, "the way"), (None, 1, "way"), (0, 3, "the way"), (1, None, "way")]
)
def test_the_callers_level_counts_before_the_rules(flow, asked, ruled, text):
    made = flow(user("the way"), compress_level=asked)
    target = Target(instance="a", model="m", tier="cloud", compress_level=ruled)
    made.resolution = Resolution(candidates=(target,), strategy="rule")

    request_normalization.run(made)

    assert made.request.messages[0].text == text

"""The actor between its callers and a store: order, ownership, and what is at hand."""

from __future__ import annotations

import asyncio
import threading

import attrs
import pytest
from legion_llm.actors.conversations.actor import Conversations
from legion_llm.actors.conversations.tool_memory import memory_of
from legion_llm.adapters.stores.memory.conversations import MemoryConversations
from legion_llm.messages import conversation as msg
from legion_llm.messages.chat import ChatMessage, Response
from legion_llm.messages.conversation import NewMessage
from legion_llm.messages.errors import (
    InvalidRequestError,
    NotFoundError,
    ProviderDown,
    StoreConflict,
    StoreUnavailable,
)
from legion_llm.messages.routing import Infer
from legion_llm.messages.settings import ConversationSettings, CurationSettings
from legion_llm.messages.tool_memory import ToolRun, ToolsUsed
from legion_llm.runtime import ASYNCIO, Actor
from talk import answers, assistant, calls, user

PATIENCE = 10.0
SETTINGS = ConversationSettings(
    hot=2,
    summarize_threshold=1000,
    target_tokens=500,
    preserve_recent=2,
    curation=CurationSettings(target_context_tokens=300, tool_result_max_chars=200),
)


class SlowStore(MemoryConversations):
    """A store that counts what is asked, and can be told to fail, or to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.fault = None
        self.gate: asyncio.Event | None = None
        self.reached = threading.Event()
        self.found = 0
        self.settled = 0

    async def find(self, conversation_id):
        self.found += 1
        return await super().find(conversation_id)

    async def append(self, conversation, messages):
        if self.fault is not None:
            raise self.fault
        if self.gate is not None:
            self.reached.set()
            await self.gate.wait()
        await super().append(conversation, messages)

    async def settle(self):
        self.settled += 1


class Model(Actor[Infer]):
    """Answers whatever it is asked, as the test says."""

    def __init__(self, answer, asked) -> None:
        super().__init__()
        self._answer = answer
        self._asked = asked

    def on_infer(self, message: Infer) -> Response:
        self._asked.append(message.request)
        if isinstance(self._answer[0], Exception):
            raise self._answer[0]
        return Response(message=ChatMessage(role="assistant", content=self._answer[0]))


@pytest.fixture
def store():
    return SlowStore()


@pytest.fixture
def model():
    """What the model answers, and what it was asked."""
    return ["the gist"], []


@pytest.fixture
def make(house, store, model):
    def make(settings=SETTINGS):
        house.add("inference", lambda: Model(*model))
        house.add("c", lambda: Conversations(settings, store, house.address("inference")), ASYNCIO)
        house.start()
        return house

    return make


@pytest.fixture
def talks(make):
    """A house that remembers conversations."""
    return make()


def ask(house, message):
    return house.ask("c", message)


def append(house, *messages, to="x", **fields):
    new = tuple(each if isinstance(each, NewMessage) else NewMessage(message=each) for each in messages)
    return ask(house, msg.Append(conversation_id=to, messages=new, **fields))


def history(house, of="x", **fields):
    return ask(house, msg.HistoryWanted(conversation_id=of, **fields))


def texts(page):
    return [each.message.text for each in page.messages]


def context(house, of="x", max_tokens=100_000, **fields):
    return ask(house, msg.ContextWanted(conversation_id=of, max_tokens=max_tokens, **fields))


# -- the log


def test_messages_are_kept_in_order_and_numbered(talks):
    first, second = append(talks, user("1"), assistant("2"))
    (third,) = append(talks, user("3"))

    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    assert texts(history(talks)) == ["1", "2", "3"]
    assert len({first.id, second.id, third.id}) == 3


def test_all_that_is_said_of_a_message_is_kept(talks):
    new = NewMessage(
        message=user(),
        id="mine",
        sidechain=True,
        group_id="g",
        agent_id="a",
        provider="p",
        model="m",
        input_tokens=1,
        output_tokens=2,
        request_id="r",
        metadata={"k": 1},
    )

    (stored,) = append(talks, new)

    kept = attrs.asdict(stored, recurse=False)
    assert {name: kept[name] for name in attrs.asdict(new, recurse=False)} == attrs.asdict(new, recurse=False)


def test_a_message_whose_id_is_there_already_is_kept_once(talks):
    append(talks, NewMessage(message=user("1"), id="a"))

    again = append(talks, NewMessage(message=user("1"), id="a"), NewMessage(message=user("2"), id="b"))

    assert [each.id for each in again] == ["a", "b"]
    assert texts(history(talks)) == ["1", "2"]


def test_many_who_append_at_once_are_kept_in_some_order_each_once(talks):
    replies = [
        talks.address("c").request(msg.Append(conversation_id="x", messages=(NewMessage(message=user(str(number))),)))
        for number in range(100)
    ]

    seqs = [reply.get(PATIENCE)[0].seq for reply in replies]

    assert sorted(seqs) == list(range(1, 101))
    assert len(texts(history(talks, limit=1000))) == 100


@pytest.mark.parametrize("parent", ["nobody"])
def test_a_parent_that_is_not_there_is_refused(talks, parent):
    with pytest.raises(InvalidRequestError, match="no message 'nobody'"):
        append(talks, NewMessage(message=user(), parent_id=parent))

    with pytest.raises(NotFoundError):
        history(talks)


def test_a_conversation_is_begun_only_where_that_is_wanted(talks):
    with pytest.raises(NotFoundError, match="no conversation 'x'"):
        append(talks, user(), creates=False)

    append(talks)
    assert ask(talks, msg.Describe(conversation_id="x")).count == 0


@pytest.mark.parametrize(
    "question",
    [
        msg.Describe(conversation_id="x"),
        msg.HistoryWanted(conversation_id="x"),
        msg.Branch(conversation_id="x"),
        msg.Replace(conversation_id="x", messages=()),
        msg.Change(conversation_id="x", changes={"title": "t"}),
        msg.SetState(conversation_id="x", name="n", value=1),
        msg.SetCancelled(conversation_id="x"),
    ],
)
def test_what_is_not_there_is_told_and_never_begun(talks, question):
    with pytest.raises(NotFoundError):
        ask(talks, question)

    assert ask(talks, msg.ListConversations()) == ()


# -- who may see it


@pytest.fixture
def adas(talks):
    """A conversation that Ada has begun."""
    append(talks, user("mine"), asker="ada")
    return talks


@pytest.mark.parametrize(
    "question",
    [
        msg.Describe(conversation_id="x", asker="bob"),
        msg.HistoryWanted(conversation_id="x", asker="bob"),
        msg.ContextWanted(conversation_id="x", max_tokens=9, asker="bob"),
        msg.Append(conversation_id="x", messages=(NewMessage(message=user()),), asker="bob"),
        msg.Branch(conversation_id="x", asker="bob"),
        msg.Replace(conversation_id="x", messages=(), asker="bob"),
        msg.Change(conversation_id="x", changes={}, asker="bob"),
    ],
)
def test_somebody_elses_conversation_is_not_there(adas, question):
    with pytest.raises(NotFoundError, match="no conversation 'x'"):
        ask(adas, question)

    assert texts(history(adas)) == ["mine"]


def test_somebody_elses_conversation_cannot_be_deleted(adas):
    assert ask(adas, msg.Delete(conversation_id="x", asker="bob")) is False
    assert texts(history(adas, asker="ada")) == ["mine"]


def test_the_host_and_its_owner_see_a_conversation(adas):
    assert ask(adas, msg.Describe(conversation_id="x")).owner == "ada"
    assert texts(history(adas, asker="ada")) == ["mine"]


# -- pages


@pytest.fixture
def ten(talks):
    append(talks, *[user(str(number)) for number in range(1, 11)])
    return talks


def test_pages_lead_from_the_newest_to_the_oldest(ten):
    pages, before = [], None
    while True:
        page = history(ten, before=before, limit=4)
        pages.append(texts(page))
        before = page.before
        if before is None:
            break

    assert pages == [["7", "8", "9", "10"], ["3", "4", "5", "6"], ["1", "2"]]


def test_pages_lead_from_the_oldest_to_the_newest(ten):
    pages, after = [], 0
    while after is not None:
        page = history(ten, after=after, limit=4)
        pages.append(texts(page))
        after = page.after

    assert pages == [["1", "2", "3", "4"], ["5", "6", "7", "8"], ["9", "10"]]


def test_a_page_between_leads_both_ways(ten):
    page = history(ten, before=7, limit=2)

    assert texts(page) == ["5", "6"]
    assert texts(history(ten, before=page.before, limit=2)) == ["3", "4"]
    assert texts(history(ten, after=page.after, limit=2)) == ["7", "8"]


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_page_of_no_size_is_refused(ten, limit):
    with pytest.raises(InvalidRequestError, match="between 1 and 1000"):
        history(ten, limit=limit)
    with pytest.raises(InvalidRequestError, match="between 1 and 1000"):
        ask(ten, msg.ListConversations(limit=limit))


def test_the_main_line_of_linked_messages_is_followed_page_by_page(talks):
    stored = append(talks, *[user(str(number)) for number in range(1, 7)])
    append(talks, NewMessage(message=user("3b"), parent_id=stored[1].id))
    append(talks, user("4b"), user("5b"))

    assert texts(history(talks)) == ["1", "2", "3b", "4b", "5b"]
    last = history(talks, limit=2)
    first = history(talks, limit=2, before=last.before)
    assert (texts(first), texts(last)) == (["2", "3b"], ["4b", "5b"])
    assert texts(history(talks, after=first.after, limit=2)) == ["4b", "5b"]
    assert texts(history(talks, after=0, limit=3)) == ["1", "2", "3b"]
    assert [each.text for each in context(talks).messages] == ["1", "2", "3b", "4b", "5b"]


def test_an_aside_is_found_by_its_agent_and_is_no_part_of_the_line(talks):
    append(talks, user("1"), NewMessage(message=user("aside"), sidechain=True, agent_id="a"), user("2"))

    assert texts(history(talks)) == ["1", "2"]
    assert texts(history(talks, agent_id="a")) == ["aside"]
    assert [each.text for each in context(talks).messages] == ["1", "2"]


def test_all_of_a_log_can_be_read_message_by_message(talks):
    append(talks, *[NewMessage(message=user(str(number)), sidechain=number % 2 == 0) for number in range(450)])

    stream = talks.address("c").stream(msg.Export(conversation_id="x"))

    assert [each.message.text for each in stream] == [str(number) for number in range(450)]
    assert stream.reply.get(PATIENCE).count == 450


# -- branching, replacing, deleting


def test_a_branch_has_copies_up_to_a_message(talks):
    stored = append(talks, user("1"), assistant("2"), user("3"))

    made = ask(talks, msg.Branch(conversation_id="x", up_to=stored[1].id, id="b"))
    append(talks, user("else"), to="b")

    assert made.count == 2
    assert texts(history(talks, "b")) == ["1", "2", "else"]
    assert texts(history(talks)) == ["1", "2", "3"]
    assert not {each.id for each in history(talks, "b").messages} & {each.id for each in stored}


def test_a_branch_takes_the_answers_to_its_calls_along(talks):
    stored = append(talks, user("go"), calls("a", "b"), answers("a"), answers("b"), assistant("done"))

    ask(talks, msg.Branch(conversation_id="x", up_to=stored[1].id, id="b"))

    assert [each.message for each in history(talks, "b").messages] == [each.message for each in stored[:4]]


def test_a_branch_of_all_has_all(talks):
    append(talks, user("1"), user("2"))

    assert ask(talks, msg.Branch(conversation_id="x", id="b")).count == 2


def test_a_branch_of_a_linked_conversation_has_its_main_line(talks):
    stored = append(talks, user("1"), user("2"), user("3"))
    linked = append(talks, NewMessage(message=calls("a"), parent_id=stored[0].id), answers("a"), user("end"))

    ask(talks, msg.Branch(conversation_id="x", up_to=linked[0].id, id="b"))
    ask(talks, msg.Branch(conversation_id="x", id="all"))

    assert [each.message.role for each in history(talks, "b").messages] == ["user", "assistant", "tool"]
    assert texts(history(talks, "all"))[-1] == "end"
    with pytest.raises(InvalidRequestError, match="not on the main line"):
        ask(talks, msg.Branch(conversation_id="x", up_to=stored[1].id))


def test_a_branch_that_cannot_be_is_told(talks):
    stored = append(talks, user("1"), NewMessage(message=user("aside"), sidechain=True))
    append(talks, user("2"), to="taken")

    with pytest.raises(NotFoundError, match="no message 'm'"):
        ask(talks, msg.Branch(conversation_id="x", up_to="m"))
    with pytest.raises(InvalidRequestError, match="part of an aside"):
        ask(talks, msg.Branch(conversation_id="x", up_to=stored[1].id))
    with pytest.raises(StoreConflict):
        ask(talks, msg.Branch(conversation_id="x", id="taken"))
    assert texts(history(talks, "taken")) == ["2"]


def test_replacing_is_seen_by_all_at_once(talks):
    append(talks, user("1"), user("2"))
    context(talks)

    head = ask(talks, msg.Replace(conversation_id="x", messages=(NewMessage(message=user("new"), id="n"),)))

    assert (head.count, head.last_seq) == (1, 1)
    assert texts(history(talks)) == ["new"]
    assert [each.text for each in context(talks).messages] == ["new"]
    (after,) = append(talks, user("next"))
    assert after.seq == 2


def test_a_conversation_that_has_changed_meanwhile_is_not_replaced(talks):
    append(talks, user("1"))
    version = ask(talks, msg.Describe(conversation_id="x")).version
    append(talks, user("2"))

    with pytest.raises(StoreConflict, match="version"):
        ask(talks, msg.Replace(conversation_id="x", messages=(), version=version))

    assert texts(history(talks)) == ["1", "2"]


def test_what_is_deleted_is_gone_and_can_be_begun_anew(talks):
    append(talks, user("1"))
    context(talks)

    assert ask(talks, msg.Delete(conversation_id="x")) is True
    assert ask(talks, msg.Delete(conversation_id="x")) is False

    assert context(talks).messages == ()
    (first,) = append(talks, user("anew"))
    assert first.seq == 1


# -- what is said about it


def test_title_tags_and_metadata_can_be_changed_and_the_rest_stays(talks):
    append(talks, user("1"))
    ask(talks, msg.Change(conversation_id="x", changes={"title": "t", "tags": ("a",)}))

    head = ask(talks, msg.Change(conversation_id="x", changes={"metadata": {"k": 1}}))

    assert (head.title, head.tags, head.metadata, head.count) == ("t", ("a",), {"k": 1}, 1)
    with pytest.raises(InvalidRequestError, match="'owner' cannot be changed"):
        ask(talks, msg.Change(conversation_id="x", changes={"owner": "bob"}))


def test_state_is_kept_by_name_and_a_cancel_is_something_else_than_none(talks):
    append(talks, user("1"))
    ask(talks, msg.SetState(conversation_id="x", name="a", value={"k": 1}))
    ask(talks, msg.SetState(conversation_id="x", name="b", value=2))

    assert ask(talks, msg.SetState(conversation_id="x", name="b", value=None)).state == {"a": {"k": 1}}
    assert ask(talks, msg.SetCancelled(conversation_id="x")).cancelled_at is not None
    assert ask(talks, msg.SetCancelled(conversation_id="x", cancelled=False)).cancelled_at is None
    assert ask(talks, msg.Describe(conversation_id="x")).state == {"a": {"k": 1}}


def test_what_turns_did_with_tools_at_once_is_all_counted(talks):
    append(talks, user("0"))
    ran = ToolRun(call_id="c", tool="read", group="mail", arguments={}, result="done", is_deferred=True)
    turns = [
        msg.Append(
            conversation_id="x",
            messages=(NewMessage(message=user(str(number))),),
            tools=ToolsUsed(runs=(ran,), turns_before=1),
        )
        for number in range(20)
    ]

    for reply in [talks.address("c").request(turn) for turn in turns]:
        reply.get(PATIENCE)

    memory = memory_of(ask(talks, msg.Describe(conversation_id="x")).state)
    assert (memory.runs, len(memory.history), memory.turn) == (20, 20, 21)


def test_a_turn_changes_the_state_with_its_messages_and_leaves_the_rest(talks):
    append(talks, user("0"), state={"a": 1, "b": 2})

    append(talks, user("1"), state={"b": None, "c": 3})

    assert ask(talks, msg.Describe(conversation_id="x")).state == {"a": 1, "c": 3}


def test_state_survives_a_conversation_that_is_put_away(talks):
    append(talks, user("1"))
    ask(talks, msg.SetState(conversation_id="x", name="a", value=1))
    for other in "abc":
        append(talks, user(other), to=other)

    assert ask(talks, msg.Describe(conversation_id="x")).state == {"a": 1}


def test_the_one_changed_last_is_listed_first(talks):
    for name in ("a", "b"):
        append(talks, user(), to=name, asker=name)
        talks.advance(1.0)
    ask(talks, msg.Change(conversation_id="a", changes={"title": "t"}))

    assert [each.id for each in ask(talks, msg.ListConversations())] == ["a", "b"]
    assert [each.id for each in ask(talks, msg.ListConversations(owner="b"))] == ["b"]


def test_a_clock_that_is_set_back_does_not_disturb_the_order(talks):
    append(talks, user("1"))
    talks.clock.time = lambda: 5.0

    append(talks, user("2"))

    head = ask(talks, msg.Describe(conversation_id="x"))
    assert texts(history(talks)) == ["1", "2"]
    assert head.updated_at >= head.created_at


# -- what is at hand


def test_only_those_used_last_are_at_hand(talks, store):
    for name in "abcd":
        append(talks, user(), to=name)
    assert talks.inspect("c")["hot"] == 2
    before = store.found

    context(talks, "d")
    context(talks, "a")

    assert store.found == before + 1


def test_numbers_go_on_after_a_conversation_was_put_away_or_its_actor_died(talks):
    append(talks, user("1"))
    for name in "abc":
        append(talks, user(), to=name)
    (second,) = append(talks, user("2"))
    talks.kill("c")
    (third,) = append(talks, user("3"))

    assert (second.seq, third.seq) == (2, 3)
    assert texts(history(talks)) == ["1", "2", "3"]


def test_a_new_incarnation_waits_for_what_the_one_before_left_under_way(talks, store):
    append(talks, user("1"))
    before = store.settled

    talks.kill("c")
    append(talks, user("2"))

    assert store.settled == before + 1


def test_an_asker_that_gives_up_does_not_leave_a_change_half_done(talks, store):
    store.gate = asyncio.Event()
    reply = talks.address("c").request(msg.Append(conversation_id="x", messages=(NewMessage(message=user("kept")),)))
    assert store.reached.wait(PATIENCE)
    reply.cancel()

    talks.system._home(ASYNCIO).post(store.gate.set)
    (second,) = append(talks, user("next"))

    assert second.seq == 2
    assert texts(history(talks)) == ["kept", "next"]


def test_a_change_that_fails_is_told_and_the_next_one_starts_from_what_is_kept(talks, store):
    append(talks, user("1"))
    store.fault = StoreUnavailable("away", store="x")
    with pytest.raises(StoreUnavailable):
        append(talks, user("lost"))
    store.fault = None

    (second,) = append(talks, user("2"))

    assert second.seq == 2
    assert [each.text for each in context(talks).messages] == ["1", "2"]


def test_a_conversation_that_is_at_hand_is_shown_though_the_store_is_away(talks, store):
    append(talks, user("1"))
    context(talks)

    async def away(*_args):
        raise StoreUnavailable("away", store="x")

    store.find = store.page = away

    assert [each.text for each in context(talks).messages] == ["1"]


# -- after the turn


def long_talk(house, turns=12):
    for number in range(turns):
        append(house, user(f"question {number} " + "q" * 400), assistant(f"answer {number} " + "a" * 400))


def turn(house):
    """End a turn, and return when it was tended."""
    tended = house.inspect("c")["tended"]
    house.address("c").tell(msg.Turn(conversation_id="x"))
    while house.inspect("c")["tended"] == tended:
        threading.Event().wait(0.002)


def test_after_a_turn_a_long_conversation_has_a_summary_and_its_log_is_as_it_was(talks, model):
    long_talk(talks)
    turn(talks)

    shown = context(talks).messages
    assert shown[0].text.startswith("[Summary of the first 22 messages of this conversation]\n")
    assert "\nuser: question 10 q" in shown[0].text
    assert [each.text[:9] for each in shown[1:]] == ["question ", "answer 11"]
    assert len(history(talks, limit=1000).messages) == 24
    assert model[1] == []


def test_a_short_conversation_stays_as_it_was_said(talks):
    append(talks, user("1"), assistant("2"))
    turn(talks)

    assert [each.text for each in context(talks).messages] == ["1", "2"]


def test_a_model_writes_the_summary_where_the_settings_name_one(make, model):
    house = make(attrs.evolve(SETTINGS, summary_model="small"))
    long_talk(house)
    turn(house)

    assert context(house).messages[0].text.endswith("\nthe gist")
    (request,) = model[1]
    assert (request.model, request.caller.profile, request.tools) == ("small", "subcall", ())
    assert "user: question 10 q" in request.messages[0].text


@pytest.mark.parametrize("answer", [ProviderDown("away"), "  "])
def test_a_model_that_fails_is_replaced_by_words(make, model, answer):
    model[0][0] = answer
    house = make(attrs.evolve(SETTINGS, summary_model="auto"))
    long_talk(house)
    turn(house)

    assert "user: question" in context(house).messages[0].text


def test_a_summary_of_messages_that_were_replaced_meanwhile_is_not_used(talks, store):
    long_talk(talks)
    turn(talks)

    ask(talks, msg.Replace(conversation_id="x", messages=(NewMessage(message=user("new")),)))

    assert [each.text for each in context(talks).messages] == ["new"]


def test_a_summary_of_another_branch_is_not_used(talks):
    long_talk(talks)
    turn(talks)
    first = history(talks, after=0, limit=1).messages[0]

    append(talks, NewMessage(message=user("again"), parent_id=first.id))

    assert [each.text[:8] for each in context(talks).messages] == ["question", "again"]


def test_a_summary_grows_turn_by_turn(talks):
    long_talk(talks)
    turn(talks)
    long_talk(talks)
    turn(talks)

    assert context(talks).messages[0].text.startswith("[Summary of the first 46 messages")


def test_after_a_turn_what_tools_answered_long_ago_is_shown_in_short(make):
    house = make(attrs.evolve(SETTINGS, auto_compact=False))
    append(
        house,
        user("1"),
        calls("a"),
        answers("a", text="x" * 5000),
        assistant("2"),
        user("3"),
        assistant("4"),
        user("5"),
    )
    turn(house)

    shown = context(house).messages
    assert shown[2].content[0].content.startswith("[shortened]")
    assert len(history(house).messages[2].message.content[0].content) == 5000
    house.kill("c")
    assert context(house).messages == shown


def test_a_store_that_fails_after_a_turn_disturbs_nobody(talks, store):
    long_talk(talks)

    async def away(*_args):
        raise StoreUnavailable("away", store="x")

    store.compact = store.curate = away
    turn(talks)

    assert len(context(talks).messages) == 24

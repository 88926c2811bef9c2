"""What every store of conversations does, wherever it keeps them."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.conversations.port import Link, PageWanted
from legion_llm.messages.chat import ChatMessage
from legion_llm.messages.content import (
    AudioBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from legion_llm.messages.conversation import Compaction, Conversation, Curation, ListConversations, StoredMessage
from legion_llm.messages.errors import StoreConflict

EVERYTHING = (
    TextBlock(text="模型 «ü» \n\t", cache_control={"type": "ephemeral"}, extra={"annotations": [1, None, {"a": True}]}),
    ThinkingBlock(text="hm", signature="c2lnbg==", encrypted="ZW5j", origin="anthropic/eu"),
    ToolUseBlock(id="call_1", name="look", arguments='{"at": 1.50, "b":"\\u00e9"}'),
    ToolResultBlock(
        tool_use_id="call_1",
        content=(TextBlock(text="seen"), ImageBlock(source="base64", data="aGk=", media_type="image/png")),
        is_error=True,
    ),
    DocumentBlock(source="url", data="https://x/y.pdf", name="y"),
    AudioBlock(data="aGk=", format="wav"),
    OpaqueBlock(dialect="anthropic.messages", raw={"type": "odd", "deep": [[{"x": 1e-3}]]}),
)


def head(conversation_id="conv_1", **fields):
    return Conversation(id=conversation_id, **{"created_at": 1.0, "updated_at": 1.0, **fields})


def said(seq, text=None, **fields):
    values = {"id": f"msg_{seq}", "created_at": float(seq), **fields}
    content = values.pop("content", text if text is not None else f"text {seq}")
    return StoredMessage(message=ChatMessage(role=values.pop("role", "user"), content=content), seq=seq, **values)


@pytest.fixture
def store(loop, stores):
    """The store, each method run to its end."""

    class Store:
        def __getattr__(self, name):
            return lambda *args: loop.run(getattr(stores.conversations, name)(*args))

    return Store()


@pytest.fixture
def ten(store):
    """A conversation of ten messages."""
    messages = [said(seq) for seq in range(1, 11)]
    store.append(head(last_seq=10, count=10), messages)
    return messages


def page(store, conversation_id="conv_1", **wanted):
    return [message.seq for message in store.page(conversation_id, PageWanted(**{"limit": 100, **wanted}))]


def test_what_is_not_there_is_not_found(store):
    assert store.find("conv_x") is None
    assert store.page("conv_x", PageWanted(limit=10)) == ()
    assert store.links("conv_x") == ()
    assert store.known("conv_x", ["msg_1"]) == {}
    assert store.compaction("conv_x") is None
    assert store.curations("conv_x", ["msg_1"]) == ()
    assert store.delete("conv_x") is False


def test_a_conversation_comes_back_as_it_was_kept(store):
    full = head(
        owner="ada",
        last_seq=3,
        count=2,
        is_linked=True,
        cancelled_at=5.5,
        title="Über",
        tags=("a", "b"),
        metadata={"nested": {"list": [1, None]}},
        state={"sticky": {"tools": ["x"]}},
        version=7,
    )

    store.append(full, [])

    assert store.find("conv_1") == full


def test_messages_come_back_as_they_were_kept(store):
    whole = said(
        1,
        content=EVERYTHING,
        role="assistant",
        parent_id="msg_0",
        sidechain=True,
        group_id="g",
        agent_id="agent",
        provider="openai/eu",
        model="m",
        input_tokens=5,
        output_tokens=0,
        request_id="req_1",
        metadata={"a": [1, {"b": None}]},
    )
    plain, named = said(2, ""), attrs.evolve(said(3), message=ChatMessage(role="tool", name="n", extra={"x": [1]}))

    store.append(head(last_seq=3, count=3), [whole, plain, named])

    assert store.page("conv_1", PageWanted(limit=10, everything=True)) == (whole, plain, named)


def test_an_append_changes_the_conversation_along(store):
    store.append(head(last_seq=1, count=1), [said(1)])

    store.append(head(last_seq=3, count=3, title="new", version=1), [said(2), said(3)])

    assert store.find("conv_1") == head(last_seq=3, count=3, title="new", version=1)
    assert page(store) == [1, 2, 3]


@pytest.mark.parametrize("clash", [said(1, id="other"), said(9, id="msg_1")])
def test_a_place_or_an_id_that_is_taken_is_a_conflict_and_nothing_is_kept(store, clash):
    store.append(head(last_seq=1, count=1), [said(1)])

    with pytest.raises(StoreConflict):
        store.append(head(last_seq=9, count=3, title="never"), [said(5), clash])

    assert store.find("conv_1") == head(last_seq=1, count=1)
    assert page(store) == [1]


def test_the_same_ids_may_be_in_two_conversations(store):
    store.append(head("a", last_seq=1, count=1), [said(1)])
    store.append(head("b", last_seq=1, count=1), [said(1)])

    assert page(store, "a") == page(store, "b") == [1]


@pytest.mark.parametrize(
    ("wanted", "seqs"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ({"limit": 3}, [1, 2, 3]),
        ({"limit": 3, "newest_first": True}, [8, 9, 10]),
        ({"before": 5}, [1, 2, 3, 4]),
        ({"before": 5, "limit": 2, "newest_first": True}, [3, 4]),
        ({"after": 8}, [9, 10]),
        ({"after": 2, "limit": 3}, [3, 4, 5]),
        ({"after": 3, "before": 6}, [4, 5]),
        ({"after": 10}, []),
        ({"before": 1}, []),
    ],
)
def test_pages_are_cut_where_they_are_wanted(store, ten, wanted, seqs):
    assert page(store, **wanted) == seqs


def test_asides_are_no_part_of_the_main_line_and_found_by_their_agent(store):
    messages = [
        said(1),
        said(2, sidechain=True, agent_id="a"),
        said(3, sidechain=True, agent_id="b"),
        said(4, agent_id="a"),
        said(5, sidechain=True),
    ]
    store.append(head(last_seq=5, count=5), messages)

    assert page(store) == [1, 4]
    assert page(store, agent_id="a") == [2]
    assert page(store, everything=True) == [1, 2, 3, 4, 5]


def test_messages_are_found_by_place_and_by_id(store, ten):
    assert [message.seq for message in store.at("conv_1", [7, 2, 99])] == [2, 7]
    assert store.known("conv_1", ["msg_3", "msg_x", "msg_10"]) == {"msg_3": 3, "msg_10": 10}


def test_more_places_than_one_question_can_hold(store):
    store.append(head(last_seq=1200, count=1200), [said(seq) for seq in range(1, 1201)])

    assert len(store.at("conv_1", list(range(1, 1201)))) == 1200
    assert len(store.known("conv_1", [f"msg_{seq}" for seq in range(1, 1201)])) == 1200


def test_the_links_are_the_log_without_its_contents(store):
    store.append(
        head(last_seq=2, count=2), [said(1, group_id="g"), said(2, parent_id="msg_1", sidechain=True, agent_id="a")]
    )

    assert store.links("conv_1") == (
        Link(1, "msg_1", None, "g", False),
        Link(2, "msg_2", "msg_1", None, True),
    )


def test_replacing_takes_all_that_was_there_along(store, ten):
    store.curate("conv_1", [Curation(message_id="msg_1", source="s", content="short")])
    store.compact("conv_1", Compaction(up_to=5, up_to_id="msg_5", count=5, summary="s", method="model", created_at=1.0))

    store.replace(head(last_seq=2, count=2, version=1), [said(1, "new", id="a"), said(2, "newer", id="msg_1")])

    assert [message.message.text for message in store.page("conv_1", PageWanted(limit=10))] == ["new", "newer"]
    assert store.find("conv_1").version == 1
    assert store.curations("conv_1", ["msg_1"]) == ()
    assert store.compaction("conv_1") is None


def test_a_copy_has_the_main_line_up_to_a_place_numbered_anew(store):
    messages = [said(1, group_id="g", metadata={"k": 1}), said(2, sidechain=True), said(5, parent_id="msg_1"), said(9)]
    store.append(head(last_seq=9, count=4), messages)

    made = store.copy("conv_1", 5, head("conv_2", owner="ada"))

    copies = store.page("conv_2", PageWanted(limit=10))
    assert made == store.find("conv_2") == head("conv_2", owner="ada", last_seq=2, count=2)
    assert [(each.seq, each.message.text, each.parent_id) for each in copies] == [
        (1, "text 1", None),
        (2, "text 5", None),
    ]
    assert (copies[0].group_id, copies[0].metadata, copies[0].created_at) == ("g", {"k": 1}, 1.0)
    assert not {each.id for each in copies} & {"msg_1", "msg_5"}
    assert page(store) == [1, 5, 9]


def test_a_copy_does_not_take_the_place_of_another_conversation(store, ten):
    store.append(head("conv_2"), [])

    with pytest.raises(StoreConflict):
        store.copy("conv_1", 5, head("conv_2"))

    assert page(store, "conv_2") == []


def test_what_is_deleted_is_gone(store, ten):
    store.curate("conv_1", [Curation(message_id="msg_1", source="s", content="short")])

    assert store.delete("conv_1") is True

    assert store.find("conv_1") is None
    assert page(store) == []
    assert store.curations("conv_1", ["msg_1"]) == ()
    assert store.delete("conv_1") is False


def test_a_deleted_conversation_can_be_begun_anew(store, ten):
    store.delete("conv_1")

    store.append(head(last_seq=1, count=1), [said(1)])

    assert page(store) == [1]


def test_what_is_said_about_a_conversation_can_be_changed_alone(store, ten):
    said_of_it = {"title": "t", "tags": ("x",), "state": {"a": 1}, "cancelled_at": 3.0, "updated_at": 9.0}
    changed = head(last_seq=10, count=10, version=1, **said_of_it)

    store.save(changed)

    assert store.find("conv_1") == changed
    assert len(page(store)) == 10


def test_whoever_has_not_seen_the_last_change_does_not_undo_it_where_a_store_is_shared(store, stores, ten):
    store.save(head(last_seq=10, count=10, version=1, title="first"))
    stale = head(last_seq=10, count=10, version=1, title="stale")

    if stores.conversations.is_shared:
        with pytest.raises(StoreConflict):
            store.save(stale)
    else:
        store.save(stale)

    assert store.find("conv_1").title == ("first" if stores.conversations.is_shared else "stale")


def test_saving_makes_no_conversation(store):
    store.save(head())

    assert store.find("conv_1") is None


def test_conversations_are_listed_the_one_changed_last_first_and_page_by_page(store):
    for number in range(5):
        store.append(head(f"c{number}", updated_at=float(number // 2), owner="ada" if number % 2 else None), [])

    everything = store.listed(ListConversations())
    first = store.listed(ListConversations(limit=2))
    second = store.listed(ListConversations(limit=2, after=first[-1]))

    assert [each.id for each in everything] == ["c4", "c3", "c2", "c1", "c0"]
    assert [each.id for each in (*first, *second)] == ["c4", "c3", "c2", "c1"]
    assert [each.id for each in store.listed(ListConversations(owner="ada"))] == ["c3", "c1"]


def test_the_last_compaction_stands_for_the_beginning(store, ten):
    for up_to in (3, 5):
        store.compact(
            "conv_1",
            Compaction(
                up_to=up_to, up_to_id=f"msg_{up_to}", count=up_to, summary=f"s{up_to}", method="model", created_at=2.0
            ),
        )

    assert store.compaction("conv_1") == Compaction(
        up_to=5, up_to_id="msg_5", count=5, summary="s5", method="model", created_at=2.0
    )


def test_short_forms_are_kept_by_message_and_the_newest_counts(store, ten):
    first = Curation(message_id="msg_1", source="a", content="short")
    blocks = Curation(message_id="msg_2", source="b", content=EVERYTHING)
    store.curate("conv_1", [first, blocks])
    newer = attrs.evolve(first, source="c", content="shorter")

    store.curate("conv_1", [newer])

    found = {each.message_id: each for each in store.curations("conv_1", ["msg_1", "msg_2", "msg_3"])}
    assert found == {"msg_1": newer, "msg_2": blocks}


def test_nothing_is_kept_for_a_conversation_that_is_not_there(store):
    store.curate("conv_x", [Curation(message_id="msg_1", source="a", content="short")])
    store.compact("conv_x", Compaction(up_to=1, up_to_id="m", count=1, summary="s", method="model", created_at=1.0))

    store.append(head("conv_x"), [])
    assert store.curations("conv_x", ["msg_1"]) == ()
    assert store.compaction("conv_x") is None


def test_settling_waits_for_nothing_where_nothing_is_under_way(store):
    store.settle()

"""Conversations through the whole house: over the facade and over HTTP, across restarts, and while the store is away."""

from __future__ import annotations

import json

import httpx
import legion_llm
import pytest
from upstream import Fault, openai_upstream

SOON = 10.0


def sent(server):
    """The messages of every call that reached the upstream, as (role, content)."""
    return [
        [(message["role"], message["content"]) for message in json.loads(request.body)["messages"]]
        for request in server.requests
    ]


def say(legion, text, conversation_id, **more):
    return legion.chat(text, conversation_id=conversation_id, **more).get(timeout=SOON)


def texts(conversation):
    return [stored.message.text for stored in conversation.history().get(timeout=SOON).messages]


def test_a_model_is_told_what_was_said_before(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})
    conversation = legion.conversation()

    first = say(legion, "one", conversation.id)
    say(legion, "two", conversation.id)

    assert sent(upstream)[1] == [("user", "one"), ("assistant", first.text), ("user", "two")]
    assert texts(conversation) == ["one", first.text, "two", first.text]


def test_a_streamed_turn_is_kept_too(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})
    conversation = legion.conversation()

    stream = legion.stream("one", conversation_id=conversation.id)
    text = "".join(chunk.text for chunk in stream)
    stream.reply.get(timeout=SOON)

    assert texts(conversation) == ["one", text]


def test_a_turn_that_failed_is_not_kept(embedded, make_provider):
    with openai_upstream(Fault.STATUS_401) as server:
        legion = embedded({"up": make_provider(server)})
        conversation = legion.conversation()

        with pytest.raises(legion_llm.AuthError):
            say(legion, "one", conversation.id)

        with pytest.raises(legion_llm.NotFoundError):
            texts(conversation)


def test_two_conversations_do_not_hear_of_each_other(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})

    say(legion, "one", "a")
    say(legion, "two", "b")

    assert sent(upstream)[1] == [("user", "two")]


def test_a_conversation_outlives_the_process(embedded, make_provider, upstream, tmp_path):
    store = {"path": str(tmp_path / "store.db")}
    first = embedded({"up": make_provider(upstream)}, store=store)
    answer = say(first, "one", "c").text
    first.shutdown()

    second = embedded({"up": make_provider(upstream)}, store=store)
    say(second, "two", "c")

    assert sent(upstream)[1] == [("user", "one"), ("assistant", answer), ("user", "two")]


@pytest.mark.live
def test_a_conversation_goes_on_at_another_host_where_they_share_a_store(embedded, make_provider, upstream, postgres):
    one, other = (embedded({"up": make_provider(upstream)}, store=postgres.settings()) for _ in range(2))
    answer = say(one, "first", "c").text

    say(other, "second", "c")
    say(one, "third", "c")

    turns = [("user", "first"), ("assistant", answer), ("user", "second"), ("assistant", answer), ("user", "third")]
    assert sent(upstream)[2] == turns
    assert texts(other.conversation("c")) == ["first", answer, "second", answer, "third", answer]


@pytest.mark.live
def test_hosts_that_append_at_the_same_moment_lose_nothing(embedded, make_provider, upstream, postgres):
    hosts = [embedded({"up": make_provider(upstream)}, store=postgres.settings()) for _ in range(2)]
    say(hosts[0], "begin", "c")

    appended = [
        hosts[number % 2].conversation("c").append({"role": "user", "content": f"note {number}"})
        for number in range(20)
    ]
    for reply in appended:
        reply.get(timeout=SOON)

    assert sorted(texts(hosts[0].conversation("c"))[2:]) == sorted(f"note {number}" for number in range(20))


@pytest.mark.live
def test_while_the_server_is_away_all_goes_on_that_needs_no_store(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)}, store={"url": "postgresql://legion@127.0.0.1:1/llm"})

    assert legion.chat("one").get(timeout=SOON).text
    with pytest.raises(legion_llm.StoreUnavailable, match=r"127\.0\.0\.1:1"):
        say(legion, "one", "c")
    assert any("NOTHING IS KEPT" in note for note in legion.notes)


def test_a_client_that_sends_its_history_again_is_not_answered_twice_the_context(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})
    answer = say(legion, "one", "c").text
    again = [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": answer},
        {"role": "user", "content": "two"},
    ]

    legion.chat(messages=again, conversation_id="c").get(timeout=SOON)

    assert sent(upstream)[1] == [(message["role"], message["content"]) for message in again]
    assert texts(legion.conversation("c")) == ["one", answer, "two", answer]


def test_an_actor_that_dies_between_two_turns_has_forgotten_nothing(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})
    say(legion, "one", "c")

    legion._system.kill("conversations")
    say(legion, "two", "c")

    assert len(sent(upstream)[1]) == 3


def test_http_clients_name_their_conversation_and_do_not_see_that_of_others(serving, make_provider, upstream):
    keys = {"ada": "key-of-ada-0123456789", "bob": "key-of-bob-0123456789"}
    legion = serving({"up": make_provider(upstream)}, api={"port": 0, "keys": keys})

    def ask(who, text):
        headers = {"authorization": f"Bearer {keys[who]}", "x-legion-conversation-id": "c"}
        body = {"model": "m-1", "messages": [{"role": "user", "content": text}]}
        url = f"{legion.url}/v1/chat/completions"
        return httpx.post(url, json=body, headers=headers, timeout=SOON, trust_env=False)

    first, second, others = ask("ada", "one"), ask("ada", "two"), ask("bob", "three")

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.headers["x-legion-conversation-id"] == "c"
    assert sent(upstream)[1][0] == ("user", "one")
    assert others.status_code == 404
    assert legion.conversation("c").describe().get(timeout=SOON).owner == "ada"


def test_while_the_store_is_away_a_conversation_is_refused_and_all_else_goes_on(
    embedded, make_provider, upstream, tmp_path
):
    (tmp_path / "store.db").write_text("no database " * 100)
    legion = embedded({"up": make_provider(upstream)}, store={"path": str(tmp_path / "store.db")})

    with pytest.raises(legion_llm.StoreError, match=str(tmp_path)):
        say(legion, "one", "c")
    assert legion.chat("one").get(timeout=SOON).text


def test_while_the_store_is_away_an_answer_may_do_without_and_says_so(embedded, make_provider, upstream, tmp_path):
    (tmp_path / "store.db").write_text("no database " * 100)
    settings = {"store": {"path": str(tmp_path / "store.db")}, "conversation": {"on_store_failure": "degrade"}}
    legion = embedded({"up": make_provider(upstream)}, **settings)

    response = say(legion, "one", "c")

    assert len(response.warnings) == 2
    assert "context_store" in response.warnings[1]


def test_a_prompt_is_shortened_where_its_caller_allows_it(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})

    legion.chat("the very long way", compress_level=1).get(timeout=SOON)

    assert sent(upstream)[0] == [("user", "long way")]


def test_the_handle_of_a_conversation_does_what_it_says(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})
    conversation = legion.conversation("c")
    conversation.append(
        "one",
        legion_llm.ChatMessage(role="assistant", content="1"),
        {"role": "user", "content": "two"},
        legion_llm.NewMessage(message=legion_llm.ChatMessage(content="aside"), sidechain=True, agent_id="a"),
    ).get(timeout=SOON)
    messages = conversation.history().get(timeout=SOON).messages

    branch = conversation.branch(messages[1].id).get(timeout=SOON)

    assert texts(legion.conversation(branch.id)) == ["one", "1"]
    assert [stored.message.text for stored in conversation.history(agent="a").get(timeout=SOON).messages] == ["aside"]
    assert [stored.seq for stored in conversation.export()] == [1, 2, 3, 4]
    assert conversation.change(title="t", tags=["x"]).get(timeout=SOON).tags == ("x",)
    assert conversation.set_state("mine", {"k": 1}).get(timeout=SOON).state == {"mine": {"k": 1}}
    assert conversation.cancel().get(timeout=SOON).cancelled_at
    assert conversation.resume().get(timeout=SOON).cancelled_at is None
    assert conversation.replace(messages[:1]).get(timeout=SOON).count == 1
    assert {each.id for each in legion.conversations().get(timeout=SOON)} == {"c", branch.id}
    assert conversation.delete().get(timeout=SOON) is True


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda legion: legion.conversation("no/good"), "letters, digits"),
        (lambda legion: legion.conversation("c").append(5), "is no message"),
        (lambda legion: legion.conversation("c").change(tags="abc"), "list of texts"),
        (lambda legion: legion.conversation("c").change(tags=[1]), "list of texts"),
        (lambda legion: legion.conversation("c").change(title=1), "must be text"),
        (lambda legion: legion.conversation("c").change(metadata=1), "must be a mapping"),
    ],
)
def test_a_wrong_argument_is_told(embedded, wrong, told):
    legion = embedded({"demo": {}})

    with pytest.raises(legion_llm.InvalidRequestError, match=told):
        wrong(legion)


@pytest.mark.timeout(120)
def test_a_conversation_of_a_hundred_thousand_messages_is_read_page_by_page(embedded, tmp_path):
    legion = embedded({"demo": {}}, store={"path": str(tmp_path / "store.db"), "synchronous": "normal"})
    conversation = legion.conversation("long")
    message = legion_llm.NewMessage(
        message=legion_llm.ChatMessage(content="a message of the usual length, more or less")
    )
    for _ in range(10):
        conversation.append(*[message] * 10_000).get(timeout=60)

    count = sum(1 for _ in conversation.export())
    page = conversation.history(limit=50).get(timeout=SOON)
    response = say(legion, "new", "long", model="demo")

    assert count == 100_000
    assert [stored.seq for stored in page.messages] == list(range(99_951, 100_001))
    assert response.text
    snapshot = legion.inspect("conversations")["snapshot"]
    assert snapshot["characters"] < 2_000_000

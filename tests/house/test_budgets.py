"""Budgets in the whole house: refused before anything is spent, however many come at once, and after a restart."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request

import legion_llm
import pytest
from embedding import openai_embeddings
from legion_llm import Caller
from upstream import Hang, ScriptedServer, Send, Signal, WaitFor, answer, canned_openai

MODELS = Send(answer(canned_openai().models))
PATIENT = {"timeouts": {"connect": 9, "first_byte": 9, "first_content": 9, "gap": 9}}

# What "Hello" with `max_tokens=ROOM` may use by the estimate, and what the server's answer uses: 7 tokens in, 20 out.
ROOM = 100
ESTIMATE = ROOM + 6
USED = 27
WHOLE = answer(canned_openai(words=20).whole)

# A million tokens out: 10 USD.
PRICED = {"m-1": {"input": 0.0, "output": 10.0}}


def upstream_of(*actions):
    """A server that answers every chat with these."""
    return ScriptedServer(lambda request: actions if request.path == "/v1/chat/completions" else (MODELS,))


@pytest.fixture
def upstream():
    with upstream_of(Send(WHOLE)) as server:
        yield server


def calls(server):
    return sum(request.path == "/v1/chat/completions" for request in server.requests)


def say(legion, **more):
    return legion.chat("Hello", max_tokens=ROOM, timeout=30, **more)


def end_of(reply):
    try:
        return reply.get(timeout=30).text
    except legion_llm.LegionError as error:
        return error


def state(legion, whose=None):
    return next(each for each in legion.budgets().get(timeout=5) if each.whose == whose)


def wait_until(condition, timeout=10.0):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"


def test_of_two_hundred_calls_at_once_a_budget_for_ten_lets_ten_through(embedded, make_provider):
    go = threading.Event()
    with upstream_of(WaitFor(go), Send(WHOLE)) as server:
        legion = embedded({"up": make_provider(server, **PATIENT)}, budgets=[{"tokens": 10 * ESTIMATE + ROOM}])

        replies = [say(legion) for _ in range(200)]
        ended = threading.Semaphore(0)
        for reply in replies:
            reply.add_done_callback(lambda _: ended.release())
        assert all(ended.acquire(timeout=10) for _ in range(190))
        go.set()
        ends = [end_of(reply) for reply in replies]

        assert sum(isinstance(end, legion_llm.BudgetExceeded) for end in ends) == 190
        assert calls(server) == 10
        wait_until(lambda: state(legion).reserved_tokens == 0)
        assert state(legion).used_tokens == 10 * USED


def test_whoever_is_refused_hears_which_budget_how_much_is_used_and_until_when(embedded, make_provider, upstream):
    small = {"name": "team", "tokens": 100, "window": "day", "timezone": "Europe/Berlin"}
    legion = embedded({"up": make_provider(upstream)}, budgets=[small])

    with pytest.raises(legion_llm.BudgetExceeded, match="of 100 tokens 0 tokens are spent") as caught:
        say(legion).get(timeout=10)

    error = caught.value
    assert (error.budget, error.unit, error.limit, error.used) == ("team", "tokens", 100, 0)
    assert error.resets_at == pytest.approx(time.time() + error.retry_after, abs=5)
    assert calls(upstream) == 0


def test_a_key_of_the_api_has_a_budget_of_its_own(serving, make_provider, upstream):
    keys = {"ann": {"key": "key-of-ann", "budgets": [{"tokens": 110, "window": "day"}]}, "bob": "key-of-bob"}
    legion = serving({"up": make_provider(upstream)}, api={"port": 0, "keys": keys})

    def ask(key):
        body = {"model": "m-1", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": ROOM}
        head = {"content-type": "application/json", "authorization": f"Bearer {key}"}
        url = f"{legion.url}/v1/chat/completions"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), head), timeout=10) as told:
            return told.status

    assert ask("key-of-ann") == 200
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask("key-of-ann")
    assert ask("key-of-bob") == 200

    said = json.loads(caught.value.read())["error"]
    assert (caught.value.code, said["code"]) == (402, "insufficient_quota")
    assert "key ann" in said["message"]
    assert 0 < int(caught.value.headers["retry-after"]) <= 86_400 + 3_600


def test_what_a_target_costs_too_much_for_goes_to_one_that_is_free(embedded, make_provider):
    with upstream_of(Send(WHOLE)) as dear, upstream_of(Send(WHOLE)) as own:
        legion = embedded(
            {"cloud": make_provider(dear, tier="cloud"), "own": make_provider(own, tier="local")},
            routing={"tier_priority": ["cloud", "local"]},
            pricing={"cloud/m-1": PRICED["m-1"]},
            budgets=[{"usd": 0.0011}],
        )

        answers = [say(legion, model="m-1").get(timeout=10) for _ in range(3)]

        assert [each.routing.provider for each in answers] == ["cloud", "own", "own"]
        assert state(legion).used_usd == pytest.approx(0.0002)


def test_a_target_whose_price_nobody_knows_is_not_called_on_a_budget_of_dollars(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream, tier="cloud")}, budgets=[{"usd": 5.0}])

    with pytest.raises(legion_llm.TargetTooDear, match="nobody knows what up/m-1 costs"):
        say(legion).get(timeout=10)

    assert calls(upstream) == 0


def test_whoever_gives_up_gives_back_what_it_had_reserved(embedded, make_provider):
    started = threading.Event()
    with upstream_of(Signal(started), Hang()) as server:
        more = {**PATIENT, "max_concurrency": 1}
        legion = embedded({"up": make_provider(server, **more)}, budgets=[{"tokens": 10 * ESTIMATE}])
        called = say(legion)
        assert started.wait(5)
        waiting = [say(legion) for _ in range(3)]
        wait_until(lambda: state(legion).reserved_tokens == 4 * ESTIMATE)

        for reply in (*waiting, called):
            reply.cancel()

        # What waited in line was never sent. Of the call that was, nobody knows what it used, so the estimate counts.
        wait_until(lambda: state(legion).reserved_tokens == 0)
        assert state(legion).used_tokens == ESTIMATE


def test_a_restart_forgets_nothing_of_what_was_spent(embedded, make_provider, upstream, tmp_path):
    budgets = [{"tokens": 10 * ESTIMATE, "usd": 5.0}, {"per": "caller", "tokens": 200, "window": "forever"}]
    more = {"store": {"path": str(tmp_path / "kept.db")}, "pricing": PRICED, "budgets": budgets}
    ann = Caller(identity="ann")
    before = embedded({"up": make_provider(upstream)}, **more)
    for _ in range(4):
        say(before, caller=ann).get(timeout=10)
    before.shutdown()

    legion = embedded({"up": make_provider(upstream)}, **more)

    assert state(legion).used_tokens == 4 * USED
    assert state(legion).used_usd == pytest.approx(4 * 20 * 10 / 1e6)
    with pytest.raises(legion_llm.BudgetExceeded, match="200 tokens per caller"):
        say(legion, caller=ann).get(timeout=10)
    assert say(legion, caller=Caller(identity="bob")).get(timeout=10).text


def test_embeddings_count_too(embedded, make_provider):
    with openai_embeddings() as server:
        legion = embedded(
            {"up": make_provider(server)}, budgets=[{"tokens": 1000}], embedding={"enforce_dimension": False}
        )

        legion.embed("12345", model="m-1").get(timeout=10)

        assert state(legion).used_tokens == 5


def test_the_caller_and_the_people_hear_of_a_budget_that_is_nearly_spent(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)}, budgets=[{"name": "b", "tokens": 150, "warn_at": [0.1]}])

    first, second = [say(legion).get(timeout=10) for _ in range(2)]

    told = "budget 'b': 18% are spent (27 tokens of 150 tokens)"
    assert not first.warnings
    assert [warning[: len(told)] for warning in second.warnings] == [told]
    wait_until(lambda: [line[: len(told)] for line in legion.notes if line.startswith("budget")] == [told])


def test_every_conversation_has_a_budget_of_its_own(embedded, make_provider, upstream):
    legion = embedded(
        {"up": make_provider(upstream)}, budgets=[{"per": "conversation", "tokens": 140, "window": "forever"}]
    )
    say(legion, conversation_id="one").get(timeout=10)

    with pytest.raises(legion_llm.BudgetExceeded):
        say(legion, conversation_id="one").get(timeout=10)

    assert say(legion, conversation_id="two").get(timeout=10).text
    assert say(legion).get(timeout=10).text


def test_a_ledger_that_is_away_at_the_start_delays_nobody_and_is_read_when_it_is_back(
    embedded, make_provider, upstream, tmp_path
):
    path = tmp_path / "kept.db"
    more = {"store": {"path": str(path)}, "budgets": [{"tokens": 10 * ESTIMATE}]}
    before = embedded({"up": make_provider(upstream)}, **more)
    say(before).get(timeout=10)
    before.shutdown()
    kept = path.read_bytes()
    path.write_bytes(b"no database at all" * 100)

    legion = embedded({"up": make_provider(upstream)}, **more)
    assert say(legion).get(timeout=10).text
    assert not state(legion).is_known
    path.write_bytes(kept)

    wait_until(lambda: state(legion).is_known)
    assert state(legion).used_tokens == 2 * USED


def test_inspecting_shows_what_is_left(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)}, budgets=[{"tokens": 1000}])
    say(legion).get(timeout=10)

    wait_until(lambda: legion.inspect("budgets")["snapshot"]["running"] == 0)

    shown = legion.inspect("budgets")["snapshot"]["budgets"]
    assert [(each["name"], each["used_tokens"]) for each in shown] == [("1000 tokens per month", USED)]


def test_without_a_budget_there_is_nothing_to_say_and_nobody_to_ask(embedded, make_provider, upstream):
    legion = embedded({"up": make_provider(upstream)})
    say(legion).get(timeout=10)

    assert legion.budgets().get(timeout=5) == ()
    assert legion.inspect("budgets")["handled"] == 1

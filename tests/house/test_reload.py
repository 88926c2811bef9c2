"""New settings for a gateway that serves: what is under way goes on, and no request is lost."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from legion_llm.adapters.serving import start_gateway
from legion_llm.messages.errors import InvalidRequestError, SettingsError, UnknownProviderError
from upstream import (
    LAST_CHUNK,
    ScriptedServer,
    Send,
    Signal,
    WaitFor,
    canned_openai,
    chunk,
    openai_upstream,
    stream_head,
)

TEXT = "w0 w1 w2 w3 w4 "
CANNED = canned_openai(5)
PATIENCE = 10.0
PROMPT = {"model": "up/m-1", "messages": [{"role": "user", "content": "Hi"}]}
KEYS = {"ann": "key-of-ann", "root": {"key": "key-of-root", "admin": True}}
OTHER_KEYS = {**KEYS, "ann": "another-key-of-ann", "bob": {"key": "key-of-bob", "requests_per_minute": 1}}


@pytest.fixture
def held():
    """A server whose streams stand still after the second event until the test lets them go on."""
    begun, go = threading.Event(), threading.Event()
    first, rest = CANNED.frames[:3], (*CANNED.frames[3:], CANNED.terminal_frame)
    script = (
        Send(stream_head(CANNED.stream_type) + b"".join(map(chunk, first))),
        Signal(begun),
        WaitFor(go),
        Send(b"".join(map(chunk, rest)) + LAST_CHUNK),
    )
    with ScriptedServer(script) as server:
        server.go = go
        yield server
        go.set()


@pytest.fixture
def reloadable(make_settings):
    """Starts gateways with an API whose settings can be read anew: those of the dict, as it is then."""
    started = []

    def start(providers, **more):
        def read():
            return make_settings(providers, **{"api": {"port": 0}, **more})

        started.append(start_gateway(read(), environ={}, reread=read))
        return started[-1], more

    yield start
    for legion in started:
        legion.shutdown()


def post(legion, path, key, body=None):
    return httpx.post(f"{legion.url}{path}", json=body, headers={"x-api-key": key}, timeout=PATIENCE, trust_env=False)


def test_an_instance_that_has_moved_is_asked_where_it_is_now(embedded, upstream, make_provider, make_settings):
    with openai_upstream() as elsewhere:
        legion = embedded({"up": make_provider(elsewhere)})

        report = legion.reload(make_settings({"up": make_provider(upstream)}))
        legion.chat("Hi", model="up/m-1").get()

    assert (report.applied, report.waiting) == (("providers.up.base_url",), ())
    assert (len(elsewhere.requests), len(upstream.requests)) == (0, 1)


def test_an_instance_that_is_new_is_there_and_one_that_is_gone_is_not(embedded, upstream, make_provider, make_settings):
    legion = embedded({"old": make_provider(upstream)})

    legion.reload(make_settings({"new": make_provider(upstream)}))

    assert legion.chat("Hi", provider="new").get().routing.provider == "new"
    assert [each.name for each in legion.providers().get()] == ["new"]
    with pytest.raises(UnknownProviderError):
        legion.chat("Hi", provider="old").get()


def test_a_stream_goes_on_where_it_began(embedded, upstream, held, make_provider, make_settings):
    legion = embedded({"up": make_provider(held, timeouts={}), "gone": make_provider(held, timeouts={})})
    streams = [legion.stream("Hi", provider=name, timeout=PATIENCE) for name in ("up", "gone")]
    begun = [next(iter(stream)) for stream in streams]

    legion.reload(make_settings({"up": make_provider(upstream)}))
    legion.chat("Hi", model="up/m-1").get()
    held.go.set()
    for stream in streams:
        list(stream)

    assert len(begun) == 2
    assert [stream.reply.get(PATIENCE).text for stream in streams] == [TEXT, TEXT]
    assert len(upstream.requests) == 1
    assert (
        held.wait_all_closed(0.0) is False
    )  # the connection of the one that is gone is there as long as requests may know it


def test_the_connection_to_an_instance_that_is_gone_ends_when_no_request_can_know_it(
    embedded, upstream, make_provider, make_settings
):
    legion = embedded({"up": make_provider(upstream), "gone": make_provider(upstream)}, request_timeout=0.2)
    legion.chat("Hi", provider="gone").get()

    legion.reload(make_settings({"up": make_provider(upstream)}, request_timeout=0.2))

    assert upstream.wait_all_closed()


def test_an_instance_that_comes_back_at_once_stays(embedded, upstream, make_provider, make_settings):
    both = {"up": make_provider(upstream), "other": make_provider(upstream)}
    legion = embedded(both)

    legion.reload(make_settings({"up": make_provider(upstream)}))
    legion.reload(make_settings(both))

    assert legion.chat("Hi", provider="other").get().routing.provider == "other"


def test_no_request_is_lost_while_settings_change(serving, upstream, make_provider, make_settings):
    answers, stop = [], threading.Event()

    def keep_asking():
        with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            for number in itertools.takewhile(lambda _: not stop.is_set(), itertools.count()):
                body = {**PROMPT, "stream": number % 2 == 0}
                answer = client.post(f"{legion.url}/v1/chat/completions", json=body)
                answers.append((answer.status_code, answer.text.count("w4")))

    with openai_upstream() as elsewhere:
        legion = serving({"up": make_provider(upstream)})
        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(keep_asking) for _ in range(4)]
            for number in range(10):
                place = (elsewhere, upstream)[number % 2]
                more = {"extra": make_provider(place)} if number % 3 else {}
                legion.reload(make_settings({"up": make_provider(place), **more}, api={"port": 0}))
                before = len(place.requests)
                legion.chat("Hi", model="up/m-1").get()
                assert len(place.requests) > before
            stop.set()
            for each in asking:
                each.result(PATIENCE)

    assert set(answers) == {(200, 1)}
    assert len(answers) + 10 == len(upstream.requests) + len(elsewhere.requests)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_attempts": 0},
        {"routing": {"rules": [{"name": "r", "when": {}, "then": {"provider": "nobody"}}]}},
        {"api": {"keys": {"ann": "env://NOWHERE"}}},
    ],
    ids=["out of range", "a rule that leads nowhere", "a key that is nowhere"],
)
def test_what_is_wrong_changes_nothing(reloadable, upstream, make_provider, wrong):
    legion, more = reloadable({"up": make_provider(upstream)}, api={"port": 0, "keys": KEYS})
    more.update(wrong)

    with pytest.raises(SettingsError):
        legion.reload()

    assert legion.settings.max_attempts == 3
    assert post(legion, "/v1/chat/completions", "key-of-ann", PROMPT).status_code == 200


def test_what_the_actors_were_wired_with_waits_for_a_restart(reloadable, upstream, make_provider):
    legion, more = reloadable({"up": make_provider(upstream)})
    more.update(api={"port": 1, "keys": KEYS}, request_timeout=1.0, aliases={"fast": "m-1"})

    report = legion.reload()

    assert report.applied == ("aliases.fast",)
    assert set(report.waiting) == {"api.port", "api.keys.ann", "api.keys.root", "request_timeout"}
    assert legion.settings.request_timeout == 600.0
    assert post(legion, "/v1/chat/completions", "", {**PROMPT, "model": "fast"}).status_code == 200


def test_settings_that_are_as_they_were_change_nothing(reloadable, upstream, make_provider):
    legion, _ = reloadable({"up": make_provider(upstream)})

    report = legion.reload()

    assert str(report) == "the settings are as they were"


def test_settings_that_came_ready_made_cannot_be_read_anew(embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)})

    with pytest.raises(InvalidRequestError, match="ready-made"):
        legion.reload()


def test_an_administrator_exchanges_keys_over_http(reloadable, upstream, make_provider):
    legion, more = reloadable({"up": make_provider(upstream)}, api={"port": 0, "keys": KEYS})
    more.update(api={"port": 0, "keys": OTHER_KEYS})

    report = post(legion, "/api/llm/admin/reload", "key-of-root")
    statuses = [
        post(legion, "/v1/chat/completions", key, PROMPT).status_code
        for key in ("key-of-ann", "another-key-of-ann", "key-of-bob", "key-of-bob")
    ]

    assert report.json()["data"]["needs_restart"] == []
    assert all("key-of" not in path for path in report.json()["data"]["applied"])
    assert statuses == [401, 200, 200, 429]


def test_only_administrators_reload(reloadable, upstream, make_provider):
    legion, _ = reloadable({"up": make_provider(upstream)}, api={"port": 0, "keys": KEYS})

    assert post(legion, "/api/llm/admin/reload", "key-of-ann").status_code == 403
    assert post(legion, "/api/llm/admin/reload", "wrong").status_code == 401


def test_over_http_too_what_is_wrong_is_said_and_changes_nothing(reloadable, upstream, make_provider):
    legion, more = reloadable({"up": make_provider(upstream)}, api={"port": 0, "keys": KEYS})
    more.update(max_attempts=0)

    answer = post(legion, "/api/llm/admin/reload", "key-of-root")

    assert answer.status_code == 409
    assert "max_attempts" in answer.json()["error"]["message"]


def test_a_budget_that_would_not_be_kept_keeps_its_key_out(reloadable, upstream, make_provider):
    legion, more = reloadable({"up": make_provider(upstream)}, api={"port": 0, "keys": KEYS})
    budgeted = {"key": "key-of-bob", "budgets": [{"usd": 1.0}]}
    more.update(api={"port": 0, "keys": {**KEYS, "bob": budgeted}})

    report = legion.reload()

    assert report.waiting == ("api.keys.bob",)
    assert post(legion, "/v1/chat/completions", "key-of-bob", PROMPT).status_code == 401


def test_an_actor_that_crashes_after_a_reload_goes_by_the_new_settings(
    embedded, upstream, make_provider, make_settings
):
    with openai_upstream() as elsewhere:
        legion = embedded({"up": make_provider(elsewhere)})
        legion.reload(make_settings({"up": make_provider(upstream)}, aliases={"fast": "m-1"}))

        for path in ("router", "connections/up", "inference"):
            legion._system.kill(path)
        answer = legion.chat("Hi", model="fast").get()

    assert answer.text == TEXT
    assert (len(elsewhere.requests), len(upstream.requests)) == (0, 1)


def test_what_is_used_costs_what_the_new_prices_say(embedded, upstream, make_provider, make_settings):
    legion = embedded({"up": make_provider(upstream)}, pricing={"m-1": {"input": 0.0, "output": 0.0}})

    legion.reload(make_settings({"up": make_provider(upstream)}, pricing={"m-1": {"input": 0.0, "output": 1e6}}))
    legion.chat("Hi", model="up/m-1").get()

    (row,) = legion.usage().get().rows
    assert row.cost_usd == 5.0

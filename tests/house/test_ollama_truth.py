"""A prompt that an Ollama server has cut is an overflow, whatever the server says."""

from __future__ import annotations

import legion_llm
import pytest
from cutting import MODEL, Age, cutting_ollama
from legion_llm import ContextOverflow

LONG = "word " * 8000  # 10,000 of the server's tokens
SHORT = "word " * 100


@pytest.fixture
def house(embedded):
    def start(server, **block):
        return embedded({"ollama": {"base_url": server.url, "models": [MODEL], "default_model": MODEL, **block}})

    return start


def asked(server):
    return [request.path for request in server.requests if request.path != "/api/tags"]


@pytest.mark.parametrize("age", [Age.NEW, Age.MIDDLE, Age.OLD])
def test_a_cut_prompt_is_an_overflow(house, age):
    with cutting_ollama(4096, age) as server:
        with pytest.raises(ContextOverflow) as caught:
            house(server).chat(LONG).get(5)

        assert caught.value.provider == "ollama"


@pytest.mark.parametrize("age", [Age.NEW, Age.MIDDLE, Age.OLD])
def test_a_streamed_answer_to_a_cut_prompt_fails(house, age):
    with cutting_ollama(4096, age) as server, pytest.raises(ContextOverflow):
        for _ in house(server).stream(LONG):
            pass


@pytest.mark.parametrize("age", list(Age))
def test_what_fits_is_answered_and_nothing_else_is_asked(house, age):
    with cutting_ollama(16_384, age) as server:
        response = house(server).chat(LONG).get(5)

        assert (response.text, response.warnings) == ("fine", ())
        assert asked(server) == ["/api/chat"]


def test_new_servers_are_told_not_to_cut(house):
    with cutting_ollama(4096, Age.NEW) as server:
        house(server).chat(SHORT).get(5)

        body = server.requests[-1].json()
        assert (body["truncate"], body["shift"]) == (False, False)


def test_a_server_that_tells_nothing_is_not_believed_silently(house):
    with cutting_ollama(2048, Age.MUTE) as server:
        response = house(server).chat(LONG).get(5)

        assert response.warnings == (
            "the server says it has read 2048 tokens of about 10000: the rest was in its cache, or was cut",
        )


def test_a_prompt_that_old_servers_found_in_their_cache_is_not_taken_for_cut(house):
    with cutting_ollama(16_384, Age.MIDDLE, cached=9_900) as server:
        response = house(server).chat(LONG).get(5)

        assert (response.text, response.warnings) == ("fine", ())
        assert asked(server) == ["/api/chat", "/api/ps"]


def test_a_prompt_that_cannot_fit_the_window_of_the_settings_is_not_even_sent(house):
    with cutting_ollama(4096, Age.MIDDLE) as server:
        with pytest.raises(ContextOverflow, match="num_ctx is 2048"):
            house(server, extra_body={"options": {"num_ctx": 2048}}).chat(LONG).get(5)

        assert asked(server) == []


def test_the_window_that_the_settings_ask_for_counts(house):
    with cutting_ollama(2048, Age.MIDDLE) as server:
        response = house(server, extra_body={"num_ctx": 16_384}).chat(LONG).get(5)

        assert response.text == "fine"
        assert server.requests[-1].json()["options"]["num_ctx"] == 16_384


def test_who_says_that_it_may_be_cut_gets_a_cut_answer(house):
    with cutting_ollama(4096, Age.MIDDLE) as server:
        assert house(server, extra_body={"truncate": True}).chat(LONG).get(5).text == "fine"


def test_a_provider_of_a_higher_tier_takes_what_was_cut(embedded):
    with cutting_ollama(4096, Age.MIDDLE) as server:
        local = {"base_url": server.url, "models": [MODEL], "default_model": MODEL}
        legion = embedded({"ollama": local, "demo": {"tier": "cloud"}}, default_provider="ollama")

        response = legion.chat(LONG).get(5)

        assert (response.routing.provider, response.routing.attempts) == ("demo", 2)


def test_an_overflow_is_not_held_against_the_server(house):
    with cutting_ollama(4096, Age.MIDDLE) as server:
        legion = house(server)
        for _ in range(5):
            with pytest.raises(legion_llm.LegionError):
                legion.chat(LONG).get(5)

        assert legion.chat(SHORT).get(5).text == "fine"

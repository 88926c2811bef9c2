"""Lanes, what may stand in them, and who meets in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.fleet.eligibility import fingerprint
from legion_llm.actors.fleet.lanes import offering_lane, request_lane, segment, shared_lane, slug
from legion_llm.actors.fleet.naming import Naming
from legion_llm.actors.fleet.roster import Roster
from legion_llm.messages.catalogue import Capability, ModelFacts
from legion_llm.messages.errors import InvalidRequestError
from legion_llm.messages.fleet import FleetOffer, OfferedModel


@pytest.mark.parametrize(
    ("text", "made"),
    [("Qwen3:8B", "qwen3-8b"), ("--Meta/Llama 3.1--", "meta-llama-3-1"), ("über", "ber"), ("a__b", "a-b"), ("...", "")],
)
def test_a_slug_has_letters_digits_and_single_hyphens(text, made):
    assert slug(text) == made


@given(st.text(max_size=40))
def test_a_slug_of_a_slug_is_the_same(text):
    assert slug(slug(text)) == slug(text)


@pytest.mark.parametrize(
    ("lane", "name"),
    [
        (shared_lane("chat", "qwen3:8b"), "llm.fleet.inference.qwen3-8b"),
        (shared_lane("stream", "qwen3:8b", context=32768), "llm.fleet.inference.qwen3-8b.ctx32768"),
        (shared_lane("embed", "bge-m3", context=8192), "llm.fleet.embed.bge-m3"),
        (
            shared_lane("chat", "m", context=8, boundary="EU West", eligibility="0123456789abcdef"),
            "llm.fleet.inference.m.ctx8.boundary.eu-west.elig.0123456789abcdef",
        ),
        (offering_lane("chat", "ollama/big", "qwen3:8b"), "llm.fleet.offering.ollama-big.qwen3-8b.inference"),
        (offering_lane("embed", "ollama", "bge-m3"), "llm.fleet.offering.ollama.bge-m3.embed"),
        (request_lane("chat", "vllm", "org/model:7b"), "llm.request.vllm.inference.org/model.7b"),
    ],
)
def test_lanes_are_named_by_what_they_carry(lane, name):
    assert lane == name


@pytest.mark.parametrize("text", ["sk-token-abc", "my-api-key", "https://x/y", "user-name", "prompt 7", "password1"])
def test_a_lane_refuses_what_others_must_not_read_and_does_not_repeat_it(text):
    with pytest.raises(InvalidRequestError, match="secret or a person") as caught:
        segment(text, "boundary")

    assert text not in str(caught.value)
    assert caught.value.param == "boundary"


@pytest.mark.parametrize(("text", "problem"), [("...", "nothing is left"), ("m" * 97, "96 characters")])
def test_a_lane_refuses_parts_that_are_empty_or_too_long(text, problem):
    with pytest.raises(InvalidRequestError, match=problem):
        shared_lane("chat", text)


@pytest.mark.parametrize("model", ["a b", "#", "*", "m" * 250])
def test_a_lane_by_provider_refuses_what_a_broker_would_read_as_a_pattern(model):
    with pytest.raises(InvalidRequestError):
        request_lane("chat", "ollama", model)


def test_a_fingerprint_does_not_depend_on_the_order_of_facts():
    assert fingerprint({"gpu": "a100", "zone": 3}) == fingerprint({"zone": 3, "gpu": "a100"})


def test_a_fingerprint_has_16_hex_digits_and_tells_facts_apart():
    one, other = fingerprint({"gpu": "a100"}), fingerprint({"gpu": "h100"})

    assert one is not None
    assert len(one) == 16
    assert int(one, 16) >= 0
    assert one != other
    assert fingerprint({}) is None


@pytest.mark.parametrize(
    "name", ["api_key", "token", "prompt", "messages", "base_url", "file_path", "identity", "Session"]
)
def test_a_fact_that_sounds_like_content_or_a_secret_is_refused(name):
    with pytest.raises(InvalidRequestError, match="cannot be a fact"):
        fingerprint({name: "x"})


def roster_of(naming: Naming, *windows: int | None, model: str = "qwen3:8b") -> Roster:
    roster = Roster()
    for number, window in enumerate(windows):
        facts = ModelFacts(name=model, can=frozenset({Capability.CHAT}), context_window=window)
        lanes = naming.offered(facts, "ollama", "ollama")
        offered = OfferedModel(facts=facts, instance="ollama", kind="ollama", lanes=lanes)
        roster.heard(FleetOffer(worker=f"w{number}", models=(offered,)), 0.0)
    return roster


@pytest.mark.parametrize("style", ["shared_lane", "offering_lane", "request_lane"])
@pytest.mark.parametrize("window", [None, 8192])
def test_gateway_and_worker_meet_in_every_style(style, window):
    naming = Naming(style=style, boundary="eu", eligibility={"gpu": "a100"})
    roster = roster_of(naming, window)

    found = roster.lane_for(naming.wanted("chat", "qwen3:8b", 100, roster))

    assert found is not None
    assert found[1] == ("w0",)


@pytest.mark.parametrize(("tokens", "worker"), [(100, "w1"), (9000, "w0"), (10**6, "w0")])
def test_the_smallest_window_that_is_large_enough_is_taken_and_else_the_largest(tokens, worker):
    naming = Naming()
    roster = roster_of(naming, 131072, 8192)

    found = roster.lane_for(naming.wanted("stream", "qwen3:8b", tokens, roster))

    assert found is not None
    assert found[1] == (worker,)


def test_another_boundary_is_another_lane():
    roster = roster_of(Naming(boundary="eu"), 8192)

    assert roster.lane_for(Naming(boundary="us").wanted("chat", "qwen3:8b", 10, roster)) is None


@pytest.mark.parametrize(
    ("can", "cannot", "words"),
    [
        ({"chat"}, set(), ["inference"]),
        ({"embed"}, set(), ["embed"]),
        (set(), set(), ["inference", "embed"]),
        (set(), {"chat"}, ["embed"]),
        ({"embed"}, {"chat"}, ["embed"]),
        ({"chat", "embed"}, set(), ["inference", "embed"]),
    ],
)
def test_a_model_is_offered_for_what_it_can_do(can, cannot, words):
    facts = ModelFacts(name="m", can=frozenset(map(Capability, can)), cannot=frozenset(map(Capability, cannot)))

    assert [lane.split(".")[2] for lane in Naming().offered(facts, "ollama", "ollama")] == words


def test_a_model_whose_name_no_lane_can_carry_is_not_offered():
    assert Naming().offered(ModelFacts(name="???"), "ollama", "ollama") == ()

"""What vendors write when something is wrong, and what it means. Words as they are reported in public; ids and keys are made up."""

from __future__ import annotations

import collections
import json
import pathlib

import pytest
from legion_llm.adapters.dialects.classify import classify_error, classify_value
from legion_llm.messages.outcome import Outcome, outcome_of

CORPUS = json.loads(pathlib.Path(__file__).with_name("corpus.json").read_text())

# An hour off the provider's clock, as ours may be: what has a `Date` must not depend on it.
NOW = 1_774_310_400.0 + 3600.0


def told(case):
    return f"{case['vendor']}: {case['what']}"


def bytes_of(body):
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def error_of(case):
    if case["status"] == 200:
        return classify_value(case["body"])
    return classify_error(case["status"], case["headers"], bytes_of(case["body"]), now=NOW)


@pytest.mark.parametrize("case", CORPUS, ids=told)
def test_what_a_provider_writes_means_one_outcome(case):
    assert outcome_of(error_of(case)) is Outcome(case["outcome"])


@pytest.mark.parametrize("case", CORPUS, ids=told)
def test_how_long_to_wait_is_read_where_it_is_said_and_never_made_up(case):
    wait = error_of(case).retry_after

    assert wait == (None if case["retry_after"] is None else pytest.approx(case["retry_after"], abs=0.001))


def test_the_corpus_has_every_vendor_and_every_outcome_that_a_provider_can_bring_about():
    cases = collections.Counter(case["vendor"] for case in CORPUS)
    vendors = {
        "openai",
        "azure",
        "anthropic",
        "gemini",
        "bedrock",
        "ollama",
        "vllm",
        "mistral",
        "groq",
        "openrouter",
        "deepseek",
    }
    ours = {Outcome.SUCCESS, Outcome.CANCELLED, Outcome.DEADLINE_SHORT, Outcome.INTERNAL}

    assert min(cases[vendor] for vendor in vendors) >= 5
    assert {case["outcome"] for case in CORPUS} == {str(each) for each in set(Outcome) - ours}
    assert len({told(case) for case in CORPUS}) == len(CORPUS) >= 60

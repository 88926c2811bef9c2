from __future__ import annotations

import pytest
import trio
from legion_llm.actors.inference.governance.access import AllowList, is_granted
from legion_llm.messages.caller import Caller
from legion_llm.messages.routing import Target
from legion_llm.messages.settings import AllowSettings


def decide(identity, *entries):
    return trio.run(AllowList(entries).decide, Caller(identity=identity), "use", "llm/pipeline")


def allow(identity, *models):
    return AllowSettings(identity=identity, models=models or ("*",))


def test_whom_no_entry_speaks_of_may_do_nothing():
    verdict = decide("mallory", allow("alice"))

    assert not verdict.is_allowed
    assert verdict.reason == "no entry of the allow-list speaks of 'mallory'"


@pytest.mark.parametrize("identity", ["alice", "team-red", "team-"])
def test_an_entry_speaks_of_identities_by_pattern(identity):
    assert decide(identity, allow("alice"), allow("team-*")).is_allowed


@pytest.mark.parametrize("identity", ["Alice", "alicea", "a-team-red", None, ""])
def test_and_of_no_others(identity):
    assert not decide(identity, allow("alice"), allow("team-*")).is_allowed


def test_everybody_includes_those_who_are_not_known():
    assert decide(None, allow("*")).is_allowed


def test_a_caller_may_use_what_any_of_its_entries_grants():
    verdict = decide("alice", allow("*", "small"), allow("alice", "gpt-*", "small"), allow("bob"))

    assert verdict.models == ("small", "gpt-*")


def test_all_models_are_no_limit():
    assert decide("alice", allow("alice", "small"), allow("*")).models is None


@pytest.mark.parametrize(
    ("pattern", "granted"),
    [("gpt-4o", True), ("gpt-*", True), ("openai/*", True), ("openai/gpt-4o", True), ("gpt", False)],
)
def test_models_are_granted_by_name_or_by_instance_and_name(pattern, granted):
    assert is_granted([pattern], Target(instance="openai", model="gpt-4o", tier="frontier")) is granted

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.credentials.stage import TRANSITIONS, Event
from legion_llm.messages.credentials import ProviderStage

CONFIGURED, USABLE, VERIFIED, DISABLED = ProviderStage


def test_every_stage_answers_every_event():
    assert TRANSITIONS.keys() == set(ProviderStage)
    assert all(row.keys() == set(Event) for row in TRANSITIONS.values())


@pytest.mark.parametrize("stage", ProviderStage)
def test_without_a_credential_nothing_is_usable_and_with_another_one_everything_is(stage):
    assert TRANSITIONS[stage][Event.NOTHING] is CONFIGURED
    assert TRANSITIONS[stage][Event.READY] is USABLE


@pytest.mark.parametrize("stage", ProviderStage)
def test_a_host_that_says_nothing_moves_nobody(stage):
    assert TRANSITIONS[stage][Event.UNCLEAR] is stage


@given(events=st.lists(st.sampled_from(Event)))
def test_only_what_is_shown_can_be_verified_or_disabled(events):
    stage, shown = USABLE, True
    for event in events:
        stage = TRANSITIONS[stage][event]
        shown = {Event.READY: True, Event.NOTHING: False}.get(event, shown)

        assert shown or stage is CONFIGURED


def test_only_usable_and_verified_instances_are_sent_requests():
    assert [stage.is_routable for stage in (CONFIGURED, USABLE, VERIFIED, DISABLED)] == [False, True, True, False]

from __future__ import annotations

from legion_llm.actors.inference.pipeline.step import OnFailure, Phase
from legion_llm.actors.inference.pipeline.table import ORDER, TABLE
from legion_llm.messages.caller import Profile

# What the profiles that take every step are spared nonetheless: nothing.
WHOLE = {Profile.EXTERNAL, Profile.HUMAN}


def test_the_table_keeps_the_order_of_the_names():
    assert tuple(step.name for step in TABLE) == ORDER


def test_there_are_29_names_the_hosts_hooks_and_the_guard_of_knowledge():
    assert len(set(ORDER)) == len(ORDER) == 29 + 3


def test_phases_follow_each_other_and_there_is_one_call():
    phases = [step.phase for step in TABLE]

    assert phases == sorted(phases, key=list(Phase).index)
    assert phases.count(Phase.PROVIDER) == 1


def test_an_unknown_caller_and_a_person_are_spared_no_step():
    assert not [step.name for step in TABLE if step.skipped_by & WHOLE]


def test_a_call_of_another_requests_step_takes_the_way_to_the_provider_alone():
    taken = {step.name for step in TABLE if Profile.SUBCALL not in step.skipped_by}

    assert taken <= {"routing", "provider_call", "metering"}


def test_no_profile_skips_routing_or_the_call():
    rows = {step.name: step for step in TABLE}

    assert not rows["routing"].skipped_by
    assert not rows["provider_call"].skipped_by
    assert rows["provider_call"].on_failure is OnFailure.FATAL


def test_every_step_says_what_it_does():
    assert not [step.name for step in TABLE if not (step.run.__doc__ or "").strip()]

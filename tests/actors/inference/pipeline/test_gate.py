from __future__ import annotations

import pytest
from legion_llm.actors.inference.governance.cloud import restricted_to
from legion_llm.actors.inference.pipeline.gate import Bar, gated
from legion_llm.messages.errors import PipelineError
from legion_llm.messages.routing import Resolution, Target

LOCAL = Target(instance="ollama", model="llama", tier="local")
EU = Target(instance="openai/eu", model="gpt", tier="frontier")
GATEWAY = Target(instance="gateway", model="m", tier="openai_compat")
FAMILIES = {"ollama": "ollama", "openai/eu": "openai", "gateway": "openai_compat"}


def resolution(*targets):
    return Resolution(candidates=targets, strategy="auto")


def against(*names, step="rbac", is_strict=True):
    return Bar(step, lambda target: "no" if target.instance in names else None, is_strict)


def test_what_nobody_has_anything_against_is_left_as_it_is():
    whole = resolution(EU, LOCAL)

    passed = gated(whole, [against("nobody")])

    assert passed.resolution is whole
    assert passed.barred == passed.warnings == ()


def test_barred_targets_are_left_out_wherever_they_stand():
    passed = gated(resolution(EU, LOCAL, GATEWAY), [against("openai/eu"), against("gateway", step="billing")])

    assert passed.resolution.candidates == (LOCAL,)
    assert passed.barred == ("openai/eu/gpt: no", "gateway/m: no")


def test_where_none_is_left_the_request_is_refused_by_the_step_that_barred_the_first():
    with pytest.raises(PipelineError, match="no target is left") as caught:
        gated(
            resolution(EU, GATEWAY), [against("gateway", step="billing"), against("openai/eu", step="classification")]
        )

    assert caught.value.step == "classification"


def test_an_objection_that_is_not_strict_warns_about_the_first_target_left():
    lenient = against("openai/eu", "ollama", is_strict=False)

    assert gated(resolution(EU, LOCAL), [lenient]).warnings == ("openai/eu/gpt: no",)
    assert gated(resolution(EU, LOCAL), [against("openai/eu"), lenient]).warnings == ("ollama/llama: no",)
    assert gated(resolution(GATEWAY, EU), [lenient]).warnings == ()


@pytest.mark.parametrize(
    ("names", "barred"),
    [
        (("openai",), {EU}),
        (("openai/eu",), {EU}),
        (("openai_compat",), {GATEWAY}),
        (("gateway",), {GATEWAY}),
        ((), set()),
        (("bedrock", "openai", "openai_compat"), {EU, GATEWAY}),
    ],
)
def test_cloud_is_named_by_family_provider_or_instance(names, barred):
    objection = restricted_to(names, FAMILIES)

    assert {target for target in (LOCAL, EU, GATEWAY) if objection(target) is not None} == barred

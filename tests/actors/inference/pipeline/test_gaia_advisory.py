"""What the host's mind advises is taken where the caller has said nothing else."""

from __future__ import annotations

import attrs
import pytest
import trio
from legion_llm.actors.inference.governance.governance import Governance
from legion_llm.actors.inference.pipeline.steps import gaia_advisory, tier_assignment, tool_discovery
from legion_llm.actors.inference.tools.toolset import Toolset
from legion_llm.messages.advice import Advice
from legion_llm.messages.caller import Caller
from legion_llm.messages.content import TextBlock
from legion_llm.messages.definitions import ToolDefinition
from legion_llm.messages.errors import HostError
from legion_llm.messages.settings import RoleSettings
from legion_llm.messages.tools import Tool


class Advisor:
    def __init__(self):
        self.advice = Advice(system_prompt="be brief")
        self.asked = []

    async def advise(self, request):
        await trio.lowlevel.checkpoint()
        self.asked.append(request)
        if self.advice == "hang":
            await trio.sleep_forever()
        return self.advice


@pytest.fixture
def advisor():
    return Advisor()


@pytest.fixture
def flow(flow_of, services, advisor):
    def build(baseline=None, **fields):
        made = flow_of(**fields)
        made.services = attrs.evolve(services, advisor=advisor, system_baseline=baseline)
        return made

    return build


def test_the_step_is_for_systems_that_have_something_to_say(services, advisor):
    assert not gaia_advisory.offered(services)
    assert gaia_advisory.offered(attrs.evolve(services, advisor=advisor))
    assert gaia_advisory.offered(attrs.evolve(services, system_baseline="be kind"))


@pytest.mark.parametrize(
    ("baseline", "callers", "system"),
    [
        (None, None, "be brief"),
        (None, "be exact", "be brief\n\nbe exact"),
        ("be kind", "be exact", "be kind\n\nbe brief\n\nbe exact"),
    ],
)
def test_instructions_go_before_the_callers(run, flow, baseline, callers, system):
    made = flow(baseline, system=callers)

    run(gaia_advisory.run, made)

    assert made.request.system == system


def test_blocks_of_the_callers_stay_as_they_are(run, flow):
    block = TextBlock(text="be exact", cache_control={"type": "ephemeral"})
    made = flow(system=(block,))

    run(gaia_advisory.run, made)

    assert made.request.system == (TextBlock(text="be brief\n\n"), block)


def test_without_advice_the_house_speaks_alone(run, flow, advisor):
    advisor.advice = None
    made = flow("be kind")

    run(gaia_advisory.run, made)

    assert made.request.system == "be kind"
    assert made.enrichments == {}


def test_the_caller_sees_what_the_mind_has_for_it(run, flow, advisor):
    advisor.advice = Advice(data={"mood": "calm"})
    made = flow()

    run(gaia_advisory.run, made)

    assert made.enrichments["gaia:advisory"] == {"mood": "calm"}
    assert made.request is made.original


def test_an_advisor_that_hangs_is_left_and_the_house_speaks_nonetheless(flow, advisor, autojump_clock):
    advisor.advice = "hang"
    made = flow("be kind")

    with pytest.raises(HostError, match="the advisor has not answered within 2 s"):
        trio.run(gaia_advisory.run, made, clock=autojump_clock)
    assert made.request.system == "be kind"


def test_a_tier_that_is_advised_goes_before_the_role_and_behind_the_caller(flow):
    roles = (RoleSettings(identity="*", tier="frontier"),)
    made = flow()
    made.services = attrs.evolve(made.services, governance=Governance(roles=roles))
    made.request = attrs.evolve(made.request, caller=Caller(identity="a"), intent={"cost": "normal"})
    made.advice = Advice(tier="local", intent={"cost": "minimize", "capability": "basic"})

    assert tier_assignment.wanted(made)
    tier_assignment.run(made)

    assert (made.request.tier, made.is_tier_a_wish) == ("local", True)
    assert made.request.intent == {"cost": "normal", "capability": "basic"}
    assert made.enrichments["gaia:routing_hint"]["tier"] == "local"
    made.request = attrs.evolve(made.original, model="m")
    assert not tier_assignment.wanted(made)


def test_advice_without_a_tier_leaves_it_to_the_role(flow):
    roles = (RoleSettings(identity="*", tier="frontier"),)
    made = flow()
    made.services = attrs.evolve(made.services, governance=Governance(roles=roles))
    made.request = attrs.evolve(made.request, caller=Caller(identity="a"))
    made.advice = Advice(system_prompt="be brief")

    tier_assignment.run(made)

    assert made.request.tier == "frontier"


def test_tools_are_added_and_kept_back_as_advised(flow):
    def tool(name, *, deferred):
        return Tool(definition=ToolDefinition(name=name), is_deferred=deferred)

    made = flow()
    made.services.workshop.tools = Toolset(
        [tool("a", deferred=True), tool("b", deferred=False), tool("c", deferred=False)]
    )
    made.advice = Advice(tools=("a", "nobody"), suppress=("b",))

    tool_discovery.run(made)

    assert sorted(made.tools) == ["a", "c"]
    assert made.warnings == []

"""The steps that govern: who may, what is secret, what it may cost, where it goes."""

from __future__ import annotations

import attrs
import pytest
import trio
from legion_llm.actors.inference.governance.access import AllowList
from legion_llm.actors.inference.governance.cloud import restricted_to
from legion_llm.actors.inference.governance.governance import Governance
from legion_llm.actors.inference.governance.scan import Scanner
from legion_llm.actors.inference.pipeline.steps import (
    billing,
    classification,
    rbac,
    routing,
    tier_assignment,
    token_budget,
)
from legion_llm.messages.caller import Caller
from legion_llm.messages.errors import (
    ContextOverflow,
    HostError,
    InvalidRequestError,
    NoRouteError,
    PipelineError,
    PrivacyModeError,
    TokenBudgetExceeded,
    UnsupportedCapability,
)
from legion_llm.messages.prices import PriceBook, Rates, Seller
from legion_llm.messages.routing import Resolution, Target
from legion_llm.messages.settings import AllowSettings, TierAssignmentSettings
from legion_llm.messages.terms import Level, Terms

EU = Target(instance="openai", model="gpt", tier="frontier")
LOCAL = Target(instance="ollama", model="llama", tier="local")
SSN = "my number is 123-45-6789"


class Router:
    """Knows some tiers, and remembers what it was asked."""

    def __init__(self, *targets, refuses=NoRouteError):
        self.targets = targets
        self.refuses = refuses
        self.asked = []

    async def ask(self, route):
        await trio.lowlevel.checkpoint()
        self.asked.append(route)
        found = tuple(target for target in self.targets if route.tier in (None, target.tier))
        if not found:
            raise self.refuses("nobody")
        return Resolution(candidates=found, strategy="auto")


@pytest.fixture
def governed(flow_of):
    """Return a function that makes a flow under some governance."""

    def build(text="hi", *, router=None, prices=None, identity=None, terms=None, **fields):
        names = {field.name for field in attrs.fields(Governance)}
        governance = Governance(**{name: fields.pop(name) for name in names & fields.keys()})
        flow = flow_of(text, terms=terms, **fields)
        flow.request = attrs.evolve(flow.request, caller=Caller(identity=identity))
        flow.services = attrs.evolve(flow.services, governance=governance, router=router, prices=prices)
        return flow

    return build


# -- rbac


class Broken:
    async def decide(self, caller, action, resource):
        raise HostError("the directory is down")


def check(flow):
    trio.run(rbac.run, flow)
    return flow


def test_callers_are_checked_only_where_the_settings_say_so(governed):
    assert not rbac.offered(governed().services)
    assert rbac.offered(governed(is_access_checked=True).services)


def test_who_is_allowed_goes_on_and_it_is_written_down(governed):
    flow = check(governed(identity="alice", access=AllowList([AllowSettings(identity="alice")])))

    assert flow.bars == []
    assert flow.warnings == []
    assert [event.key for event in flow.timeline.events] == ["rbac:permission_check"]
    assert [entry.outcome for entry in flow.audit] == ["success"]


def test_who_is_not_is_refused_and_it_is_written_down(governed):
    flow = governed(identity="bob", access=AllowList([AllowSettings(identity="alice")]))

    with pytest.raises(PipelineError, match="access denied: no entry") as caught:
        check(flow)

    assert caught.value.step == "rbac"
    assert [entry.outcome for entry in flow.audit] == ["failure"]


def test_a_grant_of_some_models_bars_the_others(governed):
    access = AllowList([AllowSettings(identity="alice", models=("llama",))])

    (bar,) = check(governed(identity="alice", access=access)).bars

    assert bar.objection(LOCAL) is None
    assert bar.objection(EU) == "the caller may not use this model"


@pytest.mark.parametrize("access", [None, Broken()])
def test_where_nobody_can_tell_a_caller_is_let_through_with_a_warning(governed, access):
    flow = check(governed(identity="alice", access=access))

    assert "let through unchecked" in flow.warnings[0]
    assert [entry.outcome for entry in flow.audit] == ["warning"]


@pytest.mark.parametrize("access", [None, Broken()])
@pytest.mark.parametrize(
    ("identity", "fails_open"), [("alice", False), (None, False), ("fleet:worker-3", True), ("fleet:worker-3", False)]
)
def test_or_refused_where_the_settings_say_so_and_if_it_is_of_the_fleet_always(governed, access, identity, fails_open):
    with pytest.raises(PipelineError, match="unavailable"):
        check(governed(identity=identity, access=access, fails_open=fails_open))


# -- classification


def classified(governed, text=SSN, **fields):
    flow = governed(text, scanner=Scanner(), **fields)
    classification.run(flow)
    return flow


def test_requests_are_searched_only_where_the_settings_say_so(governed):
    assert not classification.offered(governed().services)
    assert classification.offered(governed(scanner=Scanner()).services)


def test_a_request_without_a_declared_level_is_searched_too_and_restricted_where_something_is_found(governed):
    flow = classified(governed)

    assert flow.level is Level.RESTRICTED
    assert flow.enrichments["classification:scan"] == {
        "level": "restricted",
        "contains_pii": True,
        "contains_phi": False,
        "kinds": ("ssn",),
    }
    assert flow.warnings == ["the request was classified restricted, not public: personal data"]
    assert "123-45" not in repr(flow.timeline.events) + repr(flow.audit)


@pytest.mark.parametrize("declared", [None, *Level])
def test_where_nothing_is_found_the_level_is_the_declared_one(governed, declared):
    flow = classified(governed, "hello", terms=Terms(classification=declared), default_level=Level.INTERNAL)

    assert flow.level == (declared or Level.INTERNAL)
    assert flow.warnings == []


def test_what_is_found_is_replaced_where_the_settings_say_so(governed):
    flow = classified(governed, redacts=True)

    assert flow.request.messages[0].text == "my number is [REDACTED]"
    assert flow.original.messages[0].text == SSN
    assert flow.level is Level.RESTRICTED


@pytest.mark.parametrize("blocks", [True, False])
def test_what_is_restricted_is_kept_from_the_cloud_or_warned_about(governed, blocks):
    cloud = restricted_to(("openai",), {})
    router = Router(EU, LOCAL)
    flow = classified(governed, blocks_cloud=blocks, cloud=cloud, restricts_to_local=False, router=router)
    flow.warnings.clear()

    trio.run(routing.run, flow)

    assert flow.resolution.candidates == ((LOCAL,) if blocks else (EU, LOCAL))
    assert (flow.warnings == []) is blocks
    assert [event.key for event in flow.timeline.events].count("routing:barred") == int(blocks)


def test_where_only_the_cloud_could_answer_it_is_refused(governed):
    flow = classified(governed, blocks_cloud=True, cloud=restricted_to(("openai",), {}), router=Router(EU))

    with pytest.raises(PipelineError, match="may not go to openai, which is cloud") as caught:
        trio.run(routing.run, flow)

    assert caught.value.step == "classification"


# -- billing


PRICES = PriceBook(
    {"openai": Seller(kind="openai", tier="frontier"), "ollama": Seller(kind="ollama", tier="local")},
    {"gpt": Rates(input=100.0, output=1000.0)},
)


def billed(governed, most, target, prices=PRICES, **fields):
    flow = governed("x" * 4000, prices=prices, terms=Terms(max_cost=most), **fields)
    assert billing.wanted(flow)
    billing.run(flow)
    return flow.bars[0].objection(target)


def test_a_request_without_a_limit_does_not_take_the_step(governed):
    assert not billing.wanted(governed())
    assert not billing.wanted(governed(terms=Terms()))


def test_the_answer_is_counted_too(governed):
    # About 1,000 tokens in (0.10 USD), and as many out (1.00 USD).
    assert billed(governed, 1.0, EU) == "it would cost about 1.104400 USD, and at most 1 USD are allowed"
    assert billed(governed, 1.2, EU) is None


def test_the_answer_counts_with_what_the_request_allows_it(governed):
    from legion_llm.messages.chat import Generation  # noqa: PLC0415

    assert billed(governed, 0.2, EU, generation=Generation(max_tokens=10)) is None


def test_ones_own_machine_costs_nothing(governed):
    assert billed(governed, 0.0, LOCAL) is None


@pytest.mark.parametrize("prices", [None, PriceBook({}, {})])
def test_a_price_that_nobody_knows_is_too_high(governed, prices):
    assert "nobody knows its price" in billed(governed, 100.0, EU, prices)


@pytest.mark.parametrize("most", [-1, float("nan"), float("inf"), True, "1"])
def test_a_limit_that_is_none_is_refused(most):
    with pytest.raises(InvalidRequestError, match="max_cost"):
        Terms(max_cost=most)


# -- tier_assignment


def assigned(flow):
    if tier_assignment.wanted(flow):
        tier_assignment.run(flow)
    return flow


def test_a_plain_request_does_not_take_the_step(governed):
    assert not tier_assignment.wanted(governed())


def test_what_is_restricted_stays_on_this_machine_whatever_its_caller_asks_for(governed):
    flow = assigned(classified(governed, model="gpt", provider="openai", priority="critical"))

    request = flow.request
    assert (request.tier, request.model, request.provider) == ("local", None, None)
    assert request.intent == {"privacy": "strict"}
    assert "gpt was not asked" in flow.warnings[-1]
    assert not flow.is_tier_a_wish


def test_a_local_model_that_the_caller_named_is_kept(governed):
    flow = assigned(classified(governed, model="llama", tier="local"))

    assert flow.request.model == "llama"


def test_that_can_be_switched_off(governed):
    assert assigned(classified(governed, restricts_to_local=False)).request.tier is None


ROLES = TierAssignmentSettings().roles


@pytest.mark.parametrize(
    ("identity", "tier", "intent"),
    [
        ("gaia:tick:7", "local", {"cost": "minimize"}),
        ("gaia:dream:x", "local", {"cost": "minimize"}),
        ("system:guardrails", "local", {"capability": "basic"}),
        ("system:reflection", "local", {"capability": "moderate"}),
        ("user:alice", "frontier", {"capability": "reasoning"}),
        ("somebody", None, {}),
    ],
)
def test_the_tier_follows_from_who_asks(governed, identity, tier, intent):
    flow = assigned(governed(identity=identity, roles=ROLES))

    assert (flow.request.tier, flow.request.intent) == (tier, intent)
    assert flow.is_tier_a_wish is (tier is not None)


@pytest.mark.parametrize(
    ("priority", "tier"), [("critical", "frontier"), ("high", "frontier"), ("normal", None), ("low", "local")]
)
def test_or_from_how_urgent_it_is(governed, priority, tier):
    assert assigned(governed(priority=priority)).request.tier == tier


def test_who_asks_counts_before_how_urgent_it_is(governed):
    assert assigned(governed(identity="gaia:tick:7", roles=ROLES, priority="high")).request.tier == "local"


@pytest.mark.parametrize("named", [{"tier": "cloud"}, {"model": "m"}, {"provider": "openai"}])
def test_what_the_caller_names_is_left_alone(governed, named):
    assert assigned(governed(identity="user:alice", roles=ROLES, priority="high", **named)).request.intent == {}


def test_the_callers_own_intent_counts_before_ours(governed):
    flow = assigned(governed(identity="user:alice", roles=ROLES, intent={"capability": "basic", "cost": "normal"}))

    assert flow.request.intent == {"capability": "basic", "cost": "normal"}


@pytest.mark.parametrize("refuses", [NoRouteError, PrivacyModeError, UnsupportedCapability, ContextOverflow])
def test_a_tier_that_nobody_can_or_may_serve_was_only_a_wish(governed, refuses):
    router = Router(LOCAL, refuses=refuses)
    flow = assigned(governed(identity="user:alice", roles=ROLES, router=router))

    trio.run(routing.run, flow)

    assert [route.tier for route in router.asked] == ["frontier", None]
    assert flow.resolution.candidates == (LOCAL,)


def test_a_tier_that_the_caller_wants_is_no_wish(governed):
    with pytest.raises(NoRouteError):
        trio.run(routing.run, governed(tier="frontier", router=Router(LOCAL)))


def test_nor_is_one_that_is_demanded_by_what_was_found(governed):
    flow = assigned(classified(governed, router=Router(EU)))

    with pytest.raises(NoRouteError):
        trio.run(routing.run, flow)


# -- token_budget


def test_a_prompt_without_a_limit_does_not_take_the_step(governed):
    assert not token_budget.wanted(governed())


@pytest.mark.parametrize("most", [100, 1003])
def test_a_prompt_that_is_too_long_is_refused(governed, most):
    with pytest.raises(TokenBudgetExceeded, match=f"about 1004 tokens, and at most {most}"):
        token_budget.run(governed("x" * 4000, terms=Terms(max_input_tokens=most)))


def test_one_that_fits_is_not(governed):
    token_budget.run(governed("x" * 4000, terms=Terms(max_input_tokens=1004)))

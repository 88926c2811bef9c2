from __future__ import annotations

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from legion_llm.actors.router.board import Board, Moment
from legion_llm.actors.router.catalogue import Instance
from legion_llm.actors.router.decide import decide
from legion_llm.actors.router.policy import Defaults, Policy
from legion_llm.actors.router.roster import Roster
from legion_llm.messages.errors import (
    InvalidRequestError,
    LegionError,
    NoRouteError,
    UnknownModelError,
    UnknownProviderError,
)
from legion_llm.messages.routing import CircuitState, HealthChanged, Resolution, Route

NOW = 1000.0
MOMENT = Moment(NOW, 1_700_000_000.0)


def instance(name, kind, tier, default_model=None, models=None):
    return Instance(
        name=name, provider=name.split("/")[0], kind=kind, tier=tier, default_model=default_model, models=models
    )


OLLAMA = instance("ollama", "ollama", "local", "qwen3.5:latest", ("qwen3.5:latest", "gemma3:4b", "shared"))
VLLM = instance("vllm", "vllm", "fleet", "qwen3.6-27b")
OPENAI = instance("openai", "openai", "frontier", "gpt-4o", ("gpt-4o", "gpt-4o-mini", "shared"))
OPENAI_EU = instance("openai/eu", "openai", "frontier", "gpt-4o", ("gpt-4o", "gpt-4o-mini", "shared"))
GATEWAY = instance("gateway", "openai_compat", "openai_compat")
GATEWAY_OF_KNOWN_MODELS = attrs.evolve(GATEWAY, models=("small",))
EVERYBODY = (OLLAMA, VLLM, OPENAI, OPENAI_EU, GATEWAY)


def told(state="closed", *, adjustment=0.0, retry_at=None, throttled=()):
    return HealthChanged(
        instance="",
        state=CircuitState(state),
        adjustment=adjustment,
        epoch=1,
        retry_at=retry_at,
        throttled=dict(throttled),
    )


def decided(route=None, *, instances=EVERYBODY, health=None, defaults=None, probed=frozenset()):
    return decide(route or Route(), board(instances, health or {}, defaults or Defaults(), probed), MOMENT)


def board(instances, health, defaults, probed=frozenset()):
    return Board(roster=Roster(instances, Policy(defaults=defaults)), health=health, probed=probed)


def told_of(resolution):
    return tuple(map(str, resolution.rejected))


def chain(*args, **keywords):
    return [str(target) for target in decided(*args, **keywords).candidates]


# -- what was asked for, and where it goes

NAMED = [
    # by provider
    (Route(provider="ollama"), ["ollama/qwen3.5:latest"]),
    (Route(provider="openai"), ["openai/gpt-4o", "openai/eu/gpt-4o"]),
    (Route(provider="openai/eu"), ["openai/eu/gpt-4o"]),
    (Route(provider="openai/eu", model="gpt-4o-mini"), ["openai/eu/gpt-4o-mini"]),
    (Route(provider="openai", model="gpt-4o-mini"), ["openai/gpt-4o-mini", "openai/eu/gpt-4o-mini"]),
    (Route(provider="vllm", model="anything"), ["vllm/anything"]),
    (Route(provider="ollama", model="qwen3.5"), ["ollama/qwen3.5"]),
    (Route(provider="openai", model="auto"), ["openai/gpt-4o", "openai/eu/gpt-4o"]),
    # by tier
    (Route(tier="local"), ["ollama/qwen3.5:latest"]),
    (Route(tier="frontier"), ["openai/gpt-4o", "openai/eu/gpt-4o"]),
    (Route(tier="frontier", model="gpt-4o-mini"), ["openai/gpt-4o-mini", "openai/eu/gpt-4o-mini"]),
    (Route(tier="frontier", provider="openai/eu"), ["openai/eu/gpt-4o"]),
    (Route(tier="openai_compat", model="anything"), ["gateway/anything"]),
    (Route(tier="fleet", provider="auto"), ["vllm/qwen3.6-27b"]),
    # by model: whoever lists it
    (Route(model="gpt-4o-mini"), ["openai/gpt-4o-mini", "openai/eu/gpt-4o-mini"]),
    (Route(model="shared"), ["ollama/shared", "openai/shared", "openai/eu/shared"]),
    (Route(model="gemma3:4b"), ["ollama/gemma3:4b"]),
    (Route(model="qwen3.5:latest"), ["ollama/qwen3.5:latest"]),
    (Route(model="qwen3.5"), ["ollama/qwen3.5"]),
    (Route(model="qwen3.6-27b"), ["vllm/qwen3.6-27b"]),
    (Route(model="gpt-4o", provider="auto", tier=""), ["openai/gpt-4o", "openai/eu/gpt-4o"]),
    # by "instance/model"
    (Route(model="openai/gpt-4o-mini"), ["openai/gpt-4o-mini"]),
    (Route(model="openai/eu/gpt-4o-mini"), ["openai/eu/gpt-4o-mini"]),
    (Route(model="vllm/org/model:tag"), ["vllm/org/model:tag"]),
    (Route(model="ollama/qwen3.5"), ["ollama/qwen3.5"]),
    (Route(model="gateway/anything"), ["gateway/anything"]),
    (Route(model="openai/eu/"), ["openai/eu/gpt-4o"]),
    # by nobody's catalogue: whoever may serve anything
    (Route(model="llama3"), ["vllm/llama3", "gateway/llama3"]),
    (Route(model="claude-sonnet-4-6"), ["vllm/claude-sonnet-4-6", "gateway/claude-sonnet-4-6"]),
]


@pytest.mark.parametrize(("route", "expected"), NAMED, ids=str)
def test_what_is_named_is_found(route, expected):
    assert chain(route) == expected


@pytest.mark.parametrize(("route", "_expected"), NAMED, ids=str)
def test_what_is_named_is_called_explicit(route, _expected):
    assert decided(route).strategy == "explicit"


def test_a_target_carries_its_instance_s_tier():
    assert [target.tier for target in decided(Route(model="shared")).candidates] == ["local", "frontier", "frontier"]


def test_a_model_that_a_catalogue_lists_is_taken_before_one_that_names_an_instance():
    router = instance("router", "openai_compat", "openai_compat", models=("openai/gpt-4o",))

    assert chain(Route(model="openai/gpt-4o"), instances=(OPENAI, router)) == ["router/openai/gpt-4o"]


# -- families: models that no catalogue lists, instances whose catalogue is not known

UNKNOWN = tuple(attrs.evolve(each, models=None) for each in (OLLAMA, VLLM, OPENAI, GATEWAY))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-5", ["openai/gpt-5"]),
        ("o3-mini", ["openai/o3-mini"]),
        ("qwen3:8b", ["ollama/qwen3:8b"]),
        ("hf.co/org/model", ["ollama/hf.co/org/model"]),
        ("llama3", ["ollama/llama3", "vllm/llama3", "gateway/llama3"]),
        ("claude-sonnet-4-6", ["vllm/claude-sonnet-4-6", "gateway/claude-sonnet-4-6"]),
    ],
)
def test_a_model_goes_home_to_its_family_while_no_catalogue_is_known(model, expected):
    assert chain(Route(model=model), instances=UNKNOWN) == expected


def test_a_family_whose_catalogue_is_known_and_lacks_the_model_is_not_asked():
    with pytest.raises(UnknownModelError):
        decided(Route(model="gpt-5"), instances=(OPENAI,))


def test_a_model_without_a_family_goes_to_the_default_provider():
    assert chain(Route(model="llama3"), instances=UNKNOWN, defaults=Defaults(provider="openai")) == ["openai/llama3"]


def test_a_family_goes_before_the_default_provider():
    assert chain(Route(model="gpt-5"), instances=UNKNOWN, defaults=Defaults(provider="vllm")) == ["openai/gpt-5"]


def test_another_family_s_model_is_not_offered_to_ollama():
    with pytest.raises(UnknownModelError):
        decided(Route(model="gpt-5"), instances=(attrs.evolve(OLLAMA, models=None),))


# -- nothing named


def test_without_defaults_every_instance_s_default_model_is_tried_in_order():
    resolution = decided()

    assert resolution.strategy == "auto"
    assert list(map(str, resolution.candidates)) == [
        "ollama/qwen3.5:latest",
        "vllm/qwen3.6-27b",
        "openai/gpt-4o",
        "openai/eu/gpt-4o",
    ]


@pytest.mark.parametrize("nothing", [None, "", "auto"])
def test_auto_means_that_nothing_was_named(nothing):
    assert decided(Route(model=nothing, provider=nothing, tier=nothing)) == decided()


@pytest.mark.parametrize(
    ("defaults", "first"),
    [
        (Defaults(provider="vllm"), ["vllm/qwen3.6-27b"]),
        (Defaults(provider="openai"), ["openai/gpt-4o", "openai/eu/gpt-4o"]),
        (Defaults(provider="openai/eu", model="gpt-4o-mini"), ["openai/eu/gpt-4o-mini"]),
        (Defaults(model="gemma3:4b"), ["ollama/gemma3:4b"]),
        (Defaults(model="openai/eu/gpt-4o-mini"), ["openai/eu/gpt-4o-mini"]),
        (Defaults(model="shared"), ["ollama/shared", "openai/shared", "openai/eu/shared"]),
    ],
)
def test_the_settings_default_goes_first_and_the_others_stand_behind_it(defaults, first):
    resolution = decided(defaults=defaults)
    names = list(map(str, resolution.candidates))

    assert resolution.strategy == "default"
    assert names[: len(first)] == first
    assert {"ollama/qwen3.5:latest", "vllm/qwen3.6-27b", "openai/gpt-4o", "openai/eu/gpt-4o"} <= set(names)
    assert len(names) == len(set(names))


def test_what_is_named_takes_no_notice_of_the_defaults():
    assert chain(Route(model="gemma3:4b"), defaults=Defaults(provider="openai", model="gpt-4o")) == ["ollama/gemma3:4b"]


# -- names that nobody has


def test_an_unknown_provider_is_told_which_there_are():
    with pytest.raises(
        UnknownProviderError, match="no provider 'opnai'; there are: ollama, vllm, openai, openai/eu"
    ) as caught:
        decided(Route(provider="opnai"))

    assert caught.value.provider == "opnai"


def test_an_unknown_provider_among_none_is_told_so():
    with pytest.raises(UnknownProviderError, match="there are: none"):
        decided(Route(provider="openai"), instances=())


@pytest.mark.parametrize(
    ("defaults", "words"),
    [
        (Defaults(provider="bedrock"), "bedrock: provider bedrock is not connected"),
        (Defaults(provider="gateway"), "gateway: no model is named, and there is no default"),
        (Defaults(model="gpt-4o-mni"), "gpt-4o-mni: not in the provider's catalogue"),
    ],
)
def test_a_default_that_is_not_there_is_no_dead_end(defaults, words):
    resolution = decided(defaults=defaults, instances=(OLLAMA, OPENAI, GATEWAY_OF_KNOWN_MODELS))

    assert [str(target) for target in resolution.candidates] == ["ollama/qwen3.5:latest", "openai/gpt-4o"]
    assert told_of(resolution)[0].startswith(words)


@pytest.mark.parametrize(
    "route", [Route(model="gpt-4o-mni"), Route(provider="openai", model="gpt-4o-mni"), Route(model="openai/gpt-4o-mni")]
)
def test_a_misspelt_model_is_told_the_nearest_one(route):
    with pytest.raises(UnknownModelError, match=r"model 'gpt-4o-mni'; did you mean 'gpt-4o-mini'\?") as caught:
        decided(route, instances=(OLLAMA, OPENAI))

    assert caught.value.model == "gpt-4o-mni"


def test_a_model_like_no_other_is_simply_unknown():
    with pytest.raises(UnknownModelError, match=r"no provider serves model 'zzzzzzzz'$"):
        decided(Route(model="zzzzzzzz"), instances=(OLLAMA, OPENAI))


def test_a_tier_without_an_instance_is_no_route():
    with pytest.raises(NoRouteError, match="no provider in tier 'cloud'") as caught:
        decided(Route(tier="cloud"))

    assert caught.value.reasons == ("cloud: tier unavailable",)


def test_a_provider_outside_the_tier_is_no_route():
    with pytest.raises(NoRouteError):
        decided(Route(tier="local", provider="openai"))


@pytest.mark.parametrize(
    ("route", "words"),
    [
        (Route(provider="gateway"), "provider 'gateway' has no default model: name a model"),
        (Route(tier="openai_compat"), "tier 'openai_compat' has no default model: name a model"),
        (Route(model="gateway/"), "provider 'gateway' has no default model: name a model"),
    ],
)
def test_a_pin_without_a_default_model_wants_a_model(route, words):
    with pytest.raises(InvalidRequestError, match=words) as caught:
        decided(route)

    assert caught.value.param == "model"


def test_without_any_provider_it_says_what_to_do():
    with pytest.raises(NoRouteError, match="no provider is configured") as caught:
        decided(instances=())

    assert (caught.value.reasons, caught.value.retry_after) == ((), None)


# -- health


def test_an_open_circuit_is_left_out_with_the_reason():
    resolution = decided(Route(model="gpt-4o"), health={"openai": told("open", retry_at=NOW + 5)})

    assert [str(target) for target in resolution.candidates] == ["openai/eu/gpt-4o"]
    assert told_of(resolution) == ("openai/gpt-4o: circuit open",)


def test_when_all_circuits_are_open_the_caller_hears_why_and_when_the_first_is_probed():
    health = {"openai": told("open", retry_at=NOW + 50), "openai/eu": told("open", retry_at=NOW + 7.5)}

    with pytest.raises(NoRouteError, match="openai/gpt-4o: circuit open; openai/eu/gpt-4o: circuit open") as caught:
        decided(Route(provider="openai"), health=health)

    assert caught.value.reasons == ("openai/gpt-4o: circuit open", "openai/eu/gpt-4o: circuit open")
    assert caught.value.retry_after == 7.5


@pytest.mark.parametrize(("retry_at", "wait"), [(NOW - 5, 0.0), (None, None)])
def test_a_wait_is_never_negative_and_never_made_up(retry_at, wait):
    with pytest.raises(NoRouteError) as caught:
        decided(Route(provider="vllm"), health={"vllm": told("open", retry_at=retry_at)})

    assert caught.value.retry_after == wait


def test_a_half_open_circuit_goes_first_for_the_probe_that_can_close_it():
    health = {"openai/eu": told("half_open", adjustment=-25.0)}

    assert chain(Route(model="gpt-4o"), health=health) == ["openai/eu/gpt-4o", "openai/gpt-4o"]


def test_a_half_open_circuit_goes_last_while_its_probe_is_out():
    health = {"openai": told("half_open", adjustment=-25.0), "openai/eu": told(adjustment=-50.0)}

    assert chain(Route(model="gpt-4o"), health=health, probed={"openai"}) == ["openai/eu/gpt-4o", "openai/gpt-4o"]


def test_a_throttled_model_is_left_alone_while_another_instance_has_it():
    resolution = decided(Route(model="gpt-4o"), health={"openai": told(throttled={"gpt-4o": NOW + 12})})

    assert [str(target) for target in resolution.candidates] == ["openai/eu/gpt-4o"]
    assert told_of(resolution) == ("openai/gpt-4o: rate limited for another 12.0 s",)


def test_other_models_of_the_same_instance_are_not():
    assert chain(Route(model="gpt-4o-mini"), health={"openai": told(throttled={"gpt-4o": NOW + 12})}) == [
        "openai/gpt-4o-mini",
        "openai/eu/gpt-4o-mini",
    ]


def test_a_throttle_that_has_passed_is_none():
    assert chain(Route(provider="vllm"), health={"vllm": told(throttled={"qwen3.6-27b": NOW})}) == ["vllm/qwen3.6-27b"]


def test_where_every_target_is_throttled_the_caller_hears_when_to_come_back():
    with pytest.raises(NoRouteError) as caught:
        decided(Route(provider="vllm"), health={"vllm": told(throttled={"qwen3.6-27b": NOW + 12})})

    assert caught.value.retry_after == 12.0


def test_a_half_open_circuit_alone_is_tried():
    assert chain(Route(provider="vllm"), health={"vllm": told("half_open", adjustment=-25.0)}) == ["vllm/qwen3.6-27b"]


def test_of_several_that_serve_the_model_the_healthiest_goes_first():
    health = {"ollama": told(adjustment=-30.0), "openai": told(adjustment=-10.0), "openai/eu": told()}

    assert chain(Route(model="shared"), health=health) == ["openai/eu/shared", "openai/shared", "ollama/shared"]


def test_the_equally_healthy_keep_their_order():
    health = {each.name: told(adjustment=-10.0) for each in EVERYBODY}

    assert chain(Route(model="shared"), health=health) == ["ollama/shared", "openai/shared", "openai/eu/shared"]


@pytest.mark.parametrize("defaults", [Defaults(), Defaults(provider="vllm"), Defaults(model="gemma3:4b")])
def test_defaults_keep_their_order_however_slow_the_first_is(defaults):
    first = decided(defaults=defaults).candidates[0]

    slow = decided(defaults=defaults, health={first.instance: told(adjustment=-50.0)})

    assert slow == decided(defaults=defaults)


def test_the_instances_of_a_default_provider_are_equals_of_which_the_healthiest_goes_first():
    slow = {"openai": told(adjustment=-50.0)}

    assert chain(defaults=Defaults(provider="openai"), health=slow)[:2] == ["openai/eu/gpt-4o", "openai/gpt-4o"]


def test_a_default_that_is_being_probed_by_another_request_goes_last():
    health = {"ollama": told("half_open", adjustment=-25.0)}

    assert chain(health=health, probed={"ollama"})[-1] == "ollama/qwen3.5:latest"


# -- whatever is asked

NAMES = st.sampled_from(["ollama", "vllm", "openai", "openai/eu", "openai/us", "gateway", "bedrock", "demo"])
KINDS = {
    "ollama": "ollama",
    "vllm": "vllm",
    "openai": "openai",
    "gateway": "openai_compat",
    "bedrock": "bedrock",
    "demo": "demo",
}
TIERS = st.sampled_from(["local", "fleet", "openai_compat", "cloud", "frontier"])
MODELS = st.sampled_from(["gpt-4o", "qwen3", "qwen3:latest", "llama3", "a/b", "claude-x", "shared", "openai/gpt-4o"])


@st.composite
def instances_strategy(draw):
    names = draw(st.lists(NAMES, unique=True, max_size=5))
    return tuple(
        instance(
            name,
            KINDS[name.split("/")[0]],
            draw(TIERS),
            draw(st.none() | MODELS),
            draw(st.none() | st.lists(MODELS, unique=True).map(tuple)),
        )
        for name in names
    )


ROUTES = st.builds(
    Route,
    model=st.none() | MODELS | st.sampled_from(["auto", "", "ollama/", "vllm/x", "openai/eu/shared", "nonsense"]),
    provider=st.none() | st.just("auto") | NAMES,
    tier=st.none() | TIERS,
)
HEALTH = st.dictionaries(
    NAMES,
    st.builds(
        told,
        st.sampled_from(["closed", "open", "half_open"]),
        adjustment=st.sampled_from([0.0, -10.0, -25.0, -50.0]),
        retry_at=st.none() | st.floats(NOW - 10, NOW + 100),
    ),
)
DEFAULTS = st.builds(Defaults, model=st.none() | MODELS, provider=st.none() | NAMES)


def outcome(route, *known):
    """Return the decision, or the error that it ended with."""
    try:
        return decide(route, board(*known), MOMENT)
    except LegionError as error:
        return error


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(ROUTES, instances_strategy(), HEALTH, DEFAULTS)
def test_every_decision_keeps_the_rules(route, instances, health, defaults):
    by_name = {each.name: each for each in instances}

    resolution = outcome(route, instances, health, defaults)

    if isinstance(resolution, LegionError):
        assert type(resolution) in (UnknownProviderError, UnknownModelError, InvalidRequestError, NoRouteError)
        assert resolution.retry_after is None or resolution.retry_after >= 0.0
        return
    candidates = resolution.candidates
    assert candidates
    assert len(set(candidates)) == len(candidates)
    states = [health[each.instance].state if each.instance in health else CircuitState.CLOSED for each in candidates]
    assert CircuitState.OPEN not in states
    if resolution.rule is None:
        assert states == sorted(states, key=lambda state: state is not CircuitState.HALF_OPEN)
    assert all(target.model and by_name[target.instance].tier == target.tier for target in candidates)
    if route.provider not in {None, "auto"}:
        assert all(route.provider in (each.instance, by_name[each.instance].provider) for each in candidates)
    if route.tier is not None:
        assert {target.tier for target in candidates} == {route.tier}
    if route.model not in {None, "", "auto"} and route.provider not in {None, "auto"}:
        assert {target.model for target in candidates} == {route.model}
    named = any(value not in {None, "", "auto"} for value in (route.model, route.provider, route.tier))
    assert (resolution.strategy == "explicit") is named


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(ROUTES, instances_strategy(), HEALTH, DEFAULTS)
def test_health_never_adds_a_target_and_every_one_it_takes_away_is_accounted_for(route, instances, health, defaults):
    healthy = outcome(route, instances, {}, defaults)
    assume(isinstance(healthy, Resolution))

    resolution = outcome(route, instances, health, defaults)

    if isinstance(resolution, NoRouteError):
        assert {str(target) for target in healthy.candidates} <= {each.split(": ")[0] for each in resolution.reasons}
        return
    if resolution.rule is not None and healthy.rule is None:
        assert {target.instance for target in healthy.candidates} <= set(health)
        return  # where nothing else is left, what discovery has found stands in
    assert set(resolution.candidates) <= set(healthy.candidates)
    left_out = len(resolution.rejected) - len(healthy.rejected)
    assert len(resolution.candidates) + left_out == len(healthy.candidates)

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.router.actor import Router, RouterConfig, RouterReconfigured
from legion_llm.actors.router.catalogue import Instance
from legion_llm.actors.router.policy import Defaults, Policy
from legion_llm.actors.router.rulebook import RuleBook
from legion_llm.messages.catalogue import (
    Capability,
    CatalogueChanged,
    CatalogueState,
    CatalogueWanted,
    MemoryChanged,
    ModelFacts,
)
from legion_llm.messages.chat import ModelInfo, ProviderInfo
from legion_llm.messages.credentials import ProviderStage, StageChanged
from legion_llm.messages.errors import NoRouteError, UnknownModelError
from legion_llm.messages.explanation import ExplainRoute
from legion_llm.messages.routing import HealthWanted, ListModels, ListProviders, Route
from legion_llm.messages.settings import AliasSettings, PlaceSettings, RuleSettings

OLLAMA = Instance(name="ollama", provider="ollama", kind="ollama", tier="local", default_model="qwen3.5:latest")
OPENAI = Instance(
    name="openai/eu",
    provider="openai",
    kind="openai",
    tier="frontier",
    default_model="gpt-4o",
    models=("gpt-4o", "gpt-4o-mini"),
)
BARE = Instance(name="vllm", provider="vllm", kind="vllm", tier="fleet")


@pytest.fixture
def health(house):
    """What the router asks of health."""
    return house.add_ear("health")


@pytest.fixture
def router(house, health):
    config = RouterConfig(instances=(OLLAMA, OPENAI, BARE), policy=Policy(defaults=Defaults(model="gpt-4o")))
    house.add("router", lambda: Router(config, house.address("health")))
    house.start()
    return house


def chain(router, **route):
    return [str(target) for target in router.ask("router", Route(**route)).candidates]


def test_at_its_start_it_asks_how_everybody_is(router, health):
    assert health == [HealthWanted()]


def test_at_its_start_it_asks_discovery_what_there_is(house, health):
    discovery = house.add_ear("discovery")
    config = RouterConfig(instances=(OLLAMA,))
    house.add("router", lambda: Router(config, house.address("health"), house.address("discovery")))
    house.start()

    assert discovery == [CatalogueWanted()]


def test_it_decides_over_what_it_was_configured_with(router):
    assert chain(router) == ["openai/eu/gpt-4o", "ollama/qwen3.5:latest"]


def test_it_lists_every_model_once_per_instance(router):
    assert router.ask("router", ListModels()) == (
        ModelInfo(id="qwen3.5:latest", provider="ollama", tier="local"),
        ModelInfo(id="gpt-4o", provider="openai/eu", tier="frontier"),
        ModelInfo(id="gpt-4o-mini", provider="openai/eu", tier="frontier"),
    )


def test_it_lists_the_providers_and_takes_them_for_well_until_it_hears_otherwise(router):
    assert router.ask("router", ListProviders()) == (
        ProviderInfo(name="ollama", kind="ollama", tier="local", default_model="qwen3.5:latest", state="closed"),
        ProviderInfo(
            name="openai/eu", kind="openai", tier="frontier", default_model="gpt-4o", state="closed", models=2
        ),
        ProviderInfo(name="vllm", kind="vllm", tier="fleet", default_model=None, state="closed"),
    )


def test_a_catalogue_that_arrives_makes_its_models_routable_and_listed(router):
    router.tell("router", CatalogueChanged(instance="ollama", models=("gemma3:latest", "gemma3:4b")))

    assert chain(router, model="gemma3") == ["ollama/gemma3"]
    assert [model.id for model in router.ask("router", ListModels()) if model.provider == "ollama"] == [
        "qwen3.5:latest",
        "gemma3:latest",
        "gemma3:4b",
    ]


def test_a_later_catalogue_takes_the_place_of_the_earlier(router):
    for models in (("gemma3:4b",), ("phi4:latest",)):
        router.tell("router", CatalogueChanged(instance="ollama", models=models))
    router.tell("router", CatalogueChanged(instance="vllm", models=("m",)))

    with pytest.raises(UnknownModelError):
        router.ask("router", Route(model="gemma3:4b"))
    assert chain(router, model="phi4") == ["ollama/phi4"]


def test_a_provider_shows_how_far_its_catalogue_can_be_trusted(router):
    router.tell("router", CatalogueChanged(instance="vllm", models=("m",), state=CatalogueState.UNREACHABLE))

    shown = {each.name: (each.catalogue, each.models) for each in router.ask("router", ListProviders())}

    assert shown == {"ollama": ("never_fetched", 0), "openai/eu": ("never_fetched", 2), "vllm": ("unreachable", 1)}


@pytest.mark.parametrize("stage", ["configured", "disabled"])
def test_nothing_is_sent_to_an_instance_without_a_credential_that_works(router, stage):
    news = StageChanged(instance="openai/eu", stage=ProviderStage(stage), reason="its key is refused: 401")

    router.tell("router", news)

    assert "openai/eu/gpt-4o" not in chain(router)
    with pytest.raises(NoRouteError, match=rf"{stage}: its key is refused: 401"):
        router.ask("router", Route(provider="openai/eu"))


def test_an_instance_that_comes_back_is_sent_requests_again(router):
    for stage in (ProviderStage.DISABLED, ProviderStage.VERIFIED):
        router.tell("router", StageChanged(instance="openai/eu", stage=stage, credential="OPENAI_API_KEY"))

    assert "openai/eu/gpt-4o" in chain(router)
    [info] = [each for each in router.ask("router", ListProviders()) if each.name == "openai/eu"]
    assert (info.stage, info.credential) == ("verified", "OPENAI_API_KEY")


def test_a_catalogue_does_not_change_the_order_of_preference(router):
    router.tell("router", CatalogueChanged(instance="vllm", models=("shared",)))
    router.tell("router", CatalogueChanged(instance="ollama", models=("shared",)))

    assert chain(router, model="shared") == ["ollama/shared", "vllm/shared"]


def test_what_a_catalogue_tells_of_a_model_is_listed(router):
    can = frozenset({Capability.TOOLS, Capability.CHAT})
    facts = ModelFacts(name="m", context_window=32768, created=1_700_000_000, can=can, family="qwen3", loaded=True)

    router.tell("router", CatalogueChanged(instance="vllm", models=(facts,)))

    assert router.ask("router", ListModels())[-1] == ModelInfo(
        id="m",
        provider="vllm",
        tier="fleet",
        context_window=32768,
        created=1_700_000_000,
        capabilities=(Capability.CHAT, Capability.TOOLS),
        family="qwen3",
        loaded=True,
        catalogue=CatalogueState.FRESH,
    )


def test_an_instance_that_cannot_be_reached_any_more_may_still_be_asked_for_anything(router):
    for state in (CatalogueState.FRESH, CatalogueState.UNREACHABLE):
        router.tell("router", CatalogueChanged(instance="vllm", models=("m",), state=state))

    assert chain(router, provider="vllm", model="n") == ["vllm/n"]


def test_the_catalogue_of_nobody_is_ignored(router):
    router.tell("router", CatalogueChanged(instance="nobody", models=("m",)))

    assert [each.name for each in router.ask("router", ListProviders())] == ["ollama", "openai/eu", "vllm"]


def test_an_instance_whose_circuit_opens_is_left_out_from_then_on(router, news):
    router.tell("router", news("open", instance="openai/eu", adjustment=-50.0, retry_at=1042.0))

    resolution = router.ask("router", Route())
    assert [str(target) for target in resolution.candidates] == ["ollama/qwen3.5:latest"]
    assert list(map(str, resolution.rejected)) == ["openai/eu/gpt-4o: circuit open"]


def test_the_wait_until_a_probe_shrinks_as_time_goes_by(router, news):
    router.tell("router", news("open", instance="openai/eu", retry_at=1042.0))

    router.advance(40.0)

    with pytest.raises(NoRouteError) as caught:
        router.ask("router", Route(provider="openai"))
    assert caught.value.retry_after == 2.0
    assert router.ask("router", ListProviders())[1].retry_after == 2.0


def test_the_last_word_on_an_instance_counts(router, news):
    for state in ("open", "half_open", "closed"):
        router.tell("router", news(state, instance="openai/eu"))

    assert chain(router)[0] == "openai/eu/gpt-4o"
    assert router.ask("router", ListProviders())[1] == ProviderInfo(
        name="openai/eu", kind="openai", tier="frontier", default_model="gpt-4o", state="closed", models=2
    )


def test_a_question_it_must_refuse_does_not_hurt_it(router):
    with pytest.raises(UnknownModelError):
        router.ask("router", Route(model="zzzz", provider="openai"))

    assert chain(router, model="gpt-4o") == ["openai/eu/gpt-4o"]


def test_after_a_crash_it_asks_again_how_everybody_is(router, health):
    router.kill("router")

    assert health == [HealthWanted(), HealthWanted()]


def test_its_snapshot_shows_what_it_goes_by(router, news):
    router.tell("router", news("half_open", instance="openai/eu", adjustment=-25.0))
    router.tell("router", MemoryChanged(available_mb=16000))

    assert router.inspect("router") == {
        "defaults": {"model": "gpt-4o", "provider": None},
        "rules": 0,
        "instances": {
            "ollama": {"tier": "local", "models": 0},
            "openai/eu": {"tier": "frontier", "models": 2},
            "vllm": {"tier": "fleet", "models": 0},
        },
        "health": {"openai/eu": {"state": "half_open", "adjustment": -25.0}},
        "available_mb": 16000,
    }


# -- probes


@pytest.fixture
def two(house, health):
    """A router with two instances that serve the same model."""
    spare = Instance(name="spare", provider="spare", kind="openai_compat", tier="cloud", models=("gpt-4o",))
    config = RouterConfig(instances=(OPENAI, spare))
    house.add("router", lambda: Router(config, house.address("health")))
    house.start()
    return house


@pytest.fixture
def half_open(two, news):
    """Tell the router that the favourite's circuit is half open."""

    def tell(epoch=1, adjustment=-25.0):
        two.tell("router", news("half_open", instance="openai/eu", adjustment=adjustment, epoch=epoch))

    return tell


def test_one_request_is_the_probe_of_a_half_open_circuit(two, half_open):
    half_open()

    assert [chain(two, model="gpt-4o")[0] for _ in range(3)] == ["openai/eu/gpt-4o", "spare/gpt-4o", "spare/gpt-4o"]


def test_a_probe_that_nobody_heard_of_counts_as_lost_in_time(two, half_open):
    half_open()
    chain(two, model="gpt-4o")

    two.advance(30.1)

    assert chain(two, model="gpt-4o")[0] == "openai/eu/gpt-4o"


def test_a_new_stretch_of_half_open_has_a_probe_of_its_own(two, half_open):
    half_open(epoch=3)
    chain(two, model="gpt-4o")

    half_open(epoch=5)

    assert chain(two, model="gpt-4o")[0] == "openai/eu/gpt-4o"


def test_more_news_of_the_same_stretch_is_no_second_probe(two, half_open):
    half_open()
    chain(two, model="gpt-4o")

    half_open(adjustment=-35.0)

    assert chain(two, model="gpt-4o")[0] == "spare/gpt-4o"


# -- rules and explanations


@pytest.fixture
def ruled(house, health):
    """A router with a rule and an alias."""
    policy = Policy(
        rules=RuleBook([RuleSettings(name="thrift", when={"cost": "low"}, then=PlaceSettings(provider="ollama"))]),
        defaults=Defaults(model="gpt-4o"),
        aliases={"fast": AliasSettings(model="gpt-4o-mini")},
    )
    config = RouterConfig(instances=(OLLAMA, OPENAI), policy=policy)
    house.add("router", lambda: Router(config, house.address("health")))
    house.start()
    return house


def test_it_goes_by_its_rules(ruled):
    assert ruled.ask("router", Route(intent={"cost": "low"})).rule == "thrift"
    assert ruled.ask("router", Route()).rule is None


def test_aliases_are_listed_behind_the_models(ruled):
    assert ruled.ask("router", ListModels())[-1] == ModelInfo(id="fast", provider="legion", tier="auto")


def test_it_explains_what_it_would_decide(ruled):
    route = Route(intent={"cost": "low"})

    explanation = ruled.ask("router", ExplainRoute(route=route))

    assert tuple(each.target for each in explanation.candidates) == ruled.ask("router", route).candidates
    assert [verdict.place for verdict in explanation.rules] == [1]


def test_an_explanation_takes_no_probe(two, half_open):
    half_open()

    two.ask("router", ExplainRoute(route=Route(model="gpt-4o")))

    assert chain(two, model="gpt-4o")[0] == "openai/eu/gpt-4o"


def test_memory_decides_from_then_on(house, health):
    facts = ModelFacts(name="qwen3.5:latest", size_bytes=10 * 2**30)
    ollama = attrs.evolve(OLLAMA, models=(facts,), is_here=True)
    config = RouterConfig(instances=(ollama, OPENAI))
    house.add("router", lambda: Router(config, house.address("health")))
    house.start()

    before = chain(house)[0]
    house.tell("router", MemoryChanged(available_mb=8000))

    assert (before, chain(house)) == ("ollama/qwen3.5:latest", ["openai/eu/gpt-4o"])


def test_a_question_without_an_attempt_takes_no_probe(two, half_open):
    half_open()

    chain(two, model="gpt-4o", is_attempted=False)

    assert chain(two, model="gpt-4o")[0] == "openai/eu/gpt-4o"


def test_by_other_settings_it_decides_otherwise_and_knows_what_it_was_told(router):
    router.tell(
        "router", CatalogueChanged(instance="vllm", models=(ModelFacts(name="m-1"),), state=CatalogueState.FRESH)
    )
    router.tell("router", StageChanged(instance="openai/eu", stage=ProviderStage.DISABLED, reason="refused"))

    config = RouterConfig(instances=(BARE,), policy=Policy(defaults=Defaults(model="m-1")))
    router.tell("router", RouterReconfigured(config=config))

    assert chain(router) == ["vllm/m-1"]
    assert [each.name for each in router.ask("router", ListProviders())] == ["vllm"]

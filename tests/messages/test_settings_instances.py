from __future__ import annotations

import attrs
import pytest
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import FAMILIES, ProviderBlock, ProviderSettings, Settings, expand_instances


def expanded(**providers):
    return expand_instances(Settings(providers=providers))


def one(**providers):
    (instance,) = expanded(**providers)
    return instance


@pytest.mark.parametrize(
    ("kind", "base_url", "model", "tier"),
    [
        ("openai", "https://api.openai.com/v1", "gpt-4o", "frontier"),
        ("vllm", "http://localhost:8000/v1", "qwen3.6-27b", "fleet"),
        ("ollama", "http://localhost:11434", "qwen3.5:latest", "local"),
        ("demo", None, "demo", "local"),
    ],
)
def test_a_family_fills_in_what_is_not_set(kind, base_url, model, tier):
    instance = one(**{kind: ProviderSettings()})

    assert (instance.name, instance.kind, instance.instance) == (kind, kind, "default")
    assert (instance.base_url, instance.default_model, instance.tier) == (base_url, model, tier)


def test_a_setting_wins_over_the_family():
    block = ProviderSettings(base_url="https://eu.example/v1", default_model="m", tier="cloud")

    instance = one(openai=block)

    assert (instance.base_url, instance.default_model, instance.tier) == ("https://eu.example/v1", "m", "cloud")


def test_every_field_of_a_block_reaches_the_instance():
    fields = {field.name for field in attrs.fields(ProviderBlock)}

    assert fields <= {field.name for field in attrs.fields(type(one(demo=ProviderSettings())))}


def test_only_providers_of_openais_apis_have_a_choice_between_them():
    assert one(vllm=ProviderSettings(wire_api="responses")).wire_api == "responses"
    with pytest.raises(SettingsError, match="kind gemini has an API of its own") as caught:
        one(gemini=ProviderSettings(wire_api="responses"))

    assert caught.value.path == "providers.gemini.wire_api"


@pytest.mark.parametrize("name", ["bearer_token", "secret_key", "session_token", "region"])
def test_what_a_kind_does_not_read_is_refused(name):
    with pytest.raises(SettingsError, match=r"kind openai does not read it, only .*bedrock") as caught:
        one(openai=ProviderSettings(**{name: "eu-central-1"}))

    assert caught.value.path == f"providers.openai.{name}"


def test_the_first_of_the_models_is_the_default_one():
    assert one(openai=ProviderSettings(models=("a", "b"))).default_model == "a"


def test_a_name_that_is_no_family_with_a_kind():
    instance = one(groq=ProviderSettings(kind="openai_compat", base_url="https://groq.example/openai/v1"))

    assert (instance.name, instance.kind, instance.tier) == ("groq", "openai_compat", "openai_compat")
    assert instance.default_model is None


def test_a_compatible_provider_must_state_its_url():
    with pytest.raises(SettingsError, match="state its URL") as caught:
        expanded(openai_compat=ProviderSettings())

    assert caught.value.path == "providers.openai_compat.base_url"


def test_an_instance_without_a_url_is_named_in_the_error():
    with pytest.raises(SettingsError) as caught:
        expanded(openai_compat=ProviderSettings(instances={"eu": ProviderBlock()}))

    assert caught.value.path == "providers.openai_compat.instances.eu.base_url"


def test_named_instances_stand_in_place_of_the_default_one():
    block = ProviderSettings(instances={"default": ProviderBlock(), "eu": ProviderBlock(tier="cloud")})

    instances = expanded(openai=block)

    assert [(instance.name, instance.tier) for instance in instances] == [
        ("openai", "frontier"),
        ("openai/eu", "cloud"),
    ]


def test_what_is_switched_off_is_never_expanded():
    instances = expanded(
        openai=ProviderSettings(enabled=False, instances={"eu": ProviderBlock(enabled=True)}),
        vllm=ProviderSettings(instances={"a": ProviderBlock(enabled=False), "b": ProviderBlock()}),
        ollama=ProviderSettings(enabled=False),
        openai_compat=ProviderSettings(enabled=False),
    )

    assert [instance.name for instance in instances] == ["vllm/b"]


def test_expanding_twice_gives_the_same():
    settings = Settings(providers={"openai": ProviderSettings(api_key="env://A"), "demo": ProviderSettings()})

    assert expand_instances(settings) == expand_instances(settings)


@pytest.mark.parametrize(
    ("name", "base_url", "expected"),
    [
        ("openai", None, FAMILIES["openai"].key_variables),
        ("openai", "http://localhost:1/v1", FAMILIES["openai"].key_variables),
        ("work", "https://api.openai.com", FAMILIES["openai"].key_variables),
        ("work", "https://elsewhere.example/v1", ()),
    ],
)
def test_the_vendors_key_is_not_offered_to_a_stranger(name, base_url, expected):
    instance = one(**{name: ProviderSettings(kind="openai", base_url=base_url)})

    assert instance.key_variables == expected


def test_the_repr_of_an_instance_shows_no_secret():
    block = ProviderSettings(api_key="planted", headers={"X-Api-Key": "planted"}, extra_body={"token": "planted"})

    assert "planted" not in repr(one(openai=block))

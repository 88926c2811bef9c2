from __future__ import annotations

import pytest
from legion_llm.adapters.secrets.source import InstanceSource
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.settings import expand_instances

pytestmark = pytest.mark.trio


def instance_of(provider, **block):
    [instance] = expand_instances(load_settings(overrides={"providers": {provider: block}}, environ={}))
    return instance


def values(found):
    return [(each.value.reveal(), each.source) for each in found.candidates]


async def test_every_place_is_a_candidate_the_settings_first():
    openai = instance_of("openai", api_key=["literal", ["env://MINE"]])
    environ = {"MINE": "mine", "OPENAI_API_KEY": "vendor", "CODEX_API_KEY": "codex"}

    assert values(await InstanceSource(openai, environ).read()) == [
        ("literal", "providers.openai.api_key"),
        ("mine", "MINE"),
        ("vendor", "OPENAI_API_KEY"),
        ("codex", "CODEX_API_KEY"),
    ]


async def test_the_same_credential_at_two_places_counts_once():
    environ = {"OPENAI_API_KEY": "same", "CODEX_API_KEY": " same "}

    assert values(await InstanceSource(instance_of("openai"), environ).read()) == [("same", "OPENAI_API_KEY")]


async def test_where_there_is_none_the_reason_names_what_was_tried():
    found = await InstanceSource(instance_of("openai", api_key="vault://a#b"), {}).read()

    assert found.candidates == ()
    assert found.reason == (
        "vault is not configured; environment variable OPENAI_API_KEY is not set; environment variable CODEX_API_KEY is not set"
    )


async def test_a_variable_that_the_host_changes_is_read_anew():
    environ = {"OPENAI_API_KEY": "old"}
    source = InstanceSource(instance_of("openai"), environ)
    await source.read()

    environ["OPENAI_API_KEY"] = "new"

    assert values(await source.read()) == [("new", "OPENAI_API_KEY")]


async def test_the_vendors_key_is_no_candidate_for_another_host():
    work = instance_of("work", kind="openai", base_url="https://elsewhere.example", api_key="own")

    assert values(await InstanceSource(work, {"OPENAI_API_KEY": "vendor"}).read()) == [
        ("own", "providers.work.api_key")
    ]


async def test_bedrock_has_tokens_and_pairs():
    environ = {"AWS_BEARER_TOKEN_BEDROCK": "t", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s"}

    bearer, pair = (await InstanceSource(instance_of("bedrock"), environ).read()).candidates

    assert (bearer.value.reveal(), bearer.secret, bearer.source) == ("t", None, "AWS_BEARER_TOKEN_BEDROCK")
    assert (pair.value.reveal(), pair.secret.reveal(), pair.source) == ("id", "s", "AWS_ACCESS_KEY_ID")


async def test_nothing_shows_a_credential():
    found = await InstanceSource(instance_of("openai", api_key="planted"), {}).read()

    assert "planted" not in repr(found)


async def test_azure_takes_a_key_or_a_token():
    azure = instance_of("azure", base_url="https://mine.openai.azure.com/openai/v1")
    environ = {"AZURE_OPENAI_API_KEY": "key", "AZURE_OPENAI_AD_TOKEN": "a.b.c"}

    assert values(await InstanceSource(azure, environ).read()) == [
        ("key", "AZURE_OPENAI_API_KEY"),
        ("a.b.c", "AZURE_OPENAI_AD_TOKEN"),
    ]

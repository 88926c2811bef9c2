"""Credentials of Amazon's."""

from __future__ import annotations

import pytest
from legion_llm.adapters.settings.candidates import first_candidate
from legion_llm.adapters.settings.credentials import Absent
from legion_llm.adapters.settings.enablement import usable_instances
from legion_llm.messages.secret import SecretRef
from legion_llm.messages.settings import ProviderSettings, Settings, expand_instances

PAIR = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
TOKEN = {"AWS_BEARER_TOKEN_BEDROCK": "token"}


def found(environ=(), name="bedrock", **block):
    references = {key: SecretRef.of(value) for key, value in block.items() if key != "base_url"}
    more = {"base_url": block["base_url"]} if "base_url" in block else {}
    settings = Settings(providers={name: ProviderSettings(kind="bedrock", **references, **more)})
    [instance] = expand_instances(settings)
    return told(first_candidate(instance, dict(environ)))


def told(credential):
    if isinstance(credential, Absent):
        return credential
    if credential.secret is None:
        return credential.value.reveal()
    parts = (credential.value, credential.secret, credential.session)
    return tuple([None if part is None else part.reveal() for part in parts])


@pytest.mark.parametrize(
    ("environ", "block", "credential"),
    [
        ({}, {"bearer_token": "t"}, "t"),
        ({}, {"bearer_token": "t", "api_key": "a", "secret_key": "s"}, "t"),
        ({}, {"api_key": "a", "secret_key": "s"}, ("a", "s", None)),
        ({}, {"api_key": "a", "secret_key": "s", "session_token": "x"}, ("a", "s", "x")),
        ({}, {"api_key": "ABSK-1"}, "ABSK-1"),
        ({"MINE": "a"}, {"api_key": "env://MINE", "secret_key": ["env://NONE", "s"]}, ("a", "s", None)),
        (TOKEN, {}, "token"),
        (PAIR, {}, ("id", "secret", None)),
        ({**PAIR, "AWS_SESSION_TOKEN": "x"}, {}, ("id", "secret", "x")),
        ({**PAIR, **TOKEN}, {}, "token"),
        (PAIR, {"api_key": "a", "secret_key": "s"}, ("a", "s", None)),
    ],
)
def test_what_is_stated_comes_before_the_environment_and_tokens_before_keys(environ, block, credential):
    assert found(environ, **block) == credential


@pytest.mark.parametrize(
    ("environ", "block", "reason"),
    [
        ({}, {}, "AWS_BEARER_TOKEN_BEDROCK is not set"),
        ({"AWS_ACCESS_KEY_ID": "id"}, {}, "AWS_SECRET_ACCESS_KEY is not set"),
        (PAIR, {"bearer_token": "env://NONE"}, "NONE is not set"),
        (PAIR, {"api_key": "env://NONE", "secret_key": "s"}, "NONE is not set"),
        (PAIR, {"secret_key": "s"}, "no credential is configured"),
        ({}, {"api_key": "a", "secret_key": "s", "session_token": "env://NONE"}, "NONE is not set"),
    ],
)
def test_what_is_missing_is_told(environ, block, reason):
    absent = found(environ, **block)

    assert isinstance(absent, Absent)
    assert reason in absent.reason


def test_keys_of_the_environment_are_not_sent_to_an_address_of_ones_own():
    assert isinstance(found({**PAIR, **TOKEN}, name="work", base_url="https://bedrock.example"), Absent)
    assert found(PAIR, name="work") == ("id", "secret", None)


def test_bedrock_is_used_when_it_is_named_and_there_are_keys():
    settings = Settings(providers={"bedrock": ProviderSettings()})

    assert [each.name for each in usable_instances(settings, PAIR).usable] == ["bedrock"]
    assert "bedrock" in [each.name for each in usable_instances(settings, {}).skipped]


def test_keys_that_may_be_meant_for_anything_do_not_switch_bedrock_on():
    assert usable_instances(Settings(), PAIR).usable == ()


def test_a_token_for_bedrock_switches_it_on():
    assert [each.name for each in usable_instances(Settings(), TOKEN).usable] == ["bedrock"]

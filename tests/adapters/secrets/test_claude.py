from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.secrets.claude import claude_patch


def patch(settings=None, config=None):
    return claude_patch(*[None if each is None else json.dumps(each) for each in (settings, config)])


def credentials(settings=None, config=None):
    return {name: each.reveal() for name, each in patch(settings, config).credentials.items()}


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"anthropicApiKey": " a "}, {"anthropic": "a"}),
        ({"env": {"ANTHROPIC_API_KEY": "a"}}, {"anthropic": "a"}),
        ({"anthropicApiKey": "a", "env": {"ANTHROPIC_API_KEY": "b"}}, {"anthropic": "a"}),
        ({"openaiApiKey": "a", "env": {"OPENAI_API_KEY": "b", "CODEX_API_KEY": "c"}}, {"openai": "a"}),
        ({"env": {"OPENAI_API_KEY": " ", "CODEX_API_KEY": "c"}}, {"openai": "c"}),
        ({"env": {"AWS_BEARER_TOKEN_BEDROCK": "t"}}, {"bedrock": "t"}),
        ({"env": {"my_aws_bedrock_bearer_token": "t"}}, {"bedrock": "t"}),
        ({"env": {"X_AWS_BEARER_TOKEN_BEDROCK": "u", "AWS_BEARER_TOKEN_BEDROCK": "t"}}, {"bedrock": "t"}),
        ({"env": {"AWS_BEARER_TOKEN": "t"}}, {}),
        ({"anthropicApiKey": 7, "env": {"OPENAI_API_KEY": ["a"]}}, {}),
        ({"env": "nonsense"}, {}),
    ],
)
def test_keys_are_found_where_they_are_kept(settings, found):
    assert credentials(settings) == found


def test_one_that_is_missing_hides_no_other():
    env = {"AWS_BEARER_TOKEN_BEDROCK": "t"}

    assert credentials({"anthropicApiKey": "", "env": env}) == {"bedrock": "t"}


def test_the_state_is_laid_over_the_settings():
    settings = {"anthropicApiKey": "below", "env": {"OPENAI_API_KEY": "o", "ANTHROPIC_API_KEY": "x"}}

    assert credentials(settings, {"anthropicApiKey": "above", "env": {"X": "y"}}) == {
        "anthropic": "above",
        "openai": "o",
    }


def test_bedrocks_token_is_read_from_the_settings_alone():
    assert credentials(None, {"env": {"AWS_BEARER_TOKEN_BEDROCK": "t"}}) == {}


@pytest.mark.parametrize(
    ("settings", "model"),
    [
        ({"model": "claude-opus-4-6"}, "claude-opus-4-6"),
        ({"preferredModel": "claude-a", "model": "claude-b"}, "claude-a"),
        ({"model": "us.anthropic.claude-sonnet-4-6"}, "us.anthropic.claude-sonnet-4-6"),
        ({"model": "opus"}, None),
        ({"model": "sonnet[1m]"}, None),
        ({}, None),
    ],
)
def test_a_model_is_proposed_unless_its_name_is_a_short_one_of_its_own(settings, model):
    assert patch(settings).default_model == model


@pytest.mark.parametrize(
    ("config", "has_account"),
    [({"oauthAccount": {"emailAddress": "a@b"}}, True), ({"oauthAccount": {"x": " "}}, False), ({}, False)],
)
def test_it_tells_whether_somebody_is_logged_in(config, has_account):
    assert patch(None, config).has_account is has_account


@pytest.mark.parametrize("text", [None, "", "not JSON", "[1]", "7", b"\xff\xfe", '{"a": '])
def test_a_file_that_is_missing_or_malformed_proposes_nothing(text):
    proposed = claude_patch(text, text)

    assert (dict(proposed.credentials), proposed.default_model) == ({}, None)


def test_a_patch_says_where_it_comes_from_and_never_what_it_holds():
    proposed = patch({"anthropicApiKey": "planted"})

    assert proposed.origin == "Claude's configuration"
    assert "planted" not in repr(proposed)


KEYS = ["env", "anthropicApiKey", "openaiApiKey", "model", "oauthAccount", "AWS_BEARER_TOKEN_BEDROCK"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(settings=JSON, config=JSON)
def test_no_content_breaks_it(settings, config):
    for value in credentials(settings, config).values():
        assert value.strip()

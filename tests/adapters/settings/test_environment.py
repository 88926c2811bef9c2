from __future__ import annotations

import pytest
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import Settings


def from_environment(**variables):
    return load_settings(environ={f"LEGION_LLM__{name}": value for name, value in variables.items()})


def test_environment_values_are_json_where_they_parse_and_text_where_not():
    settings = from_environment(
        ENABLED="false",
        API__PORT="80",
        REQUEST_TIMEOUT="1.5",
        DEFAULT_MODEL="gpt-4o",
        PROVIDERS__OPENAI__MODELS='["a", "b"]',
        PROVIDERS__VLLM='{"max_queue": 1}',
        PROVIDERS__VLLM__MAX_QUEUE="2",
    )

    assert (settings.enabled, settings.api.port, settings.request_timeout) == (False, 80, 1.5)
    assert settings.default_model == "gpt-4o"
    assert settings.providers["openai"].models == ("a", "b")
    assert settings.providers["vllm"].max_queue == 2


def test_text_that_looks_like_a_number_stays_text_where_text_is_wanted():
    settings = from_environment(
        DEFAULT_MODEL="4", PROVIDERS__OPENAI__API_KEY="0012345678", PROVIDERS__OPENAI__ORGANIZATION='"quoted"'
    )

    assert settings.default_model == "4"
    assert settings.providers["openai"].api_key.candidates[0].reveal() == "0012345678"
    assert settings.providers["openai"].organization == "quoted"


def test_a_number_for_a_free_field_is_a_number():
    settings = from_environment(PROVIDERS__VLLM__EXTRA_BODY__TOP_K="5")

    assert type(settings.providers["vllm"].extra_body["top_k"]) is int


def test_an_empty_variable_is_not_set():
    assert from_environment(DEFAULT_MODEL="", API__PORT=" ") == Settings()


def test_a_variable_can_unset_what_the_file_has_set(tmp_path):
    config = tmp_path / "llm.json"
    config.write_text('{"default_model": "m"}', encoding="utf-8")
    environ = {"LEGION_LLM__DEFAULT_MODEL": "null"}

    assert load_settings(config, environ=environ).default_model is None


def test_other_variables_are_none_of_our_business():
    environ = {"LEGION_LLM_OTHER": "x", "ANTHROPIC_MODEL": "claude", "OPENAI_API_KEY": "k"}

    assert load_settings(environ=environ) == Settings()


@pytest.mark.parametrize("name", ["LEGION_LLM__", "LEGION_LLM__API__", "LEGION_LLM____PORT"])
def test_a_variable_with_an_empty_part_is_an_error(name):
    with pytest.raises(SettingsError, match="a part of the name is empty"):
        load_settings(environ={name: "1"})


def test_a_variable_cannot_be_value_and_section_at_once():
    with pytest.raises(SettingsError, match="'api' was set to a single value"):
        from_environment(API="1", API__PORT="2")


def test_an_unknown_variable_is_an_error_with_its_origin():
    with pytest.raises(SettingsError, match=r"^api\.prot \(environment\): unknown key; did you mean 'port'\?$"):
        from_environment(API__PROT="1")

from __future__ import annotations

import pickle

import attrs
import pytest
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import (
    AdaptiveSettings,
    ApiSettings,
    CircuitBreakerSettings,
    ClaudeCliSettings,
    CodexSettings,
    DemoSettings,
    DiscoverySettings,
    HealthSettings,
    MeteringSettings,
    PriceSettings,
    ProviderBlock,
    ProviderSettings,
    RoutingSettings,
    RuntimeSettings,
    Settings,
    TimeoutSettings,
    VaultSettings,
    VerificationSettings,
)


def test_the_defaults_are_the_documented_ones():
    settings = Settings()

    assert (settings.enabled, settings.default_model, settings.default_provider) == (True, None, None)
    assert (settings.request_timeout, settings.max_attempts, dict(settings.providers)) == (600.0, 3, {})
    assert (settings.api.host, settings.api.port) == ("127.0.0.1", 4567)
    assert settings.routing.health.window_seconds == 300.0
    assert settings.routing.health.latency_penalty_threshold_ms == 5000.0
    assert settings.routing.health.circuit_breaker == CircuitBreakerSettings(failure_threshold=3, cooldown_seconds=60)
    assert settings.runtime.mailbox_capacity == 10_000
    assert settings.metering.keep_attempts == 1000
    assert (settings.discovery.enabled, settings.discovery.refresh_seconds) == (True, 60.0)
    assert (settings.discovery.memory_floor_mb, settings.discovery.memory_overhead_factor) == (2048, 1.4)


SECTIONS = [
    Settings,
    ApiSettings,
    RuntimeSettings,
    MeteringSettings,
    PriceSettings,
    HealthSettings,
    CircuitBreakerSettings,
    ProviderBlock,
    TimeoutSettings,
    DemoSettings,
    DiscoverySettings,
    VaultSettings,
    VerificationSettings,
    ClaudeCliSettings,
    CodexSettings,
]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_field_is_described_in_the_docstring(section):
    missing = [field.name for field in attrs.fields(section) if f"        {field.name}: " not in section.__doc__]

    assert missing == []


OUT_OF_RANGE = [
    (VerificationSettings, {"recheck_seconds": 0.5}),
    (VerificationSettings, {"deadline_seconds": 0}),
    (ClaudeCliSettings, {"settings_path": " "}),
    (VaultSettings, {"address": "vault.example:8200"}),
    (VaultSettings, {"address": "https://u:p@vault.example"}),
    (VaultSettings, {"kv_version": "3"}),
    (VaultSettings, {"timeout_seconds": 0}),
    (CodexSettings, {"auth_path": ""}),
    (DiscoverySettings, {"refresh_seconds": 0.5}),
    (DiscoverySettings, {"deadline_seconds": 1.0}),
    (DiscoverySettings, {"memory_floor_mb": -1}),
    (DiscoverySettings, {"memory_overhead_factor": 0.9}),
    (Settings, {"request_timeout": 0}),
    (Settings, {"request_timeout": float("inf")}),
    (Settings, {"request_timeout": float("nan")}),
    (Settings, {"request_timeout": True}),
    (Settings, {"max_attempts": 0}),
    (Settings, {"max_attempts": 101}),
    (Settings, {"default_model": " "}),
    (ApiSettings, {"port": 65536}),
    (ApiSettings, {"port": -1}),
    (ApiSettings, {"port": "8080"}),
    (ApiSettings, {"host": ""}),
    (ApiSettings, {"max_json_depth": 0}),
    (ApiSettings, {"max_json_depth": 1001}),
    (ApiSettings, {"drain_timeout": -0.1}),
    (RuntimeSettings, {"mailbox_capacity": 0}),
    (RuntimeSettings, {"max_restarts": -1}),
    (RuntimeSettings, {"backoff_max": 0.01}),
    (MeteringSettings, {"keep_attempts": -1}),
    (AdaptiveSettings, {"min_concurrency": 0}),
    (AdaptiveSettings, {"tolerance": 1.0}),
    (RoutingSettings, {"balance": "fair"}),
    (CircuitBreakerSettings, {"failure_threshold": 0}),
    (CircuitBreakerSettings, {"cooldown_seconds": 0}),
    (CircuitBreakerSettings, {"account_cooldown_seconds": 0}),
    (CircuitBreakerSettings, {"probe_seconds": -1}),
    (TimeoutSettings, {"connect": -1}),
    (TimeoutSettings, {"gap": 0}),
    (DemoSettings, {"tokens_per_second": 0}),
    (DemoSettings, {"fail": "sometimes"}),
    (ProviderBlock, {"kind": "opnai"}),
    (ProviderBlock, {"tier": "moon"}),
    (ProviderBlock, {"transport": "curl"}),
    (ProviderBlock, {"max_concurrency": 0}),
    (ProviderBlock, {"max_queue": -1}),
    (ProviderBlock, {"models": ("a", " ")}),
]


@pytest.mark.parametrize(("section", "fields"), OUT_OF_RANGE)
def test_a_value_out_of_range_is_an_error_that_names_its_field(section, fields):
    (name,) = fields

    with pytest.raises(SettingsError, match=f"^{name}: ") as caught:
        section(**fields)

    assert caught.value.path == name


@pytest.mark.parametrize("port", [0, 65535])
def test_the_ends_of_a_range_belong_to_it(port):
    assert ApiSettings(port=port).port == port


def test_a_word_that_is_nearly_right_is_suggested():
    with pytest.raises(SettingsError, match="did you mean 'openai_compat'"):
        ProviderBlock(kind="openai-compat")


@pytest.mark.parametrize("name", ["a/b", "", "a b", "a.b", "-a", "ä"])
def test_provider_names_are_plain_words(name):
    with pytest.raises(SettingsError, match="is no name"):
        Settings(providers={name: ProviderSettings(kind="demo")})


@pytest.mark.parametrize("header", ["X Y", "", "X:Y", "Host", "content-length", "Transfer-Encoding"])
def test_headers_that_would_break_the_request_are_refused(header):
    with pytest.raises(SettingsError, match="no header that can be set"):
        ProviderBlock(headers={header: "v"})


def test_a_header_value_with_a_line_break_is_refused_and_not_shown():
    with pytest.raises(SettingsError) as caught:
        ProviderBlock(headers={"X-Note": "planted\r\nX-Evil: 1"})

    assert caught.value.path == "headers.X-Note"
    assert "planted" not in str(caught.value)


def test_a_name_that_is_no_family_must_state_its_kind():
    with pytest.raises(SettingsError, match="did you mean 'ollama'") as caught:
        Settings(providers={"olama": ProviderSettings()})

    assert caught.value.path == "providers.olama.kind"


def test_a_malformed_url_is_an_error_with_its_path():
    instances = {"eu": ProviderBlock(base_url="htp://host")}

    with pytest.raises(SettingsError, match="must start with http") as caught:
        Settings(providers={"openai": ProviderSettings(instances=instances)})

    assert caught.value.path == "providers.openai.instances.eu.base_url"


def test_a_model_in_this_process_has_no_url():
    with pytest.raises(SettingsError, match="has no URL"):
        Settings(providers={"demo": ProviderSettings(base_url="http://localhost")})


def test_settings_cannot_be_changed():
    settings = Settings(providers={"demo": ProviderSettings()})

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        settings.enabled = False
    with pytest.raises(TypeError):
        settings.providers["ollama"] = ProviderSettings()


def test_later_changes_of_the_given_dict_do_not_reach_the_settings():
    given = {"X-Title": "a"}
    block = ProviderBlock(headers=given)

    given["X-Title"] = "b"

    assert block.headers == {"X-Title": "a"}


def test_the_repr_shows_no_secret():
    block = ProviderBlock(
        api_key="sk-planted", headers={"Authorization": "planted"}, extra_body={"auth": {"a": "planted"}}
    )
    settings = Settings(providers={"openai": attrs.evolve(ProviderSettings(), **_fields(block))})

    assert "planted" not in repr(block)
    assert "planted" not in repr(settings)


def _fields(block):
    return {field.name: getattr(block, field.name) for field in attrs.fields(type(block))}


def test_settings_with_a_secret_are_not_pickled():
    with pytest.raises(TypeError):
        pickle.dumps(ProviderBlock(api_key="sk-planted"))


@pytest.mark.parametrize("field", ["input", "output", "cache_read", "cache_write"])
def test_a_price_is_never_negative(field):
    with pytest.raises(SettingsError, match=rf"^{field}: must be at least 0 USD, got -1"):
        PriceSettings(**{"input": 1.0, "output": 1.0, field: -1.0})

from __future__ import annotations

import pytest
from legion_llm.adapters.settings import Absent, first_candidate, headers_for, load_settings, resolve, usable_instances
from legion_llm.messages.secret import Secret
from legion_llm.messages.settings import expand_instances


def usable(providers, environ=None):
    settings = load_settings(overrides={"providers": providers}, environ={})
    return usable_instances(settings, environ or {})


def names(enablement):
    return [instance.name for instance in enablement.usable]


def reason_of(enablement, name):
    return {skipped.name: skipped.reason for skipped in enablement.skipped}[name]


def instance_of(provider, **block):
    settings = load_settings(overrides={"providers": {provider: block}}, environ={})
    (instance,) = expand_instances(settings)
    return instance


def key_for(instance, environ):
    return first_candidate(instance, environ).value


# -- References ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("plain", "plain"),
        ("  plain\n", "plain"),
        ("env://SET", "from-env"),
        (" ENV://SET ", "from-env"),
        (["env://UNSET", "env://SET", "plain"], "from-env"),
        (["", "  ", "plain"], "plain"),
        (["env://UNSET", ["vault://a#b", ["env://BLANK", "deep"]], "later"], "deep"),
        (Secret("held"), "held"),
    ],
)
def test_the_first_entry_that_yields_something_wins(reference, value):
    environ = {"SET": " from-env ", "BLANK": "  "}

    assert resolve(reference, environ) == Secret(value)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (None, "no credential is configured"),
        ([], "no credential is configured"),
        ("", "is blank"),
        ("env://UNSET", "environment variable UNSET is not set"),
        ("env://BLANK", "environment variable BLANK is blank"),
        ("env://", "not followed by the name of a variable"),
        ("env://A B", "not followed by the name of a variable"),
        ("env://NESTED", "holds a reference instead of a value"),
        ("env://BROKEN", "holds a character that a header cannot carry"),
        ("vault://secret/llm#key", "vault is not configured"),
        ("lease://x", "vault is not configured"),
        ("VAULT://x", "vault is not configured"),
        ("evn://TYPO", "unknown kind of reference"),
        (["env://UNSET", ["vault://x"]], "environment variable UNSET is not set; vault is not configured"),
    ],
)
def test_a_reference_that_yields_nothing_says_why(reference, reason):
    environ = {"BLANK": " \n", "NESTED": "vault://x", "BROKEN": "a\nb"}

    resolved = resolve(reference, environ)

    assert isinstance(resolved, Absent)
    assert reason in resolved.reason


def test_a_later_entry_is_not_looked_at_once_one_was_found():
    class Watched(dict):
        def __contains__(self, name):
            raise AssertionError(name)

    assert resolve(["plain", "env://LATER"], Watched()) == Secret("plain")


def test_no_reason_shows_a_part_of_a_secret():
    resolved = resolve(["planted\x00", "pla://nted"], {})

    assert "plant" not in resolved.reason
    assert "pla:" not in resolved.reason


# -- Instances ----------------------------------------------------------------------------------------------------------


def test_the_setting_wins_over_the_familys_variables():
    environ = {"OPENAI_API_KEY": "vendor"}

    assert key_for(instance_of("openai", api_key="own"), environ) == Secret("own")
    assert key_for(instance_of("openai", api_key="env://UNSET"), environ) == Secret("vendor")


def test_the_familys_variables_are_tried_in_order():
    instance = instance_of("openai")

    assert key_for(instance, {"OPENAI_API_KEY": "a", "CODEX_API_KEY": "b"}) == Secret("a")
    assert key_for(instance, {"OPENAI_API_KEY": " ", "CODEX_API_KEY": "b"}) == Secret("b")


def test_an_optional_key_comes_from_the_environment_too():
    assert key_for(instance_of("vllm"), {"VLLM_API_KEY": "v"}) == Secret("v")


def test_without_a_credential_the_reason_names_what_was_tried():
    absent = first_candidate(instance_of("openai", api_key="env://MINE"), {})

    for name in ("MINE", "OPENAI_API_KEY", "CODEX_API_KEY"):
        assert f"environment variable {name} is not set" in absent.reason


def test_the_vendors_key_does_not_go_to_another_host():
    instance = instance_of("work", kind="openai", base_url="https://elsewhere.example")

    assert isinstance(first_candidate(instance, {"OPENAI_API_KEY": "vendor"}), Absent)


def test_headers_are_looked_up_and_urls_in_them_are_no_references():
    instance = instance_of("vllm", headers={"X-Key": "env://K", "HTTP-Referer": "https://app.example", "X-A": " a "})

    assert headers_for(instance, {"K": "v"}) == {"X-Key": "v", "HTTP-Referer": "https://app.example", "X-A": "a"}


@pytest.mark.parametrize("value", ["env://UNSET", "vault://x#y", "lease://z"])
def test_an_unresolved_reference_never_reaches_a_header(value):
    absent = headers_for(instance_of("vllm", headers={"X-Key": value}), {})

    assert isinstance(absent, Absent)
    assert absent.reason.startswith("header X-Key: ")


# -- Enabling -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("enabled", [None, True])
@pytest.mark.parametrize(
    "api_key", ["env://UNSET", ["env://UNSET", "vault://a#b"], ["env://BLANK", ["lease://x"]], "vault://a#b"]
)
@pytest.mark.parametrize("provider", ["openai", "vllm"])
def test_a_placeholder_that_yields_nothing_never_enables_a_provider(provider, api_key, enabled):
    decided = usable({provider: {"api_key": api_key, "enabled": enabled}}, {"BLANK": " "})

    assert names(decided) == []
    assert reason_of(decided, provider)


def test_a_usable_credential_enables_a_provider():
    assert names(usable({"openai": {"api_key": "env://MINE"}}, {"MINE": "k"})) == ["openai"]


def test_a_provider_that_needs_no_key_is_enabled_by_being_named():
    assert names(usable({"ollama": {}, "vllm": {}, "demo": {}})) == ["ollama", "vllm", "demo"]


@pytest.mark.parametrize("blank", ["", [], [" "]])
def test_a_blank_key_is_as_good_as_none(blank):
    assert names(usable({"vllm": {"api_key": blank}})) == ["vllm"]
    assert names(usable({"openai": {"api_key": blank}})) == []


def test_the_vendors_variable_alone_enables_a_family_that_needs_a_key():
    assert names(usable({}, {"OPENAI_API_KEY": "k"})) == ["openai"]
    assert names(usable({}, {})) == []


def test_what_is_switched_off_stays_off_whatever_the_environment_holds():
    decided = usable(
        {"openai": {"enabled": False, "api_key": "k"}, "ollama": {"enabled": False}}, {"OPENAI_API_KEY": "k"}
    )

    assert names(decided) == []


def test_an_unresolved_header_keeps_an_instance_out():
    decided = usable({"vllm": {"headers": {"X-Key": "env://UNSET"}}})

    assert reason_of(decided, "vllm") == "header X-Key: environment variable UNSET is not set"


def test_instances_are_decided_one_by_one():
    block = {"instances": {"eu": {"api_key": "env://EU"}, "us": {"api_key": "env://US"}, "off": {"enabled": False}}}

    decided = usable({"vllm": block}, {"EU": "k"})

    assert names(decided) == ["vllm/eu"]
    assert reason_of(decided, "vllm/us") == (
        "environment variable US is not set; environment variable VLLM_API_KEY is not set"
    )

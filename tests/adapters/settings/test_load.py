from __future__ import annotations

import json

import pytest
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import Settings


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="llm.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write_file


def in_code(overrides):
    return load_settings(overrides=overrides, environ={})


def error_of(overrides, environ=None, config=None):
    with pytest.raises(SettingsError) as caught:
        load_settings(config, overrides, environ or {})
    return caught.value


# -- Sources and their order --------------------------------------------------------------------------------------------


def test_nothing_given_gives_the_defaults():
    assert load_settings(environ={}) == Settings()


def test_code_wins_over_environment_wins_over_file(write):
    config = write({"api": {"port": 1, "host": "f", "drain_timeout": 1}, "default_model": "file"})
    environ = {"LEGION_LLM__API__PORT": "2", "LEGION_LLM__API__HOST": "e"}

    settings = load_settings(config, {"api": {"port": 3}}, environ)

    assert (settings.api.port, settings.api.host, settings.api.drain_timeout) == (3, "e", 1.0)
    assert settings.default_model == "file"
    assert settings.api.max_json_depth == 200


@pytest.mark.parametrize("rooted", [False, True])
def test_the_llm_root_may_be_there_or_not(write, rooted):
    tree = {"api": {"port": 1234}}
    tree = {"llm": tree} if rooted else tree

    assert load_settings(write(tree), environ={}).api.port == 1234
    assert in_code(tree).api.port == 1234


def test_a_key_beside_the_root_is_an_error():
    error = error_of({"llm": {}, "api": {"port": 1}})

    assert error.path == "api"
    assert "beside 'llm'" in str(error)


def test_string_keyed_json_behaves_like_settings_in_code(write):
    tree = {
        "providers": {"openai": {"api_key": ["env://A", "b"], "models": ["m"], "timeouts": {"gap": 1}}},
        "routing": {"health": {"circuit_breaker": {"failure_threshold": 7}}},
    }

    assert load_settings(write(tree), environ={}) == in_code(tree)
    assert in_code(tree).routing.health.circuit_breaker.failure_threshold == 7


def test_limits_may_name_single_models_and_are_inherited_by_instances():
    limits = {"requests_per_minute": 500, "per_model": {"gpt-4o": {"tokens_per_minute": 30_000}}}
    block = {"limits": limits, "instances": {"eu": {"limits": {"requests_per_minute": 100}}}}

    eu = in_code({"providers": {"openai": block}}).providers["openai"].instances["eu"].limits

    assert (eu.requests_per_minute, eu.per_model["gpt-4o"].tokens_per_minute) == (100, 30_000)


@pytest.mark.parametrize(
    ("limits", "path"),
    [
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"tokens_per_minute": 1.5}, "tokens_per_minute"),
        ({"request_per_minute": 1}, "request_per_minute"),
        ({"per_model": {"m": {"tokens_per_minute": -1}}}, "per_model.m.tokens_per_minute"),
        ({"per_model": {" ": {}}}, "per_model"),
    ],
)
def test_a_limit_that_cannot_be_is_an_error_at_its_path(limits, path):
    error = error_of({"providers": {"openai": {"limits": limits}}})

    assert error.path == f"providers.openai.limits.{path}"


def test_toml_says_the_same_as_json(write):
    config = write('[llm.api]\nport = 99\n[llm.providers.vllm]\nmodels = ["a"]\n', "llm.toml")

    settings = load_settings(config, environ={})

    assert settings.api.port == 99
    assert settings.providers["vllm"].models == ("a",)


def test_laying_defaults_over_twice_does_not_clobber_what_the_user_set(write):
    config = write({"api": {"port": 1}})

    once = load_settings(config, environ={})
    again = load_settings(config, {"api": {}, "providers": {}, "routing": {"health": {}}}, {})

    assert once == again
    assert again.api.port == 1


def test_the_file_named_in_the_environment_is_read(write):
    config = write({"api": {"port": 7}})

    assert load_settings(environ={"LEGION_LLM_CONFIG": str(config)}).api.port == 7


def test_the_argument_wins_over_the_environment(write):
    environ = {"LEGION_LLM_CONFIG": str(write({"api": {"port": 7}}, "a.json"))}

    assert load_settings(write({"api": {"port": 8}}, "b.json"), environ=environ).api.port == 8


@pytest.fixture
def home(tmp_path):
    usual = tmp_path / "home" / ".legionio" / "settings" / "llm.json"
    usual.parent.mkdir(parents=True)
    usual.write_text('{"llm": {"api": {"port": 11}}}', encoding="utf-8")
    return tmp_path / "home"


def test_the_usual_file_is_read_from_the_given_home(home):
    assert load_settings(environ={}, home=home).api.port == 11


@pytest.mark.parametrize("variable", ["HOME", "USERPROFILE"])
def test_the_usual_file_is_read_from_the_home_of_the_environment(home, variable):
    assert load_settings(environ={variable: str(home)}).api.port == 11


def test_the_usual_file_may_be_missing(tmp_path):
    assert load_settings(environ={}, home=tmp_path) == Settings()


def test_a_tilde_means_the_given_home(home):
    assert load_settings("~/.legionio/settings/llm.json", environ={}, home=home).api.port == 11


@pytest.mark.parametrize("way", ["argument", "environment"])
def test_a_named_file_that_is_missing_is_an_error(tmp_path, way):
    missing = tmp_path / "missing.json"
    config, environ = (missing, {}) if way == "argument" else (None, {"LEGION_LLM_CONFIG": str(missing)})

    with pytest.raises(SettingsError, match=r"missing\.json: no such settings file"):
        load_settings(config, environ=environ)


# -- Malformed files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", '{"api": {\n  "port": }}', r"a\.json: line 2, column 11: malformed JSON"),
        ("a.json", "", r"a\.json: line 1, column 1"),
        ("a.json", '{"api": {}, "api": {}}', "'api' stands twice"),
        ("a.json", '{"request_timeout": NaN}', "NaN is no JSON"),
        ("a.json", "[1]", "must be an object, not list"),
        ("a.json", '{"llm": 3}', r"llm \(.*a\.json\): must be an object"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.toml", "[api\nport = 1", r"a\.toml: malformed TOML: .*line 1"),
        ("a.toml", "default_model = 1979-05-27", "must be text, not a date"),
    ],
)
def test_a_malformed_file_is_an_error_that_says_where(write, name, content, message):
    config = write(content, name)

    with pytest.raises(SettingsError, match=message):
        load_settings(config, environ={})


def test_a_file_that_is_not_text_is_an_error(tmp_path):
    config = tmp_path / "a.json"
    config.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(config, environ={})


def test_a_directory_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, environ={})


def test_a_byte_order_mark_is_not_in_the_way(tmp_path):
    config = tmp_path / "a.json"
    config.write_bytes(b'\xef\xbb\xbf{"api": {"port": 5}}')

    assert load_settings(config, environ={}).api.port == 5


# -- Strictness ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tree", "path", "message"),
    [
        ({"apii": {}}, "apii", "unknown key; did you mean 'api'?"),
        ({"api": {"prot": 1}}, "api.prot", "unknown key; did you mean 'port'?"),
        ({"api": {"zzz": 1}}, "api.zzz", "unknown key; valid are body_timeout, dashboard, drain_timeout"),
        (
            {"providers": {"openai": {"timeouts": {"conect": 1}}}},
            "providers.openai.timeouts.conect",
            "did you mean 'connect'?",
        ),
        ({"api": {"port": "8080"}}, "api.port", "must be a whole number, not the text '8080'"),
        ({"api": {"port": True}}, "api.port", "must be a whole number, not the flag True"),
        ({"api": {"port": 80.0}}, "api.port", "must be a whole number, not the number 80.0"),
        ({"api": {"port": 70000}}, "api.port", "must be between 0 and 65535, got 70000"),
        ({"api": {"port": [1]}}, "api.port", "must be a whole number, not a list [1]"),
        ({"api": 4567}, "api", "must be an object, not the number 4567"),
        ({"api": {"host": 1}}, "api.host", "must be text, not the number 1"),
        ({"enabled": 1}, "enabled", "must be true or false, not the number 1"),
        ({"enabled": "true"}, "enabled", "must be true or false, not the text 'true'"),
        ({"request_timeout": "60"}, "request_timeout", "must be a number, not the text '60'"),
        ({"request_timeout": True}, "request_timeout", "must be a number, not the flag True"),
        ({"request_timeout": -1}, "request_timeout", "must be above 0 s, got -1.0"),
        ({"request_timeout": 10**400}, "request_timeout", "too large"),
        ({"default_model": ["a"]}, "default_model", "must be text"),
        ({"providers": ["openai"]}, "providers", "must be an object, not a list"),
        ({"providers": {"openai": "sk-x"}}, "providers.openai", "must be an object"),
        ({"providers": {"openai": {"models": "gpt-4o"}}}, "providers.openai.models", "must be a list"),
        ({"providers": {"openai": {"models": ["a", 1]}}}, "providers.openai.models.1", "must be text"),
        ({"providers": {"openai": {"transport": "htpx"}}}, "providers.openai.transport", "did you mean 'httpx'?"),
        ({"providers": {"openai": {"enabled": 0}}}, "providers.openai.enabled", "must be true or false"),
        ({"providers": {"openai": {"base_url": "nope"}}}, "providers.openai.base_url", "malformed URL 'nope'"),
        ({"providers": {"openai": {"headers": {"a": 1}}}}, "providers.openai.headers.a", "must be text"),
        ({"providers": {"openai": {"extra_body": {"a": {1}}}}}, "providers.openai.extra_body.a", "JSON value"),
        ({"providers": {"openai_compat": {}}}, "providers.openai_compat.base_url", "state its URL"),
        ({"providers": {"opnai": {}}}, "providers.opnai.kind", "did you mean 'openai'?"),
        ({"providers": {1: {}}}, "providers.1", "a key must be text"),
        ({1: 2}, "1", "a key must be text"),
        ({"runtime": {"backoff_initial": 9}}, "runtime.backoff_max", "must be at least backoff_initial"),
    ],
)
def test_what_is_wrong_is_named_with_path_origin_and_a_way_out(tree, path, message):
    error = error_of(tree)

    assert error.path == path
    assert str(error).startswith(f"{path} (code): ")
    assert message in str(error)


def test_all_faults_are_listed_and_the_first_is_the_path():
    error = error_of({"api": {"port": "x", "prot": 1}, "zzz": 1})

    assert error.path == "api.port"
    assert [line.split(" ")[0] for line in str(error).splitlines()] == ["api.port", "api.prot", "zzz"]


def test_a_fault_is_blamed_on_the_source_that_wrote_it(write):
    config = write({"api": {"port": "x", "host": "h"}, "metering": {"keep_attempts": 1}})
    environ = {"LEGION_LLM__REQUEST_TIMEOUT": "soon"}

    error = error_of({"metering": {"keep_attempts": "y"}}, environ, config)

    assert f"api.port ({config}): " in str(error)
    assert "request_timeout (environment): " in str(error)
    assert "metering.keep_attempts (code): " in str(error)


def test_something_missing_is_blamed_on_its_section(write):
    config = write({"providers": {"gateway": {"enabled": True}}})

    assert f"providers.gateway.kind ({config}): " in str(error_of({"api": {"port": 1}}, config=config))


@pytest.mark.parametrize(
    "block", [{"api_key": {"planted": 1}}, {"api_key": [["planted", 1]]}, {"headers": {"X-Any": ["planted"]}}]
)
def test_an_error_does_not_show_a_secret(block):
    assert "planted" not in str(error_of({"providers": {"openai": block}}))


# -- Merging ------------------------------------------------------------------------------------------------------------


def test_objects_merge_and_lists_replace(write):
    config = write({"providers": {"openai": {"models": ["a", "b"], "headers": {"X-A": "1", "X-B": "1"}}}})

    settings = load_settings(config, {"providers": {"openai": {"models": ["c"], "headers": {"X-B": "2"}}}}, {})

    assert settings.providers["openai"].models == ("c",)
    assert settings.providers["openai"].headers == {"X-A": "1", "X-B": "2"}


def test_null_unsets_what_a_weaker_source_has_set(write):
    config = write({"default_model": "m", "api": {"port": 1}, "providers": {"openai": {}, "vllm": {}}})

    settings = load_settings(config, {"default_model": None, "api": None, "providers": {"vllm": None}}, {})

    assert settings.default_model is None
    assert settings.api.port == 4567
    assert list(settings.providers) == ["openai"]


def test_null_in_a_body_is_sent_to_the_provider():
    settings = in_code({"providers": {"vllm": {"extra_body": {"stop": None, "a": {"b": None}}}}})

    assert settings.providers["vllm"].extra_body == {"stop": None, "a": {"b": None}}


def test_the_given_dict_is_left_as_it_was():
    overrides = {"providers": {"openai": {"instances": {"eu": {"api_key": None}}, "api_key": "k"}}}
    before = json.dumps(overrides)

    in_code(overrides)

    assert json.dumps(overrides) == before


def test_an_instance_inherits_its_provider_and_overrides_it():
    block = {
        "api_key": "k",
        "timeouts": {"connect": 1, "gap": 2},
        "instances": {"eu": {"timeouts": {"gap": 3}, "base_url": "http://eu"}, "us": None, "no": {"api_key": None}},
    }

    instances = in_code({"providers": {"openai": block}}).providers["openai"].instances

    assert (instances["eu"].timeouts.connect, instances["eu"].timeouts.gap) == (1.0, 3.0)
    assert (instances["us"].timeouts.connect, instances["us"].timeouts.gap) == (1.0, 2.0)
    assert instances["eu"].api_key == instances["us"].api_key
    assert instances["no"].api_key is None


def test_an_inherited_fault_is_reported_once():
    error = error_of({"providers": {"openai": {"max_queue": "x", "instances": {"eu": {}, "us": {"tier": 1}}}}})

    assert [line.split(" ")[0] for line in str(error).splitlines()] == [
        "providers.openai.max_queue",
        "providers.openai.instances.us.tier",
    ]


def test_instances_have_no_instances():
    error = error_of({"providers": {"openai": {"instances": {"eu": {"instances": {}}}}}})

    assert error.path == "providers.openai.instances.eu.instances"

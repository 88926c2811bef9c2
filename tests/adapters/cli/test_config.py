"""`legion-llm config check`."""

from __future__ import annotations

import json


def _settings_in(output):
    start, end = output.index("\n{") + 1, output.rindex("\n}") + 2
    return json.loads(output[start:end])


def test_the_settings_in_force_are_printed_and_ok(run, config_file):
    path = config_file({"api": {"port": 8080}, "providers": {"demo": {}}})

    result = run("config", "check", "--config", path)

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "ok")
    assert _settings_in(result.stdout)["api"]["port"] == 8080
    assert f"  file {path}\n" in result.stdout


def test_secrets_are_masked(run, config_file):
    path = config_file({"providers": {"openai": {"api_key": "sk-secret", "headers": {"x-auth": "hush"}}}})

    result = run("config", "check", "--config", path, env={"LEGION_LLM__PROVIDERS__VLLM__API_KEY": "sk-other"})

    assert result.exit_code == 0
    assert not [secret for secret in ("sk-secret", "hush", "sk-other") if secret in result.output]
    assert "  environment LEGION_LLM__PROVIDERS__VLLM__API_KEY\n" in result.stdout


def test_defaults_alone_are_ok(run):
    result = run("config", "check")

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "ok")
    assert "  no file\n" in result.stdout


def test_it_says_which_providers_can_be_used(run, config_file):
    path = config_file({"providers": {"demo": {}, "openai": {"api_key": "env://NOT_THERE"}}})

    result = run("config", "check", "--config", path)

    assert "provider demo (demo, " in result.stdout
    assert "not used: openai: " in result.stdout


def test_a_misspelt_key_is_named_with_its_path(run, config_file):
    result = run("config", "check", "--config", config_file({"api": {"prot": 1}}))

    assert (result.exit_code, result.stdout) == (2, "")
    assert "api.prot" in result.stderr
    assert "'port'" in result.stderr


def test_everything_that_is_wrong_is_told_at_once(run, config_file):
    result = run("config", "check", "--config", config_file({"api": {"port": "x"}, "enabled": 7}))

    assert result.exit_code == 2
    assert all(f"error: {path} " in result.stderr for path in ("api.port", "enabled"))


def test_a_missing_file_is_told(run):
    result = run("config", "check", "--config", "/no/such/file.json")

    assert (result.exit_code, "/no/such/file.json" in result.stderr) == (2, True)


def test_a_malformed_file_is_told_with_its_line(run, config_file):
    result = run("config", "check", "--config", config_file('{\n  "api": }'))

    assert (result.exit_code, "line 2" in result.stderr) == (2, True)

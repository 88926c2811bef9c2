"""`legion-llm route explain`, over a gateway whose providers are never called."""

from __future__ import annotations

import json

import pytest

SETTINGS = {
    "providers": {
        "openai": {"api_key": "sk-canary", "models": ["gpt-4o", "gpt-4o-mini"]},
        "house": {"kind": "demo", "models": ["demo"]},
    },
    "routing": {
        "rules": [
            {"name": "cheap", "when": {"cost": "low"}, "then": {"provider": "openai", "model": "gpt-4o-mini"}},
            {"name": "inside", "when": {"data": "customer"}, "constraint": "never_external"},
        ]
    },
}


@pytest.fixture
def explain(run, config_file):
    path = config_file(SETTINGS)

    def call(*arguments):
        return run("route", "explain", "--config", path, *arguments)

    return call


def test_it_shows_candidates_and_rules_as_tables(explain):
    result = explain("--intent", "cost=low")

    assert result.exit_code == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["1", "openai/gpt-4o-mini", "frontier", "rule", "cheap"] in [line[:5] for line in lines]
    assert ["cheap", "place", "1"] in lines
    assert "inside  it is for data=customer, and the intent says nothing of it" in result.stdout
    assert "canary" not in result.output


def test_programs_get_json(explain):
    result = explain("--json", "--intent", "data=customer", "--needs", "tools", "--exclude", "model=none")

    told = json.loads(result.stdout)
    assert [each["provider"] for each in told["candidates"]] == ["house"]
    assert told["rejected"][0]["reason"] == "constraint"


def test_without_a_route_it_says_why_and_fails(explain):
    result = explain("--model", "gpt-4o", "--intent", "privacy=strict")

    assert result.exit_code == 1
    assert "error: no target may be used now: openai/gpt-4o: privacy=strict forbids tier frontier" in result.stdout


@pytest.mark.parametrize("option", ["--intent", "--exclude"])
def test_what_is_no_pair_is_wrong_usage(explain, option):
    result = explain(option, "cheap")

    assert (result.exit_code, "no pair like cost=minimize" in result.stderr) == (2, True)


def test_a_misspelt_exclusion_is_told_what_there_is(explain):
    result = explain("--exclude", "povider=x")

    assert (result.exit_code, "known are provider, model, tier" in result.stderr) == (1, True)


def test_a_rule_that_names_nobody_is_a_mistake_in_the_settings(run, config_file):
    rules = [{"name": "r", "then": {"provider": "opnai"}}]
    path = config_file({**SETTINGS, "routing": {"rules": rules}})

    result = run("route", "explain", "--config", path)

    assert result.exit_code == 2
    assert "routing.rules.0.then.provider" in result.stderr
    assert "did you mean 'openai'?" in result.stderr

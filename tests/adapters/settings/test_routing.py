"""Rules in files: what is written shorter, what is misspelt, and where it stands."""

from __future__ import annotations

import pytest
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import AliasSettings, FallbackSettings

RULES = """
[[routing.rules]]
name = "night"
when = { cost = "low" }
then = { tier = "local", compress_level = 2 }
fallback = "day"
schedule = { valid_from = 2026-01-01, valid_until = 2026-12-31T18:00:00, hours = ["22:00-06:00"], timezone = "Europe/Berlin" }

[[routing.rules]]
name = "day"
then = { provider = "openai" }
fallback = { tier = "fleet" }
cost_multiplier = 2

[aliases]
fast = "gpt-4o-mini"
private = { intent = { privacy = "strict" } }
"""


def loaded(overrides=None, environ=None, **more):
    return load_settings(overrides=overrides, environ=environ or {}, **more)


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "llm.toml"
    path.write_text(RULES)
    return path


def test_rules_are_read_from_a_file(written):
    night, day = loaded(config=written).routing.rules

    assert (night.then.compress_level, night.fallback, day.cost_multiplier) == (2, FallbackSettings(rule="day"), 2.0)
    assert day.fallback == FallbackSettings(tier="fleet")


def test_dates_may_be_toml_s_own(written):
    schedule = loaded(config=written).routing.rules[0].schedule

    assert (schedule.valid_from, schedule.valid_until) == ("2026-01-01", "2026-12-31T18:00:00")


def test_aliases_may_be_written_short(written):
    aliases = loaded(config=written).aliases

    assert aliases["fast"] == AliasSettings(model="gpt-4o-mini")
    assert dict(aliases["private"].intent) == {"privacy": "strict"}


@pytest.mark.parametrize(
    ("rule", "path", "words"),
    [
        ({"then": {"tier": "local"}}, "routing.rules.0.name", "is missing"),
        ({"nmae": "r", "then": {"tier": "local"}}, "routing.rules.0.name", "unknown key; did you mean 'name'"),
        ({"name": "r", "whn": {}}, "routing.rules.0.whn", "did you mean 'when'"),
        ({"name": "r", "then": {"modle": "m"}}, "routing.rules.0.then.modle", "did you mean 'model'"),
        ({"name": "r", "schedule": {"hour": []}}, "routing.rules.0.schedule.hour", "did you mean 'hours'"),
        ({"name": "r", "when": {"cost": 3}}, "routing.rules.0.when.cost", "must be text, not the number 3"),
        ({"name": "r", "then": "local"}, "routing.rules.0.then", "must be an object"),
        ({"name": "r", "then": {"tier": "local"}, "fallback": 3}, "routing.rules.0.fallback", "must be an object"),
        ({"name": "r", "then": {"tier": "local"}, "priority": "high"}, "routing.rules.0.priority", "must be a number"),
        ({"name": "r", "then": {"provider": "opnai"}}, "routing.rules.0.then.provider", "did you mean 'openai'"),
        (
            {"name": "r", "then": {"tier": "local"}, "schedule": {"days": ["mondy"]}},
            "routing.rules.0.schedule.days.0",
            "did you mean 'monday'",
        ),
    ],
)
def test_a_mistake_in_a_rule_is_told_with_its_place(rule, path, words):
    with pytest.raises(SettingsError, match=words) as caught:
        loaded({"routing": {"rules": [rule]}})

    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path} (code): ")


@pytest.mark.parametrize("word", ["true", "1", "YES", " on "])
def test_the_environment_switches_privacy_on_whatever_else_says_otherwise(word):
    assert loaded({"enterprise_privacy": False}, {"LEGION_ENTERPRISE_PRIVACY": word}).enterprise_privacy


@pytest.mark.parametrize("word", ["", "false", "0", "no", "Off"])
def test_but_never_off(word):
    assert loaded({"enterprise_privacy": True}, {"LEGION_ENTERPRISE_PRIVACY": word}).enterprise_privacy
    assert not loaded({}, {"LEGION_ENTERPRISE_PRIVACY": word}).enterprise_privacy


def test_what_is_neither_yes_nor_no_is_refused():
    with pytest.raises(
        SettingsError, match="LEGION_ENTERPRISE_PRIVACY \\(environment\\): must be true or false, not 'maybe'"
    ):
        loaded({}, {"LEGION_ENTERPRISE_PRIVACY": "maybe"})

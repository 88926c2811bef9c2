"""What other programs keep, from their files to the candidates of an instance."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from legion_llm.adapters.providers.choose import choose_instances
from legion_llm.adapters.secrets import files
from legion_llm.adapters.secrets.resolvers import personal, resolvers_of
from legion_llm.adapters.secrets.source import InstanceSource
from legion_llm.adapters.settings import load_settings, usable_instances
from legion_llm.adapters.settings.credentials import Absent, resolve
from legion_llm.messages.secret import Secret
from legion_llm.messages.settings import CodexSettings, Settings, expand_instances


@pytest.fixture
def home(tmp_path):
    """Write files below a home: home(claude={...}, codex={...}); returns the environment."""

    def write(**content):
        places = {"claude": ".claude/settings.json", "state": ".claude.json", "codex": ".codex/auth.json"}
        for name, value in content.items():
            path = tmp_path / places[name]
            path.parent.mkdir(exist_ok=True)
            path.write_text(value if isinstance(value, str) else json.dumps(value))
        return {"HOME": str(tmp_path)}

    return write


def settings(**overrides):
    return personal(load_settings(overrides=overrides, environ={}))


def usable(given, environ):
    return [each.name for each in usable_instances(given, environ, resolvers_of(given, environ)).usable]


async def sources(given, environ, name="openai"):
    [instance] = [each for each in expand_instances(given) if each.name == name]
    found = await InstanceSource(instance, environ, resolvers_of(given, environ)).read()
    return [(each.value.reveal(), each.source) for each in found.candidates]


# -- off unless switched on


def test_a_host_reads_nothing_unless_it_is_told_to(home, login):
    environ = home(claude={"anthropicApiKey": "a"}, codex=login("t"))

    assert resolvers_of(Settings(), environ) == {}
    assert usable(Settings(), environ) == []


def test_a_person_who_starts_the_program_is_served_with_what_is_theirs(home, login):
    environ = home(claude={"anthropicApiKey": "a"}, codex=login("t"))

    assert usable(settings(), environ) == ["openai", "anthropic"]


def test_and_may_say_no(home, login):
    environ = home(claude={"anthropicApiKey": "a"}, codex=login("t"))

    assert usable(settings(claude_cli={"enabled": False}, codex={"enabled": False}), environ) == []


def test_each_can_be_switched_on_alone(home, login):
    environ = home(claude={"anthropicApiKey": "a"}, codex=login("t"))
    given = attrs.evolve(Settings(), codex=CodexSettings(enabled=True))

    assert usable(given, environ) == ["openai"]


# -- the last of all candidates


@pytest.mark.trio
async def test_they_come_after_the_settings_and_the_environment(home, login):
    environ = home(claude={"openaiApiKey": "from-claude"}, codex=login("token", OPENAI_API_KEY="key"))
    given = settings(providers={"openai": {"api_key": "own"}})

    assert await sources(given, {**environ, "OPENAI_API_KEY": "vendor"}) == [
        ("own", "providers.openai.api_key"),
        ("vendor", "OPENAI_API_KEY"),
        ("from-claude", "Claude's configuration"),
        ("token", "Codex's login"),
        ("key", "Codex's login"),
    ]


@pytest.mark.trio
async def test_they_are_not_for_another_host(home):
    environ = home(claude={"openaiApiKey": "from-claude"})
    given = settings(providers={"work": {"kind": "openai", "base_url": "https://elsewhere.example", "api_key": "own"}})

    assert await sources(given, environ, "work") == [("own", "providers.work.api_key")]


@pytest.mark.trio
async def test_bedrocks_token_is_among_amazons(home):
    environ = home(claude={"env": {"AWS_BEARER_TOKEN_BEDROCK": "t"}})

    assert await sources(settings(providers={"bedrock": {}}), environ, "bedrock") == [("t", "Claude's configuration")]


def test_they_may_be_named_in_the_settings(home):
    environ = home(codex={"OPENAI_API_KEY": "k"})
    known = resolvers_of(settings(), environ)

    assert resolve(["env://UNSET", "codex://key"], environ, known) == Secret("k")
    assert resolve("codex://token", environ, known) == Absent("Codex's login has no token")
    assert resolve("codex://key", environ) == Absent("unknown kind of reference")


# -- read anew


@pytest.mark.trio
async def test_what_changes_is_read_anew(home, login):
    environ = home(codex=login("old"))
    [instance] = expand_instances(settings(providers={"openai": {}}))
    source = InstanceSource(instance, environ, resolvers_of(settings(), environ))
    await source.read()

    home(codex=login("new"))

    assert [each.value.reveal() for each in (await source.read()).candidates] == ["new"]


@pytest.mark.trio
async def test_an_expiry_is_checked_at_each_use(home, login, jwt):
    now = [1000.0]
    environ = home(codex=login(jwt({"exp": 1060})))
    [instance] = expand_instances(settings(providers={"openai": {}}))
    codex = files.CodexFiles(CodexSettings(), Path(environ["HOME"]), lambda: now[0])
    source = InstanceSource(instance, environ, {"codex": codex}, wall_clock=lambda: now[0])

    before = await source.read()
    now[0] += before.due
    after = await source.read()

    assert (len(before.candidates), before.due) == (1, 60.0)
    assert after.candidates == ()
    assert "the token of Codex's login has expired" in after.reason


# -- files that are no good


@pytest.mark.parametrize(
    "content", ["", "nonsense", "[]", '{"anthropicApiKey": "env://ANTHROPIC_API_KEY"}', '{"anthropicApiKey": "a\\nb"}']
)
def test_what_cannot_be_used_switches_nothing_on(home, content):
    environ = home(claude=content, codex=content)

    assert usable(settings(), environ) == []


def test_a_file_that_is_absurdly_large_is_not_read(home, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 10)
    environ = home(claude={"anthropicApiKey": "a"})

    assert usable(settings(), environ) == []


def test_without_a_home_nothing_is_found():
    assert usable(settings(), {}) == []


# -- the model


def chosen(given, environ):
    return choose_instances(given, environ, demo_if_empty=False)


def test_a_preferred_model_is_the_default_if_somebody_serves_it(home):
    environ = home(claude={"anthropicApiKey": "a", "model": "claude-opus-4-6"})

    found = chosen(settings(providers={"anthropic": {}}), environ)

    assert found.default_model == "claude-opus-4-6"
    assert "model claude-opus-4-6 for requests that name none (from Claude's configuration)" in found.notes


@pytest.mark.parametrize(
    "more", [{"default_model": "gpt-4o"}, {"default_provider": "anthropic"}, {"claude_cli": {"enabled": False}}]
)
def test_the_settings_say_more_than_a_preference(home, more):
    environ = {**home(claude={"model": "claude-opus-4-6"}), "ANTHROPIC_API_KEY": "a"}

    assert chosen(settings(providers={"anthropic": {}}, **more), environ).default_model == more.get("default_model")


def test_without_anybody_who_serves_it_a_preference_is_none(home):
    environ = {**home(claude={"model": "claude-opus-4-6"}), "OPENAI_API_KEY": "k"}

    assert chosen(settings(providers={"openai": {}}), environ).default_model is None

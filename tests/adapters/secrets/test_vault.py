"""Secrets from a Vault on loopback, on a clock that the test moves."""

from __future__ import annotations

import hvac.exceptions
import pytest
import trio
from legion_llm.adapters.secrets import vault_client
from legion_llm.adapters.secrets.resolvers import resolvers_of, vault_of
from legion_llm.adapters.secrets.source import InstanceSource, vault_targets
from legion_llm.adapters.settings import load_settings, usable_instances
from legion_llm.adapters.settings.credentials import Absent
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import Settings, VaultSettings, expand_instances
from vault import FakeVault

pytestmark = pytest.mark.trio


@pytest.fixture
def fake():
    """A Vault that knows some secrets, and its address in `fake.url`."""
    vault = FakeVault()
    vault.values = {
        "secret/llm": {"key": "sk-v2", "number": 7},
        "old/llm": {"key": "sk-v1"},
        "team/deep/llm/eu": {"key": "sk-deep"},
    }
    with vault.server() as server:
        vault.url = server.url
        yield vault


class Desk:
    """Looks references up and passes the time."""

    def __init__(self, fake, environ, settings):
        self.now = 1000.0
        self.vault = vault_of(VaultSettings(**{"address": fake.url, **settings}), environ, lambda: self.now)

    async def value(self, target, **how):
        value = (await self.vault.read(target, **how)).value
        return value.reason if isinstance(value, Absent) else value.reveal()

    async def due(self, target):
        return (await self.vault.read(target)).due

    def passes(self, seconds):
        self.now += seconds


@pytest.fixture
def desk(fake):
    def make(environ=None, **settings):
        return Desk(fake, {"VAULT_TOKEN": "root"} if environ is None else environ, settings)

    return make


# -- values


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("secret/llm#key", "sk-v2"),
        ("secret/data/llm#key", "sk-v2"),
        ("old/llm#key", "sk-v1"),
        ("team/deep/llm/eu#key", "sk-deep"),
    ],
)
async def test_values_of_both_versions_are_read(desk, target, value):
    assert await desk().value(target) == value


@pytest.mark.parametrize("target", ["secret/llm#key", "secret/data/llm#key", "old/llm#key"])
async def test_also_where_the_policy_does_not_tell_what_is_mounted(desk, fake, target):
    fake.tells_mounts = False

    assert await desk().value(target) in {"sk-v1", "sk-v2"}


@pytest.mark.parametrize(("version", "target"), [("2", "secret/llm#key"), ("1", "old/llm#key")])
async def test_a_version_that_is_stated_is_not_asked_for(desk, fake, version, target):
    assert (await desk(kv_version=version).value(target)).startswith("sk-v")
    assert not [each for each in fake.asked if "mounts" in each]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("secret/llm#nothing", "no such field"),
        ("secret/llm#number", "holds no text"),
        ("secret/nothing#key", "InvalidPath"),
        ("secret/llm", "not followed by mount/path#field"),
        ("secret#key", "not followed by"),
        ("secret/../sys/seal#key", "not followed by"),
        ("secret/a b#key", "not followed by"),
        ("", "not followed by"),
    ],
)
async def test_what_is_not_there_is_a_reason(desk, target, reason):
    assert reason in await desk().value(target)


async def test_several_fields_of_one_path_are_one_read(desk, fake):
    fake.values["secret/llm"] = {"a": "1", "b": "2"}
    there = desk()

    assert [await there.value(f"secret/llm#{field}") for field in "ab"] == ["1", "2"]
    assert fake.count("GET secret/data/llm") == 1


async def test_a_value_is_due_again_after_the_refresh_time_and_read_anew_then(desk, fake):
    there = desk(refresh_seconds=300)
    before = await there.value("secret/llm#key"), await there.due("secret/llm#key")

    fake.values["secret/llm"]["key"] = "rotated"
    there.passes(300)

    assert before == ("sk-v2", 300)
    assert await there.value("secret/llm#key") == "rotated"


async def test_a_namespace_is_named(desk, fake):
    fake.namespace = "team-a"

    assert await desk(namespace="team-a").value("secret/llm#key") == "sk-v2"
    assert await desk({"VAULT_TOKEN": "root", "VAULT_NAMESPACE": "team-a"}).value("secret/llm#key") == "sk-v2"
    assert await desk().value("secret/llm#key") != "sk-v2"


# -- logging in


async def test_a_token_of_the_settings_comes_before_the_environments(desk, fake):
    fake.tokens = {"mine": (0, False)}

    assert await desk(token="mine").value("secret/llm#key") == "sk-v2"
    assert await desk().value("secret/llm#key") == "Vault: permission denied"


async def test_without_a_token_nothing_is_asked(desk, fake):
    assert await desk({}).value("secret/llm#key") == ("Vault: vault.token: environment variable VAULT_TOKEN is not set")
    assert fake.asked == []


async def test_a_role_logs_in(desk, fake):
    fake.roles["app"] = "s3cret"

    assert await desk(role_id="app", secret_id="s3cret").value("secret/llm#key") == "sk-v2"
    assert await desk(role_id="app", secret_id="wrong").value("secret/llm#key") == "Vault: invalid role or secret ID"


async def test_a_role_may_need_no_secret(desk, fake):
    fake.roles["app"] = None

    assert await desk(role_id="app").value("secret/llm#key") == "sk-v2"


async def test_a_token_is_renewed_before_it_expires(desk, fake):
    fake.roles["app"] = None
    there = desk(role_id="app")
    due = await there.due("secret/llm#key")

    there.passes(450)
    await there.value("secret/llm#key")

    assert due == 300
    assert (fake.count("POST auth/token/renew-self"), fake.logins) == (1, 1)


async def test_a_value_is_due_no_later_than_its_token(desk, fake):
    fake.role_token_seconds, fake.roles["app"] = 60, None

    assert await desk(role_id="app").due("secret/llm#key") == 40


async def test_after_a_token_has_expired_the_role_logs_in_again(desk, fake):
    fake.roles["app"] = None
    there = desk(role_id="app")
    await there.value("secret/llm#key")

    fake.tokens.clear()
    there.passes(700)

    assert await there.value("secret/llm#key") == "sk-v2"
    assert fake.logins == 2


async def test_a_token_that_was_revoked_early_is_replaced_by_another_login(desk, fake):
    fake.roles["app"] = None
    there = desk(role_id="app")
    await there.value("secret/llm#key")

    fake.tokens.clear()
    there.passes(10)

    assert await there.value("secret/llm#key") == "sk-v2"


async def test_a_token_that_can_hardly_be_renewed_any_more_is_replaced(desk, fake):
    fake.roles["app"] = None
    there = desk(role_id="app")
    await there.value("secret/llm#key")

    fake.tokens = {"hvs.app.1": (1, True)}
    there.passes(450)
    await there.value("secret/llm#key")

    assert fake.logins == 2


async def test_a_token_that_may_not_look_itself_up_is_used_all_the_same(desk, fake):
    fake.tells_tokens = False

    assert await desk().value("secret/llm#key") == "sk-v2"


async def test_a_token_that_changes_in_the_environment_is_taken_up(desk, fake):
    environ = {"VAULT_TOKEN": "root"}
    there = desk(environ)
    await there.value("secret/llm#key")

    fake.tokens, environ["VAULT_TOKEN"] = {"next": (0, False)}, "next"
    there.passes(400)

    assert await there.value("secret/llm#key") == "sk-v2"


# -- leases

MADE = "database/creds/llm#password"


async def test_what_is_made_for_us_is_kept_as_long_as_its_lease_is_young(desk, fake):
    there = desk()
    values = [await there.value(MADE)]

    there.passes(190)
    values.append(await there.value(MADE))

    assert (values, fake.made, await there.due(MADE)) == (["p1", "p1"], 1, 10)


async def test_a_lease_is_renewed_and_its_secret_stays(desk, fake):
    there = desk()
    await there.value(MADE)

    for _ in range(5):
        there.passes(210)
        assert await there.value(MADE) == "p1"

    assert (fake.made, fake.count("PUT sys/leases/renew")) == (1, 5)


async def test_a_lease_whose_longest_time_is_nearly_over_gives_way_to_a_new_secret(desk, fake):
    there = desk()
    await there.value(MADE)

    fake.renewed_seconds = 50
    there.passes(210)

    assert await there.value(MADE) == "p2"


async def test_a_lease_that_was_revoked_gives_way_too(desk, fake):
    there = desk()
    await there.value(MADE)

    fake.leases.clear()
    there.passes(210)

    assert await there.value(MADE) == "p2"


async def test_a_secret_that_its_provider_refuses_is_made_anew_but_not_for_each_refusal(desk, fake):
    there = desk()
    await there.value(MADE)

    there.passes(5)
    young = await there.value(MADE, distrust=True)
    there.passes(60)
    old = await there.value(MADE, distrust=True)

    assert (young, old, fake.made) == ("p1", "p2", 2)


# -- Vault is away


@pytest.mark.parametrize(("fault", "reason"), [("sealed", "Vault is sealed"), ("nonsense", "not a JSON object")])
async def test_a_vault_that_is_ill_is_a_reason(desk, fake, fault, reason):
    fake.fault = fault

    assert reason in await desk().value("secret/llm#key")


async def test_a_vault_that_never_answers_costs_its_time_limit(desk, fake):
    fake.fault = "hang"

    with trio.fail_after(10):
        assert "no answer" in await desk(timeout_seconds=0.1).value("secret/llm#key")


async def test_a_vault_that_is_not_there_is_a_reason(desk):
    assert await desk(address="http://127.0.0.1:1").value("secret/llm#key") == "Vault: no connection"


async def test_while_it_is_away_what_is_known_stands(desk, fake):
    there = desk()
    await there.value("secret/llm#key")

    fake.fault = "sealed"
    there.passes(3600)

    assert (await there.value("secret/llm#key"), await there.due("secret/llm#key")) == ("sk-v2", 15.0)


async def test_what_is_under_a_lease_stands_no_longer_than_that(desk, fake):
    there = desk()
    await there.value(MADE)

    fake.fault = "sealed"
    there.passes(250)
    within = await there.value(MADE)
    there.passes(51)

    assert (within, await there.value(MADE)) == ("p1", "Vault: Vault is sealed")


async def test_what_is_forbidden_by_now_does_not_stand(desk, fake):
    there = desk()
    await there.value("secret/llm#key")

    fake.tokens.clear()
    there.passes(10)

    assert await there.value("secret/llm#key") == "Vault: permission denied"


# -- the library


async def test_every_exception_of_the_library_has_its_row():
    own = [each for each in vars(hvac.exceptions).values() if isinstance(each, type) and issubclass(each, Exception)]

    assert set(own) <= set(vault_client.TROUBLES)


async def test_nothing_shows_a_secret(desk, fake):
    fake.roles["planted-role"] = "planted-secret"
    there = desk(role_id="planted-role", secret_id="planted-secret")
    fake.values["secret/llm"]["key"] = "planted-key"

    reading = await there.vault.read("secret/llm#key")

    assert "planted" not in repr(reading) + repr(there.vault) + repr(vars(there.vault))


# -- as the source of a credential


def openai(**block):
    settings = load_settings(overrides={"providers": {"openai": block}}, environ={})
    return next(each for each in expand_instances(settings) if each.name == "openai")


async def candidates(instance, environ, vault):
    source = InstanceSource(instance, environ, vault=vault)
    return await source.read()


async def test_a_reference_to_it_is_a_candidate_in_its_place(desk):
    there = desk()
    instance = openai(api_key=["env://UNSET", ["vault://secret/llm#key", "literal"]])

    found = await candidates(instance, {"OPENAI_API_KEY": "vendor"}, there.vault)

    assert [(each.value.reveal(), each.source) for each in found.candidates] == [
        ("sk-v2", "providers.openai.api_key (vault://)"),
        ("literal", "providers.openai.api_key"),
        ("vendor", "OPENAI_API_KEY"),
    ]
    assert found.due == 300


async def test_a_value_that_no_header_can_carry_is_none(desk, fake):
    fake.values["secret/llm"]["key"] = "a\nb"

    found = await candidates(openai(api_key="vault://secret/llm#key"), {}, desk().vault)

    assert found.candidates == ()
    assert "what vault:// yields holds a character that a header cannot carry" in found.reason


async def test_only_references_to_it_are_looked_up():
    instance = openai(api_key=["lease://a/b#c", "vault://a/b#c", "env://X", "vault://d/e#f", "plain"])

    assert vault_targets(instance) == ("a/b#c", "d/e#f")


# -- whether there is one


def usable(settings, environ):
    found = usable_instances(settings, environ, resolvers_of(settings, environ))
    return [each.name for each in found.usable], {each.name: each.reason for each in found.skipped}


def settings_with(**block):
    return load_settings(overrides={"providers": {"openai": block}}, environ={})


async def test_an_instance_whose_key_may_yet_come_is_used():
    names, _ = usable(settings_with(api_key="vault://secret/llm#key"), {"VAULT_ADDR": "http://127.0.0.1:8200"})

    assert names == ["openai"]


async def test_without_an_address_there_is_no_vault():
    names, reasons = usable(settings_with(api_key="vault://secret/llm#key"), {})

    assert (names, "vault is not configured" in reasons["openai"]) == ([], True)
    assert vault_of(Settings().vault, {}) is None


async def test_without_the_library_the_reason_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    environ = {"VAULT_ADDR": "http://127.0.0.1:8200"}

    _, reasons = usable(settings_with(api_key="vault://secret/llm#key"), environ)

    assert "pip install legion-llm[vault]" in reasons["openai"]
    assert vault_of(Settings().vault, environ) is None


async def test_a_header_cannot_wait_for_it():
    _, reasons = usable(
        settings_with(api_key="k", headers={"X-Key": "vault://a/b#c"}), {"VAULT_ADDR": "http://127.0.0.1:8200"}
    )

    assert reasons["openai"] == "header X-Key: vault:// is for credentials alone"


async def test_an_address_that_is_none_is_an_error():
    with pytest.raises(SettingsError, match="must be an http"):
        vault_of(Settings().vault, {"VAULT_ADDR": "vault:8200"})

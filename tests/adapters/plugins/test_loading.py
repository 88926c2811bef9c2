"""Plug-ins are found, and it is said what is wrong with them."""

from __future__ import annotations

import threading

import legion_llm
import pytest
from legion_llm.adapters.plugins.guarded import GuardedProvider
from legion_llm.adapters.plugins.loading import installed, load_plugin
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.credentials import Credential
from legion_llm.messages.errors import ProviderError, SettingsError, UnsupportedCapability
from legion_llm.messages.secret import Secret
from legion_llm.messages.settings import expand_instances

GOOD = """
protocol = 1
class Quiet:
    async def chat(self, request, model): raise ZeroDivisionError("a bug")
    async def stream(self, request, model, sink): return "no response"
    async def aclose(self): pass
def build(context): return Quiet()
"""
BROKEN = {
    "no_import": (
        "import no_such_library\n",
        "cannot be imported: ModuleNotFoundError: No module named 'no_such_library'",
    ),
    "a_bug": ("1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero"),
    "no_protocol": ("def build(context): ...\n", "does not say which protocol it speaks"),
    "newer": ("protocol = 2\ndef build(context): ...\n", "speaks protocol 2, and this gateway speaks 1"),
    "no_build": ("protocol = 1\n", r"has no build\(context\)"),
    "bad_build": ("protocol = 1\ndef build(context): return 1 / 0\n", "cannot build a provider: ZeroDivisionError"),
    "no_methods": (
        "protocol = 1\ndef build(context): return object()\n",
        "no async method chat and no stream and no aclose",
    ),
}


def settings(**providers):
    return load_settings(overrides={"providers": providers}, environ={})


def test_installed_plugins_are_known_by_name(shouting):
    assert shouting in installed()
    assert load_plugin(shouting).protocol == 1


def test_a_block_that_names_a_plugin_needs_no_kind(shouting):
    [instance] = expand_instances(settings(acme={"plugin": shouting, "options": {"mark": None}}))

    assert (instance.kind, instance.tier, instance.base_url) == ("plugin", "openai_compat", None)
    assert instance.options == {"mark": None}


@pytest.mark.parametrize(
    ("block", "path"),
    [({"kind": "plugin"}, "providers.acme.plugin"), ({"kind": "openai", "plugin": "x"}, "providers.acme.plugin")],
)
def test_kind_and_plugin_must_fit(block, path):
    with pytest.raises(SettingsError) as caught:
        settings(acme=block)

    assert caught.value.path == path


def test_a_plugin_that_is_not_installed_says_which_are(shouting):
    with pytest.raises(SettingsError, match=r"no plug-in 'acme' is installed .* there are: .*shouting"):
        load_plugin("acme")


def test_two_packages_with_plugins_of_one_name_are_told_apart(install):
    install("one", {"same": "one_module"}, one_module=GOOD)
    install("two", {"same": "two_module"}, two_module=GOOD)

    with pytest.raises(SettingsError, match="several packages bring a plug-in 'same'"):
        load_plugin("same")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_left_out_with_a_note_and_the_others_work(install, shouting, name):
    source, words = BROKEN[name]
    install(name, {name: name}, **{name: source})
    providers = {"broken": {"plugin": name}, "loud": {"plugin": shouting}, "demo": {}}

    with legion_llm.start({"providers": providers}, environ={}) as legion:
        assert legion.chat("hello", model="loud/loud").get(5).text == "HELLO!"
        shown = {each.name: each for each in legion.providers().get(5)}

        assert [line for line in legion.notes if "not used: broken" in line]
        assert shown["broken"].stage == "configured"
        with pytest.raises(AssertionError, match=words):
            raise AssertionError(shown["broken"].reason)


@pytest.mark.parametrize(("stream", "words"), [(False, "raised ZeroDivisionError: a bug"), (True, "returned a str")])
def test_a_bug_in_a_plugin_is_an_error_of_its_provider_and_of_nobody_else(install, stream, words):
    install("quiet", {"quiet": "quiet_module"}, quiet_module=GOOD)
    providers = {"quiet": {"plugin": "quiet", "models": ["m"]}, "demo": {}}
    unasked = {"routing": {"retries": {"backoff_initial": 0.001, "patience_seconds": 0}}}

    with legion_llm.start({"providers": providers, **unasked}, environ={}) as legion:
        for _ in range(3):
            with pytest.raises(ProviderError, match=words):
                list(legion.stream("hi", model="quiet/m")) if stream else legion.chat("hi", model="quiet/m").get(5)

        assert legion.chat("hi", model="demo").get(5).text


def test_a_plugin_may_be_named_by_its_place(install):
    install("nothing", {}, placed="class Holder:\n    protocol = 1\n    build = None\nPLUGIN = Holder\n")

    with pytest.raises(SettingsError, match=r"plug-in 'placed:PLUGIN' has no build"):
        load_plugin("placed:PLUGIN")


KEYED = """
from legion_llm.messages.chat import ChatMessage, Response, StopReason
protocol = 1
class Keyed:
    def __init__(self, key): self.key, self.closed = key, 0
    async def chat(self, request, model):
        said = ChatMessage(role="assistant", content=self.key)
        return Response(message=said, model=model, stop_reason=StopReason.END_TURN)
    async def stream(self, request, model, sink): return await self.chat(request, model)
    async def aclose(self): self.closed += 1
def build(context): return Keyed("none" if context.api_key is None else context.api_key.reveal())
"""


@pytest.mark.trio
async def test_a_new_key_is_shown_by_a_new_provider_and_all_are_closed(install):
    install("keyed", {"keyed": "keyed_module"}, keyed_module=KEYED)
    [instance] = expand_instances(settings(acme={"plugin": "keyed", "api_key": "k-1"}))
    hello = Request(messages=(ChatMessage(content="hi"),))
    provider = GuardedProvider(instance, {}, None, wall_clock=lambda: 1700000000.5)
    first = provider._provider

    lacked = provider.lacks_credential
    provider.use(Credential(value=Secret("k-2")))
    answer = await provider.chat(hello, "m")
    await provider.aclose()

    assert (lacked, provider.lacks_credential, answer.text, answer.created) == (True, False, "k-2", 1700000000)
    assert first.closed == provider._provider.closed == 1


def test_the_key_of_the_settings_reaches_the_plugin_and_its_models_are_listed(install, shouting):
    install("keyed", {"keyed": "keyed_module"}, keyed_module=KEYED)
    providers = {"keyed": {"plugin": "keyed", "api_key": "env://ACME", "models": ["m"]}, "loud": {"plugin": shouting}}

    with legion_llm.start({"providers": providers}, environ={"ACME": "k-1"}) as legion:
        assert legion.chat("hi", model="m").get(5).text == "k-1"
        arrived = threading.Event()
        while not any("loud: 1 model" in note for note in legion.notes):
            arrived.wait(0.01)
        assert ("loud", "loud") in [(each.id, each.provider) for each in legion.models().get(5)]


SKILLED = """
from legion_llm.messages.embedding import EmbedAnswer
protocol = 1
class Skilled:
    async def chat(self, request, model): return None
    async def stream(self, request, model, sink): return None
    async def embed(self, batch, model): return EmbedAnswer(vectors=tuple([(1.0, float(len(each))) for each in batch.inputs]))
    async def count_tokens(self, request, model): return 42
    async def aclose(self): pass
def build(context): return Skilled()
"""


def test_a_plugin_may_make_vectors_and_count_tokens(install):
    install("skilled", {"skilled": "skilled_module"}, skilled_module=SKILLED)

    with legion_llm.start({"providers": {"acme": {"plugin": "skilled", "models": ["m"]}}}, environ={}) as legion:
        assert legion.embed(["a", "bbb"], model="acme/m").get(5).vectors == ((1.0, 1.0), (1.0, 3.0))
        counted = legion.count_tokens("hi", model="m").get(5)

    assert (counted.input_tokens, counted.source) == (42, "provider")


def test_one_that_cannot_says_so(shouting):
    with legion_llm.start({"providers": {"loud": {"plugin": shouting, "models": ["loud"]}}}, environ={}) as legion:
        with pytest.raises(UnsupportedCapability, match="loud makes no embeddings"):
            legion.embed("a", model="loud/loud").get(5)

        assert legion.count_tokens("hi", model="loud").get(5).source == "estimated"

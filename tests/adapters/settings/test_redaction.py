from __future__ import annotations

import subprocess
import sys

import orjson
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.settings import load_settings, redacted
from legion_llm.messages.settings import Settings, expand_instances

# Characters that appear in no key, default or mask, so that finding the secret means that it leaked.
planted_secrets = st.text(alphabet="QXZJ", min_size=4, max_size=30)
secret_names = st.sampled_from(["Authorization", "X-Api-Key", "Cookie", "x-auth-token", "Proxy-Secret"])
plain_references = st.sampled_from(["env://SOME_NAME", "", "vault://a/b#c"])


def block_with(secret, name, reference):
    return {
        "api_key": [reference, [secret]],
        "headers": {name: f"Bearer {secret}"},
        "extra_body": {"nested": [{name: {"deep": secret}}], "max_tokens": 5},
        "instances": {"eu": {"api_key": secret}, "us": {"headers": {"Authorization": secret}}},
    }


@given(secret=planted_secrets, name=secret_names, reference=plain_references)
def test_what_is_shown_never_holds_the_secret(secret, name, reference):
    settings = load_settings(overrides={"providers": {"openai": block_with(secret, name, reference)}}, environ={})

    shown = orjson.dumps(redacted(settings)).decode()
    instances = [orjson.dumps(redacted(instance)).decode() for instance in expand_instances(settings)]

    assert all(secret not in text for text in [shown, repr(settings), *instances])


def test_what_is_no_secret_is_shown():
    block = {"api_key": ["env://MY_KEY", "sk-plain"], "headers": {"X-Title": "app", "Cookie": "c"}, "max_queue": 3}
    settings = load_settings(overrides={"providers": {"openai": block}}, environ={})

    shown = redacted(settings)["providers"]["openai"]

    assert shown["api_key"] == ["env://MY_KEY", "***"]
    assert shown["headers"] == {"X-Title": "app", "Cookie": "***"}
    assert shown["max_queue"] == 3


def test_settings_without_secrets_can_be_shown_and_loaded_again():
    settings = load_settings(
        overrides={"providers": {"vllm": {"api_key": "env://K", "instances": {"a": {"max_queue": 1}}}}}, environ={}
    )

    assert load_settings(overrides=redacted(settings), environ={}) == settings
    assert load_settings(overrides=redacted(Settings()), environ={}) == Settings()


def test_importing_the_settings_loads_no_network_library():
    program = (
        "import sys, legion_llm; before = set(sys.modules); import legion_llm.adapters.settings;"
        "heavy = {'httpx', 'trio', 'starlette', 'uvicorn', 'ssl', 'asyncio'};"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"


def test_keys_of_the_api_are_masked_and_references_shown():
    settings = load_settings(overrides={"api": {"keys": {"ann": "plain-key", "bob": "env://BOB_KEY"}}}, environ={})

    keys = redacted(settings)["api"]["keys"]
    assert (keys["ann"]["key"], keys["bob"]["key"]) == ("***", "env://BOB_KEY")

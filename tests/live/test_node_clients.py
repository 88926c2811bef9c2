"""The clients that JavaScript programs use, against the running server and the demo model, with a key."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from legion_llm.adapters.serving import start_gateway
from legion_llm.adapters.settings import load_settings

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

SCRIPTS = Path(__file__).parent / "node"
# Where `make clients` puts them.
INSTALLED = Path(__file__).parents[2] / ".venv" / "node"


@pytest.fixture(scope="module")
def node(unless, tmp_path_factory):
    """Runs a script beside the installed packages and returns what it saw."""
    if shutil.which("node") is None:
        unless("node is not installed")
    wanted = json.loads((SCRIPTS / "package.json").read_text())["dependencies"]
    if not all((INSTALLED / "node_modules" / name).exists() for name in wanted):
        unless("the npm clients are not installed: make clients")

    def run(script, *args):
        # Modules are found beside the script, so it is run from where they are.
        copy = INSTALLED / script
        shutil.copyfile(SCRIPTS / script, copy)
        done = subprocess.run(["node", str(copy), *args], capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])  # before it some print warnings

    return run


@pytest.fixture(scope="module")
def gateway():
    given = {"providers": {"demo": {}}, "api": {"port": 0, "keys": {"ann": "sk-of-ann"}}}
    with start_gateway(load_settings(overrides=given, environ={}), environ={}) as legion:
        yield legion


def test_the_openai_client(node, gateway):
    seen = node("openai.mjs", gateway.url, "sk-of-ann", "demo")

    assert "Say it back." in seen["chat"]["choices"][0]["message"]["content"]
    assert seen["streamed"] == seen["chat"]["choices"][0]["message"]["content"]
    assert seen["streamedUsage"]["total_tokens"] > 0
    for call in (seen["call"], seen["streamedCall"]):
        assert (call["finish_reason"], call["message"]["tool_calls"][0]["function"]["name"]) == (
            "tool_calls",
            "weather",
        )
    assert set(seen["structured"]) == {"city"}
    assert seen["response"] == seen["streamed"]
    assert (seen["responseEvents"][0], seen["responseEvents"][-1]) == ("response.created", "response.completed")
    assert len(seen["vector"]) == 2
    assert seen["vector"][0] == seen["vector"][1] > 0
    assert seen["models"]
    assert seen["refused"] == {"name": "BadRequestError", "status": 400, "param": "messages", "id": True}


def test_the_anthropic_client(node, gateway):
    seen = node("anthropic.mjs", gateway.url, "sk-of-ann")

    assert "Say it back." in seen["message"]["content"][0]["text"]
    assert (seen["message"]["stop_reason"], seen["final"]["stop_reason"]) == ("end_turn", "end_turn")
    assert seen["streamed"] == seen["message"]["content"][0]["text"]
    for call in (seen["call"], seen["streamedCall"]):
        assert call["stop_reason"] == "tool_use"
        assert [block["name"] for block in call["content"] if block["type"] == "tool_use"] == ["weather"]
    assert seen["afterResult"]["stop_reason"] == "end_turn"
    assert seen["count"] > 0
    assert seen["models"]
    assert seen["refused"] == {"name": "BadRequestError", "status": 400, "type": "invalid_request_error"}


def test_the_ollama_client(node, gateway):
    seen = node("ollama.mjs", gateway.url, "sk-of-ann")

    assert "Say it back." in seen["chat"]["message"]["content"]
    assert seen["streamed"] == seen["chat"]["message"]["content"] == seen["generated"]["response"]
    assert (seen["last"]["done"], seen["last"]["done_reason"]) == (True, "stop")
    assert seen["call"]["message"]["tool_calls"][0]["function"]["name"] == "weather"
    assert "Sunny." in seen["afterResult"]["message"]["content"]
    assert (seen["vectors"], "demo:latest" in seen["models"], "tools" in seen["capabilities"]) == (2, True, True)
    assert seen["refused"]["status"] == 403
    assert "at the Ollama server" in seen["refused"]["message"]


@pytest.mark.parametrize("api", ["chat", "responses", "messages"])
def test_the_ai_sdk(ai_sdk, api):
    seen = ai_sdk[api]

    assert "Say it back." in seen["text"]
    assert (seen["streamed"], seen["finish"]) == (seen["text"], "stop")
    assert seen["usage"]["inputTokens"] > 0
    assert seen["usage"]["outputTokens"] > 0
    # With the responses API it names its earlier answers instead of sending them again.
    assert "And this." in seen["followed"]
    assert seen["steps"][0] == ["weather"]
    assert "Sunny." in seen["results"]


@pytest.fixture(scope="module")
def ai_sdk(node, gateway):
    return node("ai.mjs", gateway.url, "sk-of-ann")

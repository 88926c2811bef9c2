"""The whole house on loopback: gateways in front of scripted upstreams."""

from __future__ import annotations

import contextlib

import legion_llm
import pytest
from legion_llm.adapters.serving import start_gateway
from legion_llm.adapters.settings import load_settings
from upstream import openai_upstream

# Short limits: what hangs on purpose must be noticed while a test waits for it.
TIMEOUTS = {"connect": 0.5, "first_byte": 0.5, "first_content": 0.5, "gap": 0.5}


# Upstreams answer what a test asks, and count it; credentials are tried in tests of their own.
UNTRIED = {"enabled": False}


def provider(server, **more):
    """Settings of one OpenAI-compatible provider at a loopback server."""
    return {
        "kind": "openai_compat",
        "base_url": f"{server.url}/v1",
        "models": ["m-1"],
        "default_model": "m-1",
        "timeouts": TIMEOUTS,
        **more,
    }


# Whoever waits between attempts, waits for no longer than a test may.
IMPATIENT = {"retries": {"backoff_initial": 0.001, "backoff_max": 0.001, "patience_seconds": 0}}


def settings(providers, **more):
    given = {"providers": providers, "routing": IMPATIENT, "verification": UNTRIED, **more}
    return load_settings(overrides=given, environ={})


@pytest.fixture
def embedded():
    """Starts gateways inside the test's process: embedded({"name": provider(server)}, **settings)."""
    with contextlib.ExitStack() as stack:

        def start(providers, **more):
            return stack.enter_context(legion_llm.start(settings(providers, **more), environ={}))

        yield start


@pytest.fixture
def serving():
    """Starts gateways with an HTTP API on a port of their own."""
    with contextlib.ExitStack() as stack:

        def start(providers, **more):
            given = settings(providers, **{"api": {"port": 0}, **more})
            return stack.enter_context(start_gateway(given, environ={}))

        yield start


@pytest.fixture
def upstream():
    """A well-behaved OpenAI server."""
    with openai_upstream() as server:
        yield server


@pytest.fixture
def make_settings():
    return settings


@pytest.fixture
def make_provider():
    return provider

"""The command line in this process, with a home of its own and nothing in its environment."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner
from legion_llm.adapters.cli.main import cli


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("LEGION_LLM", "OPENAI_", "CODEX_", "VLLM_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def run():
    """Run a command; returns click's result with `exit_code`, `stdout` and `stderr`."""

    def invoke(*args, env=None):
        return CliRunner(env=env).invoke(cli, args, prog_name="legion-llm")

    return invoke


@pytest.fixture
def config_file(tmp_path):
    """Write a settings file."""

    def write(settings):
        path = tmp_path / "settings.json"
        path.write_text(settings if isinstance(settings, str) else json.dumps(settings))
        return str(path)

    return write

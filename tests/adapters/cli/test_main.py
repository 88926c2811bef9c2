"""What every command has in common: help, version, and what becomes of errors."""

from __future__ import annotations

import subprocess
import sys

import click
import legion_llm
import pytest
from click.testing import CliRunner
from legion_llm.adapters.cli.complaint import HINTS, ComplainingGroup
from legion_llm.messages import errors

LIGHT = """
import sys
from legion_llm.adapters.cli.main import main
sys.argv = ["legion-llm", *{args!r}]
try:
    main()
finally:
    heavy = {{"httpx", "uvicorn", "starlette", "httptools", "orjson", "cattrs", "uvloop", "openai"}}
    print("loaded:", sorted(heavy & set(sys.modules)))
"""


@pytest.fixture
def failing():
    """A command line whose only command fails with an error."""

    def invoke(error):
        @click.group(cls=ComplainingGroup)
        def group():
            pass

        @group.command()
        def fail():
            raise error

        return CliRunner().invoke(group, ["fail"])

    return invoke


def _caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "args", [["--help"], ["--version"], ["serve", "--help"], ["chat", "-h"], ["config", "check", "-h"]]
)
def test_help_waits_for_no_heavy_import(args):
    result = subprocess.run(
        [sys.executable, "-c", LIGHT.format(args=args)], capture_output=True, text=True, check=False, cwd="/"
    )

    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "loaded: []")


@pytest.mark.parametrize("args", [[], ["serve"], ["chat"], ["config"], ["config", "check"]])
def test_help_shows_examples_or_commands(run, args):
    result = run(*args, "--help")

    assert result.exit_code == 0
    assert "Examples:\n" in result.output or "Commands:\n" in result.output


def test_the_version_is_the_package_s(run):
    result = run("--version")

    assert result.stdout == f"legion-llm, version {legion_llm.__version__}\n"


def test_an_error_is_one_line_with_a_hint_and_exit_code_1(failing):
    result = failing(errors.ProviderDown("http://localhost:1 refused the connection"))

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: http://localhost:1 refused the connection (check that its server runs and that its base_url is right)\n"
    )


def test_wrong_settings_have_exit_code_2_and_a_line_for_each(failing):
    result = failing(errors.SettingsError("a: wrong\nb: wrong, too"))

    first, second = result.stderr.splitlines()
    assert (result.exit_code, first) == (2, "error: a: wrong")
    assert second.startswith("error: b: wrong, too (correct it")


def test_a_failed_start_is_told_by_its_cause(failing):
    inner = errors.StartFailed("port 1 is in use: choose another with --port")

    result = failing(_caused(errors.StartFailed("'http api' could not start"), inner))

    assert (result.exit_code, result.stderr) == (1, "error: port 1 is in use: choose another with --port\n")


def test_a_start_that_failed_by_wrong_settings_has_exit_code_2(failing):
    result = failing(_caused(errors.StartFailed("not started"), errors.SettingsError("api.host: wrong")))

    assert (result.exit_code, result.stderr.startswith("error: api.host: wrong")) == (2, True)


def test_an_error_of_a_finer_class_gets_the_hint_of_the_next_one_that_has_one(failing):
    class Finer(errors.AuthError):
        """Stands for an error that has no hint of its own."""

    result = failing(Finer("rejected"))

    assert HINTS[errors.AuthError] in result.stderr


def test_an_error_without_a_text_still_says_something(failing):
    result = failing(errors.LegionError())

    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize("args", [["serve", "--port", "70000"], ["serve", "--nope"], ["chat"], ["nope"]])
def test_wrong_usage_has_exit_code_2(run, args):
    result = run(*args)

    assert (result.exit_code, "Usage:" in result.stderr) == (2, True)


@pytest.mark.parametrize("command", ["inspect", "trace", "events"])
def test_who_asks_for_a_debug_port_that_is_not_set_is_told_how_to_open_one(run, command):
    result = run(command)

    assert result.exit_code == 2
    assert (
        "debug.address; a gateway opens none unless that is set, to tcp://127.0.0.1:4568 for example" in result.stderr
    )

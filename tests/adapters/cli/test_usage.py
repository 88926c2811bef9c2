"""`legion-llm usage` and `legion-llm store`, on a file that a gateway wrote."""

from __future__ import annotations

import csv
import io
import json

import legion_llm
import pytest


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data" / "llm.db"


@pytest.fixture
def written(file):
    """The file after three questions to the demo model."""
    settings = {"providers": {"demo": {}}, "store": {"path": str(file)}}
    with legion_llm.start(settings, environ={}) as legion:
        for text in ("one", "two", "three"):
            legion.chat(text, model="demo").get(timeout=10)
    return file


def test_sums_are_shown_as_a_table(run, written):
    result = run("usage", "--store", str(written))

    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert lines[0].split() == [
        "model",
        "attempts",
        "failed",
        "input",
        "cached",
        "output",
        "reasoning",
        "cost",
        "USD",
        "s/attempt",
    ]
    assert lines[1].split()[:3] == ["demo", "3", "0"]


def test_several_groups_have_a_total(run, written):
    result = run("usage", "--store", str(written), "--by", "request,model")

    lines = result.output.splitlines()
    assert len(lines) == 5
    assert lines[-1].split()[:2] == ["total", "3"]


def test_sums_can_be_had_as_csv_and_json(run, written):
    table = run("usage", "--store", str(written), "--by", "model,day", "--format", "csv")
    value = run("usage", "--store", str(written), "--format", "json")

    (row,) = csv.DictReader(io.StringIO(table.output))
    assert (row["model"], row["attempts"]) == ("demo", "3")
    assert json.loads(value.output)["rows"][0]["attempts"] == 3
    assert json.loads(value.output)["total"]["succeeded"] == 3


def test_every_attempt_can_be_had(run, written):
    lines = run("usage", "--store", str(written), "--rows", "--format", "json").output.splitlines()
    table = run("usage", "--store", str(written), "--rows", "--format", "csv").output

    assert [json.loads(line)["outcome"] for line in lines] == ["success"] * 3
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in lines]


def test_a_time_in_which_nothing_was_used_says_so(run, written):
    result = run("usage", "--store", str(written), "--until", "2020-01-01")

    assert result.output == "nothing was used in that time\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--by", "modle"), "did you mean 'model'?"),
        (("--since", "yesterday-ish"), 'say "7d"'),
        (("--since", "2026-02-01", "--until", "2026-01-01"), "until must come after since"),
        (("--rows",), "add --format"),
    ],
)
def test_a_wrong_argument_is_told(run, written, arguments, told):
    result = run("usage", "--store", str(written), *arguments)

    assert result.exit_code != 0
    assert told in result.output


def test_a_file_that_is_not_there_is_named_and_not_made(run, file):
    result = run("usage", "--store", str(file))

    assert result.exit_code == 1
    assert f"{file}: there is no such file" in result.output
    assert not file.exists()


def test_a_gateway_that_is_running_does_not_mind(run, file):
    settings = {"providers": {"demo": {}}, "store": {"path": str(file)}}
    with legion_llm.start(settings, environ={}) as legion:
        legion.chat("one", model="demo").get(timeout=10)
        legion.usage().get(timeout=10)  # by now it is written

        result = run("usage", "--store", str(file))
        check = run("store", "check", "--store", str(file))

    assert result.output.splitlines()[1].split()[:2] == ["demo", "1"]
    assert check.output.endswith("ok\n")


def test_a_sound_file_is_called_so(run, written):
    result = run("store", "check", "--store", str(written))

    assert result.exit_code == 0
    assert result.output.startswith(f"store   {written} (")
    assert "3 ledger" in result.output
    assert result.output.endswith("ok\n")


def test_a_damaged_file_is_told_with_what_to_do(run, written):
    with written.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)

    result = run("store", "check", "--store", str(written))

    assert result.exit_code == 1
    assert f"error: {written}: " in result.output
    assert "put a backup in its place" in result.output


def test_migrating_makes_the_file_and_then_has_nothing_to_do(run, file):
    first, second = run("store", "migrate", "--store", str(file)), run("store", "migrate", "--store", str(file))

    assert ": schema 0 -> " in first.output
    assert second.output.endswith(" already\n")


def test_a_file_in_use_is_not_migrated(run, file):
    with legion_llm.start({"providers": {"demo": {}}, "store": {"path": str(file)}}, environ={}):
        result = run("store", "migrate", "--store", str(file))

    assert result.exit_code == 1
    assert "uses it" in result.output


def test_a_store_in_memory_has_no_file(run, monkeypatch):
    monkeypatch.setenv("LEGION_LLM__STORE__PATH", "memory")

    result = run("usage")

    assert result.exit_code == 2
    assert "there is no file to look at" in result.output


@pytest.fixture
def on_server(postgres):
    """A schema on a server after a question to the demo model, in a conversation."""
    with legion_llm.start({"providers": {"demo": {}}, "store": postgres.settings()}, environ={}) as legion:
        legion.chat("one", model="demo", conversation_id="c").get(timeout=10)
    return postgres


@pytest.mark.live
@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (("usage",), "demo          1 "),
        (("usage", "--by", "day", "--format", "csv"), ",1,"),
        (("audit",), '"outcome":"success"'),
        (("conversation", "list"), "2 messages"),
        (("conversation", "export", "c", "--text"), "user: one"),
        (("store", "check"), "ok"),
        (("store", "migrate"), "already"),
    ],
)
def test_a_server_is_read_as_a_file_is(run, on_server, monkeypatch, command, shown):
    monkeypatch.setenv("LEGION_LLM__STORE__SCHEMA", on_server.name)

    result = run(*command, "--store", on_server.url)

    assert result.exit_code == 0
    assert shown in result.output


def test_a_server_that_is_away_is_named(run):
    result = run("usage", "--store", "postgresql://legion@127.0.0.1:1/llm")

    assert result.exit_code == 1
    assert "error: postgresql://legion@127.0.0.1:1/llm: it cannot be reached" in result.output

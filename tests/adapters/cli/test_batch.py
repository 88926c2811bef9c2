"""`legion-llm batch`, with the demo model and a file of requests."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "requests.jsonl"
    body = {"model": "demo", "messages": [{"role": "user", "content": "one"}]}
    lines = [{"custom_id": "a", "body": body}, body, {"custom_id": "c", "body": {**body, "model": "nobody/m"}}]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    return path


@pytest.fixture(autouse=True)
def demo(monkeypatch):
    monkeypatch.setenv("LEGION_LLM__PROVIDERS", '{"demo": {}}')


def test_a_file_is_answered_and_its_results_are_found_in_the_store(run, file, tmp_path):
    store = str(tmp_path / "s.db")

    submitted = run("batch", "submit", str(file), "--id", "mine", "--store", store)
    status = run("batch", "status", "mine", "--store", store)
    results = run("batch", "results", "mine", "--store", store)

    assert submitted.exit_code == 0
    assert "3 of 3 finished" in submitted.stdout
    assert status.stdout == submitted.stdout
    first, second, third = map(json.loads, results.stdout.splitlines())
    assert (first["custom_id"], second["custom_id"], third["custom_id"]) == ("a", "2", "c")
    assert "You said: one" in first["response"]["body"]["choices"][0]["message"]["content"]
    assert third["error"]["code"] == "UnknownModelError"


def test_a_line_that_is_no_request_is_named(run, file):
    file.write_text(file.read_text() + "nonsense\n")

    result = run("batch", "submit", str(file))

    assert result.exit_code != 0
    assert "line 5" in result.output


def test_a_batch_that_is_not_there_is_told(run, file, tmp_path):
    store = str(tmp_path / "s.db")
    run("batch", "submit", str(file), "--store", store)

    result = run("batch", "status", "other", "--store", store)

    assert result.exit_code == 1
    assert "no batch 'other'" in result.output


def test_without_a_file_and_an_id_there_is_nothing_to_do(run):
    assert run("batch", "submit").exit_code == 2

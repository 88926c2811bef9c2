"""`kill -9` of writing processes at random moments: what was told to be kept is there, once. `make torture` kills ten times as many."""

from __future__ import annotations

import sqlite3

import pytest
from inquest import findings
from journal import Journal
from kills import torture
from legion_llm.adapters.stores.sqlite.care import bring_forward


def test_twenty_deaths_lose_nothing_and_double_nothing(tmp_path):
    deaths = torture(tmp_path, kills=20, seed=6)

    assert {death.number: death.findings for death in deaths if death.findings} == {}
    assert sum(death.kept for death in deaths) > 20


# -- the inquest finds what it should


@pytest.fixture
def file(tmp_path):
    bring_forward(tmp_path / "store.db")
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal.0")


def insert(file, *ids):
    file.executemany("INSERT INTO audit VALUES (?, 1.0, '', NULL, NULL, '', '')", [(each,) for each in ids])


def test_a_batch_that_is_there_is_no_finding(tmp_path, file, journal):
    journal.tried("audit", ["a", "b"])
    insert(file, "a", "b")
    journal.kept("audit", ["a", "b"])

    assert findings(tmp_path, 0) == []


def test_a_batch_that_was_only_tried_may_be_missing(tmp_path, file, journal):
    journal.tried("audit", ["a", "b"])

    assert findings(tmp_path, 0) == []


def test_something_that_was_told_to_be_kept_and_is_not_there_is_found(tmp_path, file, journal):
    journal.kept("audit", ["a"])

    assert findings(tmp_path, 0) == ["audit: a and 0 more were told to be kept, and are there [0] times"]


def test_half_a_batch_is_found(tmp_path, file, journal):
    journal.tried("audit", ["a", "b"])
    insert(file, "a")

    assert findings(tmp_path, 0) == ["audit: a and 1 more were tried together, and are there [1, 0] times"]


def test_a_line_that_is_there_twice_is_found(tmp_path, file, journal):
    journal.tried("lines", ["a"])
    (tmp_path / "audit.jsonl").write_text('{"id": "a"}\n')
    (tmp_path / "audit.jsonl.1").write_text('{"id": "a"}\n')

    assert findings(tmp_path, 0) == ["lines: a and 0 more were tried together, and are there [2] times"]


def test_a_turn_without_its_row_in_the_ledger_is_found(tmp_path, file, journal):
    journal.kept("turns", ["req_1"])

    assert findings(tmp_path, 0) == ["turn req_1: 0 messages of 2 and 0 rows of 1 are there"]

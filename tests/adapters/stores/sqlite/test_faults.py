from __future__ import annotations

import sqlite3

import pytest
from legion_llm.adapters.stores.sqlite.faults import BUGS, FAULTS, fault_of
from legion_llm.messages.errors import StoreError, StoreFull, StoreInUse

# The primary result codes that SQLite documents as errors, notices and warnings.
PRIMARY = range(1, 29)


def error_with(code):
    error = sqlite3.OperationalError("so it says")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("code", PRIMARY)
def test_every_code_of_sqlite_has_a_meaning(code):
    assert (code in FAULTS) != (code in BUGS)


@pytest.mark.parametrize("code", FAULTS)
def test_every_fault_names_the_file_and_says_what_sqlite_said(code):
    fault = fault_of(error_with(code), "/data/x.db")

    assert isinstance(fault, StoreError)
    assert fault.store == "/data/x.db"
    assert str(fault).startswith("/data/x.db: ")
    assert "so it says" in str(fault)


def test_an_extended_code_means_what_its_primary_one_does():
    assert type(fault_of(error_with(sqlite3.SQLITE_BUSY_SNAPSHOT), "x")) is StoreInUse
    assert type(fault_of(error_with(sqlite3.SQLITE_FULL), "x")) is StoreFull


@pytest.mark.parametrize("error", [error_with(sqlite3.SQLITE_MISUSE), sqlite3.ProgrammingError("closed")])
def test_a_bug_of_ours_is_no_fault_of_the_file(error):
    assert fault_of(error, "x") is None

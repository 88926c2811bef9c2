from __future__ import annotations

import psycopg
import pytest
from legion_llm.adapters.stores.postgres.faults import BUGS, FAULTS, fault_of
from legion_llm.messages.errors import StoreConflict, StoreError, StoreFull, StoreUnavailable
from psycopg import errors
from psycopg_pool import PoolTimeout

NAME = "postgresql://db.example/llm"

# Every state that psycopg knows, by its class.
CLASSES = {
    each.sqlstate[:2]
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, psycopg.Error) and each.sqlstate
}


@pytest.mark.parametrize("code", sorted(CLASSES))
def test_every_class_of_states_has_a_meaning(code):
    assert (code in FAULTS) != (code in BUGS)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.DiskFull("so it says"), StoreFull),
        (errors.TooManyConnections("so it says"), StoreUnavailable),
        (errors.UniqueViolation("so it says"), StoreConflict),
        (errors.DeadlockDetected("so it says"), StoreConflict),
        (errors.AdminShutdown("so it says"), StoreUnavailable),
        (psycopg.OperationalError("so it says"), StoreUnavailable),
        (psycopg.InterfaceError("so it says"), StoreUnavailable),
        (PoolTimeout("so it says"), StoreUnavailable),
        (errors.ProgramLimitExceeded("so it says"), StoreError),
    ],
)
def test_a_fault_names_the_server_and_says_what_it_said(error, kind):
    fault = fault_of(error, NAME)

    assert type(fault) is kind
    assert fault.store == NAME
    assert str(fault).startswith(f"{NAME}: ")
    assert "so it says" in str(fault)


@pytest.mark.parametrize(
    "error", [errors.DivisionByZero("x"), errors.InternalError_("x"), psycopg.ProgrammingError("x")]
)
def test_a_bug_of_ours_is_no_fault_of_the_server(error):
    assert fault_of(error, NAME) is None

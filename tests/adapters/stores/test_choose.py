from __future__ import annotations

from pathlib import Path

import pytest
from legion_llm.adapters.settings import load_settings
from legion_llm.adapters.stores.choose import stores_of
from legion_llm.adapters.stores.memory.ledger import MemoryLedger
from legion_llm.adapters.stores.paths import durable, file_of
from legion_llm.adapters.stores.sqlite.ledger import SqliteLedger


def settings(**store):
    return load_settings(overrides={"store": store}, environ={})


def test_a_host_that_names_no_store_keeps_things_in_memory():
    stores = stores_of(settings())

    assert isinstance(stores.ledger, MemoryLedger)
    assert stores.kept is None
    assert stores.notes() == ()


def test_memory_can_be_asked_for():
    assert stores_of(settings(path="memory")).kept is None


def test_a_file_is_kept_open_by_a_keeper(file):
    stores = stores_of(settings(path=str(file)))

    assert isinstance(stores.ledger, SqliteLedger)
    assert stores.kept.status().name == str(file)


def test_nothing_is_opened_before_the_keeper_does_it(file):
    stores_of(settings(path=str(file)))

    assert not file.parent.exists()


def test_a_served_gateway_keeps_things_below_the_home_of_its_user():
    assert durable(settings(), {"HOME": "/home/ada"}).store.path == "/home/ada/.legionio/data/legion-llm.db"


@pytest.mark.parametrize("path", ["memory", "/data/x.db"])
def test_a_store_that_is_named_is_used_by_a_served_gateway_too(path):
    assert durable(settings(path=path), {"HOME": "/home/ada"}).store.path == path


def test_a_tilde_is_the_users_home():
    assert file_of("~/x.db") == Path.home() / "x.db"

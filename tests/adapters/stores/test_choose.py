from __future__ import annotations

import sys
from pathlib import Path

import pytest
from legion_llm.adapters.settings import load_settings
from legion_llm.adapters.stores.choose import stores_of
from legion_llm.adapters.stores.memory.ledger import MemoryLedger
from legion_llm.adapters.stores.paths import durable, file_of
from legion_llm.adapters.stores.sql.ledger import SqlLedger
from legion_llm.messages.errors import SettingsError


def settings(**store):
    return load_settings(overrides={"store": store}, environ={})


def test_a_host_that_names_no_store_keeps_things_in_memory():
    stores = stores_of(settings(), {})

    assert isinstance(stores.ledger, MemoryLedger)
    assert stores.kept is None
    assert stores.notes() == ()


def test_memory_can_be_asked_for():
    assert stores_of(settings(path="memory"), {}).kept is None


def test_a_file_is_kept_open_by_a_keeper(file):
    stores = stores_of(settings(path=str(file)), {})

    assert isinstance(stores.ledger, SqlLedger)
    assert stores.kept.status().name == str(file)


def test_a_server_is_kept_open_by_a_keeper_and_its_password_is_not_shown():
    stores = stores_of(settings(url="postgresql://legion@db.example/llm", password="env://PW"), {"PW": "hunter2"})

    assert stores.kept.status().name == "postgresql://legion@db.example/llm"
    assert "hunter2" not in repr(stores.kept.server)
    assert stores.conversations.is_shared


@pytest.mark.parametrize(
    ("store", "path"),
    [
        ({"url": "postgresql://legion:hunter2@db.example/llm"}, "store.url"),
        ({"url": "postgresql://db.example/llm?password=hunter2"}, "store.url"),
        ({"url": "mysql://db.example/llm"}, "store.url"),
        ({"url": "postgresql://db.example/llm?wrong=1"}, "store.url"),
        ({"url": "postgresql://db.example/llm", "path": "/data/x.db"}, "store.url"),
        ({"url": "postgresql://db.example/llm", "password": "env://MISSING"}, "store.password"),
        ({"url": "postgresql://db.example/llm", "pool_size": 1}, "store.pool_size"),
    ],
)
def test_settings_of_a_server_that_cannot_be_right_are_refused(store, path):
    with pytest.raises(SettingsError) as caught:
        stores_of(settings(**store), {})

    assert caught.value.path == path
    assert "hunter2" not in str(caught.value)


def test_a_missing_library_is_named_with_how_to_get_it(monkeypatch):
    for name in [name for name in sys.modules if ".stores.postgres" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(SettingsError, match=r"pip install legion-llm\[postgres\]"):
        stores_of(settings(url="postgresql://db.example/llm"), {})


def test_nothing_is_opened_before_the_keeper_does_it(file):
    stores_of(settings(path=str(file)), {})

    assert not file.parent.exists()


def test_a_served_gateway_keeps_things_below_the_home_of_its_user():
    assert durable(settings(), {"HOME": "/home/ada"}).store.path == "/home/ada/.legionio/data/legion-llm.db"


def test_a_server_is_no_file_below_that_home():
    assert durable(settings(url="postgresql://db.example/llm"), {"HOME": "/home/ada"}).store.path is None


@pytest.mark.parametrize("path", ["memory", "/data/x.db"])
def test_a_store_that_is_named_is_used_by_a_served_gateway_too(path):
    assert durable(settings(path=path), {"HOME": "/home/ada"}).store.path == path


def test_a_tilde_is_the_users_home():
    assert file_of("~/x.db") == Path.home() / "x.db"

"""Every place for confidence in overrides keeps a record as it was."""

from __future__ import annotations

import asyncio
import inspect
import socket
import uuid

import pytest
from legion_llm.adapters.tools.override_stores import RedisOverrides, SqliteOverrides
from legion_llm.messages.errors import StoreUnavailable, TargetUnavailable
from legion_llm.messages.overrides import OverrideRecord

TOOL = f"read-{uuid.uuid4()}"
RECORD = OverrideRecord(tool=TOOL, override="mine", confidence=0.55, hits=3, misses=2, updated_at=1.5)


@pytest.fixture
def redis(unless):
    try:
        socket.create_connection(("127.0.0.1", 6379), timeout=1).close()
    except OSError:
        unless("no Redis on port 6379")
    return RedisOverrides("redis://127.0.0.1:6379/0")


@pytest.fixture(params=["file", pytest.param("redis", marks=pytest.mark.live)])
def store(request, tmp_path):
    if request.param == "file":
        return SqliteOverrides(str(tmp_path / "new" / "o.db"))
    return request.getfixturevalue("redis")


def done(value):
    return asyncio.run(value) if inspect.isawaitable(value) else value


def test_a_record_comes_back_as_it_was(store):
    assert done(store.get(TOOL)) is None

    done(store.put(RECORD))

    assert done(store.get(TOOL)) == RECORD


def test_a_file_tells_all_that_it_knows_the_last_word_of_each(tmp_path):
    path = str(tmp_path / "o.db")
    SqliteOverrides(path).put(RECORD)
    SqliteOverrides(path).put(OverrideRecord(tool=TOOL, override="mine", confidence=0.6))

    assert [record.confidence for record in SqliteOverrides(path).all()] == [0.6]


def test_a_file_that_is_none_is_an_error_with_its_name(tmp_path):
    path = tmp_path / "o.db"
    path.write_bytes(b"no database" * 100)

    with pytest.raises(StoreUnavailable, match=r"o\.db: file is not a database"):
        SqliteOverrides(str(path)).get(TOOL)


def test_redis_that_is_away_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(TargetUnavailable, match="Redis"):
        asyncio.run(RedisOverrides(f"redis://127.0.0.1:{port}/0").get(TOOL))

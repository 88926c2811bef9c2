"""A store that is damaged, before the start or in the middle: requests go on, readiness tells, and it is used again when it is mended."""

from __future__ import annotations

import json
import time
import urllib.request

import legion_llm
import pytest


def readiness(legion):
    with urllib.request.urlopen(f"{legion.url}/readyz", timeout=5) as told:
        return told.status, json.loads(told.read())


def wait_until(condition, timeout=5.0):
    """Poll a state that has no signal of its own, for no longer than a store may take to be found again."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def test_a_store_that_is_damaged_at_the_start_is_told_and_used_when_it_is_mended(
    serving, make_provider, upstream, tmp_path
):
    file = tmp_path / "store.db"
    file.write_text("no database " * 1000)
    legion = serving({"up": make_provider(upstream)}, store={"path": str(file)})

    assert readiness(legion) == (200, {"status": "ready", "store": "StoreCorrupt"})
    assert legion.chat("Hello").get(timeout=5).text
    with pytest.raises(legion_llm.StoreCorrupt, match=str(file)):
        legion.chat("Hello", conversation_id="c").get(timeout=5)
    file.unlink()

    wait_until(lambda: readiness(legion) == (200, {"status": "ready"}))
    assert legion.chat("Hello", conversation_id="c").get(timeout=5).text
    assert legion.usage().get(timeout=5).total.attempts == 2


def test_a_wall_clock_that_is_set_back_loses_and_doubles_no_row(embedded, make_provider, upstream, monkeypatch):
    legion = embedded({"up": make_provider(upstream)})
    legion.chat("Hello", conversation_id="c").get(timeout=5)
    real = legion._system.clock.time
    monkeypatch.setattr(type(legion._system.clock), "time", lambda _clock: real() - 86_400, raising=True)

    answer = legion.chat("Hello", conversation_id="c").get(timeout=5)
    monkeypatch.undo()

    stored = legion.conversation("c").history().get(timeout=5).messages
    assert [each.seq for each in stored] == [1, 2, 3, 4]
    assert stored[-1].message.text == answer.text
    assert legion.usage().get(timeout=5).total.attempts == 2

"""What every queue of batches does, wherever it keeps them."""

from __future__ import annotations

import pytest
from legion_llm.actors.scheduler.port import BatchHead, Claim, Ended, NewItem
from legion_llm.adapters.stores.choose import sql_stores
from legion_llm.messages.batch import BatchFault, ItemState
from legion_llm.messages.chat import ChatMessage, Request, Response, ToolDefinition
from legion_llm.messages.errors import StoreConflict


def item(seq, **fields):
    request = Request(messages=(ChatMessage(content=f"text {seq} «ü»"),), tools=(ToolDefinition(name="look"),))
    values = {"group": "*/m", "queued_at": 10.0, "not_before": 10.0, "gathered_by": 10.0, **fields}
    return NewItem(id=f"i{seq}", seq=seq, request=values.pop("request", request), **values)


def claim(name="c1", now=100.0, limit=10, holder="h1", **fields):
    return Claim(**{"holder": holder, "id": name, "now": now, "lease_until": now + 60, "limit": limit, **fields})


def ended(taken, state=ItemState.COMPLETED, **fields):
    return Ended(batch_id=taken.batch_id, id=taken.id, claim=taken.claim, state=state, at=101.0, **fields)


@pytest.fixture
def queue(loop, stores):
    """The queue, each method run to its end."""

    class Queue:
        def __getattr__(self, name):
            return lambda *args: loop.run(getattr(stores.queue, name)(*args))

        def add_some(self, *items, batch_id="b", urgency="normal"):
            self.add(BatchHead(id=batch_id, created_at=10.0, urgency=urgency), items)

        def taken(self, **fields):
            return [each.id for each in self.claim(claim(**fields))]

    return Queue()


def test_a_request_comes_back_as_it_was_queued_and_its_result_too(queue):
    queue.add_some(new := item(1))

    (taken,) = queue.claim(claim())
    response = Response(message=ChatMessage(role="assistant", content="yes"), model="m")
    queue.end([ended(taken, response=response)])

    assert (taken.request, taken.attempts) == (new.request, 1)
    (result,) = queue.results("b", 0, 10)
    assert (result.state, result.response, result.finished_at) == (ItemState.COMPLETED, response, 101.0)
    assert queue.finished("b") == {1}
    assert queue.at("b", [1]) == (result,)


def test_what_is_taken_up_is_taken_up_once(queue):
    queue.add_some(item(1), item(2), item(3))

    assert queue.taken(name="c1", limit=2) == ["i1", "i2"]
    assert queue.taken(name="c2") == ["i3"]
    assert queue.taken(name="c3") == []


def test_the_most_urgent_come_first_then_those_that_were_queued_first(queue):
    queue.add_some(item(1, queued_at=5.0), batch_id="low", urgency="low")
    queue.add_some(item(2, queued_at=8.0), item(3, queued_at=7.0))
    queue.add_some(item(4, queued_at=9.0), batch_id="urgent", urgency="urgent")

    assert queue.taken() == ["i4", "i3", "i2", "i1"]


def test_nothing_is_taken_up_before_its_time_unless_enough_wait_together(queue):
    queue.add_some(item(1, not_before=200.0), item(2, gathered_by=150.0), item(3))

    assert queue.outlook(100.0).ready == 2
    assert queue.taken(name="c1") == ["i3"]
    assert queue.outlook(100.0).next_at == 150.0
    assert queue.taken(name="c2", is_full=True) == ["i2"]
    assert queue.taken(name="c3", now=150.0, is_full=True) == []


def test_a_request_that_is_there_already_is_a_conflict(queue):
    queue.add_some(item(1))

    with pytest.raises(StoreConflict):
        queue.add_some(item(1))
    assert queue.places("b") == {"i1": 1}


def test_what_a_dead_host_held_is_anybodys_when_its_lease_ends(queue):
    queue.add_some(item(1))
    (first,) = queue.claim(claim(name="c1", holder="dead"))

    assert queue.taken(name="c2", now=159.0) == []
    (second,) = queue.claim(claim(name="c3", now=161.0))
    queue.end([ended(first, ItemState.FAILED)])

    assert second.attempts == 2
    assert queue.status("b", 161.0).counts == {ItemState.RUNNING: 1}


def test_a_lease_that_is_renewed_does_not_end(queue):
    queue.add_some(item(1))
    queue.claim(claim(name="c1"))
    queue.renew("h1", 500.0)

    assert queue.taken(name="c2", now=400.0) == []


def test_what_is_let_go_was_never_begun(queue):
    queue.add_some(item(1), item(2))
    queue.claim(claim(name="c1", limit=1, holder="h1"))
    queue.claim(claim(name="c2", limit=1, holder="h2"))

    queue.release("h1")

    assert queue.status("b", 100.0).counts == {ItemState.RUNNING: 1, ItemState.WAITING: 1}
    assert queue.claim(claim(name="c3"))[0].attempts == 1


def test_a_failure_is_kept_and_may_be_begun_again_later(queue):
    queue.add_some(item(1))
    (taken,) = queue.claim(claim())
    fault = BatchFault(type="RateLimitError", message="slow down")

    queue.end([ended(taken, ItemState.WAITING, fault=fault, not_before=300.0)])

    assert queue.status("b", 101.0).not_before == 300.0
    assert queue.results("b", 0, 1)[0].fault == fault
    assert queue.results("b", 0, 1)[0].finished_at is None
    assert queue.taken(name="c2", now=299.0) == []
    assert queue.taken(name="c3", now=300.0) == ["i1"]


@pytest.mark.parametrize(("ids", "cancelled"), [(None, 3), (["i1", "i3"], 2)])
def test_what_is_cancelled_is_finished_whatever_comes_later(queue, ids, cancelled):
    queue.add_some(item(1), item(2), item(3))
    (taken,) = queue.claim(claim(limit=1))

    queue.cancel("b", ids, 105.0)
    queue.end([ended(taken)])

    assert queue.status("b", 105.0).counts[ItemState.CANCELLED] == cancelled
    assert queue.results("b", 0, 1)[0].state is ItemState.CANCELLED


def test_the_queue_is_counted_by_urgency(queue):
    queue.add_some(item(1), item(2, queued_at=4.0))
    queue.add_some(item(3), batch_id="u", urgency="urgent")
    queue.claim(claim(limit=1))

    status = queue.queue()

    assert (status.waiting, status.running, status.oldest_at) == ({"normal": 2}, 1, 4.0)


def test_old_batches_are_forgotten_when_they_are_finished(queue):
    queue.add_some(item(1), batch_id="done")
    queue.add_some(item(2), batch_id="open")
    queue.cancel("done", None, 20.0)

    queue.forget(11.0)

    assert queue.status("done", 20.0) is None
    assert queue.places("done") == {}
    assert queue.status("open", 20.0) is not None


def test_a_request_that_cannot_be_read_fails_alone(loop, database):
    kept = sql_stores(database).queue
    loop.run(kept.add(BatchHead(id="b", created_at=10.0, urgency="normal"), [item(1), item(2)]))
    loop.run(database.write(("UPDATE batch_items SET request = '{}' WHERE id = 'i1'", [()])))

    taken = loop.run(kept.claim(claim()))

    assert [each.id for each in taken] == ["i2"]
    (broken,) = loop.run(kept.at("b", [1]))
    assert (broken.state, broken.fault.type) == (ItemState.FAILED, "StoreCorrupt")

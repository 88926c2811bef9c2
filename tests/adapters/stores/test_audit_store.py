"""What every record of requests does, wherever it keeps its events."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.messages.audit import AuditEvent, AuditQuery
from legion_llm.messages.ledger import Span
from legion_llm.messages.outcome import Outcome


def event(number, **fields):
    values = {
        "id": f"aud_{number:03}",
        "at": 1000.0 + number,
        "request_id": f"req_{number:03}",
        "outcome": Outcome.SUCCESS,
        "body": {"id": f"aud_{number:03}", "tokens": {"input": number}, "tools": ["a", None], "cost": 0.5, "ok": True},
        **fields,
    }
    return AuditEvent(**values)


@pytest.fixture
def keep(loop, audit):
    def keep(*events):
        loop.run(audit.append(events))
        return events

    return keep


@pytest.fixture
def found(loop, audit):
    def found(**query):
        return loop.run(audit.events(AuditQuery(**query)))

    return found


def test_an_event_comes_back_as_it_was_kept(keep, found):
    (full,) = keep(event(1, conversation_id="conv_1", caller="ada", outcome=Outcome.REFUSED))

    assert found() == (full,)


def test_an_event_that_is_written_twice_is_kept_once_and_never_changed(keep, found):
    first, second = keep(event(1), event(2))

    keep(attrs.evolve(first, body={"changed": True}), event(3))

    assert found() == (first, second, event(3))


def test_events_come_in_order_of_time_and_then_of_id(keep, found):
    keep(event(3), event(1), event(9, id="aud_b", at=1002.0), event(8, id="aud_a", at=1002.0))

    assert [each.id for each in found()] == ["aud_001", "aud_a", "aud_b", "aud_003"]


def test_events_come_page_by_page_and_each_once(keep, found):
    kept = keep(*[event(number, at=1000.0 + number // 3) for number in range(10)])

    pages, after = [], None
    while page := found(after=after, limit=4):
        pages.append(page)
        after = page[-1]

    assert [len(page) for page in pages] == [4, 4, 2]
    assert tuple(each for page in pages for each in page) == kept


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"request_id": "req_002"}, [2]),
        ({"conversation_id": "c"}, [1, 3]),
        ({"caller": "ada"}, [3]),
        ({"outcome": Outcome.REFUSED}, [2, 3]),
        ({"outcome": Outcome.REFUSED, "caller": "ada"}, [3]),
        ({"span": Span(since=1002.0)}, [2, 3]),
        ({"span": Span(until=1002.0)}, [1]),
        ({"span": Span(since=1002.0, until=1003.0)}, [2]),
        ({"request_id": "req_9"}, []),
    ],
)
def test_events_are_found_by_what_they_say(keep, found, query, numbers):
    keep(
        event(1, conversation_id="c"),
        event(2, outcome=Outcome.REFUSED),
        event(3, conversation_id="c", caller="ada", outcome=Outcome.REFUSED),
    )

    assert [each.id for each in found(**query)] == [f"aud_{number:03}" for number in numbers]


def test_nothing_is_kept_of_nothing(keep, found):
    keep()

    assert found() == ()

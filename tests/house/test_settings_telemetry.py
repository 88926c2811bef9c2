"""What the section `telemetry` of the settings switches on and off in a running house."""

from __future__ import annotations

import pytest
from legion_llm.messages.totals import RequestTotalsWanted

NO_RECORD = {"audit": {"enabled": False}}


def counted(legion):
    legion.chat("hi").get(timeout=10)
    return legion._system.address("audit").request(RequestTotalsWanted()).get(timeout=10)


@pytest.mark.parametrize("more", [{}, NO_RECORD, {"telemetry": {"metrics": False}}])
def test_requests_are_counted_whether_or_not_a_record_is_kept_of_them(embedded, more):
    [totals] = counted(embedded({"demo": {}}, **more))

    assert (totals.request_type, totals.outcome, totals.latency.count) == ("chat", "success", 1)


def test_where_neither_counts_nor_records_are_wanted_nobody_is_told_of_requests(embedded):
    assert counted(embedded({"demo": {}}, telemetry={"metrics": False}, **NO_RECORD)) == ()

from __future__ import annotations

from legion_llm.actors.metering.report import report_of, total_of
from legion_llm.messages.ledger import Span, UsageRow


def row(*group, **sums):
    return UsageRow(group=group, **{"attempts": 1, **sums})


def groups(report):
    return [row.group for row in report.rows]


def test_the_dearest_group_comes_first_and_then_the_busiest():
    report = report_of(
        Span(), ("model",), [row("a"), row("b", cost_usd=2.0), row("c", output_tokens=5), row("d", cost_usd=1.0)]
    )

    assert groups(report) == [("b",), ("d",), ("c",), ("a",)]


def test_groups_of_time_come_in_the_order_of_time():
    report = report_of(
        Span(),
        ("model", "day"),
        [row("a", "2026-02-01"), row("b", "2026-01-31"), row("a", "2026-01-31", cost_usd=1.0)],
    )

    assert groups(report) == [("a", "2026-01-31"), ("b", "2026-01-31"), ("a", "2026-02-01")]


def test_a_group_without_a_name_has_its_place_too():
    assert groups(report_of(Span(), ("caller",), [row("b"), row(None), row("a")])) == [(None,), ("a",), ("b",)]


def test_the_total_is_the_sum_of_all_rows():
    report = report_of(Span(), ("model",), [row("a", cost_usd=1.0, unpriced=1), row("b", cost_usd=0.5, latency=2.0)])

    assert report.total == UsageRow(attempts=2, cost_usd=1.5, unpriced=1, latency=2.0)
    assert total_of([]) == UsageRow()


def test_the_mean_latency_of_nothing_is_nothing():
    assert UsageRow().mean_latency == 0.0
    assert UsageRow(attempts=4, latency=2.0).mean_latency == 0.5

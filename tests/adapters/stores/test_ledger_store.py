"""What every ledger does, wherever it keeps its rows."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.metering.report import GROUP_OF, grouped
from legion_llm.messages.chat import Usage
from legion_llm.messages.ledger import GROUPS, Span, UsageRow
from legion_llm.messages.outcome import Outcome

ALL = Span()


@pytest.fixture
def keep(loop, ledger):
    """Keep rows and return them."""

    def keep(*entries):
        loop.run(ledger.append(entries))
        return entries

    return keep


@pytest.fixture
def rows(loop, ledger):
    def rows(span=ALL, after=None, limit=1000):
        return loop.run(ledger.entries(span, after, limit))

    return rows


@pytest.fixture
def usage(loop, ledger):
    def usage(*group_by, span=ALL):
        return sorted(loop.run(ledger.usage(span, group_by)), key=lambda row: str(row.group))

    return usage


def test_an_empty_ledger_has_no_rows_and_no_sums(rows, usage):
    assert rows() == ()
    assert usage() == []
    assert usage("model") == []


def test_a_row_comes_back_as_it_was_kept(keep, rows, entry):
    full = entry(
        request_type="embedding",
        caller="ada",
        caller_type="human",
        conversation_id="conv_1",
        rule="cheap at night",
        outcome=Outcome.TARGET_SICK,
        error="ProviderDown",
        streamed=True,
        cost_usd=0.125,
        cost_source="reported",
        usage=Usage(
            uncached_input=1,
            cache_read=2,
            cache_write=3,
            visible_output=4,
            reasoning=5,
            audio_input=6,
            image_input=7,
            audio_output=8,
            image_output=9,
            source="partial",
            cost_usd=0.125,
        ),
    )

    keep(full)

    assert rows() == (full,)


def test_a_row_without_what_is_optional_comes_back_without_it(keep, rows, entry):
    (bare,) = keep(entry(cost_usd=None, cost_source="unknown"))

    assert rows() == (bare,)


def test_this_file_knows_every_field_of_a_row(entry):
    """A field that is added must find its way into every store."""
    assert {field.name for field in attrs.fields(Usage)} == {
        *("uncached_input", "cache_read", "cache_write", "visible_output", "reasoning", "audio_input", "image_input"),
        *("audio_output", "image_output", "source", "cost_usd"),
    }


@pytest.mark.parametrize("text", ["模型 «ü»", "quote ' and \" and ;--", "line\nbreak", "a" * 256, ""])
def test_names_are_kept_as_they_are(keep, rows, entry, text):
    keep(entry(model=text, caller=text))

    assert (rows()[0].model, rows()[0].caller) == (text, text)


def test_a_row_that_is_written_twice_is_kept_once(keep, rows, entry):
    first, second, third = entry(), entry(), entry()

    keep(first, second)
    keep(second, third)

    assert rows() == (first, second, third)


def test_a_row_is_never_changed(keep, rows, entry):
    (first,) = keep(entry())

    keep(attrs.evolve(first, cost_usd=99.0))

    assert rows() == (first,)


def test_nothing_is_kept_of_nothing(keep, rows):
    keep()

    assert rows() == ()


def test_rows_come_in_order_of_time_and_then_of_id(keep, rows, entry):
    late, early = entry(recorded_at=20.0), entry(recorded_at=10.0)
    b, a = entry(id="att_b", recorded_at=15.0), entry(id="att_a", recorded_at=15.0)

    keep(late, early, b, a)

    assert rows() == (early, a, b, late)


def test_rows_come_page_by_page_and_each_once(keep, rows, entry):
    kept = keep(*[entry(recorded_at=10.0 + number // 3) for number in range(10)])

    pages, after = [], None
    while page := rows(after=after, limit=4):
        pages.append(page)
        after = page[-1]

    assert [len(page) for page in pages] == [4, 4, 2]
    assert tuple(row for page in pages for row in page) == kept


def test_a_span_takes_its_beginning_and_leaves_its_end(keep, rows, usage, entry):
    keep(*[entry(recorded_at=float(moment)) for moment in range(10, 15)])
    span = Span(since=11.0, until=13.0)

    assert [row.recorded_at for row in rows(span)] == [11.0, 12.0]
    assert [row.attempts for row in usage(span=span)] == [2]
    assert [row.attempts for row in usage(span=Span(since=14.0))] == [1]
    assert [row.attempts for row in usage(span=Span(until=12.0))] == [2]
    assert usage(span=Span(since=99.0)) == []


def test_sums_count_every_kind_of_token_the_cost_and_the_time(keep, usage, entry):
    used = Usage(uncached_input=1, cache_read=2, cache_write=4, visible_output=8, reasoning=16)
    keep(entry(usage=used, cost_usd=0.5, latency=1.0), entry(usage=used, cost_usd=0.25, latency=2.0))

    assert usage() == [
        UsageRow(
            attempts=2,
            succeeded=2,
            input_tokens=14,
            cache_read_tokens=4,
            cache_write_tokens=8,
            output_tokens=48,
            reasoning_tokens=32,
            cost_usd=0.75,
            latency=3.0,
        )
    ]


def test_an_unknown_price_is_flagged_and_not_zero(keep, usage, entry):
    keep(
        entry(cost_usd=None, cost_source="unknown"),
        entry(cost_usd=None, cost_source="unknown", usage=Usage(source="partial"), outcome=Outcome.CANCELLED),
        entry(cost_usd=0.0),
        entry(cost_usd=0.5),
    )

    (row,) = usage()
    assert (row.attempts, row.unpriced, row.cost_usd) == (4, 1, 0.5)


def test_an_answer_without_tokens_is_flagged(keep, usage, entry):
    keep(entry(usage=Usage(source="partial")), entry(usage=Usage(), outcome=Outcome.TARGET_SICK), entry())

    (row,) = usage()
    assert (row.succeeded, row.unmetered) == (2, 1)


def test_groups_of_several_names_are_kept_apart(keep, usage, entry):
    keep(
        entry(model="a", caller="ada"), entry(model="a"), entry(model="b", caller="ada"), entry(model="a", caller="ada")
    )

    assert {row.group: row.attempts for row in usage("model", "caller")} == {
        ("a", "ada"): 2,
        ("a", None): 1,
        ("b", "ada"): 1,
    }


@pytest.mark.parametrize(
    ("group", "expected"),
    [("hour", "2023-12-31T23"), ("day", "2023-12-31"), ("month", "2023-12")],
)
def test_times_are_grouped_in_utc(keep, usage, entry, group, expected):
    keep(entry(recorded_at=1_704_067_199.999), entry(recorded_at=1_704_067_200.0))

    groups = [row.group for row in usage(group)]

    assert (expected,) in groups
    assert len(groups) == 2


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_is_the_same_in_every_store(keep, usage, entry, group):
    kept = keep(
        *[
            entry(
                model=f"m{number % 2}",
                caller=None if number % 3 else "ada",
                conversation_id=None if number % 2 else "c",
                rule=None if number % 4 else "r",
                outcome=Outcome.SUCCESS if number % 2 else Outcome.THROTTLED,
                recorded_at=1_700_000_000.0 + number * 3_000_000,
            )
            for number in range(8)
        ]
    )

    assert usage(group) == sorted(grouped(kept, (group,)), key=lambda row: str(row.group))
    assert group in GROUP_OF

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.budgets.book import Book
from legion_llm.messages.budget import Reserve, Spent
from legion_llm.messages.chat import Usage
from legion_llm.messages.errors import BudgetExceeded, TargetTooDear
from legion_llm.messages.ledger import UsageRow
from legion_llm.messages.prices import FREE, Price, Rates
from legion_llm.messages.settings import BudgetSettings
from legion_llm.messages.target import Target

NOON = 1_772_712_000.0  # 2026-03-05T12:00 UTC
DAY = 86_400.0
HOUR = 3_600.0

# A dollar for a thousand tokens.
PRICE = Price(rates=Rates(input=1000.0, output=1000.0))
_numbers = itertools.count()


def book_of(*budgets, **more):
    book = Book([BudgetSettings(**{"window": "day", **budget}) for budget in budgets], **more)
    book.opened(NOON)
    return book


def wish(tokens=100, *, instance="openai", **fields):
    target = Target(instance=instance, model="m", tier="cloud")
    return Reserve(id=f"res_{next(_numbers)}", target=target, input_tokens=tokens, output_tokens=0, **fields)


def used(tokens):
    return Usage(uncached_input=tokens)


def pay(book, tokens, now=NOON, **fields):
    """A call from its beginning to its end."""
    reserved = wish(tokens, **fields)
    book.reserve(reserved, PRICE, now)
    return book.settle(Spent(id=reserved.id, usage=used(tokens)), now)


def only(book, now=NOON):
    (state,) = book.states(10, now)
    return state


def test_what_is_reserved_and_what_is_spent_fill_a_budget_together():
    book = book_of({"tokens": 300})
    pay(book, 100)
    book.reserve(wish(100), None, NOON)

    book.reserve(wish(100), None, NOON)

    with pytest.raises(BudgetExceeded, match="100 tokens are spent and 200 tokens reserved"):
        book.reserve(wish(1), None, NOON)
    assert (only(book).used_tokens, only(book).reserved_tokens) == (100, 200)


def test_what_a_call_used_counts_instead_of_what_it_had_reserved():
    book = book_of({"tokens": 300})
    call = wish(300)
    book.reserve(call, None, NOON)

    book.settle(Spent(id=call.id, usage=used(20)), NOON)

    assert (only(book).used_tokens, only(book).reserved_tokens) == (20, 0)


@pytest.mark.parametrize(("is_unknown", "counts"), [(True, 300), (False, 0)])
def test_a_call_without_a_usage_counts_as_estimated_only_where_nobody_knows(is_unknown, counts):
    book = book_of({"tokens": 300})
    call = wish(300)
    book.reserve(call, None, NOON)

    book.settle(Spent(id=call.id, is_unknown=is_unknown), NOON)

    assert only(book).used_tokens == counts


def test_an_end_that_is_told_twice_or_of_a_call_that_reserved_nothing_counts_once_or_not_at_all():
    book = book_of({"tokens": 300})
    call = wish(100)
    book.reserve(call, None, NOON)

    for id_ in (call.id, call.id, "res_of_nobody"):
        book.settle(Spent(id=id_, usage=used(100)), NOON)

    assert only(book).used_tokens == 100


def test_a_call_that_one_budget_refuses_has_reserved_nothing_in_the_others():
    book = book_of({"name": "wide", "tokens": 1000}, {"name": "narrow", "tokens": 50})

    with pytest.raises(BudgetExceeded) as caught:
        book.reserve(wish(100), None, NOON)

    assert caught.value.budget == "narrow"
    assert [state.reserved_tokens for state in book.states(10, NOON)] == [0, 0]
    assert book.running == 0


def test_an_answer_of_no_stated_length_is_reserved_for_as_the_settings_say():
    book = book_of({"tokens": 10_000, "answer_tokens": 700})
    target = Target(instance="openai", model="m", tier="cloud")

    book.reserve(Reserve(id="res", target=target, input_tokens=50), None, NOON)

    assert only(book).reserved_tokens == 750


def test_dollars_are_reserved_by_the_price_and_counted_as_the_provider_says():
    book = book_of({"usd": 1.0})
    call = wish(500)
    book.reserve(call, PRICE, NOON)
    assert only(book).reserved_usd == pytest.approx(0.5)

    book.settle(Spent(id=call.id, usage=Usage(uncached_input=500, cost_usd=0.25)), NOON)

    assert only(book).used_usd == pytest.approx(0.25)


def test_a_target_that_is_too_dear_leaves_room_for_one_that_is_free():
    book = book_of({"usd": 0.05})

    with pytest.raises(TargetTooDear):
        book.reserve(wish(100), PRICE, NOON)

    assert book.reserve(wish(100), FREE, NOON) == ()


def test_tokens_are_the_same_everywhere_so_no_other_target_is_worth_a_try():
    everywhere, here = book_of({"tokens": 50}), book_of({"tokens": 50, "providers": ["openai"]})

    with pytest.raises(BudgetExceeded) as caught:
        everywhere.reserve(wish(100), None, NOON)
    with pytest.raises(TargetTooDear):
        here.reserve(wish(100), None, NOON)

    assert not caught.value.escalatable


def test_only_the_calls_that_a_budget_names_count():
    book = book_of({"tokens": 1000, "callers": ("ci-*",), "providers": ("openai",)})

    pay(book, 1, caller="ci-1", instance="openai/eu")
    pay(book, 2, caller="ci-1", instance="anthropic")
    pay(book, 4, caller="ann", instance="openai")
    pay(book, 8, instance="openai")

    assert only(book).used_tokens == 1


def test_callers_and_conversations_have_accounts_of_their_own():
    book = book_of({"tokens": 100, "per": "caller"}, {"tokens": 100, "per": "conversation"})

    pay(book, 100, caller="ann", conversation_id="one")
    pay(book, 100, caller="bob", conversation_id="two")

    with pytest.raises(BudgetExceeded, match="caller"):
        pay(book, 1, caller="ann")
    with pytest.raises(BudgetExceeded, match="conversation"):
        pay(book, 1, caller="eve", conversation_id="one")
    assert pay(book, 1) == ()


# -- time


def test_a_new_day_begins_with_nothing_spent_and_with_what_runs_still_reserved():
    book = book_of({"tokens": 300})
    pay(book, 100)
    running = wish(50)
    book.reserve(running, None, NOON)

    tomorrow = only(book, NOON + DAY)
    book.settle(Spent(id=running.id, usage=used(40)), NOON + DAY)

    assert (tomorrow.used_tokens, tomorrow.reserved_tokens) == (0, 50)
    assert only(book, NOON + DAY).used_tokens == 40


def test_a_clock_that_is_set_back_over_midnight_gives_nothing_back():
    book = book_of({"tokens": 300})
    midnight = NOON + DAY / 2
    pay(book, 100, midnight + 600)

    pay(book, 20, midnight - 600)

    assert only(book, midnight - 600).used_tokens == 120
    assert only(book, midnight + 700).used_tokens == 120


def test_a_clock_that_is_set_back_by_days_takes_its_sums_along_and_begins_anew_by_the_wall():
    book = book_of({"tokens": 300})
    pay(book, 100)

    assert only(book, NOON - 5 * DAY).used_tokens == 100
    assert only(book, NOON - 4 * DAY).used_tokens == 0


def test_a_refusal_says_when_the_budget_begins_anew_by_its_own_clocks():
    book = book_of({"tokens": 10, "timezone": "Asia/Tokyo"})

    with pytest.raises(BudgetExceeded, match=r"begins anew at 2026-03-06T00:00\+09:00") as caught:
        book.reserve(wish(11), None, NOON)

    assert caught.value.retry_after == 3 * HOUR
    assert caught.value.resets_at == NOON + 3 * HOUR


def test_what_never_begins_anew_says_so():
    book = book_of({"tokens": 10, "window": "forever"})

    with pytest.raises(BudgetExceeded, match="it never begins anew") as caught:
        book.reserve(wish(11), None, NOON)

    assert (caught.value.retry_after, caught.value.resets_at) == (None, None)


# -- thresholds


def test_people_hear_of_every_threshold_once_in_a_window():
    book = book_of({"name": "b", "tokens": 100, "warn_at": (0.5, 0.9)})

    told = [pay(book, 20) for _ in range(5)]
    again = pay(book, 60, NOON + DAY)

    assert [len(lines) for lines in told] == [0, 0, 1, 0, 1]
    assert told[2][0].startswith("budget 'b': 60% are spent (60 tokens of 100 tokens); it begins anew at 2026-03-06")
    assert len(again) == 1


def test_callers_hear_of_it_with_every_answer():
    book = book_of({"tokens": 100, "per": "conversation"})

    assert pay(book, 90, conversation_id="one") == ()

    (warning,) = book.reserve(wish(1, conversation_id="one"), None, NOON)
    assert "90% are spent" in warning


# -- the ledger


def row(caller, instance, *more, tokens=100, usd=0.1):
    return UsageRow(group=(caller, instance, *more), input_tokens=tokens, cost_usd=usd)


def test_what_was_spent_before_the_start_is_read_once_for_the_window_that_runs():
    book = book_of({"tokens": 1000, "usd": 5.0})
    ((number, asked),) = book.unread(NOON)

    for _ in range(2):
        book.read(number, asked, [row("ann", "openai"), row(None, "anthropic")], NOON)

    assert (asked.span.since, asked.span.until) == (NOON - DAY / 2, NOON)
    assert (only(book).used_tokens, only(book).used_usd) == (200, pytest.approx(0.2))
    assert only(book).is_known
    assert book.unread(NOON) == ()


def test_only_the_rows_that_a_budget_counts_are_added_and_to_the_account_they_belong_to():
    book = book_of({"tokens": 1000, "per": "conversation", "providers": ("openai",)})
    ((number, asked),) = book.unread(NOON)

    rows = [row("ann", "openai", "one"), row("bob", "openai", "one"), row("ann", "anthropic", "one")]
    book.read(number, asked, [*rows, row("ann", "openai", None)], NOON)

    assert [(state.whose, state.used_tokens) for state in book.states(10, NOON)] == [("one", 200)]


def test_what_the_ledger_says_of_yesterday_is_not_counted_today():
    book = book_of({"tokens": 1000})
    ((number, asked),) = book.unread(NOON)

    book.read(number, asked, [row("ann", "openai")], NOON + DAY)

    assert only(book, NOON + DAY).used_tokens == 0


# -- bounds


def test_of_too_many_accounts_the_one_that_rests_the_longest_is_forgotten_and_none_that_is_in_use():
    book = book_of({"tokens": 100, "per": "conversation"}, most=2)
    book.reserve(wish(10, conversation_id="in use"), None, NOON)

    for name in ("one", "two", "three"):
        pay(book, 1, conversation_id=name)

    assert {state.whose for state in book.states(10, NOON)} == {"in use", "three"}


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60), st.integers(0, 60)), max_size=60))
def test_whoever_uses_no_more_than_it_reserved_never_overdraws_and_nothing_stays_reserved(steps):
    book = book_of({"tokens": 100, "usd": 0.08}, {"tokens": 70, "per": "caller"})
    running, spent = [], 0
    for caller, tokens, really in steps:
        call = wish(tokens, caller=str(caller % 2))
        try:
            book.reserve(call, PRICE, NOON)
        except BudgetExceeded:
            continue
        running.append((call, min(tokens, really)))
        if caller > 2:
            ended, tokens_used = running.pop(0)
            book.settle(Spent(id=ended.id, usage=used(tokens_used)), NOON)
            spent += tokens_used
        assert all(state.part <= 1 + 1e-9 for state in book.states(10, NOON))

    for call, tokens_used in running:
        book.settle(Spent(id=call.id, usage=used(tokens_used)), NOON)
        spent += tokens_used

    states = book.states(10, NOON)
    assert all(state.reserved_tokens == 0 and state.reserved_usd == 0 for state in states)
    assert next(state for state in states if state.usd).used_tokens == spent

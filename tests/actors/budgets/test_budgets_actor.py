from __future__ import annotations

import pytest
import trio
from legion_llm.actors.budgets.actor import Budgets
from legion_llm.actors.budgets.book import Book
from legion_llm.messages.budget import BudgetsWanted, Reserve, Spent
from legion_llm.messages.chat import Usage
from legion_llm.messages.errors import BudgetExceeded, StoreUnavailable
from legion_llm.messages.ledger import UsageReport, UsageRow, UsageWanted
from legion_llm.messages.prices import PriceBook, Rates
from legion_llm.messages.settings import BudgetSettings
from legion_llm.messages.target import Target
from legion_llm.runtime import Actor, spawned

TARGET = Target(instance="openai", model="m", tier="cloud")
PRICES = PriceBook({}, {"m": Rates(input=1000.0, output=1000.0)})


class Ledger(Actor[UsageWanted]):
    """A ledger that says what it is told to, or nothing."""

    def __init__(self, ends):
        super().__init__()
        self._ends = ends

    @spawned
    async def on_usage_wanted(self, message: UsageWanted):
        end = self._ends.pop(0) if self._ends else None
        if end is None:
            await trio.sleep_forever()
        if isinstance(end, Exception):
            raise end
        return end


class Board:
    """Where lines for people go."""

    def __init__(self):
        self.lines = []

    def announce(self, lines):
        self.lines += lines


def report(tokens):
    row = UsageRow(group=("ann", "openai"), input_tokens=tokens)
    return UsageReport(span=UsageWanted().span, group_by=("caller", "instance"), rows=(row,), total=row)


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def start(house, board):
    def start(*ends, **budget):
        book = Book([BudgetSettings(**{"name": "b", "tokens": 1000, **budget})])
        house.add("metering", lambda: Ledger(list(ends)))
        house.add("budgets", lambda: Budgets(book, PRICES, house.address("metering"), board))
        return house

    return start


def state(house):
    (state,) = house.ask("budgets", BudgetsWanted())
    return state


def reserve(house, id_="res_1", tokens=100):
    return house.ask("budgets", Reserve(id=id_, target=TARGET, input_tokens=tokens, output_tokens=0))


def test_what_was_spent_before_is_known_when_the_house_is_ready(start):
    house = start(report(950))
    house.start()

    with pytest.raises(BudgetExceeded):
        reserve(house)

    assert state(house).used_tokens == 950


def test_a_ledger_that_fails_is_asked_again_and_nobody_waits_for_it(start):
    house = start(StoreUnavailable("away", store="x"), StoreUnavailable("away", store="x"), report(950))
    house.start()
    assert not state(house).is_known
    assert reserve(house) == ()

    house.advance(1.1)

    assert state(house).is_known
    assert (state(house).used_tokens, state(house).reserved_tokens) == (950, 100)


def test_one_that_is_killed_has_forgotten_nothing_and_counts_nothing_twice(start):
    house = start(report(500), report(500))
    house.start()
    reserve(house)
    house.kill("budgets")

    house.tell("budgets", Spent(id="res_1", usage=Usage(uncached_input=30)))

    assert (state(house).used_tokens, state(house).reserved_tokens) == (530, 0)


def test_a_refusal_is_an_answer_and_the_actor_lives_on(start):
    house = start(report(0), usd=0.05)
    house.start()

    with pytest.raises(BudgetExceeded, match=r"0\.1 USD"):
        reserve(house)

    assert reserve(house, tokens=10) == ()


def test_people_hear_of_a_budget_that_is_nearly_spent(start, board):
    house = start(report(0))
    house.start()
    reserve(house, tokens=900)

    house.tell("budgets", Spent(id="res_1", usage=Usage(uncached_input=900)))

    assert [line.partition(";")[0] for line in board.lines] == [
        "budget 'b': 90% are spent (900 tokens of 1,000 tokens)"
    ]


def test_its_snapshot_shows_what_is_left(start):
    house = start(report(7))
    house.start()
    reserve(house)

    shown = house.inspect("budgets")

    assert shown["running"] == 1
    assert (shown["budgets"][0]["used_tokens"], shown["budgets"][0]["reserved_tokens"]) == (7, 100)

from __future__ import annotations

import pytest
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import BudgetSettings, KeySettings, Settings, all_budgets


def refused(build, path, words):
    with pytest.raises(SettingsError, match=words) as caught:
        build()
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"usd": 5.0}, "5 USD per month"),
        ({"usd": 0.5, "tokens": 100, "per": "caller", "window": "day"}, "0.5 USD and 100 tokens per caller and day"),
        ({"tokens": 100, "per": "conversation", "window": "forever"}, "100 tokens per conversation"),
        ({"tokens": 100, "window": "forever"}, "100 tokens"),
        ({"tokens": 100, "name": "ci"}, "ci"),
    ],
)
def test_a_budget_without_a_name_is_called_what_it_says(fields, title):
    assert BudgetSettings(**fields).title == title


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({}, "usd", "state how much"),
        ({"usd": 0}, "usd", "above 0"),
        ({"tokens": -5}, "tokens", "above 0"),
        ({"usd": 1.0, "per": "key"}, "per", "all, caller, conversation"),
        ({"usd": 1.0, "window": "daily"}, "window", "did you mean 'day'"),
        ({"usd": 1.0, "timezone": "Europe/Berln"}, "timezone", "did you mean 'Europe/Berlin'"),
        ({"usd": 1.0, "warn_at": (80,)}, "warn_at", "up to 1, got 80"),
        ({"usd": 1.0, "answer_tokens": -1}, "answer_tokens", "at least 0"),
        ({"usd": 1.0, "name": " "}, "name", "must not be blank"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_named(fields, path, words):
    refused(lambda: BudgetSettings(**fields), path, words)


@pytest.mark.parametrize(
    ("fields", "caller", "instance", "covers"),
    [
        ({}, None, "openai", True),
        ({"callers": ("ci-*",)}, "ci-7", "openai", True),
        ({"callers": ("ci-*",)}, "ann", "openai", False),
        ({"callers": ("*",)}, None, "openai", True),
        ({"providers": ("openai",)}, "ann", "openai/eu", True),
        ({"providers": ("openai/us",)}, "ann", "openai/eu", False),
        ({"providers": ("openai/*",)}, "ann", "openai/eu", True),
    ],
)
def test_a_budget_covers_the_callers_and_the_providers_that_it_names(fields, caller, instance, covers):
    assert BudgetSettings(usd=1.0, **fields).covers(caller, instance) is covers


def test_the_budgets_of_a_key_are_those_of_its_holder():
    keys = {"ann": KeySettings(key="k", budgets=(BudgetSettings(usd=5.0),))}

    first, of_ann = all_budgets((BudgetSettings(usd=1.0),), keys)

    assert (first.title, of_ann.title) == ("1 USD per month", "key ann: 5 USD per month")
    assert of_ann.covers("ann", "openai")
    assert not of_ann.covers("bob", "openai")


@pytest.mark.parametrize(
    ("fields", "path"), [({"per": "caller"}, "budgets.0.per"), ({"callers": ("x",)}, "budgets.0.callers")]
)
def test_the_budget_of_a_key_does_not_say_whose_it_is(fields, path):
    refused(
        lambda: KeySettings(key="k", budgets=(BudgetSettings(usd=1.0, **fields),)), path, "counts its holder's calls"
    )


def test_nothing_is_limited_by_default():
    settings = Settings()

    assert all_budgets(settings.budgets, settings.api.keys) == ()

"""What is another in new settings, and what of that a running system takes."""

from __future__ import annotations

import pytest
from legion_llm.adapters.settings import load_settings
from legion_llm.adapters.settings.changes import merged

BEFORE = {
    "providers": {"openai": {"api_key": "k-1", "enabled": True}, "demo": {}},
    "api": {"keys": {"ann": "a-1", "bob": {"key": "b-1", "budgets": [{"usd": 1.0}]}}},
}


def change(after):
    return merged(load_settings(overrides=BEFORE, environ={}), load_settings(overrides={**BEFORE, **after}, environ={}))


def test_what_is_the_same_is_no_change():
    settings, report = change({})

    assert settings == load_settings(overrides=BEFORE, environ={})
    assert (report.applied, report.waiting) == ((), ())


@pytest.mark.parametrize(
    ("after", "applied", "waiting"),
    [
        ({"max_attempts": 5, "request_timeout": 1.0}, ("max_attempts",), ("request_timeout",)),
        ({"providers": {"demo": {}}}, ("providers.openai",), ()),
        ({"routing": {"balance": "off"}}, ("routing.balance",), ()),
        ({"store": {"path": "memory"}}, (), ("store.path",)),
    ],
)
def test_changes_are_named_by_their_paths(after, applied, waiting):
    _, report = change(after)

    assert (report.applied, report.waiting) == (applied, waiting)


def test_of_credentials_only_the_path_is_named():
    settings, report = change(
        {"providers": {"openai": {"api_key": "k-2", "enabled": True}, "demo": {}}, "api": {"keys": {"ann": "a-2"}}}
    )

    assert report.applied == ("providers.openai.api_key",)
    assert "k-2" not in str(report)
    assert settings.api.keys.keys() == {"ann", "bob"}


def test_keys_change_together_or_not_at_all():
    same_budget = {"key": "b-2", "budgets": [{"usd": 1.0}]}
    _, changed = change({"api": {"keys": {"ann": "a-2", "bob": same_budget}}})
    settings, kept = change({"api": {"keys": {"ann": "a-2", "bob": "b-2"}}})

    assert (changed.applied, changed.waiting) == (("api.keys.ann.key", "api.keys.bob.key"), ())
    assert kept.applied == ()
    assert settings.api == load_settings(overrides=BEFORE, environ={}).api

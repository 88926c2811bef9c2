"""The collector of a process that is ours: rare, and blind to what lives as long as the process."""

from __future__ import annotations

import gc

import pytest
from legion_llm.adapters.cli.collector import spare_the_collector


@pytest.fixture(autouse=True)
def as_before():
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_was_made_before_is_not_walked_over_again():
    spare_the_collector()

    assert gc.get_freeze_count() > 0


def test_the_youngest_are_walked_over_rarely():
    before = gc.get_threshold()[0]

    spare_the_collector()

    assert gc.get_threshold()[0] > 10 * before

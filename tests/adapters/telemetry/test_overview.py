from __future__ import annotations

import pytest
from legion_llm.adapters.telemetry.overview import joined, quantile
from legion_llm.messages.totals import Distribution

TOOK = Distribution(bounds=(0.1, 1.0, 10.0), counts=(2, 2, 0, 1), seconds=20.0)


@pytest.mark.parametrize(("share", "ms"), [(0.2, 50.0), (0.4, 100.0), (0.6, 550.0), (0.8, 1000.0), (0.99, 10_000.0)])
def test_a_quantile_is_found_as_near_as_the_bounds_tell(share, ms):
    assert quantile(TOOK, share) == pytest.approx(ms)


def test_of_nothing_there_is_no_quantile():
    assert quantile(Distribution(), 0.5) is None


def test_several_distributions_are_one():
    assert joined([TOOK, TOOK]) == Distribution(bounds=TOOK.bounds, counts=(4, 4, 0, 2), seconds=40.0)
    assert joined([]) == Distribution()
